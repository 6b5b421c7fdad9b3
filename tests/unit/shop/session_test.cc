#include "tests/unit/shop/shop_fixture.h"

namespace fermata::test {
namespace {

constexpr const char* kAnn = R"({"username":"ann","password":"correct horse"})";

// A customer Ann with the password "correct horse", and an engine that runs signin and signout as their processes do.
class SessionTest : public ShopTest {
 protected:
  SessionTest() : ShopTest({"auth", "notification"}) {
    const std::string ref = Post("auth", "/credentials", R"({"password":"correct horse"})").Text("credentialsRef");
    EXPECT_EQ(
        Post(
            "auth", "/internal/customers",
            R"({"credentialsRef":")" + ref +
                R"(","username":"ann","email":"ann@example.com","firstName":"Ann","lastName":"Lee","phone":"+79001234567"})",
            "c1")
            .status,
        201);
    OnStart([this](const Value& start) { return Play(start); });
  }

  // What the process does that was started.
  std::string Play(const Value& start) {
    const Value& input = *start.Find("input");
    const std::string n = std::to_string(++plays_);
    if (start.Find("process")->as_string() == "signout") {
      const std::string ref(input.Find("sessionRef")->as_string());
      Post("auth", "/internal/sessions/" + ref + "/end", "", "e" + n);
      return R"({"status":"completed","output":{"username":"ann"}})";
    }
    const std::string guid(input.Find("signInGuid")->as_string()), attempt = "/internal/signins/" + guid;
    const Reply verified = Post("auth", attempt + "/verify", "", "v" + n);
    if (verified.status == 401) return R"({"status":"failed","error":{"name":"invalid-credentials"}})";
    if (verified.status == 429)
      return R"({"status":"failed","error":{"name":"too-many-attempts","message":"Too many"}})";
    const Reply session =
        Post("auth", "/internal/sessions", R"({"lifeMinutes":300,"signInGuid":")" + guid + "\"}", "s" + n);
    EXPECT_EQ(session.status, 201);
    if (input.Find("hasOldSession")->as_bool()) Post("auth", attempt + "/end-old-session", "", "o" + n);
    Post("auth", attempt + "/close", R"({"closingCode":"success"})", "cl" + n);
    ref_ = session.Text("sessionRef");
    return R"({"status":"completed","output":{"sessionRef":")" + ref_ + "\"}}";
  }

  ClientResponse Ask(const std::string& method, const std::string& path, const std::string& body = "",
                     const std::string& cookie = "") {
    std::vector<std::pair<std::string, std::string>> headers = {{"Content-Type", "application/json"}};
    if (!cookie.empty()) headers.emplace_back("Cookie", cookie);
    return HttpClient(port("auth")).Request(method, path, headers, body);
  }
  // The cookie of a new session: "sessionId=…".
  std::string SignIn(const std::string& cookie = "") {
    const std::string set = Ask("POST", "/login", kAnn, cookie).Header("set-cookie");
    return set.substr(0, set.find(';'));
  }
  std::string Message(const ClientResponse& response) {
    return std::string(ParseJson(response.body)->Find("errorMessage")->as_string());
  }

  std::string ref_;  // of the newest session

 private:
  int plays_ = 0;
};

TEST_P(SessionTest, TheRightPairMakesASessionInACookie) {  // SHOP-SES-1, SHOP-SES-2
  const ClientResponse response = Ask("POST", "/login", kAnn);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(
      response.body,
      R"({"username":"ann","firstName":"Ann","lastName":"Lee","email":"ann@example.com","phone":"+79001234567"})");
  const std::string cookie = response.Header("set-cookie");
  EXPECT_EQ(cookie.find("sessionId="), 0u);
  EXPECT_NE(cookie.find("; HttpOnly; SameSite=Lax; Path=/"), std::string::npos);
  EXPECT_EQ(cookie.find("Max-Age"), std::string::npos);
}

TEST_P(SessionTest, KeepLoggedInMakesTheCookieLast) {  // SHOP-SES-17
  const ClientResponse response =
      Ask("POST", "/login", R"({"username":"ann","password":"correct horse","keepLoggedIn":true})");
  EXPECT_NE(response.Header("set-cookie").find("; Max-Age="), std::string::npos);
}

TEST_P(SessionTest, MissingAndWrongPairsAreTold) {  // SHOP-SES-3
  for (const char* body : {"{}", R"({"username":"ann"})", R"({"password":"correct horse"})"}) {
    const ClientResponse response = Ask("POST", "/login", body);
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(Message(response), "Username and password should be provided");
  }
  const std::string longest(300, 'x');
  for (const std::string& body : {std::string(R"({"username":"ann","password":"wrong horse"})"),
                                  std::string(R"({"username":"bob","password":"correct horse"})"),
                                  R"({"username":")" + longest + R"(","password":"correct horse"})"}) {
    const ClientResponse response = Ask("POST", "/login", body);
    EXPECT_EQ(response.status, 401);
    EXPECT_EQ(Message(response), "Invalid login/password");
    EXPECT_EQ(response.Header("set-cookie"), "");
  }
}

TEST_P(SessionTest, ASessionTellsWhoItIs) {  // SHOP-SES-5, SHOP-SES-6
  const std::string cookie = SignIn();
  const ClientResponse response = Ask("GET", "/auth", "", cookie);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(
      response.body,
      R"({"username":"ann","firstName":"Ann","lastName":"Lee","email":"ann@example.com","phone":"+79001234567"})");
  EXPECT_EQ(response.Header("x-session-ref"), ref_);
  EXPECT_EQ(HttpClient(port("auth")).Get("/auth", {{"X-Session-Ref", ref_}}).status, 200);
  for (const std::string& none :
       {std::string(), std::string("sessionId="), std::string("sessionId=none"), "sessionId=" + ref_}) {
    const ClientResponse refused = Ask("GET", "/auth", "", none);
    EXPECT_EQ(refused.status, 401) << none;
    EXPECT_EQ(Message(refused), "User not authorized");
  }
}

TEST_P(SessionTest, WhoIsBlockedOrWantsMoreThanACustomerIsForbidden) {  // SHOP-SES-6
  const std::string cookie = SignIn();
  const auto status_of = [&](const std::string& path) {
    const ClientResponse answer = Ask("GET", path, "", cookie);
    EXPECT_EQ(answer.status == 200 ? "Forbidden" : Message(answer), "Forbidden");
    return answer.status;
  };
  EXPECT_EQ(status_of("/auth?role=customer"), 200);
  EXPECT_EQ(status_of("/auth?role=operator"), 403);
  EXPECT_EQ(Post("auth", "/customers/ann/status", R"({"status":"SLEEPING"})").status, 400);
  EXPECT_EQ(Post("auth", "/customers/bob/status", R"({"status":"BLOCKED"})").status, 404);
  EXPECT_EQ(Ask("POST", "/customers/ann/status", R"({"status":"BLOCKED"})", cookie).status, 403);
  EXPECT_EQ(Post("auth", "/customers/ann/status", R"({"status":"BLOCKED"})").Text("status"), "BLOCKED");
  EXPECT_EQ(status_of("/auth"), 403);
  EXPECT_EQ(Ask("PUT", "/profile", "{}", cookie).status, 403);
  EXPECT_EQ(Ask("POST", "/login", kAnn).status, 401);
  EXPECT_EQ(Post("auth", "/customers/ann/status", R"({"status":"ACTIVE"})").status, 200);
  EXPECT_EQ(status_of("/auth"), 200);
}

TEST_P(SessionTest, ACustomerCorrectsTheirData) {  // SHOP-WAL-7
  const std::string cookie = SignIn();
  EXPECT_EQ(Ask("PUT", "/profile", R"({"phone":"+79007654321"})").status, 401);
  Post("notification", "/accounts", R"({"username":"ann","email":"ann@example.com"})", "account");
  const ClientResponse changed =
      Ask("PUT", "/profile", R"({"fistName":"Anna","email":"anna@example.com","phone":"","username":"eve"})", cookie);
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.body,
            R"({"username":"ann","firstName":"Anna","lastName":"Lee","email":"anna@example.com","phone":""})");
  EXPECT_EQ(Ask("GET", "/auth", "", cookie).body, changed.body);
  EXPECT_EQ(WriteJson(Get("notification", "/accounts/ann").body.Find("channels")->as_list().at(0)),
            R"({"kind":"EMAIL","address":"anna@example.com"})");
  for (const char* bad : {R"({"email":""})", R"({"email":"nowhere"})", R"({"phone":"call me"})"})
    EXPECT_EQ(Ask("PUT", "/profile", bad, cookie).status, 400) << bad;
  const std::string ref = Post("auth", "/credentials", R"({"password":"correct horse"})").Text("credentialsRef");
  Post("auth", "/internal/customers",
       R"({"username":"bob","email":"bob@example.com","credentialsRef":")" + ref + R"("})", "bob");
  EXPECT_EQ(Ask("PUT", "/profile", R"({"email":"BOB@example.com"})", cookie).status, 409);
  EXPECT_EQ(Ask("PUT", "/profile", R"({"email":"Anna@example.com"})", cookie).status, 200) << "It is their own.";
}

TEST_P(SessionTest, APasswordChangesByTheOldOneAndEndsOtherSessions) {
  const std::string other = SignIn(), cookie = SignIn("x=y");
  const char* change = R"({"oldPassword":"correct horse","newPassword":"battery staple"})";
  EXPECT_EQ(Ask("POST", "/password", change).status, 401);
  EXPECT_EQ(Ask("POST", "/password", R"({"oldPassword":"wrong horse","newPassword":"battery staple"})", cookie).status,
            401);
  for (const char* bad :
       {R"({"oldPassword":"correct horse"})", R"({"oldPassword":"correct horse","newPassword":"short"})"})
    EXPECT_EQ(Ask("POST", "/password", bad, cookie).status, 400) << bad;
  EXPECT_EQ(Ask("POST", "/password", change, cookie).status, 200);
  EXPECT_EQ(Ask("GET", "/auth", "", cookie).status, 200);
  EXPECT_EQ(Ask("GET", "/auth", "", other).status, 401);
  EXPECT_EQ(Ask("POST", "/login", kAnn).status, 401);
  EXPECT_EQ(Ask("POST", "/login", R"({"username":"ann","password":"battery staple"})").status, 200);
}

TEST_P(SessionTest, AForgottenPasswordIsSetAnewByACodeFromTheMail) {
  const std::string mail = "forgetful" + GetParam() + "@example.com", cookie = SignIn();
  Ask("PUT", "/profile", R"({"email":")" + mail + R"("})", cookie);
  for (const char* bad : {"{}", R"({"username":"ann","email":"a@example.com"})"})
    EXPECT_EQ(Ask("POST", "/password/reset", bad).status, 400) << bad;
  EXPECT_EQ(Ask("POST", "/password/reset", R"({"username":"nobody"})").status, 202) << "Who there is stays secret.";
  EXPECT_EQ(Ask("POST", "/password/reset", R"({"username":"ann"})").status, 202);
  EXPECT_EQ(Ask("POST", "/password/reset", R"({"email":")" + mail + R"("})").status, 202);
  const std::vector<Mail> mails = TheMailbox().MailsTo(mail, 1);
  ASSERT_EQ(mails.size(), 1u) << "One a minute.";
  const std::string code = CodeIn(mails[0].text);
  const auto set = [&](const std::string& with) {
    return Ask("POST", "/password", R"({"username":"ann","newPassword":"battery staple","code":")" + with + R"("})")
        .status;
  };
  EXPECT_EQ(set(code == "000000" ? "000001" : "000000"), 401);
  EXPECT_EQ(set(code), 200);
  EXPECT_EQ(set(code), 401) << "It is of one time.";
  EXPECT_EQ(Ask("GET", "/auth", "", cookie).status, 401);
  EXPECT_EQ(Ask("POST", "/login", R"({"username":"ann","password":"battery staple"})").status, 200);
  // Guessing ends, and so does the time.
  clock_.Advance(60);
  Ask("POST", "/password/reset", R"({"username":"ann"})");
  const std::string second = CodeIn(TheMailbox().MailsTo(mail, 2).at(0).text);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(set("wrong"), 401);
  EXPECT_EQ(set(second), 401);
  clock_.Advance(60);
  Ask("POST", "/password/reset", R"({"username":"ann"})");
  const std::string third = CodeIn(TheMailbox().MailsTo(mail, 3).at(0).text);
  clock_.Advance(15 * 60);
  EXPECT_EQ(set(third), 401);
}

TEST_P(SessionTest, ASessionEndsByItself) {  // SHOP-SES-10, SHOP-SES-11
  const std::string cookie = SignIn();
  clock_.Advance(5 * 3'600 - 1);
  EXPECT_EQ(Ask("GET", "/auth", "", cookie).status, 200);
  clock_.Advance(1);
  EXPECT_EQ(Ask("GET", "/auth", "", cookie).status, 401);
}

TEST_P(SessionTest, ANewSessionEndsTheOldOneAndAFailedSigninDoesNot) {  // SHOP-SES-4
  const std::string first = SignIn();
  Ask("POST", "/login", R"({"username":"ann","password":"wrong horse"})", first);
  EXPECT_EQ(Ask("GET", "/auth", "", first).status, 200);
  const std::string second = SignIn("oldS" + first.substr(1));
  EXPECT_EQ(Ask("GET", "/auth", "", first).status, 401);
  const std::string third = SignIn(second);
  EXPECT_EQ(Ask("GET", "/auth", "", second).status, 401);
  EXPECT_EQ(Ask("GET", "/auth", "", third).status, 200);
}

TEST_P(SessionTest, SigningOutEndsTheSessionAndEmptiesTheCookie) {  // SHOP-SES-7, SHOP-SES-8
  const std::string cookie = SignIn();
  const ClientResponse left = Ask("GET", "/logout", "", cookie);
  EXPECT_EQ(left.status, 200);
  EXPECT_EQ(left.Header("set-cookie").find("sessionId=;"), 0u);
  EXPECT_EQ(Ask("GET", "/auth", "", cookie).status, 401);
  for (const std::string& none : {cookie, std::string()}) {
    const ClientResponse again = Ask("POST", "/logout", "", none);
    EXPECT_EQ(again.status, 401);
    EXPECT_EQ(Message(again), "Not authorized");
    EXPECT_EQ(again.Header("set-cookie").find("sessionId=;"), 0u);
  }
}

TEST_P(SessionTest, WhoIsBlockedSignsOutAndTheSessionIsOver) {  // SHOP-SES-6, SHOP-SES-8
  const std::string cookie = SignIn();
  ASSERT_EQ(Post("auth", "/customers/ann/status", R"({"status":"BLOCKED"})").status, 200);
  // As the process ends when auth says that the session may not be used.
  OnStart([](const Value&) { return R"({"status":"failed","error":{"name":"unauthorized"}})"; });
  const ClientResponse left = Ask("POST", "/logout", "", cookie);
  EXPECT_EQ(left.status, 401);
  EXPECT_EQ(Message(left), "Not authorized");
  EXPECT_EQ(left.Header("set-cookie").find("sessionId=;"), 0u);
  ASSERT_EQ(Post("auth", "/customers/ann/status", R"({"status":"ACTIVE"})").status, 200);
  EXPECT_EQ(Ask("GET", "/auth", "", cookie).status, 401);
}

TEST_P(SessionTest, AnEngineThatIsAwayMakesAndEndsNoSession) {  // SHOP-SES-16
  const std::string cookie = SignIn();
  OnStart([](const Value&) { return "{}"; });
  AnswerStarts(503, "{}");
  EXPECT_EQ(Ask("POST", "/login", kAnn).status, 503);
  EXPECT_EQ(Ask("GET", "/logout", "", cookie).status, 503);
  EXPECT_EQ(Ask("GET", "/auth", "", cookie).status, 200);
}

TEST_P(SessionTest, TooManyWrongPairsInADayAreRefused) {  // SHOP-SES-19
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(Ask("POST", "/login", R"({"username":"ann","password":"wrong horse"})").status, 401);
  EXPECT_EQ(Ask("POST", "/login", kAnn).status, 200);
  Ask("POST", "/login", R"({"username":"ann","password":"wrong horse"})");
  EXPECT_EQ(Ask("POST", "/login", kAnn).status, 429);
  clock_.Advance(24 * 3'600);
  EXPECT_EQ(Ask("POST", "/login", kAnn).status, 200);
}

TEST_P(SessionTest, TheProcessGetsNoSessionForAnAttemptThatIsClosedOrUnknown) {
  SignIn();
  const std::string guid(Starts().at(0).Find("input")->Find("signInGuid")->as_string());
  EXPECT_EQ(Post("auth", "/internal/sessions", R"({"lifeMinutes":300,"signInGuid":")" + guid + "\"}", "x1").status,
            409);
  EXPECT_EQ(Post("auth", "/internal/sessions", R"({"lifeMinutes":300,"signInGuid":"none"})", "x2").status, 404);
  EXPECT_EQ(Post("auth", "/internal/sessions", R"({"lifeMinutes":0,"signInGuid":"none"})", "x3").status, 400);
  EXPECT_EQ(Post("auth", "/internal/signins/none/verify", "", "x4").status, 404);
  EXPECT_EQ(Post("auth", "/internal/signins/none/close", R"({"closingCode":"cancelled"})", "x5").status, 404);
  EXPECT_EQ(Post("auth", "/internal/signins/none/end-old-session", "", "x6").status, 404);
  EXPECT_EQ(Post("auth", "/internal/signins/" + guid + "/close", R"({"closingCode":"other"})", "x7").status, 400);
  // It is closed once.
  EXPECT_EQ(
      Post("auth", "/internal/signins/" + guid + "/close", R"({"closingCode":"cancelled"})", "x8").Text("closingCode"),
      "success");
}

TEST_P(SessionTest, NeitherPasswordNorSessionIdReachesTheEngine) {
  const std::string cookie = SignIn();
  Ask("GET", "/logout", "", cookie);
  EXPECT_EQ(received().find("correct horse"), std::string::npos);
  EXPECT_EQ(received().find(cookie.substr(10)), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Each, SessionTest, testing::Values("Sqlite", "Postgres"), DatabaseName);

}  // namespace
}  // namespace fermata::test
