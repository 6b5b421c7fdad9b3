// What an operator may say of an incident.
#include "tests/unit/core/fixture.h"

#include "engine/model/command_codes.h"

namespace fermata {
namespace {

constexpr const char* kPay = R"(
fermata: 1
process: pay
version: 1.0.0
output: { type: object, required: [total], properties: { total: { type: integer } } }
events:
  chosen: { data: { type: object, required: [method], properties: { method: { type: string } } } }
vars: { attempts: 0 }
states:
  hold:
    call: bank.authorise
    with: { amount: 5 }
    save: auth
    on: { chosen: { save: choice } }
    next: paid
  paid: { end: { total: "${1 / (attempts - attempts)}" } }
)";

ResolveIncident Action(IncidentAction action, IncidentNumber number = 1) {
  ResolveIncident command;
  command.incident = number;
  command.action = action;
  return command;
}

ResolveIncident SkipWith(const std::string& output_json, IncidentNumber number = 1) {
  ResolveIncident command = Action(IncidentAction::kSkip, number);
  command.output = ParseJson(output_json).value();
  return command;
}

ResolveIncident RetryWith(const std::string& name, const std::string& json) {
  ResolveIncident command = Action(IncidentAction::kRetry);
  command.set.emplace_back(name, ParseJson(json).value());
  return command;
}

class Resolution : public ::testing::Test {
 protected:
  // The hold has failed, and stands as incident 1.
  void SetUp() override {
    ASSERT_TRUE(instance_.Start("{}").ok());
    ASSERT_TRUE(
        instance_.Do(CompleteJob{{2, false}, 1, TechnicalFailure{TechnicalError::kUnavailable, "down", 0}}).ok());
    ASSERT_EQ(instance_.state().incidents.size(), 1u);
    before_ = instance_.state();
  }
  void ExpectRefused(const ResolveIncident& command, ErrorCode code, const std::string& path,
                     const std::string& hint = "") {
    const Result<Decision> decided = instance_.Do(command);
    ASSERT_FALSE(decided.ok());
    EXPECT_EQ(decided.error().code, code) << decided.error().message;
    EXPECT_EQ(decided.error().path, path);
    EXPECT_EQ(decided.error().hint, hint);
    EXPECT_TRUE(instance_.state() == before_);
  }

  Instance instance_{LoadText("pay.yaml", kPay)};
  InstanceState before_;
};

TEST_F(Resolution, TheOutputOfASkippedCallFitsItsOperation) {
  ExpectRefused(SkipWith(R"({"status": "ok"})"), kInvalidInput, "/output");
  ExpectRefused(SkipWith(R"({"holdId": 5})"), kInvalidInput, "/output/holdId");
  ASSERT_TRUE(instance_.Do(SkipWith(R"({"holdId": "h"})")).ok());
  EXPECT_EQ(instance_.state().variables.at("auth").Find("holdId")->as_string(), "h");
}

TEST_F(Resolution, ASkipWithoutAnOutputGivesNull) {
  ASSERT_TRUE(instance_.Do(Action(IncidentAction::kSkip)).ok());
  EXPECT_TRUE(instance_.state().variables.at("auth").is_null());
}

TEST_F(Resolution, TheOutputOfASkippedEndFitsTheProcess) {
  ASSERT_TRUE(instance_.Do(SkipWith(R"({"holdId": "h"})")).ok());
  ASSERT_EQ(instance_.state().incidents.size(), 1u);  // of the end, which divides by zero
  before_ = instance_.state();
  ExpectRefused(SkipWith(R"({"total": "much"})", 2), kInvalidInput, "/output/total");
  ASSERT_TRUE(instance_.Do(SkipWith(R"({"total": 3.0})", 2)).ok());
  EXPECT_EQ(instance_.state().output.Find("total")->as_int(), 3);
}

TEST_F(Resolution, OnlyVariablesOfTheProcessAreSet) {
  ExpectRefused(RetryWith("atempts", "1"), kUnknownVariable, "/set/atempts", "Did you mean 'attempts'?");
  ExpectRefused(RetryWith("zzzzzzzz", "1"), kUnknownVariable, "/set/zzzzzzzz");
  ASSERT_TRUE(instance_.Do(RetryWith("attempts", "7")).ok());
  EXPECT_EQ(instance_.state().variables.at("attempts").as_int(), 7);
}

TEST_F(Resolution, AVariableTakesWhatTheProcessWouldPutThere) {
  ExpectRefused(RetryWith("auth", R"({"holdId": 5})"), kInvalidInput, "/set/auth/holdId");
  ExpectRefused(RetryWith("choice", R"({"method": null})"), kInvalidInput, "/set/choice/method");
  EXPECT_TRUE(instance_.Do(RetryWith("choice", R"({"method": "card"})")).ok());
}

TEST_F(Resolution, AnIncidentIsResolvedOnce) {
  ASSERT_TRUE(instance_.Do(SkipWith(R"({"holdId": "h"})")).ok());
  before_ = instance_.state();
  ExpectRefused(Action(IncidentAction::kRetry), kIncidentClosed, "");
  ExpectRefused(Action(IncidentAction::kRetry, 3), kUnknownIncident, "");
  ASSERT_TRUE(instance_.Do(SkipWith(R"({"total": 3})", 2)).ok());
  before_ = instance_.state();
  ExpectRefused(Action(IncidentAction::kRetry, 2), kIncidentClosed, "");  // and not that the instance has ended
}

}  // namespace
}  // namespace fermata
