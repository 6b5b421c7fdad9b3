// The way back of a migration: what it restores, and what it says where there is none.
#include <gmock/gmock.h>

#include <algorithm>

#include "engine/model/command_codes.h"
#include "engine/model/limits.h"
#include "tests/unit/core/fixture.h"

namespace fermata {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kOldTrip = R"(
fermata: 1
process: trip
version: 1.0.0
vars: { n: 1, who: anna, changed: 1 }
events: { go: {}, m: { key: "${event.data.key}" } }
states:
  hold:
    call: bank.authorise
    with: { amount: 5 }
    undo: { call: bank.void, with: { holdId: h } }
    next: first
  first:  { on: { go: second, m: { match: "${who}", go: done } }, after: { 1h: done, 3h: done } }
  second: { on: { go: third }, after: { 1d: done } }
  third:  { on: { go: done }, after: { 1d: done } }
  done:   { end: {} }
)";

// 'second' and 'third' have become one; 'own' is new, and so is what is called 'first' now.
constexpr const char* kNewTrip = R"(
fermata: 1
process: trip
version: 2.0.0
vars: { n: 1, who: anna, changed: 1, fresh: true }
events: { go: {}, aside: {}, m: { key: "${event.data.key}" } }
migrations:
  - from: 1.x
    states: { first: one, second: both, third: both }
    set: { n: "${n + 10}", who: berta, changed: 2 }
states:
  hold:
    call: bank.authorise
    with: { amount: 5 }
    undo: { call: bank.void, with: { holdId: h } }
    next: one
  one:   { on: { go: both, aside: own, m: { match: "${who + '2'}", go: done } }, after: { 2h: done, 3h: done } }
  both:  { on: { go: own, aside: first }, after: { 1d: done } }
  own:   { set: { extra: 5, changed: 9 }, on: { go: one, aside: both }, after: { 1d: done } }
  first: { on: { go: one }, after: { 1d: done } }
  done:  { end: {} }
)";

// In which order timers were armed means nothing.
InstanceState InOrder(InstanceState state) {
  for (auto& [id, activation] : state.activations)
    std::sort(activation.timers.begin(), activation.timers.end(),
              [](const ArmedTimer& a, const ArmedTimer& b) { return a.slot < b.slot; });
  return state;
}

class Reverting : public testing::Test {
 protected:
  Reverting() : instance(older) {
    EXPECT_TRUE(instance.Start("{}").ok());
    EXPECT_TRUE(instance.Succeed(R"({"holdId":"h"})").ok());
    EXPECT_THAT(Active(), ElementsAre("first"));
  }
  void Event(const std::string& type) {
    DeliverEvent event;
    event.event.id = std::to_string(++events_);
    event.event.source = "/t";
    event.event.type = type;
    ASSERT_TRUE(instance.Do(event).ok());
  }
  void Forth() {
    const Result<Decision> there = instance.Do(MigrateInstance{"2.0.0"}, newer);
    ASSERT_TRUE(there.ok()) << there.error().message;
  }
  Result<Decision> Back(const std::string& version = "") { return instance.Do(MigrateInstance{version, true}, older); }
  void ExpectBack() {
    const Result<Decision> back = Back();
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(instance.state().version, "1.0.0");
    EXPECT_EQ(instance.state().definition_hash, older->hash);
  }
  // Nothing of it has changed.
  void ExpectRefused(const std::vector<std::string>& texts) {
    const InstanceState before = instance.state();
    const Result<Decision> refused = Back();
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, kMigrationForbids);
    for (const std::string& text : texts) EXPECT_THAT(refused.error().message, HasSubstr(text));
    EXPECT_TRUE(instance.state() == before);
  }
  std::vector<std::string> Active() { return ActiveStates(instance.state()); }
  const Value& Of(const std::string& variable) { return instance.state().variables.at(variable); }

  const DefinitionPtr older = LoadText("old.yaml", kOldTrip);
  const DefinitionPtr newer = LoadText("new.yaml", kNewTrip);
  Instance instance;
  int events_ = 0;
};

TEST_F(Reverting, AMigrationThatIsTakenBackAtOnceLeavesNoTrace) {
  InstanceState before = instance.state();
  Forth();
  EXPECT_THAT(Active(), ElementsAre("one"));
  EXPECT_EQ(Of("n"), Value::Int(11));
  ExpectBack();
  before.seq = instance.state().seq;
  EXPECT_EQ(EncodeSnapshot(InOrder(instance.state())), EncodeSnapshot(InOrder(before)));
}

TEST_F(Reverting, TellsTheWorldWhichTimersAndSubscriptionsAreOthersNow) {
  Forth();
  const Result<Decision> back = Back();
  ASSERT_TRUE(back.ok());
  std::vector<std::string> subscribed, unsubscribed;
  std::vector<std::int64_t> hours;
  for (const Effect& effect : back->effects) {
    if (const auto* one = std::get_if<Subscribe>(&effect)) subscribed.push_back(one->value);
    if (const auto* one = std::get_if<Unsubscribe>(&effect)) unsubscribed.push_back(one->value);
    if (const auto* timer = std::get_if<SetTimer>(&effect))
      hours.push_back((timer->due_us - instance.now_us) / 3'600'000'000);
  }
  EXPECT_THAT(subscribed, ElementsAre("anna"));
  EXPECT_THAT(unsubscribed, ElementsAre("anna2"));
  EXPECT_THAT(hours, testing::Contains(1)) << "counted from the entry";
}

TEST_F(Reverting, AVariableThatWasChangedSinceKeepsItsValueAndUnknownOnesGo) {
  Forth();
  ASSERT_TRUE(instance.Do(SetVariables{{{"n", Value::Int(77)}}, "", ""}).ok());
  Event("aside");
  Event("go");
  ASSERT_THAT(Active(), ElementsAre("one"));
  ASSERT_EQ(Of("extra"), Value::Int(5));
  ExpectBack();
  EXPECT_THAT(Active(), ElementsAre("first"));
  EXPECT_EQ(Of("n"), Value::Int(77));
  EXPECT_EQ(Of("changed"), Value::Int(9));
  EXPECT_EQ(Of("who"), Value::String("anna"));
  EXPECT_EQ(instance.state().variables.count("extra"), 0u);
  EXPECT_EQ(instance.state().variables.count("fresh"), 0u);
}

TEST_F(Reverting, OfTwoStatesThatBecameOneTheActiveOneIsKnown) {
  Event("go");
  Event("go");
  ASSERT_THAT(Active(), ElementsAre("third"));
  Forth();
  EXPECT_THAT(Active(), ElementsAre("both"));
  ExpectBack();
  EXPECT_THAT(Active(), ElementsAre("third"));
}

TEST_F(Reverting, OneThatWasEnteredSinceIsNot) {
  Forth();
  Event("go");
  ASSERT_THAT(Active(), ElementsAre("both"));
  ExpectRefused({"'both' is", "'second', 'third'"});
  Event("go");
  Event("go");
  ASSERT_THAT(Active(), ElementsAre("one"));
  ExpectBack();
}

TEST_F(Reverting, AStateThatTheOldVersionDoesNotHaveIsNamed) {
  Forth();
  Event("aside");
  ExpectRefused({"for 'own', but there is none: move the instance to a state that both versions have first"});
  Event("aside");
  Event("aside");
  ASSERT_THAT(Active(), ElementsAre("first"));
  ExpectRefused({"'first' is another one there: 'one' here"});
}

TEST_F(Reverting, WorkThatWasDoneIsUndoneUnderItsOldName) {
  constexpr const char* kMerged = R"(
fermata: 1
process: trip
version: 2.0.0
events: { go: {}, m: { key: "${event.data.key}" } }
migrations: [ { from: 1.x, states: { hold: take, first: one } } ]
states:
  take: { call: bank.authorise, with: { amount: 5 }, undo: { call: bank.void, with: { holdId: h } }, next: one }
  one:  { on: { go: done }, after: { 3h: done } }
  done: { end: {} }
)";
  const DefinitionPtr merged = LoadText("merged.yaml", kMerged);
  ASSERT_TRUE(instance.Do(MigrateInstance{"2.0.0"}, merged).ok());
  EXPECT_EQ(instance.state().undo_records.at(1).state, "take");
  ExpectBack();
  EXPECT_EQ(instance.state().undo_records.at(1).state, "hold");
}

TEST_F(Reverting, WorkOfTwoStatesThatBecameOneIsKnownByTheOneThatDidIt) {
  const std::string states =
      "  take: { call: bank.authorise, with: { amount: 5 }, undo: { call: bank.void, with: { holdId: h } }, next: one "
      "}\n  one: { on: { go: take, m: done }, after: { 3h: done } }\n  done: { end: {} }\n";
  const DefinitionPtr merged =
      LoadText("merged.yaml",
               "fermata: 1\nprocess: trip\nversion: 2.0.0\nevents: { go: {}, m: {} }\nmigrations: [ { from: 1.x, "
               "states: { hold: take, again: take, first: one } } ]\nstates:\n" +
                   states);
  const DefinitionPtr two =
      LoadText("two.yaml",
               std::string(kOldTrip) +
                   "  again: { call: bank.authorise, with: { amount: 5 }, undo: { call: bank.void, with: { holdId: h "
                   "} }, next: first }\non: { go: again }\n");
  Instance both(two);
  ASSERT_TRUE(both.Start("{}").ok());
  ASSERT_TRUE(both.Succeed(R"({"holdId":"h"})").ok());
  ASSERT_TRUE(both.Do(MigrateInstance{"2.0.0"}, merged).ok());
  EXPECT_EQ(both.state().undo_records.at(1).state, "take");
  ASSERT_TRUE(both.Do(MigrateInstance{"", true}, two).ok());
  EXPECT_EQ(both.state().undo_records.at(1).state, "hold");
  ASSERT_TRUE(both.Do(MigrateInstance{"2.0.0"}, merged).ok());
  CloudEvent go;
  go.id = "1", go.source = "/t", go.type = "go";
  ASSERT_TRUE(both.Do(DeliverEvent{go, std::nullopt, false, 0}).ok());
  ASSERT_TRUE(both.Succeed(R"({"holdId":"h"})").ok());
  ASSERT_EQ(both.state().undo_records.size(), 2u);
  const Result<Decision> refused = both.Do(MigrateInstance{"", true}, two);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("'take' is, but it may be any of 'hold', 'again'"));
}

TEST_F(Reverting, WorkOfTheNewerVersionIsUndoneAsThatOneSays) {
  std::string text = kNewTrip;
  text.replace(text.find("  own:   { set:"), 15,
               "  reserve: { call: store.reserve, undo: { call: store.release }, next: one }\n  own:   { set:");
  text.replace(text.find("aside: first }"), 14, "aside: reserve }");
  const std::size_t gone = text.find("  first: { on: { go: one }");
  text.erase(gone, text.find('\n', gone) + 1 - gone);
  const DefinitionPtr target = LoadText("new.yaml", text);
  ASSERT_TRUE(instance.Do(MigrateInstance{"2.0.0"}, target).ok());
  Event("go");
  Event("aside");
  ASSERT_TRUE(instance.Succeed(R"({"id":"r"})").ok());
  ASSERT_THAT(Active(), ElementsAre("one"));
  ExpectBack();
  ASSERT_EQ(instance.state().undo_records.size(), 2u);
  EXPECT_EQ(instance.state().undo_records.begin()->second.definition_hash, "") << "that of the older one";
  const UndoRecord& newest = instance.state().undo_records.rbegin()->second;
  EXPECT_EQ(newest.operation, "store.release");
  EXPECT_EQ(newest.definition_hash, target->hash);
}

TEST_F(Reverting, AValueThatTheOldVersionWouldNotGiveIsNamed) {
  const std::string head = "fermata: 1\nprocess: pay\nevents: { go: {} }\nversion: ";
  const std::string tail = "  wait: { on: { go: hold }, after: { 1h: done } }\n  done: { end: {} }\nstart: wait\n";
  const DefinitionPtr before = LoadText(
      "a.yaml",
      head + "1.0.0\nstates:\n  hold: { call: bank.authorise, with: { amount: 5 }, save: paid, next: wait }\n" + tail);
  const DefinitionPtr after = LoadText(
      "b.yaml",
      head + "2.0.0\nmigrations: [ { from: 1.x } ]\nstates:\n  hold: { call: bank.capture, save: paid, next: wait }\n" +
          tail);
  Instance one(before);
  ASSERT_TRUE(one.Start("{}").ok());
  ASSERT_TRUE(one.Do(MigrateInstance{"2.0.0"}, after).ok());
  CloudEvent go;
  go.id = "1", go.source = "/t", go.type = "go";
  ASSERT_TRUE(one.Do(DeliverEvent{go, std::nullopt, false, 0}).ok());
  ASSERT_TRUE(one.Succeed(R"({"id":"p"})").ok());
  const Result<Decision> refused = one.Do(MigrateInstance{"", true}, before);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("Expected 'paid' to have a value that version 1.0.0 would give it"));
}

TEST_F(Reverting, ItemsGetBackWhatTheyHad) {
  const std::string head = "fermata: 1\nprocess: many\nevents: { go: {} }\nvars: { n: 1 }\nversion: ";
  const std::string tail =
      "states:\n  all:\n    each: \"${[1, 2]}\"\n    as: it\n    states:\n      wait: { on: { go: fin }, after: { 1h: "
      "fin } "
      "}\n      fin: { end: {} }\n    next: done\n  done: { end: {} }\n";
  const DefinitionPtr before = LoadText("a.yaml", head + "1.0.0\n" + tail);
  std::string text = head + "2.0.0\nmigrations: [ { from: 1.x, set: { n: 2 } } ]\n" + tail;
  text.replace(text.find("n: 1"), 4, "n: 1, fresh: true");
  const DefinitionPtr after = LoadText("b.yaml", text);
  Instance one(before);
  ASSERT_TRUE(one.Start("{}").ok());
  ASSERT_TRUE(one.Do(MigrateInstance{"2.0.0"}, after).ok());
  const auto item = [&]() -> const Activation& {
    for (const auto& [id, activation] : one.state().activations)
      if (activation.kind == ActivationKind::kItem) return activation;
    throw std::logic_error("no item");
  };
  ASSERT_EQ(item().variables.at("fresh"), Value::Bool(true));
  ASSERT_TRUE(one.Do(MigrateInstance{"", true}, before).ok());
  EXPECT_EQ(item().variables.count("fresh"), 0u);
  EXPECT_EQ(item().variables.at("it"), Value::Int(1));
  EXPECT_EQ(item().variables.at("n"), Value::Int(1)) << "it never saw the other value";
  ASSERT_TRUE(one.Do(MigrateInstance{"2.0.0"}, after).ok());
  CloudEvent go;
  go.id = "1", go.source = "/t", go.type = "go";
  ASSERT_TRUE(one.Do(DeliverEvent{go, std::nullopt, false, 0}).ok());
  ASSERT_EQ(item().item, 1);
  ASSERT_EQ(item().variables.at("n"), Value::Int(2)) << "it began under the newer version";
  ASSERT_TRUE(one.Do(MigrateInstance{"", true}, before).ok());
  EXPECT_EQ(item().variables.at("n"), Value::Int(1));
}

TEST_F(Reverting, SeveralMigrationsAreTakenBackOneByOne) {
  std::string text = kNewTrip;
  text.replace(text.find("version: 2.0.0"), 14, "version: 3.0.0");
  text.replace(text.find("from: 1.x"), 9, "from: 2.x");
  const DefinitionPtr newest = LoadText("newest.yaml", text);
  Forth();
  ASSERT_TRUE(instance.Do(MigrateInstance{"3.0.0"}, newest).ok());
  EXPECT_EQ(Of("n"), Value::Int(21));
  ASSERT_TRUE(instance.Do(MigrateInstance{"", true}, newer).ok());
  EXPECT_EQ(instance.state().version, "2.0.0");
  EXPECT_EQ(Of("n"), Value::Int(11));
  ExpectBack();
  EXPECT_EQ(Of("n"), Value::Int(1));
  ExpectRefused({"that can be taken back, but version 1.0.0 is the one that it began with"});
}

TEST_F(Reverting, TheOldestIsForgottenBeyondTheBound) {
  for (std::size_t i = 0; i < kCrossingsMax; ++i) {
    Forth();
    ExpectBack();
  }
  EXPECT_THAT(instance.state().crossings, IsEmpty()) << "what was taken back is no migration any more";
  std::string previous = "1.x";
  for (std::size_t i = 0; i <= kCrossingsMax; ++i) {
    const std::string version = std::to_string(i + 2) + ".0.0";
    const DefinitionPtr next = LoadText(
        "next.yaml", "fermata: 1\nprocess: trip\nversion: " + version +
                         "\nevents: { go: {} }\nmigrations: [ { from: " + previous +
                         " } ]\nstates:\n  first: { on: { go: done }, after: { 1h: done } }\n  done: { end: {} }\n");
    ASSERT_TRUE(instance.Do(MigrateInstance{version}, next).ok());
    previous = std::to_string(i + 2) + ".x";
  }
  ASSERT_EQ(instance.state().crossings.size(), kCrossingsMax);
  EXPECT_EQ(instance.state().crossings.front().version, "2.0.0");
}

TEST_F(Reverting, AnotherVersionThanTheOneItCameFromIsRefused) {
  Forth();
  const Result<Decision> refused = Back("1.5.0");
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("came from version 1.5.0, but it came from 1.0.0"));
  EXPECT_TRUE(Back("1.0.0").ok());
}

TEST_F(Reverting, WhileItUndoesAndAfterItsEndItStays) {
  Forth();
  ASSERT_TRUE(instance.Do(CancelInstance{"no"}).ok());
  ASSERT_EQ(instance.state().status, InstanceStatus::kCompensating);
  ExpectRefused({"a roll-back is under way"});
  ASSERT_TRUE(instance.Succeed("{}").ok());
  ASSERT_EQ(instance.state().status, InstanceStatus::kCancelled);
  EXPECT_EQ(Back().error().code, kStatusForbids);
}

TEST_F(Reverting, ATimerThatIsOverdueThereFiresNext) {
  Forth();
  instance.now_us += 90LL * 60 * 1'000'000;
  ExpectBack();
  const std::vector<TimerView> timers = Timers(instance.state());
  const auto overdue = std::find_if(timers.begin(), timers.end(),
                                    [&](const TimerView& timer) { return timer.due_us < instance.now_us; });
  ASSERT_NE(overdue, timers.end());
  ASSERT_TRUE(instance.Do(FireTimer{overdue->timer}).ok());
  EXPECT_EQ(instance.state().status, InstanceStatus::kCompleted);
}

TEST(RevertingTimers, WhatHadFiredBeforeTheMigrationDoesNotFireAgain) {
  const std::string head = "fermata: 1\nprocess: asks\nvars: { no: false }\nversion: ";
  const DefinitionPtr before = LoadText("a.yaml", head + R"(1.0.0
states:
  ask: { ask: Well?, remind: [10m, 30m, 1h], after: { 20m: [ { if: "no", go: done } ], 1d: done }, next: done }
  done: { end: {} }
)");
  const DefinitionPtr after = LoadText("b.yaml", head + R"(2.0.0
migrations: [ { from: 1.x } ]
states:
  ask: { ask: Well?, remind: [1h], after: { 1d: done }, next: done }
  done: { end: {} }
)");
  Instance one(before);
  ASSERT_TRUE(one.Start("{}").ok());
  constexpr std::int64_t kMinute = 60'000'000;
  const std::int64_t began_us = one.now_us;
  const ActivationId ask = std::prev(one.state().activations.end())->first;
  one.now_us = began_us + 10 * kMinute;
  ASSERT_TRUE(one.Do(FireTimer{{ask, kRemindSlot}}).ok());
  one.now_us = began_us + 20 * kMinute;
  ASSERT_TRUE(one.Do(FireTimer{{ask, 0}}).ok());
  const InstanceState fired = one.state();
  ASSERT_TRUE(one.Do(MigrateInstance{"2.0.0"}, after).ok());
  EXPECT_EQ(Timers(one.state()).size(), 2u);
  one.now_us = began_us + 40 * kMinute;
  const Result<Decision> back = one.Do(MigrateInstance{"", true}, before);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(InOrder(one.state()).activations, InOrder(fired).activations)
      << "one of 30 minutes has not fired, and is overdue";
  for (const Effect& effect : back->effects)
    if (const auto* set = std::get_if<SetTimer>(&effect)) {
      EXPECT_NE(set->timer.slot, kRemindSlot);
      EXPECT_NE(set->timer.slot, 0);
    }
}

TEST_F(Reverting, TheHistoryTellsBothWays) {
  Forth();
  const Result<Decision> back = Back();
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*DescribeEvent(back->events.at(0)).Find("type"), Value::String("migration-reverted"));
  bool dropped = false;
  for (const JournalEvent& event : back->events)
    if (const auto* gone = std::get_if<VariablesDropped>(&event.body)) {
      dropped = true;
      EXPECT_THAT(gone->names, ElementsAre("fresh"));
      EXPECT_EQ(WriteJson(*DescribeEvent(event).Find("names")), R"(["fresh"])");
    }
  EXPECT_TRUE(dropped);
}

}  // namespace
}  // namespace fermata
