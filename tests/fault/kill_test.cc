// kill -9 at random moments under load, against a real server with a real file.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/fault/options.h"
#include "tests/integration/support/fermata_server.h"
#include "tests/integration/support/recording_service.h"
#include "tests/support/postgres.h"

namespace fermata::test {
namespace {

constexpr int kSteps = 5;
constexpr int kClients = 4;

// Where the server listens at the moment; clients wait here while there is none.
class Address {
 public:
  void Set(int port) {
    std::lock_guard lock(mutex_);
    port_ = port;
    changed_.notify_all();
  }
  // Another one than `old`, or 0 when it is over.
  int Next(int old) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return over_ || port_ != old; });
    return over_ ? 0 : port_;
  }
  void End() {
    std::lock_guard lock(mutex_);
    over_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int port_ = 0;
  bool over_ = false;
};

// Starts works as a careful client does: a start that got no answer is asked for again with the same Idempotency-Key.
class LoadClient {
 public:
  LoadClient(int number, Address& address) : number_(number), address_(address) {}

  void Run() {
    int port = address_.Next(0);
    while (port != 0) {
      HttpClient http(port);
      while (true) {
        const std::string work = "w-" + std::to_string(number_) + "-" + std::to_string(next_);
        const ClientResponse answer =
            http.Post("/v1/instances", R"({"process":"chain","input":{"work":")" + work + R"("}})", "application/json",
                      {{"Idempotency-Key", work}});
        if (answer.status == 201 && answer.complete) {
          started_[work] = At(answer, "id");
          ++next_;
        } else if (answer.status != 0 && answer.status != 503) {
          ADD_FAILURE() << answer.status << " " << answer.body;
          return;
        } else if (answer.status == 0) {
          break;
        }
      }
      port = address_.Next(port);
    }
  }

  const std::map<std::string, std::string>& started() const { return started_; }

 private:
  const int number_;
  Address& address_;
  int next_ = 0;
  std::map<std::string, std::string> started_;  // work -> instance
};

void KillUnderLoad(std::vector<std::string> storage_arguments, int kills) {
  const int seed = Seed();
  SCOPED_TRACE("FERMATA_SEED=" + std::to_string(seed));
  std::mt19937 random(static_cast<unsigned>(seed));
  RecordingService service;
  FermataServer server(std::move(storage_arguments));
  ASSERT_EQ(server.DeployConnector(service.Manifest()).status, 201);
  ASSERT_EQ(server.Deploy(ChainProcess("chain", kSteps)).status, 201);

  Address address;
  std::vector<std::unique_ptr<LoadClient>> clients;
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<LoadClient>(i, address));
    threads.emplace_back([&client = *clients.back()] { client.Run(); });
  }
  address.Set(server.port());
  for (int i = 0; i < kills; ++i) {
    // The random moment itself is what is tested here; nothing depends on how long it is.
    std::this_thread::sleep_for(std::chrono::microseconds(std::uniform_int_distribution<int>(0, 120'000)(random)));
    server.Kill();
    server.Start();
    if (testing::Test::HasFatalFailure()) break;
    address.Set(server.port());
  }
  address.End();
  // Cuts the clients' connections, so that they see the end.
  server.Kill();
  for (std::thread& thread : threads) thread.join();
  server.Start();

  int works = 0;
  for (const auto& client : clients)
    for (const auto& [work, id] : client->started()) {
      ++works;
      const ClientResponse ended = server.http().Get("/v1/instances/" + id + "?wait=9s");
      ASSERT_EQ(ended.status, 200) << work << " was answered and is gone: " << ended.body;
      ASSERT_EQ(At(ended, "status"), "completed")
          << work << ": " << ended.body << server.http().Get("/v1/instances/" + id + "/history").body;
      ASSERT_EQ(At(ended, "input.work"), work);
      for (int step = 1; step <= kSteps; ++step)
        ASSERT_EQ(service.KeysOf(work, std::to_string(step)).size(), 1u)
            << work << " step " << step << " took effect more than once, or never";
    }
  testing::Test::RecordProperty("works", works);
  testing::Test::RecordProperty("requests", service.requests());
  EXPECT_GT(works, 0);
  // What was asked for and never answered may be there, once; nothing else may.
  EXPECT_LE(service.effects(), (works + kClients) * kSteps);
}

TEST(Kill, NothingAnsweredIsLostOnSqlite) {
  KillUnderLoad({"--storage", "sqlite"}, FromEnvironment("FERMATA_KILLS", 10));
}

TEST(Kill, NothingAnsweredIsLostOnPostgres) {
  KillUnderLoad({"--storage", "postgres", "--database", PostgresCluster::Shared().CreateDatabase()},
                FromEnvironment("FERMATA_KILLS", 10) / 2);
}

}  // namespace
}  // namespace fermata::test
