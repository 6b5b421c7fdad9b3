#include "tests/unit/shop/shop_fixture.h"

namespace fermata::test {
namespace {

constexpr const char* kPassword = "correct horse battery";

class SignupTest : public ShopTest {
 protected:
  SignupTest() : ShopTest({"auth", "notification"}) {}

  // An attempt of this customer whose code has been sent; gives its guid.
  std::string OpenAttempt(const std::string& username, int tries_max = 3) {
    const std::string ref =
        Post("auth", "/credentials", std::string(R"({"password":")") + kPassword + "\"}").Text("credentialsRef");
    const std::string customer = R"("username":")" + username + R"(","email":")" + Email(username) + "\"";
    const std::string guid =
        Post("auth", "/internal/signups",
             "{" + customer + R"(,"credentialsRef":")" + ref + R"(","triesMax":)" + std::to_string(tries_max) + "}",
             "open " + ref)
            .Text("signUpGuid");
    EXPECT_EQ(SendCode(guid, "send " + guid).status, 202);
    return guid;
  }
  Reply SendCode(const std::string& guid, const std::string& key) {
    return Post("auth", "/internal/signups/" + guid + "/code", R"({"firstName":"Ann"})", key);
  }
  Reply Verify(const std::string& guid, const std::string& code) {
    return Post("auth", "/register/verify", R"({"signUpGuid":")" + guid + R"(","code":")" + code + "\"}");
  }
  Reply Create(const std::string& guid, const std::string& username, const std::string& key) {
    return Post(
        "auth", "/internal/customers",
        R"({"username":")" + username + R"(","email":")" + Email(username) + R"(","signUpGuid":")" + guid + "\"}", key);
  }
  Reply Close(const std::string& guid, const std::string& code) {
    return Post("auth", "/internal/signups/" + guid + "/close", R"({"closingCode":")" + code + "\"}",
                "close " + guid + code);
  }
  // The mailbox is shared, so every test has its own addresses.
  std::string Email(const std::string& username) {
    return username + "." + std::to_string(testing::UnitTest::GetInstance()->current_test_info()->line()) + GetParam() +
           "@example.com";
  }
  std::string CodeOf(const std::string& username, int mails = 1) {
    return CodeIn(TheMailbox().MailsTo(Email(username), mails).at(0).text);
  }
  // A code that is not this one.
  static std::string Other(const std::string& code) { return code == "000000" ? "000001" : "000000"; }
};

TEST_P(SignupTest, TheRightCodeMakesACustomerAndTellsTheProcess) {
  const std::string guid = OpenAttempt("ann");
  EXPECT_EQ(Create(guid, "ann", "c0").status, 409) << "Nobody has entered the code yet.";
  EXPECT_EQ(Verify(guid, CodeOf("ann")).status, 200);
  const std::vector<Value> events = Events(1);
  EXPECT_EQ(*events[0].Find("type"), Value::String("code-entered"));
  EXPECT_EQ(WriteJson(*events[0].Find("data")), R"({"signUpGuid":")" + guid + R"(","result":"right","tries":1})");
  const Reply created = Create(guid, "ann", "c1");
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(Create(guid, "ann", "c1").Text("customerUid"), created.Text("customerUid"));
  EXPECT_EQ(Verify(guid, "000000").status, 200) << "It is over, and was a success.";
}

TEST_P(SignupTest, CountsWrongCodesUpToTheLimit) {
  const std::string guid = OpenAttempt("ann", 2);
  const std::string code = CodeOf("ann");
  const Reply first = Verify(guid, Other(code));
  EXPECT_EQ(first.status, 400);
  EXPECT_EQ(*first.body.Find("triesLeft"), Value::Int(1));
  EXPECT_EQ(Verify(guid, Other(code)).status, 429);
  EXPECT_EQ(Verify(guid, code).status, 429) << "The right code comes too late.";
  const std::vector<Value> events = Events(2);
  EXPECT_EQ(*events[1].Find("data")->Find("tries"), Value::Int(2));
  EXPECT_EQ(Close(guid, "tooManyTries").Text("closingCode"), "tooManyTries");
  EXPECT_EQ(Verify(guid, code).status, 429);
}

TEST_P(SignupTest, SendingAgainWithTheSameKeySendsNothingAndWithAnotherANewCode) {
  const std::string guid = OpenAttempt("ann");
  const std::string first = CodeOf("ann");
  EXPECT_EQ(SendCode(guid, "send " + guid).status, 202);
  EXPECT_EQ(TheMailbox().MailsTo(Email("ann"), 1).size(), 1u);
  EXPECT_EQ(SendCode(guid, "again " + guid).status, 202);
  const std::string second = CodeOf("ann", 2);
  // One time in a million they are the same.
  if (first != second) {
    EXPECT_EQ(Verify(guid, first).status, 400);
  }
  EXPECT_EQ(Verify(guid, second).status, 200);
}

TEST_P(SignupTest, AnAttemptIsClosedOnce) {
  const std::string guid = OpenAttempt("ann");
  EXPECT_EQ(Close(guid, "timeout").Text("closingCode"), "timeout");
  EXPECT_EQ(Close(guid, "cancelled").Text("closingCode"), "timeout");
  EXPECT_EQ(Verify(guid, CodeOf("ann")).status, 410);
  EXPECT_EQ(Create(guid, "ann", "c").status, 409);
  EXPECT_EQ(SendCode(guid, "later").status, 409);
  EXPECT_EQ(Close(guid, "success").status, 400);
  EXPECT_EQ(Close("none", "timeout").status, 404);
}

TEST_P(SignupTest, ANewAttemptOverridesTheFormerOne) {
  const std::string former = OpenAttempt("ann");
  const std::string guid = OpenAttempt("ann");
  const std::vector<Value> events = Events(1);
  EXPECT_EQ(*events[0].Find("type"), Value::String("signup-overriden"));
  EXPECT_EQ(*events[0].Find("data")->Find("signUpGuid"), Value::String(former));
  EXPECT_EQ(Verify(former, "000000").status, 409);
  EXPECT_EQ(Verify(guid, CodeOf("ann", 2)).status, 200);
}

TEST_P(SignupTest, CredentialsAreUsedOnce) {
  const std::string ref = Post("auth", "/credentials", R"({"password":"correct horse"})").Text("credentialsRef");
  const std::string body = R"({"username":"ann","email":"ann@example.com","credentialsRef":")" + ref + "\"}";
  EXPECT_EQ(Post("auth", "/internal/customers", body, "k1").status, 201);
  EXPECT_EQ(Post("auth", "/internal/customers",
                 R"({"username":"bob","email":"bob@example.com","credentialsRef":")" + ref + "\"}", "k2")
                .status,
            410);
  EXPECT_EQ(Post("auth", "/internal/customers", body, "k3").status, 409) << "The name is taken.";
}

TEST_P(SignupTest, EventsReachTheEngineOnceItIsBack) {
  RefuseEvents(2);
  const std::string guid = OpenAttempt("ann");
  Verify(guid, Other(CodeOf("ann")));
  Verify(guid, CodeOf("ann"));
  const std::vector<Value> events = Events(2);
  EXPECT_EQ(*events[0].Find("data")->Find("result"), Value::String("wrong"));
  EXPECT_EQ(*events[1].Find("data")->Find("result"), Value::String("right"));
}

TEST_P(SignupTest, WhatTheClientWantsBecomesAnEvent) {
  const std::string guid = OpenAttempt("ann");
  const std::string body = R"({"signUpGuid":")" + guid + "\"";
  EXPECT_EQ(Post("auth", "/register/resend", body + "}").status, 202);
  EXPECT_EQ(Post("auth", "/register/cancel", body + R"(,"reason":"refused"})").status, 202);
  EXPECT_EQ(Post("auth", "/register/cancel", body + R"(,"reason":"bored"})").status, 400);
  EXPECT_EQ(Post("auth", "/register/resend", R"({"signUpGuid":"none"})").status, 404);
  const std::vector<Value> events = Events(2);
  EXPECT_EQ(*events[0].Find("type"), Value::String("code-resend-requested"));
  EXPECT_EQ(*events[1].Find("type"), Value::String("signup-cancelled"));
  EXPECT_EQ(*events[1].Find("data")->Find("reason"), Value::String("refused"));
}

TEST_P(SignupTest, RegisterKeepsToItsContract) {
  const char* missing = "Username, password, email should be provided";
  for (const char* body : {"{}", R"({"username":"ann","password":"12345678"})", R"({"username":"ann","email":"a@b.c"})",
                           R"({"password":"12345678","email":"a@b.c"})"}) {
    const Reply reply = Post("auth", "/register", body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_EQ(reply.Text("errorMessage"), missing) << body;
  }
  const char* ann =
      R"({"username":"ann","password":"correct horse","fistName":"Ann","lastName":"Lee","email":"ann@example.com","phone":"+79001234567"})";
  const Reply reply = Post("auth", "/register", ann);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(
      WriteJson(reply.body),
      R"({"username":"ann","firstName":"Ann","lastName":"Lee","email":"ann@example.com","phone":"+79001234567"})");
  ASSERT_EQ(Starts().size(), 1u);
  EXPECT_EQ(*Starts()[0].Find("process"), Value::String("signup"));
}

TEST_P(SignupTest, RegisterTellsWhatBecameOfTheProcess) {
  const char* ann = R"({"username":"ann","password":"correct horse","email":"ann@example.com"})";
  AnswerStarts(201, R"({"id":"i","status":"failed","error":{"name":"user-exists"}})");
  EXPECT_EQ(Post("auth", "/register", ann).status, 409);
  AnswerStarts(201, R"({"id":"i","status":"waiting","variables":{"attempt":{"signUpGuid":"g"}}})");
  const Reply waiting = Post("auth", "/register", ann);
  EXPECT_EQ(waiting.status, 202);
  EXPECT_EQ(waiting.Text("signUpGuid"), "g");
  AnswerStarts(503, "{}");
  EXPECT_EQ(Post("auth", "/register", ann).status, 503);
}

TEST_P(SignupTest, RegisterAskedAgainWithItsKeyStartsTheSameProcess) {
  const char* ann = R"({"username":"ann","password":"correct horse","email":"ann@example.com"})";
  EXPECT_EQ(Post("auth", "/register", ann, "once").status, 200);
  EXPECT_EQ(Post("auth", "/register", ann, "once").status, 200);
  EXPECT_EQ(Post("auth", "/register", ann, "other").status, 200);
  ASSERT_EQ(Starts().size(), 3u);
  EXPECT_EQ(Starts()[0], Starts()[1]);
  EXPECT_FALSE(Starts()[0] == Starts()[2]);
}

TEST_P(SignupTest, RefusesWhatIsFilledInWrongly) {
  const char* cases[] = {R"({"username":"a b","password":"correct horse","email":"a@b.c"})",
                         R"({"username":"ann","password":"short","email":"a@b.c"})",
                         R"({"username":"ann","password":"correct horse","email":"a"})",
                         R"({"username":"ann","password":"correct horse","email":"a@b.c","phone":"call me"})"};
  for (const char* body : cases) EXPECT_EQ(Post("auth", "/register", body).status, 400) << body;
  EXPECT_EQ(Post("auth", "/credentials", R"({"password":""})").status, 400);
  EXPECT_TRUE(Starts().empty());
}

TEST_P(SignupTest, NeitherPasswordNorCodeReachesTheEngine) {
  Post("auth", "/register",
       std::string(R"({"username":"bob","email":"bob@example.com","password":")") + kPassword + "\"}");
  const std::string guid = OpenAttempt("ann");
  const std::string code = CodeOf("ann");
  Verify(guid, Other(code));
  Verify(guid, code);
  Events(2);
  const std::string sent = received();
  EXPECT_EQ(sent.find(kPassword), std::string::npos);
  EXPECT_EQ(sent.find("argon2"), std::string::npos);
  EXPECT_EQ(sent.find("\"" + code + "\""), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Each, SignupTest, testing::Values("Sqlite", "Postgres"), DatabaseName);

}  // namespace
}  // namespace fermata::test
