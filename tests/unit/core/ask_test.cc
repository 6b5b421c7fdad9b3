#include "engine/model/command_codes.h"
#include "tests/unit/core/fixture.h"

namespace fermata {
namespace {

constexpr const char* kClaim = R"(
fermata: 1
process: claim
version: 1.0.0
states:
  approve:
    ask: Approve?
    outcomes: [approve, reject]
    save: answer
    next:
      - { if: "answer.outcome == 'approve'", go: approved }
      - { go: rejected }
  approved: { end: {} }
  rejected: { fail: rejected }
)";

class Ask : public testing::Test {
 protected:
  Ask() : instance(LoadText("claim.yaml", kClaim)) { EXPECT_TRUE(instance.Start("{}").ok()); }

  Result<Decision> Answer(const std::string& outcome, const std::string& by = "ann") {
    for (const auto& [id, activation] : instance.state().activations)
      if (activation.task) return instance.Do(CompleteTask{id, outcome, Value(), by});
    ADD_FAILURE() << "no task is open";
    return Decision{};
  }

  Instance instance;
};

TEST_F(Ask, WhileSuspendedTheFirstAnswerCountsAndAnotherOneIsRefused) {
  ASSERT_TRUE(instance.Do(SuspendInstance{}).ok());
  ASSERT_TRUE(Answer("approve").ok());
  for (const auto& [outcome, by] : {std::pair("reject", "ann"), std::pair("approve", "bob")}) {
    Result<Decision> second = Answer(outcome, by);
    ASSERT_FALSE(second.ok()) << outcome << " by " << by;
    EXPECT_EQ(second.error().code, kTaskClosed);
  }
  ASSERT_TRUE(instance.Do(ResumeInstance{}).ok());
  EXPECT_EQ(instance.state().status, InstanceStatus::kCompleted);
}

TEST_F(Ask, WhileSuspendedTheSameAnswerAgainIsFine) {
  ASSERT_TRUE(instance.Do(SuspendInstance{}).ok());
  ASSERT_TRUE(Answer("reject").ok());
  Result<Decision> again = Answer("reject");
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->events.empty());
  ASSERT_TRUE(instance.Do(ResumeInstance{}).ok());
  EXPECT_EQ(instance.state().status, InstanceStatus::kFailed);
}

TEST_F(Ask, WhoeverNamesThemselvesAnswersNoTaskOfSomebodyElse) {
  for (const auto& [id, activation] : instance.state().activations)
    if (activation.task) {
      ASSERT_TRUE(instance.Do(AssignTask{id, "", "ann", "boss"}).ok());
      break;
    }
  EXPECT_EQ(Answer("approve", "bob").error().code, kTaskTaken);
  ASSERT_TRUE(Answer("approve", "ann").ok());
  EXPECT_EQ(instance.state().status, InstanceStatus::kCompleted);
}

TEST_F(Ask, AnAnswerThatNamesNobodyIsTaken) {
  for (const auto& [id, activation] : instance.state().activations)
    if (activation.task) {
      ASSERT_TRUE(instance.Do(AssignTask{id, "", "ann", "boss"}).ok());
      break;
    }
  EXPECT_TRUE(Answer("approve", "").ok());
}

}  // namespace
}  // namespace fermata
