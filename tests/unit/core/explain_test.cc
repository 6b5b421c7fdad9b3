#include "engine/core/explain.h"

#include <gmock/gmock.h>

#include "tests/unit/core/fixture.h"

namespace fermata {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kOrder = R"(
fermata: 1
process: order
version: 1.0.0
key: ${input.order}
input: { type: object, required: [order], properties: { order: { type: string }, amount: { type: integer } } }
vars: { amount: "${has(input.amount) ? input.amount : 10}" }
events:
  paid:     { key: "${event.data.order}", data: { type: object, required: [order, amount], properties: { order: { type: string }, amount: { type: integer } } } }
  answered: { key: "${event.data.ref}" }
  nudged:   {}
on: { nudged: tidy }
states:
  hold:
    call: bank.authorise
    with: { amount: "${amount}", orderId: "${input.order}" }
    save: hold
    on_error: { declined: refused }
    next: wait
  wait:
    on:
      paid:
        - { if: "event.data.amount == amount", go: ask }
        - { if: "event.data.amount > amount", go: refused }
      answered: { match: "${'ref-' + input.order}", go: ask }
    after: { 2d: refused }
  ask:
    ask: Is all well?
    assign: { role: clerk }
    outcomes: [yes, no]
    due: 1h
    save: answer
    next:
      - { if: "answer.outcome == 'yes'", go: done }
      - { go: refused }
  tidy:    { end: {} }
  done:    { end: {} }
  refused: { fail: refused }
errors: [refused]
)";

class Explain : public testing::Test {
 protected:
  Explain() : instance(LoadText("order.yaml", kOrder)) {
    StartInstance start;
    start.key = "o-1";
    start.input = ParseJson(R"({"order":"o-1"})").value();
    EXPECT_TRUE(instance.Do(start).ok());
  }
  void Paid() { EXPECT_TRUE(instance.Succeed(R"({"holdId":"h-1"})").ok()); }
  static CloudEvent Event(const std::string& type, const std::string& data) {
    CloudEvent event;
    event.id = "e-1";
    event.source = "/test";
    event.type = type;
    event.data = ParseJson(data).value();
    return event;
  }
  EventVerdict TryAddressed(const std::string& type, const std::string& data) {
    CloudEvent event = Event(type, data);
    event.extensions = Value::Object({{"instance", Value::String(instance.state().id.ToString())}});
    return ExplainEvent(instance.definition(), instance.state(), event, instance.now_us);
  }
  EventVerdict Try(const std::string& type, const std::string& data) {
    return ExplainEvent(instance.definition(), instance.state(), Event(type, data), instance.now_us);
  }
  std::vector<WaitOf> Waits() { return ExplainWaits(instance.definition(), instance.state()); }

  Instance instance;
};

TEST_F(Explain, ACallIsShownWithWhereItLeads) {
  const std::vector<WaitOf> waits = Waits();
  ASSERT_EQ(waits.size(), 2u);  // the process as a whole listens, too
  EXPECT_EQ(waits[0].state, "");
  EXPECT_EQ(waits[1].state, "hold");
  EXPECT_EQ(waits[1].since_us, instance.now_us);
  ASSERT_EQ(waits[1].wakes.size(), 1u);
  const Wake& wake = waits[1].wakes[0];
  EXPECT_EQ(wake.kind, Wake::Kind::kJob);
  EXPECT_EQ(wake.name, "bank.authorise");
  EXPECT_EQ(wake.number, 1);
  EXPECT_THAT(wake.ways, ElementsAre(Way{"wait", "", ""}, Way{"refused", "", "declined"}));
}

TEST_F(Explain, EventsAndTimersAreShownWithTheirKeysTimesAndWays) {
  Paid();
  const std::vector<WaitOf> waits = Waits();
  ASSERT_EQ(waits.size(), 2u);
  ASSERT_EQ(waits[1].wakes.size(), 3u);
  const Wake& paid = waits[1].wakes[0];
  EXPECT_EQ(paid.name, "paid");
  EXPECT_EQ(paid.value, "o-1");
  EXPECT_THAT(paid.ways, ElementsAre(Way{"ask", "event.data.amount == amount", ""},
                                     Way{"refused", "event.data.amount > amount", ""}));
  EXPECT_EQ(waits[1].wakes[1].name, "answered");
  EXPECT_EQ(waits[1].wakes[1].value, "ref-o-1");
  const Wake& timer = waits[1].wakes[2];
  EXPECT_EQ(timer.kind, Wake::Kind::kTimer);
  EXPECT_EQ(timer.name, "after");
  EXPECT_EQ(timer.due_us, instance.now_us + 2LL * 24 * 3600 * 1'000'000);
  EXPECT_THAT(timer.ways, ElementsAre(Way{"refused", "", ""}));
}

TEST_F(Explain, ATaskIsShownWithWhoseItIs) {
  Paid();
  ASSERT_TRUE(instance.Do(DeliverEvent{Event("answered", R"({"ref":"ref-o-1"})"), "ref-o-1", false}).ok());
  const std::vector<WaitOf> waits = Waits();
  const auto of_ask = std::find_if(waits.begin(), waits.end(), [](const WaitOf& wait) { return wait.state == "ask"; });
  ASSERT_NE(of_ask, waits.end());
  const auto task = std::find_if(of_ask->wakes.begin(), of_ask->wakes.end(),
                                 [](const Wake& wake) { return wake.kind == Wake::Kind::kTask; });
  ASSERT_NE(task, of_ask->wakes.end());
  EXPECT_EQ(task->title, "Is all well?");
  EXPECT_EQ(task->role, "clerk");
  EXPECT_EQ(task->ways.size(), 2u);
}

TEST_F(Explain, AnEndedInstanceWaitsForNothing) {
  ASSERT_TRUE(instance.Do(DeliverEvent{Event("nudged", "{}"), std::nullopt, true}).ok());
  EXPECT_THAT(Waits(), IsEmpty());
  EXPECT_THAT(Try("nudged", "{}").reasons, ElementsAre("The instance has ended: it is completed."));
}

TEST_F(Explain, AnEventWithoutAKeyIsTakenOnlyIfItIsAddressed) {
  const EventVerdict by_key = Try("nudged", "{}");
  EXPECT_FALSE(by_key.taken);
  EXPECT_FALSE(by_key.kept);
  EXPECT_THAT(by_key.reasons, ElementsAre(HasSubstr("only if its attribute `instance` names this instance")));
  EXPECT_TRUE(TryAddressed("nudged", "{}").taken);
}

TEST_F(Explain, ACallBetweenTwoTriesAndItsIncidentAreShownWithWhereTheyLead) {
  Instance calling(LoadText("calling.yaml", R"(
fermata: 1
process: calling
version: 1.0.0
states:
  hold:
    call: bank.authorise
    with: { amount: 1 }
    retry: { attempts: 2, first: 10s }
    on_error: { declined: no }
    next: yes
  yes: { end: {} }
  no: { fail: refused }
)"));
  const auto fail = [&](std::int64_t attempt) {
    const TechnicalFailure failure{TechnicalError::kUnavailable, "The line is cut.", 0};
    EXPECT_TRUE(calling.Do(CompleteJob{{2, false}, attempt, failure}).ok());
  };
  ASSERT_TRUE(calling.Start("{}").ok());
  fail(1);
  std::vector<WaitOf> waits = ExplainWaits(calling.definition(), calling.state());
  ASSERT_EQ(waits.size(), 1u);
  ASSERT_EQ(waits[0].wakes.size(), 1u);
  const Wake timer = waits[0].wakes[0];
  EXPECT_EQ(timer.kind, Wake::Kind::kTimer);
  EXPECT_EQ(timer.name, "retry");
  EXPECT_EQ(timer.operation, "bank.authorise");
  EXPECT_EQ(timer.attempt, 2);
  EXPECT_EQ(timer.attempts, 2);
  EXPECT_THAT(timer.ways, ElementsAre(Way{"yes", "", ""}, Way{"no", "", "declined"}));
  ASSERT_TRUE(calling.Do(FireTimer{{2, kRetrySlot}}).ok());
  fail(2);
  waits = ExplainWaits(calling.definition(), calling.state());
  ASSERT_EQ(waits.size(), 1u);
  ASSERT_EQ(waits[0].wakes.size(), 1u);
  EXPECT_EQ(waits[0].wakes[0].kind, Wake::Kind::kIncident);
  EXPECT_THAT(waits[0].wakes[0].ways, ElementsAre(Way{"", "", "", "retry"}, Way{"yes", "", "", "skip"},
                                                  Way{"no", "", "declined", "fail"}, Way{"", "", "", "fail"}));
}

TEST_F(Explain, ACancelThatWaitsForACallSaysSo) {
  Instance held(LoadText("held.yaml", R"(
fermata: 1
process: held
version: 1.0.0
states:
  hold: { call: bank.authorise, with: { amount: 1 }, undo: { call: bank.void }, next: done }
  done: { end: {} }
)"));
  ASSERT_TRUE(held.Start("{}").ok());
  ASSERT_TRUE(held.Do(CancelInstance{"no more"}).ok());
  const std::vector<WaitOf> waits = ExplainWaits(held.definition(), held.state());
  ASSERT_EQ(waits.size(), 1u);
  ASSERT_EQ(waits[0].wakes.size(), 1u);
  EXPECT_TRUE(waits[0].wakes[0].awaited);
  EXPECT_THAT(waits[0].wakes[0].note, HasSubstr("its undoing waits for the outcome"));
}

TEST_F(Explain, AnEventThatFitsIsTakenAndNothingHasHappened) {
  Paid();
  const InstanceState before = instance.state();
  const EventVerdict verdict = Try("paid", R"({"order":"o-1","amount":10})");
  EXPECT_TRUE(verdict.taken);
  EXPECT_THAT(verdict.states, ElementsAre("wait"));
  EXPECT_THAT(verdict.reasons, IsEmpty());
  EXPECT_TRUE(instance.state() == before);
}

TEST_F(Explain, EachReasonIsTold) {
  EXPECT_THAT(Try("payd", "{}").reasons, ElementsAre(HasSubstr("Did you mean 'paid'?")));
  EXPECT_THAT(Try("paid", R"({"order":"o-1"})").reasons, ElementsAre(HasSubstr("Its data does not fit")));
  EXPECT_THAT(
      Try("paid", R"({"order":"o-2","amount":10})").reasons,
      ElementsAre("Its key is 'o-2', but the instance's is 'o-1', and no state waits for that value by `match`."));
  const EventVerdict early = Try("paid", R"({"order":"o-1","amount":10})");
  EXPECT_TRUE(early.kept);
  EXPECT_THAT(early.reasons, ElementsAre("No active state takes 'paid': it stands in 'hold'. It is taken in 'wait'."));
  Paid();
  EXPECT_THAT(Try("paid", R"({"order":"o-1","amount":9})").reasons,
              ElementsAre("In 'wait' `if: event.data.amount == amount` is false.",
                          "In 'wait' `if: event.data.amount > amount` is false."));
  EXPECT_THAT(Try("answered", R"({"ref":"o-1"})").reasons,
              ElementsAre("In 'wait' it must match 'ref-o-1', but its key is 'o-1'."));
  ASSERT_TRUE(instance.Do(SuspendInstance{}).ok());
  EXPECT_THAT(Try("paid", R"({"order":"o-1","amount":10})").reasons,
              ElementsAre("The instance is suspended: the event waits until it is resumed."));
}

}  // namespace
}  // namespace fermata
