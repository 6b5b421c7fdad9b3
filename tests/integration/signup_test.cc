// The main job, as a client sees it: sign up over REST, read the code from the mail, post it to auth, find wallet and account.
// All programs are real: engine, the shop's services, a mail server.
#include <gtest/gtest.h>

#include "tests/integration/support/shop.h"

namespace fermata::test {
namespace {

using Program = Shop::Program;

class SignUp : public testing::Test {
 protected:
  Shop shop_;
  SignUpClient client_{shop_};
};

TEST_F(SignUp, ACustomerSignsUp) {
  client_.SignUp("ann");
  ExpectNowhere(shop_, SignUpClient::kPassword);
  for (const std::string& code : client_.codes()) ExpectNowhere(shop_, code);
}

TEST_F(SignUp, SHOP_REG_10_ACustomerSignsUpThoughBillingIsDownUntilTheEnd) {
  const Value instance = client_.Begin("bob");
  shop_.Kill(Program::kBilling);
  client_.EnterCode(instance, client_.CodeOf("bob"));
  client_.ExpectCompleted(At(instance, "id"));
  // The accounts are tried until they are there, by whichever engine.
  shop_.KillAndRestart(Program::kEngine);
  shop_.WaitUntilAllRun();
  shop_.Start(Program::kBilling);
  client_.ExpectAccounts("bob");
  client_.ExpectOnce("bob");
}

TEST_F(SignUp, AWrongCodeIsCountedAndTooManyEndIt) {
  const Value instance = client_.Begin("cyd");
  const std::string code = client_.CodeOf("cyd");
  const std::string wrong = code == "000000" ? "111111" : "000000";
  const std::string body =
      R"({"signUpGuid":")" + At(instance, "variables.attempt.signUpGuid") + R"(","code":")" + wrong + R"("})";
  EXPECT_EQ(client_.Ask(Program::kAuth, "POST", "/register/verify", body).status, 400);
  EXPECT_EQ(client_.Ask(Program::kAuth, "POST", "/register/verify", body).status, 400);
  EXPECT_EQ(client_.Ask(Program::kAuth, "POST", "/register/verify", body).status, 429);
  const ClientResponse ended = client_.Ask(Program::kEngine, "GET", "/v1/instances/" + At(instance, "id") + "?wait=9s");
  EXPECT_EQ(At(ended, "status"), "failed") << ended.body;
  EXPECT_EQ(At(ended, "error.name"), "too-many-tries");
  EXPECT_EQ(client_.Ask(Program::kBilling, "GET", "/wallets/cyd").status, 404);
}

}  // namespace
}  // namespace fermata::test
