#include "engine/core/decide.h"

#include <algorithm>

#include "engine/model/command_codes.h"
#include "engine/model/limits.h"
#include "tests/unit/core/fixture.h"

namespace fermata {
namespace {

constexpr const char* kChain = R"(
fermata: 1
process: chain
version: 1.0.0
key: ${input.key}
input: { type: object, required: [key], properties: { key: { type: string }, n: { type: integer } } }
vars: { twice: "${has(input.n) ? input.n * 2 : 0}" }
states:
  one: { call: store.reserve, save: a, undo: { call: store.release, with: { id: "${a.id}", key: "${call.key}" } }, next: two }
  two: { call: store.pack, with: { thing: "${a.id}" }, next: fin }
  fin: { end: { id: "${a.id}", twice: "${twice}" } }
)";

template <class T>
std::vector<T> EffectsOf(const Decision& decision) {
  std::vector<T> found;
  for (const Effect& effect : decision.effects)
    if (const T* one = std::get_if<T>(&effect)) found.push_back(*one);
  return found;
}

TEST(Decide, RunsACallChainToItsEnd) {
  Instance instance(LoadText("chain.yaml", kChain));
  Result<Decision> started = instance.Start(R"({"key": "k", "n": 21})");
  ASSERT_TRUE(started.ok());
  const std::vector<DispatchJob> jobs = EffectsOf<DispatchJob>(*started);
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0].operation, "store.reserve");
  EXPECT_EQ(jobs[0].job.ToString(), "2");
  EXPECT_EQ(instance.state().status, InstanceStatus::kRunning);
  ASSERT_TRUE(instance.Succeed(R"({"id": "x"})").ok());
  EXPECT_EQ(ActiveStates(instance.state()), std::vector<std::string>{"two"});
  ASSERT_TRUE(instance.Succeed("null").ok());
  EXPECT_EQ(instance.state().status, InstanceStatus::kCompleted);
  EXPECT_EQ(WriteJson(instance.state().output), R"({"id":"x","twice":42})");
  EXPECT_EQ(instance.state().seq, 3);
  EXPECT_TRUE(instance.state().undo_records.empty());
}

TEST(Decide, IgnoresAnOutcomeThatComesTwice) {
  Instance instance(LoadText("chain.yaml", kChain));
  ASSERT_TRUE(instance.Start(R"({"key": "k"})").ok());
  const CompleteJob done{{2, false}, 1, JobSuccess{Value::Object({{"id", Value::String("x")}})}};
  ASSERT_TRUE(instance.Do(done).ok());
  Result<Decision> again = instance.Do(done);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->effects.empty());
  EXPECT_EQ(ActiveStates(instance.state()), std::vector<std::string>{"two"});
}

TEST(Decide, StartingTwiceIsStartingOnce) {
  Instance instance(LoadText("chain.yaml", kChain));
  ASSERT_TRUE(instance.Start(R"({"key": "k"})").ok());
  Result<Decision> again = instance.Start(R"({"key": "k"})");
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->events.empty());
}

TEST(Decide, RefusesWithoutATrace) {
  Instance instance(LoadText("chain.yaml", kChain));
  ASSERT_TRUE(instance.Start(R"({"key": "k"})").ok());
  const InstanceState before = instance.state();
  EXPECT_EQ(instance.Do(CompleteJob{{99, false}, 1, JobSuccess{}}).error().code, kInvalidInput);
  EXPECT_EQ(instance.Do(ResolveIncident{1, IncidentAction::kRetry, {}, {}, {}, ""}).error().code, kUnknownIncident);
  EXPECT_EQ(instance.Do(CompleteTask{2, std::nullopt, {}, ""}).error().code, kUnknownTask);
  EXPECT_TRUE(instance.state() == before);
}

constexpr const char* kTurns = R"(
fermata: 1
process: turns
version: 1.0.0
events: { turn: {} }
states:
  here: { on: { turn: there }, after: { 1d: fin } }
  there: { next: here }
  fin: { end: {} }
)";

TEST(Decide, EachTriggerThatWaitedForResumeIsAMacrostepOfItsOwn) {
  Instance instance(LoadText("turns.yaml", kTurns));
  ASSERT_TRUE(instance.Start("{}").ok());
  ASSERT_TRUE(instance.Do(SuspendInstance{}).ok());
  for (int i = 0; i < kMicrostepsMax / 2 + 1; ++i) {  // two transitions each
    DeliverEvent turn;
    turn.event.type = "turn";
    turn.event.id = std::to_string(i);
    ASSERT_TRUE(instance.Do(turn).ok());
  }
  ASSERT_TRUE(instance.Do(ResumeInstance{}).ok());
  EXPECT_TRUE(instance.state().incidents.empty());
  EXPECT_TRUE(instance.state().stash.empty());
}

TEST(Decide, TimersOfOneInstantFireInDocumentOrderHoweverTheyAreReported) {
  const char* const kChart = R"(fermata: 1
process: p
version: 1.0.0
vars: { a: 0, b: 0 }
events: { again: {} }
states:
  both:
    parallel:
      one: { start: a1, states: { a1: { on: { again: a1 }, after: { 1h: { set: { a: 1 } } } } } }
      two: { start: b1, states: { b1: { after: { 1h: { set: { b: 1 } }, 30m: { set: { b: 2 } } } } } }
    after: { 1h: { set: { c: 1 } }, 2h: done }
    next: done
  done: { end: {} }
)";
  for (const bool suspended : {false, true}) {
    Instance instance(LoadText("p.yaml", kChart));
    ASSERT_TRUE(instance.Start("{}").ok());
    ASSERT_TRUE(instance.Do(DeliverEvent{CloudEvent{"1", "/t", "again", "", {}, {}, {}}, std::nullopt, false}).ok());
    std::vector<TimerView> timers = Timers(instance.state());
    std::erase_if(timers, [&](const TimerView& timer) { return timer.due_us > instance.now_us + 3'600'000'000; });
    std::reverse(timers.begin(), timers.end());
    ASSERT_EQ(timers.size(), 4u);
    instance.now_us += 3'600'000'000;
    std::vector<std::string> fired;
    auto take = [&](const Command& command) {
      Result<Decision> decision = instance.Do(command);
      ASSERT_TRUE(decision.ok());
      for (const JournalEvent& event : decision->events)
        if (const auto* timer = std::get_if<TimerFired>(&event.body))
          fired.push_back(instance.state().Find(timer->timer.activation)->state + std::to_string(timer->timer.slot));
    };
    if (suspended) take(SuspendInstance{});
    for (const TimerView& timer : timers) take(FireTimer{timer.timer});
    if (suspended) take(ResumeInstance{});
    EXPECT_EQ(fired, (std::vector<std::string>{"b11", "both0", "a10", "b10"})) << suspended;
  }
}

TEST(Decide, RefusesCommandsOfAnEndedInstance) {
  Instance instance(LoadText("chain.yaml", kChain));
  ASSERT_TRUE(instance.Start(R"({"key": "k"})").ok());
  ASSERT_TRUE(instance.Succeed(R"({"id": "x"})").ok());
  ASSERT_TRUE(instance.Succeed("null").ok());
  for (const Command& command :
       std::vector<Command>{CancelInstance{}, SuspendInstance{}, ResumeInstance{}, DeliverEvent{}})
    EXPECT_EQ(instance.Do(command).error().code, kStatusForbids);
}

TEST(Decide, RefusesAStartWhoseVarsFail) {
  const std::string text = std::string(kChain).replace(std::string(kChain).find("has(input.n)"), 12, "input.n > 0");
  Instance instance(LoadText("chain.yaml", text));
  EXPECT_EQ(instance.Start(R"({"key": "k"})").error().code, kInvalidInput);
  EXPECT_EQ(instance.state().seq, 0);
}

TEST(Decide, DispatchesAgainWhatWasInFlightAfterACrash) {
  Instance instance(LoadText("chain.yaml", kChain));
  Result<Decision> started = instance.Start(R"({"key": "k"})");
  const std::vector<Effect> pending = PendingEffects(instance.state());
  ASSERT_EQ(pending.size(), 1u);
  const auto& again = std::get<DispatchJob>(pending[0]);
  const DispatchJob first = EffectsOf<DispatchJob>(*started)[0];
  EXPECT_EQ(again.job, first.job);
  EXPECT_EQ(again.attempt, first.attempt);
  EXPECT_EQ(again.input, first.input);
  EXPECT_EQ(again.timeout_ms, first.timeout_ms);
}

TEST(Decide, AnUndoHasAnIdempotencyKeyOfItsOwnAndKnowsTheCalls) {
  Instance instance(LoadText("chain.yaml", kChain));
  ASSERT_TRUE(instance.Start(R"({"key": "k"})").ok());
  ASSERT_TRUE(instance.Succeed(R"({"id": "x"})").ok());
  Result<Decision> cancelled = instance.Do(CancelInstance{"why not"});
  ASSERT_TRUE(cancelled.ok());
  const std::vector<DispatchJob> undo = EffectsOf<DispatchJob>(*cancelled);
  ASSERT_EQ(undo.size(), 1u);
  EXPECT_EQ(undo[0].job.ToString(), "2-undo");
  EXPECT_EQ(WriteJson(undo[0].input), R"({"id":"x","key":")" + instance.state().id.ToString() + "/2\"}");
  EXPECT_EQ(instance.state().status, InstanceStatus::kCompensating);
}

TEST(Door, KeysAndInputsAreCheckedBeforeAnythingHappens) {
  DefinitionPtr definition = LoadText("chain.yaml", kChain);
  EXPECT_EQ(ValidateStart(*definition, Value::Map({})).error().code, kInvalidInput);
  EXPECT_EQ(ValidateStart(*definition, Value::Int(1)).error().code, kInvalidInput);
  EXPECT_EQ(EvaluateKey(*definition, ParseJson(R"({"key": ""})").value(), 0).error().code, kInvalidKey);
  EXPECT_EQ(EvaluateKey(*definition, ParseJson(R"({"key": 5})").value(), 0).error().code, kInvalidKey);
  EXPECT_EQ(*EvaluateKey(*definition, ParseJson(R"({"key": "k"})").value(), 0), "k");
}

// ---- whatever comes, in whatever order ----

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}
  std::uint64_t Below(std::uint64_t n) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ % n;
  }

 private:
  std::uint64_t state_;
};

Outcome AnyOutcome(Dice& dice) {
  switch (dice.Below(6)) {
    case 0:
      return BusinessFailure{"declined", "", {}};
    case 1:
      return BusinessFailure{"sold-out", "", {}};
    case 2:
      return TechnicalFailure{static_cast<TechnicalError>(dice.Below(4)), "", 0};
    default:
      return JobSuccess{ParseJson(R"({"id":"i","holdId":"h","status":"challenge"})").value()};
  }
}

CloudEvent AnyEvent(const Definition& definition, Dice& dice) {
  CloudEvent event;
  event.type = definition.events.empty() ? "none" : definition.events[dice.Below(definition.events.size())].type;
  event.id = std::to_string(dice.Below(1u << 30));
  event.source = "/test";
  event.data =
      ParseJson(
          R"({"key":"k","ok":true,"now":false,"inner":true,"method":"card","token":"t","result":"failed","value":"v-k"})")
          .value();
  return event;
}

Command AnyCommand(Instance& instance, Dice& dice) {
  const InstanceState& state = instance.state();
  const std::vector<JobView> jobs = JobsInFlight(state);
  const std::vector<TimerView> timers = Timers(state);
  switch (dice.Below(12)) {
    case 0:
      return DeliverEvent{AnyEvent(instance.definition(), dice), std::nullopt, false};
    case 1:
      return DeliverEvent{AnyEvent(instance.definition(), dice), "k", true};
    case 2:
      return DeliverEvent{AnyEvent(instance.definition(), dice), "v-k", false};
    case 3:
      return dice.Below(4) == 0 ? Command(CancelInstance{"test"}) : Command(SuspendInstance{});
    case 4:
      return ResumeInstance{};
    case 5:
      for (const auto& [number, incident] : state.incidents)
        return ResolveIncident{number, static_cast<IncidentAction>(dice.Below(3)), {{"n", Value::Int(3)}}, {}, {},
                               "me"};
      break;
    case 6:
      for (const auto& [id, activation] : state.activations) {
        if (activation.child)
          return FinishChild{
              id, activation.child->id, {static_cast<ChildResult::Kind>(dice.Below(5)), {}, {"broken", "", {}}}};
        if (activation.task) return CompleteTask{id, "approve", ParseJson(R"({"note":"x"})").value(), "me"};
      }
      break;
    case 7:
      for (const auto& [id, left] : state.left_children)
        return FinishChild{
            id,
            left.child,
            {dice.Below(2) == 0 ? ChildResult::Kind::kCompleted : ChildResult::Kind::kCancelled, {}, {}}};
      for (const auto& [number, record] : state.undo_records)
        if (!record.child.empty())
          return FinishChild{record.activation, record.child, {ChildResult::Kind::kCancelled, {}, {}}};
      break;
    case 8:
    case 9:
      if (!timers.empty()) {
        const TimerView& timer = timers[dice.Below(timers.size())];
        instance.now_us = std::max(instance.now_us, timer.due_us);
        return FireTimer{timer.timer};
      }
      break;
    default:
      break;
  }
  if (!jobs.empty()) {
    const JobView& job = jobs[dice.Below(jobs.size())];
    return CompleteJob{job.job, dice.Below(8) == 0 ? job.attempt + 1 : job.attempt, AnyOutcome(dice)};
  }
  return FireTimer{{static_cast<ActivationId>(dice.Below(9)), 0}};
}

bool ListensToEvents(const Instance& instance) {
  for (const auto& [id, activation] : instance.state().activations)
    if (!instance.definition().states[static_cast<std::size_t>(activation.index)].on.empty()) return true;
  return false;
}

TEST(Decide, WhateverComesAReplayIsEqualAndALiveInstanceHasAWakeUp) {
  struct Subject {
    const char* file;
    std::vector<std::string> ways;
  };
  const std::vector<Subject> subjects = {
      {"calls.yaml",
       {"left", "plain", "deadline", "slow", "bad-with", "bad-undo", "bad-next", "loop", "bad-end", "bad-set"}},
      {"shapes.yaml", {"atomic", "regions", "race", "items"}},
      {"scopes.yaml", {"item-out", "region-out", "region-back", "nested"}},
      {"payment.yaml", {"card"}},
      {"child.yaml", {"slow"}}};
  int ended = 0;
  for (const Subject& subject : subjects) {
    DefinitionPtr definition = LoadText(subject.file, ReadTestFile(subject.file));
    ASSERT_NE(definition, nullptr);
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      Dice dice(seed);
      Instance instance(definition);
      const std::string way = subject.ways[dice.Below(subject.ways.size())];
      ASSERT_TRUE(
          instance
              .Start(R"({"how":")" + way + R"(","key":"k","refId":"k","amount":5,"work":"slow","items":["a","b","c"]})")
              .ok());
      for (int step = 0; step < 60; ++step) {
        instance.now_us += static_cast<std::int64_t>(dice.Below(1'000'000));
        (void)instance.Do(AnyCommand(instance, dice));
        const InstanceState& state = instance.state();
        if (IsFinal(state.status)) break;
        ASSERT_TRUE(HasWakeUp(state, ListensToEvents(instance)))
            << subject.file << " " << way << " seed " << seed << "\n"
            << EncodeSnapshot(state);
      }
      ended += IsFinal(instance.state().status);
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(ended, 50);  // the walk reaches ends, not only waits
}

}  // namespace
}  // namespace fermata
