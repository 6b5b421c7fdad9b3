// The server on a disk that is full for a while.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/integration/support/load.h"
#include "tests/support/small_disk.h"

namespace fermata::test {
namespace {

// Where the server's data goes: TempFolder looks there.
class TemporaryFolders {
 public:
  explicit TemporaryFolders(const std::filesystem::path& place) {
    if (const char* before = std::getenv("TMPDIR")) before_ = before;
    ::setenv("TMPDIR", place.c_str(), 1);
  }
  ~TemporaryFolders() { before_.empty() ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", before_.c_str(), 1); }

 private:
  std::string before_;
};

TEST(FullDisk, IsToldWith503AndNothingAnsweredIsLost) {
  SmallDisk disk(48 << 20);
  if (!disk.missing().empty()) GTEST_SKIP() << disk.missing();
  const TemporaryFolders here(disk.path());
  RecordingService service;
  FermataServer server({"--storage", "sqlite"});
  ASSERT_EQ(server.DeployConnector(service.Manifest()).status, 201);
  ASSERT_EQ(server.Deploy(ChainProcess("chain", 5)).status, 201);
  std::vector<std::string> started;
  const auto start = [&] {
    const std::string work = "w-" + std::to_string(started.size());
    ClientResponse answer =
        server.http().Post("/v1/instances", R"({"process":"chain","input":{"work":")" + work + R"("}})",
                           "application/json", {{"Idempotency-Key", work}});
    if (answer.status == 201) started.push_back(At(answer, "id"));
    return answer;
  };
  ASSERT_EQ(start().status, 201);
  disk.Fill();
  ClientResponse answer = start();
  for (int i = 0; i < 20'000 && answer.status == 201; ++i) answer = start();
  EXPECT_EQ(answer.status, 503) << answer.body;
  EXPECT_EQ(answer.Header("retry-after"), "1");
  EXPECT_EQ(server.http().Get("/v1/instances/" + started.front()).status, 200) << "it may still be read";

  disk.MakeRoom();
  for (int i = 0; i < 20'000 && answer.status == 503; ++i) answer = start();
  EXPECT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(server.http().Get("/readyz").status, 200);
  for (std::size_t i = 0; i < started.size(); ++i) {
    const ClientResponse ended = server.http().Get("/v1/instances/" + started[i] + "?wait=9s");
    ASSERT_EQ(At(ended, "status"), "completed") << ended.body;
    for (int step = 1; step <= 5; ++step)
      ASSERT_EQ(service.KeysOf("w-" + std::to_string(i), std::to_string(step)).size(), 1u) << i << " " << step;
  }
}

}  // namespace
}  // namespace fermata::test
