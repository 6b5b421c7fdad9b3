// What is stored stops growing while instances come and go.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <future>
#include <iostream>

#include "engine/runtime/engine.h"
#include "engine/storage/postgres/postgres_storage.h"
#include "engine/storage/sqlite/connection.h"
#include "engine/storage/sqlite/sqlite_storage.h"
#include "tests/support/postgres.h"
#include "tests/support/temp_folder.h"

namespace fermata::test {
namespace {

constexpr const char* kManifest = "connector: soak\nversion: 1.0.0\noperations:\n  work: {}\n";
constexpr const char* kFleeting = R"yaml(
fermata: 1
process: fleeting
version: 1.0.0
key: ${input.id}
retention: 1s
input: { type: object, required: [id], properties: { id: { type: string } } }
vars: { customer: "${'c-' + input.id}" }
searchable: [customer]
states:
  one: { call: soak.work, with: { id: "${input.id}" }, save: a, next: two }
  two: { call: soak.work, with: { id: "${input.id}" }, save: b, next: done }
  done: { end: {} }
)yaml";
constexpr std::int64_t kTickUs = 2'000;  // an instance: five hundred are kept for their retention
constexpr int kAtOnce = 100;
constexpr int kParts = 6;

// Goes on with the work, not with the machine.
class WorkClock : public Clock {
 public:
  std::int64_t NowUs() override { return now_us.load(); }
  std::atomic<std::int64_t> now_us = SystemClock().NowUs();
};

class PromptExecutor : public JobExecutor {
 public:
  void Submit(Job, std::int64_t, Completion completion, Wanted) override {
    completion(JobSuccess{Value::Object({{"text", Value::String(std::string(500, 'x'))}})});
  }
  std::size_t InFlight() const override { return 0; }
};

class Soak : public testing::Test {
 protected:
  static int Instances() {
    const char* wanted = std::getenv("FERMATA_SOAK_INSTANCES");
    return std::max(wanted == nullptr ? 0 : std::atoi(wanted), 3'000);
  }

  void Open(Result<std::unique_ptr<Storage>> storage, int threads) {
    ASSERT_TRUE(storage.ok()) << storage.error().message;
    storage_ = *std::move(storage);
    EngineOptions options;
    options.shard_threads = threads;
    options.housekeeping_every_ms = 50;
    Result<std::unique_ptr<Engine>> engine = Engine::Open(options, clock_, *storage_, executor_, {kManifest});
    ASSERT_TRUE(engine.ok()) << engine.error().message;
    engine_ = *std::move(engine);
    ASSERT_TRUE(engine_->Deploy({"fleeting.yaml", kFleeting, {}, {}}).reply);
  }

  // Starts so many and waits for their ends.
  void Work(int instances) {
    for (int done = 0; done < instances; done += kAtOnce) {
      std::vector<std::future<Result<StartReply>>> replies;
      for (int i = 0; i < kAtOnce; ++i) replies.push_back(StartOne());
      for (auto& reply : replies) {
        const Result<StartReply> started = reply.get();
        ASSERT_TRUE(started.ok()) << started.error().message;
        ASSERT_TRUE(Ends(started->id));
      }
    }
  }

  std::future<Result<StartReply>> StartOne() {
    clock_.now_us += kTickUs;
    StartRequest request;
    request.process = "fleeting";
    request.input = Value::Object({{"id", Value::String("i-" + std::to_string(++started_))}});
    auto promise = std::make_shared<std::promise<Result<StartReply>>>();
    engine_->Start(std::move(request), [promise](Result<StartReply> reply) { promise->set_value(std::move(reply)); });
    return promise->get_future();
  }
  bool Ends(const InstanceId& id) {
    auto ended = std::make_shared<std::promise<bool>>();
    engine_->WhenReached(id, "", 60'000, [ended](bool yes) { ended->set_value(yes); });
    return ended->get_future().get();
  }

  // After two parts there is what is kept for the retention, and as much that has gone; twice that comes and goes after it.
  void ExpectsToStopGrowing(const std::function<std::int64_t()>& bytes) {
    std::int64_t first = 0, last = 0;
    for (int part = 1; part <= kParts; ++part) {
      ASSERT_NO_FATAL_FAILURE(Work(Instances() / kParts));
      last = bytes();
      if (part == 2) first = last;
      std::cout << "after " << started_ << " instances: " << last << " bytes\n";
    }
    EXPECT_LT(static_cast<double>(last), 1.5 * static_cast<double>(first));
  }

  void TearDown() override {
    if (engine_) engine_->Stop();
  }

  TempFolder folder_;
  WorkClock clock_;
  PromptExecutor executor_;
  std::unique_ptr<Storage> storage_;
  std::unique_ptr<Engine> engine_;
  int started_ = 0;
};

TEST_F(Soak, AFileStopsGrowing) {
  const std::string path = folder_.File("data.db");
  ASSERT_NO_FATAL_FAILURE(Open(OpenSqlite({path, SqliteSync::kNone, 2}), 1));
  const auto connection = sqlite::Connection::Open(path, SQLITE_OPEN_READONLY).value();
  ExpectsToStopGrowing([&] {
    return connection->QueryInt("PRAGMA page_count").value() * connection->QueryInt("PRAGMA page_size").value();
  });
}

// Looks every second for tables to vacuum; which are, is for their settings to say.
TEST_F(Soak, ADatabaseStopsGrowing) {
  PostgresCluster& cluster = PostgresCluster::Shared();
  PostgresOptions options;
  options.connection = cluster.CreateDatabase();
  cluster.Run(options.connection, "ALTER SYSTEM SET autovacuum_naptime = '1s'");
  cluster.Run(options.connection, "SELECT pg_reload_conf()");
  const auto is_vacuumed = [&] {
    return cluster.Run(options.connection,
                       "SELECT n_dead_tup <= 2000 FROM pg_stat_user_tables WHERE relname = 'journal'") == "t";
  };
  ASSERT_NO_FATAL_FAILURE(Open(OpenPostgres(options), 2));
  ExpectsToStopGrowing([&] {
    const auto gives_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!is_vacuumed() && std::chrono::steady_clock::now() < gives_up) {
    }
    return std::stoll(
        cluster.Run(options.connection,
                    "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = "
                    "'public'::regnamespace"));
  });
}

}  // namespace
}  // namespace fermata::test
