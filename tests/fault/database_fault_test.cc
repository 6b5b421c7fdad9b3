// The server when its PostgreSQL restarts, loses answers, or belongs to another server.
#include <gtest/gtest.h>
#include <signal.h>

#include <random>
#include <string>
#include <vector>

#include "tests/fault/options.h"
#include "tests/integration/support/load.h"
#include "tests/support/cutting_proxy.h"
#include "tests/support/postgres.h"

namespace fermata::test {
namespace {

using Cut = CuttingProxy::Cut;

constexpr int kSmokeFaults = 4;

class DatabaseFault : public testing::Test {
 protected:
  static std::vector<std::string> Storage(const std::string& connection) {
    return {"--storage", "postgres", "--database", connection};
  }
  std::string Run(const std::string& sql) { return cluster_.Run(connection_, sql); }

  PostgresCluster& cluster_ = PostgresCluster::Shared();
  const std::string connection_ = cluster_.CreateDatabase();
  const int faults_ = FromEnvironment("FERMATA_KILLS", kSmokeFaults);
  const int seed_ = Seed();
  std::mt19937 random_{static_cast<unsigned>(seed_)};
  testing::ScopedTrace trace_{__FILE__, __LINE__, "FERMATA_SEED=" + std::to_string(seed_)};
};

TEST_F(DatabaseFault, NothingAnsweredIsLostWhenTheDatabaseRestartsUnderLoad) {
  RecordingService service;
  FermataServer server(Storage(connection_));
  Load load(server, service);
  for (int i = 0; i < faults_; ++i) {
    PauseAtRandom(random_, 200);
    cluster_.Crash();
    cluster_.Start();
    // Each time it takes commits again, without being told.
    const int before = load.answered();
    while (load.answered() == before && !HasFailure()) PauseAtRandom(random_, 20);
  }
  load.EndAndCheck();
}

TEST_F(DatabaseFault, NothingAnsweredIsLostWhenCommitsLoseTheirAnswers) {
  CuttingProxy proxy(cluster_.port());
  RecordingService service;
  FermataServer server(
      Storage(connection_ + " host=127.0.0.1 sslmode=disable gssencmode=disable port=" + std::to_string(proxy.port())));
  Load load(server, service);
  for (int i = 0; i < faults_ * 3; ++i) {
    proxy.CutNext(random_() % 2 == 0 ? Cut::kBefore : Cut::kAfter, std::string("COMMIT\0", 7));
    while (proxy.waiting() && !HasFailure()) PauseAtRandom(random_, 20);
    // Each time it takes commits again, without being told.
    const int before = load.answered();
    while (load.answered() == before && !HasFailure()) PauseAtRandom(random_, 20);
  }
  load.EndAndCheck();
}

TEST_F(DatabaseFault, AServerThatWasFrozenUntilAnotherOfItsNameTookOverWritesNothingWhenItWakes) {
  constexpr int kWorks = 30;
  RecordingService service;
  const auto one_name = [&] {
    std::vector<std::string> options = Storage(connection_);
    options.insert(options.end(), {"--node", "one"});
    return options;
  };
  FermataServer frozen(one_name());
  ASSERT_EQ(frozen.DeployConnector(service.Manifest()).status, 201);
  ASSERT_EQ(frozen.Deploy(ChainProcess("chain", 5)).status, 201);
  std::vector<std::string> instances;
  for (int i = 0; i < kWorks; ++i) {
    const std::string work = "w-" + std::to_string(i);
    instances.push_back(
        At(frozen.http().Post("/v1/instances", R"({"process":"chain","input":{"work":")" + work + R"("}})"), "id"));
    ASSERT_NE(instances.back(), "");
  }
  frozen.Signal(SIGSTOP);  // with works under way

  FermataServer taker(one_name());
  for (const std::string& instance : instances) {
    const ClientResponse ended = taker.http().Get("/v1/instances/" + instance + "?wait=9s");
    ASSERT_EQ(At(ended, "status"), "completed") << ended.body;
  }
  const std::string everything = "SELECT count(*), max(time_us), (SELECT count(*) FROM instances) FROM journal";
  const std::string before = Run(everything);
  frozen.Signal(SIGCONT);

  // The first answers may only say that a commit's outcome is unknown; then it knows that it was replaced.
  ClientResponse answer;
  for (int i = 0; i < 100 && (i == 0 || At(answer, "code") != "FM-5009"); ++i) {
    answer = frozen.http().Post("/v1/instances", R"({"process":"chain","input":{"work":"late"}})");
    ASSERT_EQ(answer.status, 503) << answer.body;
  }
  EXPECT_EQ(At(answer, "code"), "FM-5009") << answer.body;
  const ClientResponse ready = frozen.http().Get("/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(At(ready, "code"), "FM-5009") << ready.body;
  EXPECT_EQ(Run(everything), before) << "the woken server has written";
  for (int i = 0; i < kWorks; ++i)
    for (int step = 1; step <= 5; ++step)
      EXPECT_EQ(service.KeysOf("w-" + std::to_string(i), std::to_string(step)).size(), 1u) << i << " " << step;
  EXPECT_EQ(frozen.Stop(), 0);
  EXPECT_EQ(taker.Run("chain", R"({"work":"after"})").status, 201);
}

}  // namespace
}  // namespace fermata::test
