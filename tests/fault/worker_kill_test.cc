// kill -9 while workers fetch and complete: no job is lost, none takes effect twice in the process, a late report is refused.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/fault/options.h"
#include "tests/integration/support/fermata_server.h"
#include "tests/support/free_port.h"

namespace fermata::test {
namespace {

constexpr const char* kManifest = R"(connector: store
version: 1.0.0
kind: worker
operations:
  pack: { timeout: 1h, retry: { attempts: 9, first: 1s } }
)";

// Two jobs in a row; the output says whose lease each was completed with.
constexpr const char* kPacking = R"(fermata: 1
process: packing
version: 1.0.0
states:
  first: { call: store.pack, save: one, next: second }
  second: { call: store.pack, save: two, next: done }
  done: { end: { one: "${one.token}", two: "${two.token}" } }
)";

class Workers {
 public:
  explicit Workers(int port) : port_(port) {
    for (int i = 0; i < 3; ++i) threads_.emplace_back([this] { Work(); });
  }
  ~Workers() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }
  // The tokens with which a report was answered 200, by job.
  std::map<std::string, std::set<std::string>> accepted() {
    std::lock_guard lock(mutex_);
    return accepted_;
  }

 private:
  void Work() {
    HttpClient http(port_);
    while (!stop_) {
      const ClientResponse fetched =
          http.Post("/v1/jobs/fetch?wait=200ms", R"({"operations":["store.pack"],"max":3,"lease":"1s"})");
      if (fetched.status != 200) {
        std::this_thread::yield();
        continue;
      }
      const Value answer = JsonOf(fetched);
      for (const Value& job : answer.Find("jobs")->as_list()) {
        const std::string token = At(job, "leaseToken"), id = At(job, "id");
        const std::string body = R"({"leaseToken":")" + token + R"(","output":{"token":")" + token + R"("}})";
        // No answer: it may have been taken, so it is asked again with the same words.
        ClientResponse done;
        while (!stop_ && (done.status == 0 || done.status == 503))
          done = http.Post("/v1/jobs/" + id + "/complete", body);
        if (done.status != 200) continue;
        std::lock_guard lock(mutex_);
        accepted_[id].insert(token);
      }
    }
  }

  const int port_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::map<std::string, std::set<std::string>> accepted_;
  std::vector<std::thread> threads_;
};

TEST(WorkerKill, NoJobIsLostAndNoneIsTakenTwice) {
  const int seed = Seed();
  SCOPED_TRACE("FERMATA_SEED=" + std::to_string(seed));
  std::mt19937 random(static_cast<unsigned>(seed));
  FermataServer server({"--storage", "sqlite"}, {}, FreePort());
  ASSERT_EQ(server.DeployConnector(kManifest).status, 201);
  ASSERT_EQ(server.Deploy(kPacking).status, 201);
  std::vector<std::string> instances;
  for (int i = 0; i < 200; ++i)
    instances.push_back(At(server.http().Post("/v1/instances", R"({"process":"packing"})"), "id"));
  std::map<std::string, std::set<std::string>> accepted;
  {
    Workers workers(server.port());
    for (int i = 0; i < FromEnvironment("FERMATA_KILLS", 6); ++i) {
      PauseAtRandom(random, 100);
      server.Kill();
      server.Start();
    }
    for (const std::string& instance : instances) {
      // A lease whose worker never heard of it has to lapse first.
      const ClientResponse ended = server.http().Get("/v1/instances/" + instance + "?wait=30s");
      ASSERT_EQ(At(ended, "status"), "completed") << ended.body;
    }
    accepted = workers.accepted();
  }
  std::set<std::string> used;
  for (const std::string& instance : instances) {
    const ClientResponse ended = server.http().Get("/v1/instances/" + instance);
    used.insert(At(ended, "output.one"));
    used.insert(At(ended, "output.two"));
  }
  EXPECT_EQ(used.size(), 2 * instances.size()) << "each job was completed by a lease of its own";
  for (const auto& [job, tokens] : accepted) {
    EXPECT_EQ(tokens.size(), 1u) << job;
    for (const std::string& token : tokens) EXPECT_TRUE(used.count(token)) << job << ": answered 200 and not there";
  }
}

}  // namespace
}  // namespace fermata::test
