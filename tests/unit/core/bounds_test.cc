// What one instance may hold: limits.h.
#include <gmock/gmock.h>

#include "engine/model/command_codes.h"
#include "engine/model/limits.h"
#include "tests/unit/core/fixture.h"

namespace fermata {
namespace {

using testing::HasSubstr;

DefinitionPtr Load(const std::string& states) {
  return LoadText("order.yaml", "fermata: 1\nprocess: order\nversion: 1.0.0\n" + states);
}

std::string Text(std::size_t bytes) { return std::string(bytes, 'x'); }

const Incident* OnlyIncident(const Instance& instance) {
  EXPECT_EQ(instance.state().incidents.size(), 1u);
  return instance.state().incidents.empty() ? nullptr : &instance.state().incidents.begin()->second;
}

Result<Decision> StartWith(Instance& instance, std::size_t bytes) {
  StartInstance start;
  start.input = Value::Object({{"text", Value::String(Text(bytes))}});
  return instance.Do(start);
}

constexpr const char* kSet = R"(
input: { type: object, properties: { text: { type: string } } }
states:
  a: { set: { one: "${input.text}" }, next: b }
  b: { set: { two: "${input.text}" }, next: done }
  done: { end: {} }
)";

TEST(Bounds, VariablesThatFitTogetherAreSet) {
  Instance instance(Load(kSet));
  ASSERT_TRUE(StartWith(instance, kVariablesBytesMax / 2 - 100).ok());
  EXPECT_EQ(instance.state().status, InstanceStatus::kCompleted);
}

TEST(Bounds, AVariableThatNoLongerFitsIsTheErrorExpressionOfItsState) {
  Instance instance(Load(kSet));
  ASSERT_TRUE(StartWith(instance, kVariablesBytesMax / 2 + 100).ok());
  const Incident* incident = OnlyIncident(instance);
  ASSERT_NE(incident, nullptr);
  EXPECT_EQ(incident->state, "b");
  EXPECT_EQ(incident->error.name, "expression");
  EXPECT_THAT(incident->error.message, HasSubstr("'two'"));
  EXPECT_TRUE(instance.state().variables.contains("one"));
  EXPECT_FALSE(instance.state().variables.contains("two"));
}

TEST(Bounds, AVariableIsReplacedWithoutCountingTheOldValue) {
  Instance instance(Load(R"(
input: { type: object, properties: { text: { type: string } } }
states:
  a: { set: { one: "${input.text}" }, next: b }
  b: { set: { one: "${input.text}" }, next: done }
  done: { end: {} }
)"));
  ASSERT_TRUE(StartWith(instance, kVariablesBytesMax / 2 + 100).ok());
  EXPECT_EQ(instance.state().status, InstanceStatus::kCompleted);
}

TEST(Bounds, AnOperatorCannotSetMoreThanFits) {
  Instance instance(Load(kSet));
  ASSERT_TRUE(StartWith(instance, kVariablesBytesMax / 2 + 100).ok());
  ResolveIncident resolve{1, IncidentAction::kRetry, {{"two", Value::String(Text(kVariablesBytesMax))}}, {}, {}, ""};
  Result<Decision> refused = instance.Do(resolve);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, kInvalidInput);
  resolve.set = {{"one", Value()}};
  EXPECT_TRUE(instance.Do(resolve).ok());
  EXPECT_EQ(instance.state().status, InstanceStatus::kCompleted);
}

TEST(Bounds, InitialVariablesThatDoNotFitRefuseTheStart) {
  Instance instance(Load(R"(
input: { type: object, properties: { text: { type: string } } }
vars: { one: "${input.text}", two: "${input.text}" }
states: { done: { end: {} } }
)"));
  Result<Decision> refused = StartWith(instance, kVariablesBytesMax / 2 + 100);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, kInvalidInput);
  EXPECT_EQ(refused.error().path, "/vars");
}

TEST(Bounds, AnOutputThatDoesNotFitIsHeldUntilAnOperatorHasMadeRoom) {
  Instance instance(Load(R"(
input: { type: object, properties: { text: { type: string } } }
states:
  a: { set: { one: "${input.text}" }, next: b }
  b: { call: store.reserve, save: r, undo: { call: store.release }, next: done }
  done: { end: { id: "${r.id}" } }
)"));
  ASSERT_TRUE(StartWith(instance, kVariablesBytesMax / 2 + 100).ok());
  ASSERT_TRUE(instance.Succeed(R"({"id":"r-1","more":")" + Text(kVariablesBytesMax / 2) + "\"}").ok());
  const Incident* incident = OnlyIncident(instance);
  ASSERT_NE(incident, nullptr);
  EXPECT_EQ(incident->error.name, "expression");
  EXPECT_TRUE(instance.state().undo_records.empty());
  ASSERT_TRUE(instance.Do(ResolveIncident{1, IncidentAction::kRetry, {{"one", Value()}}, {}, {}, ""}).ok());
  EXPECT_EQ(instance.state().status, InstanceStatus::kCompleted);
  EXPECT_EQ(instance.state().output.Find("id")->as_string(), "r-1");
}

TEST(Bounds, TheVariablesOfItemsCountTogether) {
  Instance instance(Load(R"(
input: { type: object, properties: { text: { type: string } } }
states:
  all:
    each: "${[1, 2, 3]}"
    concurrency: 3
    states:
      keep: { set: { mine: "${input.text}" }, next: wait }
      wait: { call: store.pack, next: done }
      done: { end: {} }
    next: end
  end: { end: {} }
)"));
  ASSERT_TRUE(StartWith(instance, kVariablesBytesMax / 2 - 100).ok());
  EXPECT_EQ(JobsInFlight(instance.state()).size(), 2u);
  const Incident* incident = OnlyIncident(instance);
  ASSERT_NE(incident, nullptr);
  EXPECT_EQ(incident->state, "keep");
}

TEST(Bounds, AFullUndoListBeginsNothingThatWouldHaveToBeUndone) {
  Instance instance(Load(R"(
events: { go: { key: "${event.data.id}" } }
states:
  wait: { on: { go: reserve } }
  reserve: { call: store.reserve, undo: { call: store.release }, next: done }
  done: { end: {} }
)"));
  ASSERT_TRUE(instance.Start("{}").ok());
  InstanceState full = instance.state();
  UndoRecord record;
  record.state = "reserve";
  record.operation = "store.release";
  for (std::size_t i = 1; i <= kUndoRecordsMax; ++i) {
    record.number = static_cast<std::int64_t>(i);
    full.undo_records.emplace_hint(full.undo_records.end(), record.number, record);
  }
  CloudEvent go;
  go.id = "e-1";
  go.source = "/tests";
  go.type = "go";
  DecisionContext context;
  context.now_us = instance.now_us;
  const auto deliver = [&] {
    return Decide(instance.definition(), full, DeliverEvent{go, std::nullopt, false}, context);
  };
  ASSERT_TRUE(deliver().ok());
  EXPECT_TRUE(JobsInFlight(full).empty());
  ASSERT_EQ(full.incidents.size(), 1u);
  EXPECT_EQ(full.incidents.begin()->second.error.name, "livelock");
  // With room again, a retry goes on.
  full.undo_records.erase(full.undo_records.begin());
  ASSERT_TRUE(Decide(instance.definition(), full, ResolveIncident{1}, context).ok());
  EXPECT_EQ(JobsInFlight(full).size(), 1u);
}

}  // namespace
}  // namespace fermata
