// Registering, signing in and out, and what follows from a registration.
#include <filesystem>
#include <functional>
#include <map>
#include <regex>
#include <set>

#include "tests/integration/shop/shop_flow.h"

namespace fermata::test {
namespace {

class ShopFlowAccount : public ShopFlow {
 protected:
  static ClientResponse Register(const std::string& body) { return world().Post("auth", "/register", body); }
  // A sign-up that asks for a code; gives its instance, which waits for it.
  static Value BeginWithCode(const std::string& name) {
    const std::string ref =
        At(world().Post("auth", "/credentials", R"({"password":")" + std::string(Customer::kPassword) + "\"}"),
           "credentialsRef");
    const ClientResponse begun =
        world().Post("engine", "/v1/instances?wait=9s&until=await-code",
                     R"({"process":"signup","input":{"verifyContact":true,"credentialsRef":")" + ref +
                         R"(","username":")" + name + R"(","firstName":"Ann","email":")" + name + R"(@example.org"}})");
    EXPECT_EQ(At(begun, "states"), R"(["await-code"])") << begun.body;
    return JsonOf(begun);
  }
  static std::string GuidOf(const Value& signup) { return At(signup, "variables.attempt.signUpGuid"); }
  static std::string CodeFor(const std::string& name) {
    const std::vector<Mail> mails = world().mailbox().MailsTo(name + "@example.org", 1);
    return mails.empty() ? "" : CodeIn(mails.front().text);
  }
  static ClientResponse Enter(const Value& signup, const std::string& code) {
    return world().Post("auth", "/register/verify",
                        R"({"signUpGuid":")" + GuidOf(signup) + R"(","code":")" + code + "\"}");
  }
  // One that is wrong for sure.
  static std::string Wrong(const std::string& code) { return code == "000000" ? "111111" : "000000"; }
  static std::int64_t ClosedAs(const Value& signup, const std::string& code) {
    return world().Count("auth", "auth_signup",
                         "signup_guid = '" + GuidOf(signup) +
                             "' and auth_closing_code_id = (select auth_closing_code_id from auth_closing_code where "
                             "name = '" +
                             code + "')");
  }
  static std::string ErrorOf(Customer& customer, const Value& signup) {
    return At(customer.AwaitInstance(At(signup, "id"), ""), "error.name");
  }
};

TEST_F(
    ShopFlowAccount,
    SHOP_REG_6_SHOP_REG_7_SHOP_REG_8_SHOP_REG_9_SHOP_AUTH_1_SHOP_AUTH_2_SHOP_AUTH_4_SHOP_BIL_2_SHOP_NTF_1_AllIsOpened) {
  Customer ann(world(), "reg6");
  const ClientResponse registered = ann.Register();
  EXPECT_EQ(registered.status, 200);
  EXPECT_EQ(At(registered, "username") + At(registered, "firstName") + At(registered, "lastName"), "reg6AnnLee");
  EXPECT_EQ(At(registered, "email") + At(registered, "phone"), "reg6@example.org+79001234567");
  ann.ExpectAccounts();
  EXPECT_EQ(At(world().Get("billing", "/wallets/reg6"), "balance"), "0");
  const Value account = JsonOf(world().Get("notification", "/accounts/reg6"));
  std::string kinds;
  for (const Value& channel : account.Find("channels")->as_list()) kinds += At(channel, "kind") + " ";
  EXPECT_EQ(kinds, "EMAIL PUSH SMS ");
  EXPECT_EQ(world().Count("auth", "delivery_customer",
                          "login = 'reg6' and phone_number = '+79001234567' and password like '$argon2id$%'"),
            1);
  world().ExpectNowhere(Customer::kPassword);
}

TEST_F(ShopFlowAccount, SHOP_REG_11_SHOP_REG_12_SHOP_REG_13_WhatIsMissingWrongOrTakenIsToldAndMayBeCorrected) {
  const std::string rest = R"("password":"Tr0ub4dor-and-3","firstName":"Ann","phone":"+79001234567")";
  for (const std::string& body : {R"({"email":"r11@example.org",)" + rest + "}", R"({"username":"r11",)" + rest + "}",
                                  std::string(R"({"username":"r11","email":"r11@example.org"})")}) {
    const ClientResponse refused = Register(body);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_EQ(At(refused, "errorMessage"), "Username, password, email should be provided");
  }
  EXPECT_EQ(Register(R"({"username":"r11","email":"nowhere",)" + rest + "}").status, 400);
  EXPECT_EQ(Register(R"({"username":"r11","email":"r11@example.org","password":"short"})").status, 400);
  EXPECT_EQ(Register(R"({"username":"r11","email":"r11@example.org",)" + rest + "}").status, 200);
  for (const std::string& body : {R"({"username":"r11","email":"other@example.org",)" + rest + "}",
                                  R"({"username":"other11","email":"r11@example.org",)" + rest + "}"}) {
    const ClientResponse taken = Register(body);
    EXPECT_EQ(taken.status, 409) << body;
    EXPECT_EQ(At(taken, "errorMessage"), "User already exists");
  }
}

TEST_F(ShopFlowAccount, SHOP_REG_15_SHOP_REG_16_TheRightCodeMakesTheCustomer) {
  Customer ann(world(), "reg15");
  const Value signup = BeginWithCode("reg15");
  EXPECT_EQ(world().Count("auth", "delivery_customer_tmp", "login = 'reg15'"), 1);
  EXPECT_EQ(world().Count("auth", "delivery_customer", "login = 'reg15'"), 0);
  EXPECT_EQ(ann.SignIn().status, 401);
  const std::string code = CodeFor("reg15");
  EXPECT_EQ(Enter(signup, code).status, 200);
  EXPECT_EQ(At(ann.AwaitInstance(At(signup, "id"), ""), "output.closingCode"), "success");
  EXPECT_EQ(world().Count("auth", "delivery_customer_tmp", "login = 'reg15'"), 0);
  EXPECT_EQ(ClosedAs(signup, "success"), 1);
  EXPECT_EQ(ann.SignIn().status, 200);
}

TEST_F(ShopFlowAccount, SHOP_REG_17_SHOP_REG_19_TooManyWrongCodesCloseTheSignUp) {
  Customer ann(world(), "reg17");
  const Value signup = BeginWithCode("reg17");
  const std::string wrong = Wrong(CodeFor("reg17"));
  ClientResponse answer = Enter(signup, wrong);
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(At(answer, "errorMessage") + At(answer, "triesLeft"), "Wrong code2");
  EXPECT_EQ(Enter(signup, wrong).status, 400);
  EXPECT_EQ(Enter(signup, wrong).status, 429);
  EXPECT_EQ(ErrorOf(ann, signup), "too-many-tries");
  EXPECT_EQ(ClosedAs(signup, "tooManyTries"), 1);
  EXPECT_EQ(world().Get("billing", "/wallets/reg17").status, 404);
}

TEST_F(ShopFlowAccount, SHOP_REG_18_SHOP_REG_19_WhoBeginsAnewOrGivesUpOrIsTooLateLeavesNothingBehind) {
  Customer ann(world(), "reg18");
  const Value first = BeginWithCode("reg18"), second = BeginWithCode("reg18");
  EXPECT_EQ(ErrorOf(ann, first), "overriden");
  EXPECT_EQ(ClosedAs(first, "overriden"), 1);
  EXPECT_EQ(Enter(first, "123456").status, 409);
  const auto cancel = [](const Value& signup, const std::string& reason) {
    return world()
        .Post("auth", "/register/cancel", R"({"signUpGuid":")" + GuidOf(signup) + R"(","reason":")" + reason + "\"}")
        .status;
  };
  EXPECT_EQ(cancel(second, "cancelled"), 202);
  EXPECT_EQ(ErrorOf(ann, second), "signup-cancelled");
  EXPECT_EQ(ClosedAs(second, "cancelled"), 1);
  const Value third = BeginWithCode("reg18");
  EXPECT_EQ(cancel(third, "refused"), 202);
  EXPECT_EQ(ErrorOf(ann, third), "code-refused");
  EXPECT_EQ(ClosedAs(third, "rejectedToProvideVC"), 1);
  world().Override("signup", {{"code_timeout", "3s"}});
  const Value late = BeginWithCode("reg18");
  EXPECT_EQ(ErrorOf(ann, late), "code-timeout");
  world().Restore("signup");
  EXPECT_EQ(ClosedAs(late, "timeout"), 1);
  EXPECT_EQ(world().Count("auth", "delivery_customer_tmp", "login = 'reg18'"), 0);
}

TEST_F(ShopFlowAccount, SHOP_REG_20_AfterATechnicalFailureTheCodeIsEnteredAgain) {
  Customer ann(world(), "reg20");
  const Value signup = BeginWithCode("reg20");
  EXPECT_EQ(world()
                .Ask("engine", "POST", "/v1/events",
                     R"({"specversion":"1.0","id":"reg20","source":"/shop/auth","type":"code-entered","data":{)"
                     R"("result":"technical","signUpGuid":")" +
                         GuidOf(signup) + R"("}})",
                     {{"Content-Type", "application/cloudevents+json"}})
                .status,
            202);
  Value told;
  for (int i = 0; i < 10'000 && At(told, "variables.last_check.result") != "technical"; ++i)
    told = JsonOf(world().Get("engine", "/v1/instances/" + At(signup, "id")));
  EXPECT_EQ(At(told, "states"), R"(["await-code"])");
  EXPECT_EQ(Enter(signup, CodeFor("reg20")).status, 200);
  EXPECT_EQ(At(ann.AwaitInstance(At(signup, "id"), ""), "status"), "completed");
}

TEST_F(ShopFlowAccount, SHOP_SES_1_SHOP_SES_2_SHOP_SES_5_SHOP_SES_15_SHOP_SES_18_SHOP_ACC_1_ASessionTellsWhoItIs) {
  Customer ann(world(), "ses1");
  EXPECT_EQ(ann.Register().status, 200);
  const ClientResponse in = ann.SignIn();
  EXPECT_EQ(in.status, 200);
  EXPECT_EQ(At(in, "username") + At(in, "firstName") + At(in, "lastName"), "ses1AnnLee");
  EXPECT_EQ(At(in, "email") + At(in, "phone"), "ses1@example.org+79001234567");
  EXPECT_NE(in.Header("set-cookie").find("HttpOnly; SameSite=Lax; Path=/"), std::string::npos);
  const ClientResponse who = ann.Ask("auth", "GET", "/auth");
  EXPECT_EQ(who.status, 200);
  EXPECT_EQ(At(who, "username") + At(who, "email") + At(who, "phone"), "ses1ses1@example.org+79001234567");
  EXPECT_EQ(At(ann.Ask("order", "GET", "/orders"), "orders"), "[]");
  world().ExpectNowhere(Customer::kPassword);
}

TEST_F(ShopFlowAccount, SHOP_SES_3_SHOP_SES_6_SHOP_SES_9_MissingAndWrongCredentialsAndSessionsAreTold) {
  Customer ann(world(), "ses3"), nobody(world(), "ses3-nobody");
  EXPECT_EQ(ann.Register().status, 200);
  for (const char* body : {R"({"username":"ses3"})", R"({"password":"x"})", "{}"}) {
    const ClientResponse missing = world().Post("auth", "/login", body);
    EXPECT_EQ(missing.status, 400);
    EXPECT_EQ(At(missing, "errorMessage"), "Username and password should be provided");
  }
  const ClientResponse wrong = world().Post("auth", "/login", R"({"username":"ses3","password":"not the right one"})");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(At(wrong, "errorMessage"), "Invalid login/password");
  EXPECT_EQ(nobody.SignIn().status, 401);
  EXPECT_EQ(world().Post("auth", "/no-such-realm/login", "{}").status, 404);
  const ClientResponse unknown = nobody.Ask("auth", "GET", "/auth");
  EXPECT_EQ(unknown.status, 401);
  EXPECT_EQ(At(unknown, "errorMessage"), "User not authorized");
  EXPECT_EQ(nobody.Ask("payment", "GET", "/tokens/get").status, 401);
  EXPECT_EQ(nobody.Ask("billing", "GET", "/wallet").status, 401);
  EXPECT_EQ(nobody.Ask("delivery", "GET", "/points").status, 401);
}

TEST_F(ShopFlowAccount, SHOP_SES_4_ANewSignInEndsTheOldSessionOnlyWhenItSucceeds) {
  Customer ann(world(), "ses4");
  EXPECT_EQ(ann.Register().status, 200);
  EXPECT_EQ(ann.SignIn().status, 200);
  const std::string old = ann.session();
  const auto sign_in = [&](const std::string& password) {
    return world()
        .Ask("auth", "POST", "/login", R"({"username":"ses4","password":")" + password + "\"}",
             {{"Cookie", "oldSessionId=" + old}})
        .status;
  };
  EXPECT_EQ(sign_in("not the right one"), 401);
  EXPECT_EQ(ann.Ask("auth", "GET", "/auth").status, 200);
  EXPECT_EQ(sign_in(Customer::kPassword), 200);
  EXPECT_EQ(ann.Ask("auth", "GET", "/auth").status, 401);
}

TEST_F(ShopFlowAccount, SHOP_SES_7_SHOP_SES_8_SHOP_SES_10_SHOP_SES_17_SigningOutEndsTheSession) {
  Customer ann(world(), "ses7");
  EXPECT_EQ(ann.Register().status, 200);
  EXPECT_EQ(ann.SignIn().Header("set-cookie").find("Max-Age"), std::string::npos);
  const ClientResponse out = ann.Ask("auth", "GET", "/logout");
  EXPECT_EQ(out.status, 200);
  EXPECT_TRUE(out.Header("set-cookie").starts_with("sessionId=;")) << out.Header("set-cookie");
  EXPECT_EQ(ann.Ask("auth", "GET", "/auth").status, 401);
  EXPECT_EQ(ann.Ask("order", "GET", "/orders").status, 401);
  const ClientResponse again = ann.Ask("auth", "GET", "/logout");
  EXPECT_EQ(again.status, 401);
  EXPECT_EQ(At(again, "errorMessage"), "Not authorized");
  EXPECT_TRUE(again.Header("set-cookie").starts_with("sessionId=;"));
  const ClientResponse kept =
      world().Post("auth", "/login",
                   R"({"username":"ses7","keepLoggedIn":true,"password":")" + std::string(Customer::kPassword) + "\"}");
  EXPECT_NE(kept.Header("set-cookie").find("Max-Age"), std::string::npos);
}

TEST_F(ShopFlowAccount, SHOP_NTF_2_SHOP_NTF_5_SHOP_NTF_6_SHOP_ENG_8_AMessageGoesOutInTheReceiversLanguage) {
  Customer ann(world(), "ntf2");
  EXPECT_EQ(ann.Register().status, 200);
  ann.ExpectAccounts();
  const Value sent = ann.Start("sendnotification",
                               R"({"username":"ntf2","templateId":"payment-succeeded","language":"ru","variables":)"
                               R"({"about":{"ORDER":true},"refId":"o-77","amount":1250,"currency":"RUB"}})");
  const Value ended = ann.AwaitInstance(At(sent, "id"), "");
  EXPECT_EQ(At(ended, "status"), "completed") << WriteJson(ended);
  EXPECT_EQ(At(ended, "output.channels.0.channel") + At(ended, "output.channels.0.status"), "EMAILSENT");
  EXPECT_NE(ann.MailAbout("Оплачено: 12.50 RUB").text.find("за заказ o-77"), std::string::npos);
  // What nobody can read fails, visibly.
  const Value failed = ann.Start("sendnotification", R"({"username":"ntf2","templateId":"no-such-letter"})");
  EXPECT_EQ(At(ann.AwaitInstance(At(failed, "id"), ""), "error.name"), "message-not-sent");
}

TEST_F(ShopFlowAccount, SHOP_REG_21_TheShopDecidesWhatMustBeFilledIn) {
  world().Override("signup", {{"required_fields", "[username, email, phone]"}});
  const std::string rest = R"("username":"reg21","email":"reg21@example.org","password":"Tr0ub4dor-and-3")";
  const ClientResponse refused = Register("{" + rest + "}");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(At(refused, "errorMessage"), "phone should be provided");
  EXPECT_EQ(Register("{" + rest + R"(,"phone":"+79001234567"})").status, 200);
  world().Restore("signup");
  EXPECT_EQ(Register(R"({"username":"reg21b","email":"reg21b@example.org","password":"Tr0ub4dor-and-3"})").status, 200);
}

TEST_F(ShopFlowAccount, SHOP_SES_10_SHOP_SES_11_SHOP_AUTH_3_ATokenLivesForFiveHoursAndAttemptsAreClosed) {
  Customer ann(world(), "ses11");
  EXPECT_EQ(ann.Register().status, 200);
  EXPECT_EQ(ann.SignIn().status, 200);
  EXPECT_EQ(world().Count("auth", "auth_session_token",
                          "token_guid = '" + ann.session() +
                              "' and strftime('%s', token_end_dt) - strftime('%s', token_begin_dt) = 5 * 3600"),
            1);
  EXPECT_EQ(world().Count("auth", "auth_signin",
                          "user_guid = (select customer_uid from delivery_customer where login = 'ses11') and "
                          "auth_closing_code_id is not null"),
            1);
}

TEST_F(ShopFlowAccount, SHOP_SES_16_ASessionThatCannotBeMadeIsNoWrongPassword) {
  Customer ann(world(), "ses16");
  EXPECT_EQ(ann.Register().status, 200);
  // As often as it is tried.
  const std::string words = "POST /internal/sessions ";
  const std::function<void()> again = [&] { world().door("auth").CutNext(CuttingProxy::Cut::kBefore, words, again); };
  again();
  const ClientResponse known = ann.SignIn();
  EXPECT_EQ(known.status, 503);
  EXPECT_EQ(At(known, "errorMessage"), "A session could not be made, please try again");
  world().door("auth").CutNext(CuttingProxy::Cut::kBefore, "no request has these words");
  EXPECT_EQ(ann.SignIn().status, 200);
}

TEST_F(ShopFlowAccount, SHOP_SES_19_TooManyWrongPairsInADayAreRefused) {
  EXPECT_EQ(Customer(world(), "ses19").Register().status, 200);
  const auto guess = [] {
    return world().Post("auth", "/login", R"({"username":"ses19","password":"not the right one"})").status;
  };
  int wrong = 0;
  while (wrong < 30 && guess() == 401) ++wrong;
  EXPECT_EQ(wrong, 20);
  EXPECT_EQ(Customer(world(), "ses19").SignIn().status, 429);
}

TEST_F(ShopFlowAccount, SHOP_WAL_7_SHOP_ACC_2_CustomersCorrectTheirData) {
  Customer ann(world(), "wal7");
  ann.Join();
  EXPECT_EQ(ann.Ask("auth", "PUT", "/profile", R"({"email":"nowhere"})").status, 400);
  const ClientResponse changed = ann.Ask(
      "auth", "PUT", "/profile", R"({"firstName":"Anna","email":"wal7-new@example.org","phone":"+79007654321"})");
  EXPECT_EQ(changed.status, 200) << changed.body;
  const ClientResponse who = ann.Ask("auth", "GET", "/auth");
  EXPECT_EQ(At(who, "firstName") + At(who, "email") + At(who, "phone"), "Annawal7-new@example.org+79007654321");
  // What is told from then on goes there.
  ann.OrderToPoint({{"green", 1}});
  EXPECT_NE(ann.MailTo("wal7-new@example.org", "awaits its payment").text, "");
}

TEST_F(ShopFlowAccount,
       SHOP_NTF_7_SHOP_NTF_9_SHOP_NTF_10_SHOP_NTF_11_OffersAreForThoseWhoWantThemAndMistakesAreRefused) {
  Customer ann(world(), "ntf7");
  ann.Join();
  const auto send = [&](const std::string& rest) {
    return ann.AwaitInstance(At(ann.Start("sendnotification", R"({"templateId":)" + rest + "}"), "id"), "");
  };
  EXPECT_EQ(At(send(R"("order-approved","username":"ntf7","role":"clerk")"), "error.name"), "invalid-message");
  EXPECT_EQ(ann.Ask("notification", "POST", "/devices", R"({"deviceId":"phone-1"})").status, 200);
  EXPECT_EQ(ann.Ask("notification", "POST", "/devices", "{}").status, 400);
  const std::string offer = R"("promotion-discount","username":"ntf7","language":"ru","variables":{"percent":"15"})";
  EXPECT_EQ(At(send(offer), "status"), "completed");
  EXPECT_NE(ann.MailAbout("Скидка 15 %").text, "");
  EXPECT_EQ(ann.Ask("notification", "PUT", "/policy", R"({"marketing":false})").status, 200);
  EXPECT_EQ(At(send(offer), "error.name"), "message-not-sent");
  // What must be told is told all the same.
  EXPECT_EQ(At(send(R"("order-canceled","username":"ntf7","variables":{"orderId":"o-1"})"), "status"), "completed");
  EXPECT_NE(ann.MailAbout("Order o-1 is cancelled").text, "");
}

TEST_F(ShopFlowAccount, SHOP_NTF_9_EveryLetterThatAProcessSendsIsThereInBothLanguages) {
  namespace fs = std::filesystem;
  const fs::path root = FERMATA_SOURCE_DIR;
  const std::regex letter("(templateId:| [A-Z_]+:) ([a-z]+-[a-z-]+)\n");
  std::set<std::string> letters = {"payment-reversed", "verification-code", "gift-card-code"};
  for (const auto& entry : fs::directory_iterator(root / "processes")) {
    if (entry.path().extension() != ".yaml" || entry.path().stem().extension() == ".scenarios") continue;
    const std::string text = ReadFile(entry.path().string());
    for (std::sregex_iterator found(text.begin(), text.end(), letter), end; found != end; ++found)
      letters.insert((*found)[2]);
  }
  EXPECT_GE(letters.size(), 16u);
  for (const std::string& name : letters)
    for (const char* language : {"en", "ru"})
      for (const char* part : {"subject", "text", "html"})
        EXPECT_TRUE(fs::exists(root / "templates/messages/email" / language / (name + "." + part + ".mustache")))
            << language << "/" << name << "." << part;
}

TEST_F(ShopFlowAccount, SHOP_NTF_9_EveryReasonThatAProcessGivesIsThereInRussian) {
  namespace fs = std::filesystem;
  const fs::path root = FERMATA_SOURCE_DIR;
  const std::map<std::string, std::string> letters = {
      {"reason_code", "order-rejected"}, {"problem_code", "payment-failed"}, {"reasonCode", "payment-reversed"}};
  const std::regex code("(reason_code|problem_code|reasonCode): ([A-Z_]+)");
  std::set<std::string> found;
  for (const auto& entry : fs::directory_iterator(root / "processes")) {
    if (entry.path().extension() != ".yaml" || entry.path().stem().extension() == ".scenarios") continue;
    const std::string text = ReadFile(entry.path().string());
    for (std::sregex_iterator at(text.begin(), text.end(), code), end; at != end; ++at) {
      found.insert((*at)[2]);
      for (const char* part : {".text", ".html"}) {
        const std::string letter =
            ReadFile((root / "templates/messages/email/ru" / (letters.at((*at)[1]) + part + ".mustache")).string());
        EXPECT_NE(letter.find("{{#" + (*at)[2].str() + "}} Причина: "), std::string::npos) << (*at)[0];
        EXPECT_EQ(letter.find("{{reason}}"), std::string::npos) << "It is English: " << (*at)[1];
      }
    }
  }
  EXPECT_GE(found.size(), 15u);
}

}  // namespace
}  // namespace fermata::test
