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

TEST_F(Ask, TheJournalSaysWhoInWhoseNameAndWhy) {
  ActivationId id = 0;
  for (const auto& [number, activation] : instance.state().activations)
    if (activation.task) id = number;
  ASSERT_TRUE(instance.Do(ClaimTask{id, "ann", "boss"}).ok());
  ASSERT_TRUE(instance.Do(CommentTask{id, "Hm.", "ann", "boss"}).ok());
  ASSERT_TRUE(instance.Do(ReleaseTask{id, "ann", "boss"}).ok());
  ASSERT_TRUE(instance.Do(AssignTask{id, "", "bob", "ann", "boss"}).ok());
  ASSERT_TRUE(instance.Do(SuspendInstance{"looks odd", "boss"}).ok());
  // An answer that has to wait keeps both names.
  ASSERT_TRUE(instance.Do(CompleteTask{id, "approve", Value(), "bob", "boss"}).ok());
  ASSERT_TRUE(instance.Do(ResumeInstance{"is right", "boss"}).ok());
  std::string rows;
  for (const std::string& row : instance.rows()) rows += row + "\n";
  for (const char* part : {R"(["task-claimed",2,"ann","boss"])", R"(["task-commented",2,"Hm.","ann","boss"])",
                           R"(["task-released",2,"ann","boss"])", R"(["task-assigned",2,"","bob","ann","boss"])",
                           R"(["instance-suspended","looks odd","boss"])", R"(["instance-resumed","is right","boss"])",
                           R"("bob",0,"boss"])"})
    EXPECT_NE(rows.find(part), std::string::npos) << part << " in\n" << rows;
}

TEST_F(Ask, ACancelSaysWhoAndWhy) {
  ASSERT_TRUE(instance.Do(CancelInstance{"no more", "boss"}).ok());
  EXPECT_NE(instance.rows().back().find(R"(["cancel-requested","no more","boss"])"), std::string::npos)
      << instance.rows().back();
}

}  // namespace
}  // namespace fermata
