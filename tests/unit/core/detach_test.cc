// A child that nobody waits for, and that could not start. language.md 11.8.
#include <gmock/gmock.h>

#include "engine/model/command_codes.h"
#include "tests/unit/core/fixture.h"

namespace fermata {
namespace {

using testing::HasSubstr;

constexpr const char* kParent = R"(
fermata: 1
process: parent
version: 1.0.0
events: { go: { key: "${event.data.id}" } }
states:
  child: { run: other, detach: true, next: wait }
  wait: { on: { go: done } }
  done: { end: {} }
)";

FinishChild Refusal(const InstanceState& state, ChildResult::Kind kind) {
  ChildResult result{kind, {}, {"", "Expected a free key, but 'k' is in use.", {}}};
  return {2, InstanceId::MakeChild(0, 1, state.id, 2), std::move(result), true};
}

class Detach : public testing::Test {
 protected:
  Detach() : instance(LoadText("parent.yaml", kParent)) { EXPECT_TRUE(instance.Start("{}").ok()); }

  Result<Decision> Refuse() { return instance.Do(Refusal(instance.state(), ChildResult::Kind::kDuplicate)); }

  Instance instance;
};

TEST_F(Detach, ARefusalThatComesLaterIsAnIncident) {
  ASSERT_TRUE(Refuse().ok());
  ASSERT_EQ(instance.state().incidents.size(), 1u);
  EXPECT_EQ(instance.state().incidents.begin()->second.error.name, "duplicate");
  EXPECT_THAT(instance.state().incidents.begin()->second.error.message, HasSubstr("'k' is in use"));
  EXPECT_EQ(ActiveStates(instance.state()), std::vector<std::string>{"wait"});
}

TEST_F(Detach, ARefusalThatComesTwiceIsOneIncident) {
  ASSERT_TRUE(Refuse().ok());
  ASSERT_TRUE(Refuse().ok());
  EXPECT_EQ(instance.state().incidents.size(), 1u);
}

TEST_F(Detach, TheIncidentCanBeSkippedOrFailedButNotRetried) {
  ASSERT_TRUE(Refuse().ok());
  Result<Decision> retried = instance.Do(ResolveIncident{1, IncidentAction::kRetry, {}, {}, {}, ""});
  ASSERT_FALSE(retried.ok());
  EXPECT_EQ(retried.error().code, kActionForbids);
  ASSERT_TRUE(instance.Do(ResolveIncident{1, IncidentAction::kSkip, {}, {}, {}, ""}).ok());
  EXPECT_TRUE(instance.state().incidents.empty());
  EXPECT_EQ(instance.state().status, InstanceStatus::kWaiting);
}

TEST_F(Detach, AnOperatorMayFailTheInstanceForIt) {
  ASSERT_TRUE(Refuse().ok());
  ASSERT_TRUE(instance.Do(ResolveIncident{1, IncidentAction::kFail, {}, {}, {}, ""}).ok());
  EXPECT_EQ(instance.state().status, InstanceStatus::kFailed);
  EXPECT_EQ(instance.state().error->name, "duplicate");
}

TEST_F(Detach, TheHistoryOfAnEndedParentTellsIt) {
  ASSERT_TRUE(instance.Do(CancelInstance{""}).ok());
  Result<Decision> decision = Refuse();
  ASSERT_TRUE(decision.ok());
  ASSERT_EQ(decision->events.size(), 1u);
  EXPECT_EQ(std::get<ChildFinished>(decision->events[0].body).error, "duplicate");
  EXPECT_TRUE(instance.state().incidents.empty());
}

TEST_F(Detach, TheIncidentEndsWithTheInstance) {
  ASSERT_TRUE(Refuse().ok());
  CloudEvent go;
  go.id = "e-1";
  go.source = "/tests";
  go.type = "go";
  ASSERT_TRUE(instance.Do(DeliverEvent{go, std::nullopt, false}).ok());
  EXPECT_EQ(instance.state().status, InstanceStatus::kCompleted);
  EXPECT_TRUE(instance.state().incidents.empty());
}

TEST(DetachAtOnce, ARefusalThatIsKnownAlreadyIsRaisedInTheState) {
  const DefinitionPtr definition = LoadText("parent.yaml", kParent);
  InstanceState state;
  state.id = InstanceId::Make(0, 1, 7, 1);
  bool refused = true;
  DecisionContext context;
  context.now_us = 1'577'836'800'000'000;
  context.child_refusal = [&](const RunVerb& run, const Value&) -> std::optional<ProcessError> {
    if (!refused) return std::nullopt;
    return ProcessError{"schema", "Expected a deployed process, but '" + run.process + "' is not there.", {}};
  };
  StartInstance start;
  start.input = Value::Map({});
  Result<Decision> decision = Decide(*definition, state, start, context);
  ASSERT_TRUE(decision.ok());
  EXPECT_TRUE(decision->effects.empty());
  ASSERT_EQ(state.incidents.size(), 1u);
  EXPECT_EQ(state.incidents.begin()->second.state, "child");
  EXPECT_EQ(state.incidents.begin()->second.error.name, "schema");
  refused = false;
  decision = Decide(*definition, state, ResolveIncident{1}, context);
  ASSERT_TRUE(decision.ok());
  ASSERT_EQ(decision->effects.size(), 1u);
  EXPECT_EQ(std::get<StartChild>(decision->effects[0]).process, "other");
  EXPECT_EQ(ActiveStates(state), std::vector<std::string>{"wait"});
}

}  // namespace
}  // namespace fermata
