#include "engine/runtime/engine_calls.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>

#include "engine/runtime/codes.h"

namespace fermata {
namespace {

// Lists instances that the test made up, answers Send as the test says, and says that all have ended when asked.
class ListedInstances final : public CalledEngine {
 public:
  void Add(int count) {
    for (int i = 0; i < count; ++i) {
      InstanceSummary instance;
      instance.id = InstanceId::Make(0, 1'577'836'800'000, 7, static_cast<std::uint16_t>(instances.size()));
      instance.status = "waiting";
      instances.push_back(instance);
    }
  }

  Result<Page<InstanceSummary>> List(const InstanceQuery& query) override {
    asked_tenant = query.filter.tenant;
    const std::size_t from = query.cursor.empty() ? 0 : std::stoul(query.cursor);
    const std::size_t to = std::min(instances.size(), from + static_cast<std::size_t>(query.filter.limit));
    Page<InstanceSummary> page;
    for (std::size_t i = from; i < to; ++i) page.items.push_back(instances[i]);
    if (to < instances.size()) page.next_cursor = std::to_string(to);
    return page;
  }
  void Send(CommandRequest, Answer<CommandReply> answer) override {
    ++sent;
    if (refusals.empty()) return answer(CommandReply{"cancelled", false});
    const ErrorCode code = refusals.back();
    refusals.pop_back();
    answer(Error{code, "Expected another answer, but this is it."});
  }
  void WhenReached(const InstanceId&, std::string, std::int64_t, std::function<void(bool)> callback) override {
    if (all_end) callback(true);
  }

  Result<InstanceOwner> FindOwner(const InstanceId&) override { return InstanceOwner{"acme", "caller"}; }
  Result<InstanceView> Get(const InstanceId&) override { return Error{kUnknownInstance, "none"}; }

  std::vector<InstanceSummary> instances;
  std::vector<ErrorCode> refusals;  // of the next ones sent, the last first
  std::string asked_tenant;
  int sent = 0;
  bool all_end = true;
};

class EngineCallsTest : public ::testing::Test {
 protected:
  void Run(const std::string& operation) {
    Job job;
    job.operation = operation;
    job.input = Value::Object({{"process", Value::String("p")}, {"key", Value::String("k")}});
    std::promise<void> answered;
    EngineCalls calls(engine);
    calls.Run(job, [&](Outcome outcome) {
      outcomes.push_back(std::move(outcome));
      if (outcomes.size() == 1) answered.set_value();
    });
    answered.get_future().wait();
    calls.Stop();  // also what would answer a second time has run
  }
  bool Failed() const {
    return outcomes.size() == 1 && std::holds_alternative<TechnicalFailure>(outcomes[0]) &&
           std::get<TechnicalFailure>(outcomes[0]).error == TechnicalError::kUnavailable;
  }
  Value Output() const {
    EXPECT_EQ(outcomes.size(), 1u);
    if (outcomes.size() != 1 || !std::holds_alternative<JobSuccess>(outcomes[0])) return {};
    return std::get<JobSuccess>(outcomes[0]).output;
  }
  static Value Cancelled(int count) { return Value::Object({{"cancelled", Value::Int(count)}}); }

  ListedInstances engine;
  std::vector<Outcome> outcomes;
};

TEST_F(EngineCallsTest, FindsInstancesOfTheCallersTenantOnly) {
  Run("find");
  EXPECT_EQ(engine.asked_tenant, "acme");
}

TEST_F(EngineCallsTest, ACancelThatDoesNotGetThroughFailsAtOnce) {
  for (ErrorCode code : {kInboxFull, kStorageUnavailable, kCommitUnknown, kShuttingDown}) {
    outcomes.clear();
    engine.instances.clear();
    engine.Add(3);
    engine.refusals = {code};
    engine.all_end = false;
    Run("cancel");
    EXPECT_TRUE(Failed()) << FormatErrorCode(code);
  }
}

TEST_F(EngineCallsTest, ACancelCompletesOnceHoweverManyFail) {
  engine.Add(3);
  engine.refusals = {kInboxFull, kInboxFull};
  Run("cancel");
  EXPECT_TRUE(Failed());
}

TEST_F(EngineCallsTest, WhatHasEndedMeanwhileIsAsGoodAsCancelled) {
  engine.Add(3);
  engine.refusals = {kStatusForbids, kUnknownInstance};
  Run("cancel");
  EXPECT_EQ(Output(), Cancelled(3));
}

TEST_F(EngineCallsTest, EveryPageIsCancelled) {
  engine.Add(2 * kPageItemsMax + 1);
  Run("cancel");
  EXPECT_EQ(engine.sent, 2 * kPageItemsMax + 1);
  EXPECT_EQ(Output(), Cancelled(2 * kPageItemsMax + 1));
}

TEST_F(EngineCallsTest, EveryPageIsFound) {
  engine.Add(2 * kPageItemsMax + 1);
  Run("find");
  EXPECT_EQ(Output().as_list().size(), 2u * kPageItemsMax + 1);
}

TEST_F(EngineCallsTest, BeyondTheBoundNothingIsCancelledAndNothingSaysSo) {
  engine.Add(static_cast<int>(kEngineCallInstancesMax) + 1);
  Run("cancel");
  EXPECT_TRUE(Failed());
  EXPECT_EQ(engine.sent, 0);
}

}  // namespace
}  // namespace fermata
