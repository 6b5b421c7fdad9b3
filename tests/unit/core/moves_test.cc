// What operators do beside the process: variables, moves and their preview, what got lost.
#include <gmock/gmock.h>

#include "engine/core/explain.h"
#include "engine/model/command_codes.h"
#include "tests/unit/core/fixture.h"

namespace fermata {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kTrip = R"(
fermata: 1
process: trip
version: 1.0.0
vars: { seats: 1, hold: "${null}" }
events: { go-on: {}, paid: {} }
states:
  hold:
    call: bank.authorise
    with: { amount: 5, orderId: "o" }
    save: hold
    undo: { call: bank.void, with: { holdId: "h" } }
    next: choose
  choose: { on: { go-on: both, paid: done }, after: { 1d: done } }
  both:
    parallel:
      left:
        start: reserve
        states:
          reserve:
            call: bank.authorise
            with: { amount: 6, orderId: "o" }
            undo: { call: bank.void, with: { holdId: "l" } }
            next: linger
          linger: { on: { paid: left-done }, after: { 1d: left-done, 2d: other } }
          other:  { on: { paid: left-done }, after: { 1d: left-done } }
          left-done: { end: {} }
      right:
        start: answer
        states:
          answer: { ask: Well?, outcomes: [yes, no], next: right-done, on: { paid: other-right } }
          other-right: { after: { 1d: right-done } }
          right-done: { end: {} }
    next: many
    on: { go-on: done }
  many:
    each: "${[1, 2]}"
    as: n
    concurrency: 2
    states:
      first: { after: { 1d: second }, on: { paid: second } }
      second: { after: { 1d: item-done } }
      item-done: { end: {} }
    next: done
    on: { go-on: done }
  box:
    states:
      inner: { after: { 1d: boxed } }
      boxed: { end: {} }
    next: done
    on: { go-on: choose }
  way-in: { on: { go-on: box }, after: { 1d: failed } }
  done: { end: {} }
  failed: { fail: broken }
on: { paid: way-in }
errors: [broken]
)";

class Moves : public testing::Test {
 protected:
  Moves() : instance(LoadText("trip.yaml", kTrip)) {
    EXPECT_TRUE(instance.Start("{}").ok());
    EXPECT_TRUE(instance.Succeed(R"({"holdId":"h"})").ok());
    EXPECT_THAT(Active(), ElementsAre("choose"));
  }
  std::vector<std::string> Active() { return ActiveStates(instance.state()); }
  Result<Decision> Move(const std::string& target, const std::string& from = "",
                        std::optional<std::int64_t> item = std::nullopt) {
    MoveInstance move{target, from, item, {}, "a reason", "ann"};
    return instance.Do(move);
  }
  MovePreview Preview(const std::string& target, const std::string& from = "") {
    MoveInstance move;
    move.target = target;
    move.from = from;
    DecisionContext context;
    context.now_us = instance.now_us;
    Result<MovePreview> preview = PreviewMove(instance.definition(), instance.state(), move, context);
    EXPECT_TRUE(preview.ok()) << preview.error().message;
    return preview.ok() ? *preview : MovePreview();
  }
  void ExpectRefused(const Result<Decision>& refused, ErrorCode code, const std::string& text) {
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, code) << refused.error().message;
    EXPECT_THAT(refused.error().message, HasSubstr(text));
  }
  // Both regions: 'linger' after its call, and the task.
  void GoToBoth() {
    ASSERT_TRUE(Move("both").ok());
    ASSERT_TRUE(instance.Succeed(R"({"holdId":"l"})").ok());
    ASSERT_THAT(Active(), ElementsAre("both", "linger", "answer"));
  }
  Instance instance;
};

TEST_F(Moves, VariablesAreSetWithWhoAndWhy) {
  const Result<Decision> set = instance.Do(SetVariables{{{"seats", Value::Int(3)}}, "typed wrongly", "ann"});
  ASSERT_TRUE(set.ok());
  EXPECT_EQ(instance.state().variables.at("seats"), Value::Int(3));
  const auto* amended = std::get_if<VariablesAmended>(&set->events.at(0).body);
  ASSERT_NE(amended, nullptr);
  EXPECT_EQ(amended->by, "ann");
  EXPECT_EQ(amended->reason, "typed wrongly");
}

TEST_F(Moves, VariablesAreSetWhileItIsSuspended) {
  ASSERT_TRUE(instance.Do(SuspendInstance{}).ok());
  ASSERT_TRUE(instance.Do(SetVariables{{{"seats", Value::Int(3)}}, "", ""}).ok());
  EXPECT_EQ(instance.state().variables.at("seats"), Value::Int(3));
  EXPECT_TRUE(instance.state().stash.empty());
}

TEST_F(Moves, AVariableThatIsUnknownOrOfAnotherShapeIsRefused) {
  const Result<Decision> unknown = instance.Do(SetVariables{{{"seat", Value::Int(3)}}, "", ""});
  ExpectRefused(unknown, kUnknownVariable, "'seat'");
  EXPECT_EQ(unknown.error().hint, "Did you mean 'seats'?");
  ASSERT_TRUE(Move("done").ok());
  ExpectRefused(instance.Do(SetVariables{{{"seats", Value::Int(3)}}, "", ""}), kStatusForbids, "completed");
}

TEST_F(Moves, AMoveLeavesEntersAndTellsWhoAndWhy) {
  const Result<Decision> moved = Move("way-in");
  ASSERT_TRUE(moved.ok());
  EXPECT_THAT(Active(), ElementsAre("way-in"));
  const auto* told = std::get_if<InstanceMoved>(&moved->events.at(0).body);
  ASSERT_NE(told, nullptr);
  EXPECT_EQ(told->from, "choose");
  EXPECT_EQ(told->target, "way-in");
  EXPECT_EQ(told->by, "ann");
  EXPECT_EQ(Timers(instance.state()).size(), 1u) << "the timer of 'choose' is gone";
}

TEST_F(Moves, AMoveSetsVariablesFirst) {
  MoveInstance move;
  move.target = "way-in";
  move.set = {{"seats", Value::Int(9)}};
  ASSERT_TRUE(instance.Do(move).ok());
  EXPECT_EQ(instance.state().variables.at("seats"), Value::Int(9));
  move.set = {{"nobody", Value::Int(9)}};
  ExpectRefused(instance.Do(move), kUnknownVariable, "'nobody'");
}

TEST_F(Moves, ToItselfEntersAnew) {
  const ActivationId before = instance.state().next_activation;
  ASSERT_TRUE(Move("choose").ok());
  EXPECT_THAT(Active(), ElementsAre("choose"));
  EXPECT_EQ(instance.state().next_activation, before + 1);
}

TEST_F(Moves, OutOfAParallelTheWholeIsLeftAndKeepsItsRecords) {
  GoToBoth();
  ASSERT_TRUE(Move("choose").ok());
  EXPECT_THAT(Active(), ElementsAre("choose"));
  EXPECT_EQ(instance.state().undo_records.size(), 2u);
  EXPECT_TRUE(instance.state().rollbacks.empty());
}

TEST_F(Moves, OutOfOneBranchTheOthersAreRolledBackFirst) {
  GoToBoth();
  const MovePreview preview = Preview("choose", "answer");
  EXPECT_THAT(preview.undone, ElementsAre("reserve"));
  EXPECT_THAT(preview.entered, IsEmpty());
  EXPECT_EQ(preview.status, InstanceStatus::kCompensating);
  ASSERT_TRUE(Move("choose", "answer").ok());
  EXPECT_EQ(instance.state().status, InstanceStatus::kCompensating);
  ASSERT_TRUE(instance.Succeed("{}").ok());
  EXPECT_THAT(Active(), ElementsAre("choose"));
  EXPECT_EQ(instance.state().undo_records.size(), 1u) << "that of 'hold'";
}

TEST_F(Moves, InsideOneRegionTheOtherGoesOn) {
  GoToBoth();
  ASSERT_TRUE(Move("other").ok());
  EXPECT_THAT(Active(), ElementsAre("both", "other", "answer"));
}

TEST_F(Moves, OfSeveralItemsOneHasToBeNamed) {
  ASSERT_TRUE(Move("many").ok());
  ExpectRefused(Move("second"), kMoveForbids, "there are 2");
  ExpectRefused(Move("second", "first"), kMoveForbids, "there are 2");
  ASSERT_TRUE(Move("second", "", 1).ok());
  std::vector<std::string> states;
  for (const auto& [id, activation] : instance.state().activations)
    if (activation.kind == ActivationKind::kState && activation.children.empty()) states.push_back(activation.state);
  EXPECT_THAT(states, testing::UnorderedElementsAre("first", "second"));
  ExpectRefused(Move("second", "first", 7), kMoveForbids, "'second'");
}

TEST_F(Moves, WhatCannotBeReachedIsRefusedWithTheReason) {
  ExpectRefused(Move("linger"), kMoveForbids, "Expected 'left' of 'both' to be active");
  ExpectRefused(Move("inner"), kMoveForbids, "Expected 'box' to be active, for 'inner' stands in it");
  const Result<Decision> unknown = Move("chose");
  ExpectRefused(unknown, kUnknownState, "'chose'");
  EXPECT_EQ(unknown.error().hint, "Did you mean 'choose'?");
  ExpectRefused(Move(""), kUnknownState, "''");
  ExpectRefused(Move("left"), kUnknownState, "'left'");
  ExpectRefused(Move("way-in", "hold"), kMoveForbids, "Expected an active state 'hold'");
  ASSERT_TRUE(instance.Do(SuspendInstance{}).ok());
  ExpectRefused(Move("way-in"), kStatusForbids, "suspended");
}

TEST_F(Moves, ARollBackIsNotInterrupted) {
  GoToBoth();
  ASSERT_TRUE(Move("choose", "answer").ok());
  ExpectRefused(Move("way-in"), kMoveForbids, "roll-back");
}

TEST_F(Moves, ItLeavesAnIncidentBehind) {
  ASSERT_TRUE(Move("hold").ok());
  const JobView job = JobsInFlight(instance.state()).at(0);
  ASSERT_TRUE(
      instance
          .Do(CompleteJob{job.job, job.attempt, TechnicalFailure{TechnicalError::kInvalidResponse, "No.", 0, Value()}})
          .ok());
  while (instance.state().incidents.empty()) {  // until its tries are over
    const TimerView retry = Timers(instance.state()).at(0);
    instance.now_us = retry.due_us;
    ASSERT_TRUE(instance.Do(FireTimer{retry.timer}).ok());
    const JobView again = JobsInFlight(instance.state()).at(0);
    ASSERT_TRUE(instance
                    .Do(CompleteJob{again.job, again.attempt,
                                    TechnicalFailure{TechnicalError::kInvalidResponse, "No.", 0, Value()}})
                    .ok());
  }
  ASSERT_TRUE(Move("choose").ok());
  EXPECT_TRUE(instance.state().incidents.empty());
  EXPECT_THAT(Active(), ElementsAre("choose"));
}

TEST_F(Moves, ACallWithAnUndoIsAwaitedAndThePreviewSaysSo) {
  ASSERT_TRUE(Move("hold").ok());
  const InstanceState before = instance.state();
  const MovePreview preview = Preview("choose");
  EXPECT_TRUE(instance.state() == before) << "a preview changes nothing";
  EXPECT_EQ(preview.from, "hold");
  EXPECT_THAT(preview.exited, ElementsAre("hold"));
  EXPECT_THAT(preview.entered, ElementsAre("choose"));
  ASSERT_EQ(preview.given_up.size(), 1u);
  ASSERT_EQ(preview.given_up[0].wakes.size(), 1u);
  EXPECT_EQ(preview.given_up[0].wakes[0].name, "bank.authorise");
  EXPECT_TRUE(preview.given_up[0].wakes[0].awaited);
  ASSERT_EQ(preview.armed.size(), 1u);
  EXPECT_EQ(preview.armed[0].state, "choose");
  EXPECT_EQ(preview.armed[0].wakes.size(), 3u) << "two events and a timer";
  ASSERT_TRUE(Move("choose").ok());
  EXPECT_EQ(instance.state().left_jobs.size(), 1u);
}

TEST_F(Moves, ThePreviewNamesTimersTasksAndIncidents) {
  GoToBoth();
  const MovePreview preview = Preview("choose");
  std::vector<Wake::Kind> kinds;
  for (const WaitOf& wait : preview.given_up)
    for (const Wake& wake : wait.wakes) kinds.push_back(wake.kind);
  EXPECT_THAT(kinds, testing::Contains(Wake::Kind::kTask));
  EXPECT_THAT(kinds, testing::Contains(Wake::Kind::kTimer));
  EXPECT_THAT(kinds, testing::Contains(Wake::Kind::kEvent));
  EXPECT_THAT(preview.undone, IsEmpty());
  EXPECT_EQ(Preview("done").status, InstanceStatus::kCompleted);
  EXPECT_THAT(Preview("failed").undone, ElementsAre("reserve", "hold"));
}

TEST_F(Moves, WhatGotLostIsAnIncidentOnceAndIsAcknowledged) {
  const ActivationId at = instance.state().activations.rbegin()->first;
  ASSERT_TRUE(instance.Do(ReportLost{at, "Expected a timer, but it was gone."}).ok());
  ASSERT_TRUE(instance.Do(ReportLost{at, "Expected a timer, but it was gone."})->events.empty());
  ASSERT_EQ(instance.state().incidents.size(), 1u);
  EXPECT_EQ(instance.state().incidents.begin()->second.error.name, "internal");
  EXPECT_EQ(instance.state().incidents.begin()->second.state, "choose");
  ResolveIncident retry;
  retry.incident = 1;
  ASSERT_TRUE(instance.Do(retry).ok());
  EXPECT_TRUE(instance.state().incidents.empty());
  EXPECT_THAT(Active(), ElementsAre("choose"));
  EXPECT_TRUE(instance.Do(ReportLost{999, "Nothing."})->events.empty()) << "an activation that is gone";
}

}  // namespace
}  // namespace fermata
