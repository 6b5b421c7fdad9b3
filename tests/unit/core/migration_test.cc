// Migration: what it leaves untouched, and what it says where it cannot carry an instance.
#include "engine/model/command_codes.h"
#include "tests/unit/core/fixture.h"

namespace fermata {
namespace {

const char* const kOld = R"(fermata: 1
process: order
version: 1.0.0
vars: { n: 0, who: anna }
events: { e: { key: "${event.data.key}" }, m: { key: "${event.data.key}" } }
states:
  waits: { on: { e: done, m: { match: "${who}", go: done } }, after: { 1h: done } }
  done: { end: {} }
)";

std::string NewWith(const std::string& migrations, const std::string& states) {
  return "fermata: 1\nprocess: order\nversion: 2.0.0\nvars: { n: 0, who: anna }\n"
         "events: { e: { key: \"${event.data.key}\" }, m: { key: \"${event.data.key}\" } }\n" +
         migrations + "states:\n" + states + "  done: { end: {} }\n";
}

Result<Decision> MigrateTo(InstanceState& state, const DefinitionPtr& from, const DefinitionPtr& to) {
  DecisionContext context;
  context.now_us = state.updated_us;
  context.migrate_to = to.get();
  return Decide(*from, state, MigrateInstance{to->version}, context);
}

Result<MigrationPlan> PlanTo(const Instance& instance, const DefinitionPtr& to) {
  DecisionContext context;
  context.now_us = instance.now_us;
  context.migrate_to = to.get();
  return PlanMigration(instance.definition(), instance.state(), MigrateInstance{to->version}, context);
}

struct Refused {
  std::string migrations, states, reason;
};

TEST(Migration, ChangesNothingOfAnInstanceThatItCannotCarry) {
  const std::string from = "migrations: [ { from: 1.x } ]\n";
  const std::string waits = "  waits: { on: { e: done, m: { match: \"${who}\", go: done } }, after: { 1h: done } }\n";
  for (const Refused& one : std::vector<Refused>{
           {"", waits, "tell under `migrations`"},
           {"migrations: [ { from: 0.x } ]\n", waits, "tell under `migrations`"},
           {from, "  other: { on: { e: done }, after: { 1h: done } }\n", "for 'waits', but there is none"},
           {from, "  waits: { ask: \"Well?\", next: done }\n", "its verb is another one"},
           {from, "  waits: { next: done }\n", "its verb is another one"},
           {from, "  around: { states: { waits: { on: { e: ends } }, ends: { end: {} } }, next: done }\n",
            "the states around it are others"},
           {from, "  waits: { on: { m: { match: \"${dyn({}).x}\", go: done } } }\n", "needs what fails"},
           {from, "  waits: { after: { \"${dyn(1)}\": done } }\n", "needs what fails"},
           {"migrations: [ { from: 1.x, set: { n: \"${dyn({}).x}\" } } ]\n", waits, "needs what fails"}}) {
    Instance instance(LoadText("old.yaml", kOld));
    ASSERT_TRUE(instance.Start("{}").ok());
    const DefinitionPtr target = LoadText("new.yaml", NewWith(one.migrations, one.states));
    InstanceState state = instance.state();
    const Result<MigrationPlan> checked = PlanTo(instance, target);
    Result<Decision> refused = MigrateTo(state, LoadText("old.yaml", kOld), target);
    ASSERT_FALSE(refused.ok()) << one.states;
    EXPECT_EQ(refused.error().code, kMigrationForbids);
    EXPECT_NE(refused.error().message.find(one.reason), std::string::npos) << refused.error().message;
    EXPECT_TRUE(state == instance.state()) << one.states;
    ASSERT_FALSE(checked.ok());
    EXPECT_EQ(checked.error().message, refused.error().message);
  }
}

TEST(Migration, ThePlanTellsStatesAndVariablesAndChangesNothing) {
  Instance instance(LoadText("old.yaml", kOld));
  ASSERT_TRUE(instance.Start("{}").ok());
  const DefinitionPtr target =
      LoadText("new.yaml", NewWith("migrations: [ { from: 1.x, states: { waits: pause }, set: { n: 5 } } ]\n",
                                   "  pause: { on: { e: done }, after: { 2h: done } }\n"));
  const InstanceState before = instance.state();
  const Result<MigrationPlan> plan = PlanTo(instance, target);
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(plan->from, "1.0.0");
  EXPECT_EQ(plan->version, "2.0.0");
  EXPECT_EQ(plan->states, (std::vector<std::pair<std::string, std::string>>{{"waits", "pause"}}));
  EXPECT_EQ(plan->set, std::vector<std::string>{"n"});
  EXPECT_TRUE(plan->dropped.empty());
  EXPECT_TRUE(instance.state() == before);
}

TEST(Migration, ARefusalNamesEverythingThatDoesNotFit) {
  const std::string two = "fermata: 1\nprocess: order\nversion: ";
  const std::string around = "states:\n  both:\n    parallel:\n      a: { states: { ";
  const DefinitionPtr from =
      LoadText("old.yaml", two + "1.0.0\n" + around +
                               "x: { after: { 1h: xe } }, xe: { end: {} } } }\n      b: { states: { y: { after: { 1h: "
                               "ye } }, ye: { end: {} } } }\n    next: done\n  done: { end: {} }\n");
  const DefinitionPtr to =
      LoadText("new.yaml", two + "2.0.0\nmigrations: [ { from: 1.x } ]\n" + around +
                               "z: { after: { 1h: xe } }, xe: { end: {} } } }\n      b: { states: { y: { ask: Well?, "
                               "next: ye }, ye: { end: {} } } }\n    next: done\n  done: { end: {} }\n");
  Instance instance(from);
  ASSERT_TRUE(instance.Start("{}").ok());
  const Result<MigrationPlan> refused = PlanTo(instance, to);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("for 'x', but there is none"), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find("what 'y' does"), std::string::npos) << refused.error().message;
}

TEST(Migration, TellsTheWorldWhichTimersAndSubscriptionsAreOthersNow) {
  const DefinitionPtr old_version = LoadText("old.yaml", kOld);
  Instance instance(old_version);
  ASSERT_TRUE(instance.Start("{}").ok());
  InstanceState state = instance.state();
  const DefinitionPtr target = LoadText(
      "new.yaml", NewWith("migrations: [ { from: 1.x, states: { waits: pause }, set: { who: berta } } ]\n",
                          "  pause: { on: { m: { match: \"${who + '2'}\", go: done } }, after: { 2h: done } }\n"));
  Result<Decision> decision = MigrateTo(state, old_version, target);
  ASSERT_TRUE(decision.ok()) << decision.error().message;
  int cleared = 0, set = 0;
  std::vector<std::string> subscribed, unsubscribed;
  for (const Effect& effect : decision->effects) {
    cleared += std::holds_alternative<ClearTimer>(effect);
    if (const auto* timer = std::get_if<SetTimer>(&effect)) {
      ++set;
      EXPECT_EQ(timer->due_us, instance.now_us + 2LL * 3600 * 1'000'000);
    }
    if (const auto* one = std::get_if<Subscribe>(&effect)) subscribed.push_back(one->value);
    if (const auto* one = std::get_if<Unsubscribe>(&effect)) unsubscribed.push_back(one->value);
  }
  EXPECT_EQ(cleared, 1);
  EXPECT_EQ(set, 1);
  EXPECT_EQ(subscribed, std::vector<std::string>{"anna2"});
  EXPECT_EQ(unsubscribed, std::vector<std::string>{"anna"});
  EXPECT_EQ(state.version, "2.0.0");
  EXPECT_EQ(state.definition_hash, target->hash);
  EXPECT_EQ(ActiveStates(state), std::vector<std::string>{"pause"});
}

TEST(Migration, AskingTwiceIsAskingOnce) {
  const DefinitionPtr old_version = LoadText("old.yaml", kOld);
  Instance instance(old_version);
  ASSERT_TRUE(instance.Start("{}").ok());
  InstanceState state = instance.state();
  const DefinitionPtr target =
      LoadText("new.yaml", NewWith("migrations: [ { from: 1.x } ]\n", "  waits: { on: { e: done } }\n"));
  ASSERT_TRUE(MigrateTo(state, old_version, target).ok());
  const InstanceState migrated = state;
  Result<Decision> again = MigrateTo(state, target, target);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->events.empty());
  EXPECT_TRUE(state == migrated);
}

// ---- what has begun goes on as it is (language.md 10.12) ----

// Two calls done one after the other; only the first version names the connector `bank`.
const char* const kCallsBank = R"(fermata: 1
process: order
version: 1.0.0
vars: { note: "" }
states:
  pay:   { call: bank.capture, undo: { call: bank.refund }, next: check }
  check: { call: bank.authorise, with: { amount: 5 }, save: found, next: waits }
  waits: { after: { 1h: done } }
  done:  { end: {} }
)";
const char* const kCallsStore = R"(fermata: 1
process: order
version: 2.0.0
vars: { note: "" }
migrations: [ { from: 1.x } ]
states:
  pay:   { call: store.reserve, undo: { call: store.release }, next: check }
  check: { call: store.reserve, next: waits }
  waits: { after: { 1h: done } }
  done:  { end: {} }
)";

class Begun : public testing::Test {
 protected:
  Begun() : instance(older) {
    EXPECT_TRUE(instance.Start("{}").ok());
    EXPECT_TRUE(instance.Succeed(R"({"id":"p"})").ok());
    EXPECT_EQ(Job().operation, "bank.authorise");
  }
  const JobState& Job() { return *std::prev(instance.state().activations.end())->second.job; }
  const UndoRecord& Record() { return instance.state().undo_records.begin()->second; }
  void Cross(const DefinitionPtr& to, bool back = false) {
    const Result<Decision> crossed = instance.Do(MigrateInstance{back ? "" : to->version, back}, to);
    ASSERT_TRUE(crossed.ok()) << crossed.error().message;
    for (const Effect& effect : crossed->effects) EXPECT_FALSE(std::holds_alternative<DispatchJob>(effect));
  }
  void FailAndRetry() {
    const JobView job = JobsInFlight(instance.state()).at(0);
    ASSERT_TRUE(instance.Do(CompleteJob{job.job, job.attempt, TechnicalFailure{}}).ok());
    ASSERT_EQ(instance.state().incidents.size(), 1u);
    ResolveIncident retry;
    retry.incident = instance.state().incidents.begin()->first;
    retry.set = {{"note", Value::String("by hand")}};
    ASSERT_TRUE(instance.Do(retry).ok());
    ASSERT_EQ(JobsInFlight(instance.state()).size(), 1u);
  }

  const DefinitionPtr older = LoadText("old.yaml", kCallsBank);
  const DefinitionPtr newer = LoadText("new.yaml", kCallsStore);
  Instance instance;
};

TEST_F(Begun, ACallIsCarriedOutAndJudgedAsTheVersionSaysThatItBeganUnder) {
  EXPECT_EQ(Job().definition_hash, "");
  Cross(newer);
  EXPECT_EQ(Job().definition_hash, older->hash);
  FailAndRetry();
  EXPECT_EQ(Job().definition_hash, older->hash) << "the new version has no such operation";
  EXPECT_EQ(WriteJson(Job().input), R"({"amount":5})") << "nor an input for it";
  ASSERT_TRUE(instance.Succeed(R"({"holdId":"h"})").ok());
  EXPECT_EQ(ActiveStates(instance.state()), std::vector<std::string>{"waits"})
      << "the outcome is not held against another operation's shape";
}

TEST_F(Begun, AnUndoIsCarriedOutAsTheVersionSaysThatTheWorkWasDoneUnder) {
  Cross(newer);
  ASSERT_TRUE(instance.Succeed(R"({"holdId":"h"})").ok());
  ASSERT_TRUE(instance.Do(CancelInstance{}).ok());
  ASSERT_EQ(JobsInFlight(instance.state()).at(0).operation, "bank.refund");
  EXPECT_EQ(Record().definition_hash, older->hash);
  ASSERT_TRUE(instance.Succeed("{}").ok());
  EXPECT_EQ(instance.state().status, InstanceStatus::kCancelled);
}

TEST_F(Begun, TheWayBackMakesBothTheirOwnVersionsAgain) {
  Cross(newer);
  Cross(older, true);
  EXPECT_EQ(Job().definition_hash, "");
  EXPECT_EQ(Record().definition_hash, "");
}

TEST_F(Begun, AnOperatorsRetryIsANewBeginningWhereTheNewVersionKnowsTheOperation) {
  std::string text = kCallsBank;
  text.replace(text.find("1.0.0"), 5, "2.0.0");
  text.replace(text.find("states:"), 7, "migrations: [ { from: 1.x } ]\nstates:");
  Cross(LoadText("new.yaml", text));
  EXPECT_EQ(Job().definition_hash, older->hash);
  FailAndRetry();
  EXPECT_EQ(Job().definition_hash, "");
}

}  // namespace
}  // namespace fermata
