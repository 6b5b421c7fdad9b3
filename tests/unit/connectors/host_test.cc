#include "connectors/host/host.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>

#include "connectors/host/token_bucket.h"

namespace fermata {
namespace {

using namespace std::chrono_literals;
constexpr std::int64_t kLongMs = 60'000;

// Runs until it is let go; counts what runs at once.
class GateConnector final : public Connector {
 public:
  std::string_view ManifestYaml() const override { return ""; }

  Outcome Run(const Job& job) override {
    std::unique_lock lock(mutex_);
    ++begun_;
    running_max_ = std::max(running_max_, ++running_);
    deadline_ = job.deadline;
    changed_.notify_all();
    if (job.operation == "slow") changed_.wait(lock, [this] { return open_; });
    --running_;
    if (job.operation == "throwing") throw std::runtime_error("password=hunter2");
    return JobSuccess{Value::String(job.idempotency_key)};
  }

  void Open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void WaitUntilBegun(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return begun_ >= count; });
  }
  int running_max() const { return running_max_; }
  int begun() const { return begun_; }
  std::chrono::steady_clock::time_point deadline() const { return deadline_; }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int begun_ = 0, running_ = 0, running_max_ = 0;
  std::chrono::steady_clock::time_point deadline_;
};

class HostTest : public testing::Test {
 protected:
  HostTest() : connector_(std::make_shared<GateConnector>()) {
    auto manifest = std::make_shared<Manifest>();
    manifest->connector = "gate";
    for (const char* name : {"slow", "quick", "throwing"}) manifest->operations.push_back({.name = name});
    manifest->operations[0].limits.concurrency = 2;
    EXPECT_TRUE(registry_.Add(connector_, manifest).ok());
  }
  ~HostTest() override { connector_->Open(); }

  // Lives in the fixture, so that the gate is opened before the host waits for what runs.
  ConnectorHost& MakeHost(ConnectorHostOptions options) {
    host_ = std::make_unique<ConnectorHost>(registry_, options);
    return *host_;
  }

  // The outcome, once it is there.
  std::future<Outcome> Submit(JobExecutor& host, const std::string& operation, const std::string& key = "k",
                              std::int64_t timeout_ms = kLongMs) {
    auto promise = std::make_shared<std::promise<Outcome>>();
    host.Submit(Job{.idempotency_key = key, .connector = "gate", .operation = operation}, timeout_ms,
                [promise](Outcome outcome) { promise->set_value(std::move(outcome)); }, {});
    return promise->get_future();
  }

  ConnectorRegistry registry_;
  std::shared_ptr<GateConnector> connector_;
  std::unique_ptr<ConnectorHost> host_;
};

TEST_F(HostTest, ATryThatIsNotWantedAnyMoreIsForgotten) {
  ConnectorHost& host = MakeHost({1, 1});
  std::future<Outcome> slow = Submit(host, "slow");
  connector_->WaitUntilBegun(1);
  std::atomic<bool> wanted{true};
  host.Submit(
      Job{.connector = "gate", .operation = "slow"}, kLongMs, [](Outcome) { ADD_FAILURE(); },
      [&] { return wanted.load(); });
  wanted = false;
  connector_->Open();
  (void)slow.get();
  EXPECT_TRUE(std::holds_alternative<JobSuccess>(Submit(host, "slow").get()));
  EXPECT_EQ(connector_->begun(), 2);
}

TEST_F(HostTest, GivesTheConnectorsOutcome) {
  ConnectorHost& host = MakeHost({});
  const Outcome outcome = Submit(host, "quick", "i/7").get();
  ASSERT_TRUE(std::holds_alternative<JobSuccess>(outcome));
  EXPECT_EQ(std::get<JobSuccess>(outcome).output, Value::String("i/7"));
}

TEST_F(HostTest, RunsNoMoreOfAnOperationAtOnceThanItsManifestAllows) {
  ConnectorHost& host = MakeHost({});
  std::vector<std::future<Outcome>> outcomes;
  for (int i = 0; i < 6; ++i) outcomes.push_back(Submit(host, "slow"));
  connector_->WaitUntilBegun(2);
  EXPECT_EQ(host.InFlight(), 6u);
  connector_->Open();
  for (auto& outcome : outcomes) outcome.get();
  EXPECT_EQ(connector_->running_max(), 2);
}

TEST_F(HostTest, ASlowOperationDoesNotHoldUpAnother) {
  ConnectorHost& host = MakeHost({.threads_max = 3});
  for (int i = 0; i < 100; ++i) Submit(host, "slow");
  connector_->WaitUntilBegun(2);
  EXPECT_TRUE(std::holds_alternative<JobSuccess>(Submit(host, "quick").get()));
}

TEST_F(HostTest, NoOperationTakesAllThreadsWhateverItsManifestSays) {
  auto greedy = std::make_shared<Manifest>();
  greedy->connector = "gate";
  greedy->operations = {{.name = "slow", .limits = {.concurrency = 100}}, {.name = "quick"}};
  ASSERT_TRUE(registry_.Add(connector_, greedy).ok());
  ConnectorHost& host = MakeHost({.threads_max = 4});
  for (int i = 0; i < 100; ++i) Submit(host, "slow");
  connector_->WaitUntilBegun(3);
  EXPECT_TRUE(std::holds_alternative<JobSuccess>(Submit(host, "quick").get()));
}

TEST_F(HostTest, AsManyRunAtOnceAsTheManifestAllowsWhereverTheThreadsAre) {
  auto wide = std::make_shared<Manifest>();
  wide->connector = "gate";
  wide->operations = {{.name = "slow", .limits = {.concurrency = 8}}, {.name = "quick"}};
  ASSERT_TRUE(registry_.Add(connector_, wide).ok());
  ConnectorHost& host = MakeHost({.threads_max = 12});
  // Some threads sleep by now, others have not been started.
  for (int i = 0; i < 100; ++i) Submit(host, "quick").get();
  for (int i = 0; i < 8; ++i) Submit(host, "slow");
  connector_->WaitUntilBegun(108);
  EXPECT_EQ(host.InFlight(), 8u);
}

TEST_F(HostTest, WhatItsRateHoldsBackIsDoneWhileOthersAreSlow) {
  auto limited = std::make_shared<Manifest>();
  limited->connector = "gate";
  limited->operations = {{.name = "slow", .limits = {.concurrency = 2}},
                         {.name = "quick", .limits = {.per_second = 1'000}}};
  ASSERT_TRUE(registry_.Add(connector_, limited).ok());
  ConnectorHost& host = MakeHost({.threads_max = 4});
  std::vector<std::future<Outcome>> outcomes;
  for (int i = 0; i < 1'010; ++i) outcomes.push_back(Submit(host, "quick"));
  for (int i = 0; i < 10; ++i) Submit(host, "slow");
  for (auto& outcome : outcomes) EXPECT_TRUE(std::holds_alternative<JobSuccess>(outcome.get()));
}

TEST_F(HostTest, KeepsTheOrderWithinAnOperation) {
  auto serial = std::make_shared<Manifest>();
  serial->connector = "gate";
  serial->operations = {{.name = "quick", .limits = {.concurrency = 1}}};
  ASSERT_TRUE(registry_.Add(connector_, serial).ok());
  ConnectorHost& host = MakeHost({});
  std::mutex mutex;
  std::vector<int> order;
  std::promise<void> done;
  for (int i = 0; i < 50; ++i)
    host.Submit(Job{.connector = "gate", .operation = "quick"}, kLongMs, [&, i](Outcome) {
      std::lock_guard lock(mutex);
      order.push_back(i);
      if (order.size() == 50) done.set_value();
    });
  done.get_future().wait();
  host.Stop();  // the last completion may still be letting go of the mutex
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(HostTest, CountsTheDeadlineFromTheStartOfTheTry) {
  ConnectorHost& host = MakeHost({});
  const auto before = std::chrono::steady_clock::now();
  Submit(host, "quick", "k", 5'000).get();
  EXPECT_GE(connector_->deadline(), before + 5s);
  EXPECT_LE(connector_->deadline(), std::chrono::steady_clock::now() + 5s);
}

TEST_F(HostTest, TurnsAnExceptionIntoInternalWithoutItsText) {
  ConnectorHost& host = MakeHost({});
  const Outcome outcome = Submit(host, "throwing").get();
  ASSERT_TRUE(std::holds_alternative<TechnicalFailure>(outcome));
  EXPECT_EQ(std::get<TechnicalFailure>(outcome).error, TechnicalError::kInternal);
  EXPECT_EQ(std::get<TechnicalFailure>(outcome).message.find("hunter2"), std::string::npos);
}

TEST_F(HostTest, AnswersUnavailableForAnOperationThatNobodyHas) {
  ConnectorHost& host = MakeHost({});
  for (auto [connector, operation] : {std::pair("gate", "unknown"), std::pair("nobody", "quick")}) {
    std::promise<Outcome> promise;
    host.Submit(Job{.connector = connector, .operation = operation}, kLongMs,
                [&](Outcome outcome) { promise.set_value(std::move(outcome)); });
    const Outcome outcome = promise.get_future().get();
    ASSERT_TRUE(std::holds_alternative<TechnicalFailure>(outcome));
    EXPECT_EQ(std::get<TechnicalFailure>(outcome).error, TechnicalError::kUnavailable);
  }
}

TEST_F(HostTest, StopFinishesWhatRunsAndForgetsWhatWaits) {
  ConnectorHost& host = MakeHost({});
  std::atomic<int> completed{0};
  for (int i = 0; i < 10; ++i)
    host.Submit(Job{.connector = "gate", .operation = "slow"}, kLongMs, [&](Outcome) { ++completed; });
  connector_->WaitUntilBegun(2);
  std::thread stopper([&] { host.Stop(); });
  while (host.InFlight() > 2) std::this_thread::yield();
  connector_->Open();
  stopper.join();
  EXPECT_EQ(completed, 2);
  EXPECT_EQ(connector_->begun(), 2);
  EXPECT_EQ(host.InFlight(), 0u);
}

TEST_F(HostTest, CallsTheConnectorThatWasPutInThePlaceOfAnother) {
  ConnectorHost& host = MakeHost({});
  auto other = std::make_shared<GateConnector>();
  ASSERT_TRUE(registry_.Add(other, registry_.FindManifest("gate")).ok());
  Submit(host, "quick").get();
  EXPECT_EQ(other->begun(), 1);
  EXPECT_EQ(connector_->begun(), 0);
}

TEST_F(HostTest, RefusesAConnectorOfKindWorker) {
  auto manifest = std::make_shared<Manifest>();
  manifest->connector = "outside";
  manifest->kind = ConnectorKind::kWorker;
  const Status added = registry_.Add(connector_, manifest);
  ASSERT_FALSE(added.ok());
  EXPECT_EQ(FormatErrorCode(added.error().code), "FM-7010");
  EXPECT_EQ(registry_.FindManifest("outside"), nullptr);
}

// Connectors of kind http, made of their manifests as they are called.
class HostHttpTest : public testing::Test {
 protected:
  static ManifestPtr ManifestOf(const std::string& version, int concurrency = 0) {
    auto manifest = std::make_shared<Manifest>();
    manifest->connector = "web";
    manifest->kind = ConnectorKind::kHttp;
    manifest->version = version;
    manifest->operations.push_back({.name = "slow", .limits = {.concurrency = concurrency}});
    manifest->operations.push_back({.name = "quick"});
    manifest->source = Value::Object({{"version", Value::String(version)}});
    return manifest;
  }
  Outcome Call(ManifestPtr manifest) {
    auto promise = std::make_shared<std::promise<Outcome>>();
    host_.Submit(Job{.connector = "web", .operation = "quick", .manifest = std::move(manifest)}, kLongMs,
                 [promise](Outcome outcome) { promise->set_value(std::move(outcome)); }, {});
    return promise->get_future().get();
  }
  GateConnector& Made(const std::string& version) { return *made_.at(version); }

  std::map<std::string, GateConnector*> made_;  // by version; the registry owns them
  int times_made_ = 0;
  ConnectorRegistry registry_{[this](const ManifestPtr& manifest) -> Result<std::unique_ptr<Connector>> {
    if (manifest->version == "broken") return Error{.code = ErrorCode{7001}, .message = "Expected a URL."};
    ++times_made_;
    auto connector = std::make_unique<GateConnector>();
    made_[manifest->version] = connector.get();
    return std::unique_ptr<Connector>(std::move(connector));
  }};
  ConnectorHost host_{registry_, {}};
};

TEST_F(HostHttpTest, ACallIsMadeAsTheManifestOfItsProcessSays) {
  const ManifestPtr first = ManifestOf("1.0.0"), second = ManifestOf("2.0.0");
  Call(first);
  Call(second);
  Call(first);
  EXPECT_EQ(Made("1.0.0").begun(), 2);
  EXPECT_EQ(Made("2.0.0").begun(), 1);
}

TEST_F(HostHttpTest, ManifestsOfOneTextShareTheirConnector) {
  Call(ManifestOf("1.0.0"));
  Call(ManifestOf("1.0.0"));
  EXPECT_EQ(times_made_, 1);
}

TEST_F(HostHttpTest, EachManifestHasItsOwnLimits) {
  const ManifestPtr narrow = ManifestOf("1.0.0", 1), wide = ManifestOf("2.0.0", 2);
  std::atomic<int> completed{0};
  for (int i = 0; i < 4; ++i)
    for (const ManifestPtr& manifest : {narrow, wide})
      host_.Submit(Job{.connector = "web", .operation = "slow", .manifest = manifest}, kLongMs,
                   [&](Outcome) { ++completed; });
  Made("1.0.0").WaitUntilBegun(1);
  Made("2.0.0").WaitUntilBegun(2);
  Made("1.0.0").Open();
  Made("2.0.0").Open();
  while (completed < 8) std::this_thread::yield();
  EXPECT_EQ(Made("1.0.0").running_max(), 1);
  EXPECT_EQ(Made("2.0.0").running_max(), 2);
}

TEST_F(HostHttpTest, AManifestThatCannotBeMadeIsUnavailable) {
  const Outcome outcome = Call(ManifestOf("broken"));
  ASSERT_TRUE(std::holds_alternative<TechnicalFailure>(outcome));
  EXPECT_EQ(std::get<TechnicalFailure>(outcome).error, TechnicalError::kUnavailable);
  EXPECT_EQ(std::get<TechnicalFailure>(outcome).message, "Expected a URL.");
}

TEST(TokenBucketTest, LetsThroughOneSecondsWorthAtOnceAndThenTheRate) {
  const auto start = std::chrono::steady_clock::time_point{} + 1h;
  TokenBucket bucket(10);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(bucket.TryTake(start));
  EXPECT_FALSE(bucket.TryTake(start));
  EXPECT_FALSE(bucket.TryTake(start + 99ms));
  const auto next = bucket.NextAt(start + 99ms);
  EXPECT_GT(next, start + 99ms);
  EXPECT_LE(next, start + 101ms);
  EXPECT_TRUE(bucket.TryTake(next));
  EXPECT_FALSE(bucket.TryTake(next));
}

TEST(TokenBucketTest, SavesNoMoreThanOneSecondsWorth) {
  const auto start = std::chrono::steady_clock::time_point{} + 1h;
  TokenBucket bucket(2);
  EXPECT_TRUE(bucket.TryTake(start));
  int taken = 0;
  while (bucket.TryTake(start + 1h)) ++taken;
  EXPECT_EQ(taken, 2);
}

TEST(TokenBucketTest, LetsThroughLessThanOneASecond) {
  const auto start = std::chrono::steady_clock::time_point{} + 1h;
  TokenBucket bucket(0.5);
  EXPECT_TRUE(bucket.TryTake(start));
  EXPECT_FALSE(bucket.TryTake(start + 1900ms));
  EXPECT_TRUE(bucket.TryTake(start + 2001ms));
}

TEST(TokenBucketTest, WithoutARateLetsEverythingThrough) {
  TokenBucket bucket(0);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(bucket.TryTake({}));
}

}  // namespace
}  // namespace fermata
