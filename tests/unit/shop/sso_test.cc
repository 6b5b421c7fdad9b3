#include <cjose/cjose.h>

#include "engine/base/percent.h"
#include "examples/shop/auth/codes.h"
#include "examples/shop/auth/id_token.h"
#include "tests/support/child_process.h"
#include "tests/unit/shop/shop_fixture.h"

namespace fermata::test {
namespace {

// ---- the token ----

using Key = std::unique_ptr<cjose_jwk_t, decltype(&cjose_jwk_release)>;

constexpr std::int64_t kNow = 1'600'000'000;

class IdTokenTest : public testing::Test {
 protected:
  static std::string PublicKey(const Key& key, const char* use = "sig") {
    cjose_err error;
    char* const json = cjose_jwk_to_json(key.get(), false, &error);
    std::string text = json;
    cjose_get_dealloc()(json);
    return text.insert(1, std::string(R"("use":")") + use + "\",");
  }
  static std::string Sign(const Key& key, const std::string& claims, const char* algorithm = "RS256") {
    cjose_err error;
    cjose_header_t* const header = cjose_header_new(&error);
    cjose_header_set(header, CJOSE_HDR_ALG, algorithm, &error);
    cjose_jws_t* const signature =
        cjose_jws_sign(key.get(), header, reinterpret_cast<const std::uint8_t*>(claims.data()), claims.size(), &error);
    const char* text = nullptr;
    cjose_jws_export(signature, &text, &error);
    std::string token = text ? text : "";
    cjose_jws_release(signature);
    cjose_header_release(header);
    return token;
  }
  static std::string Claims(const std::string& more = "", const std::string& without = "") {
    std::string claims = "{";
    for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{{"iss", "\"https://id.example\""},
                                                                                      {"aud", "\"shop\""},
                                                                                      {"sub", "\"u1\""},
                                                                                      {"nonce", "\"n1\""},
                                                                                      {"exp", "1600000300"},
                                                                                      {"iat", "1600000000"}})
      if (name != without) claims += "\"" + name + "\":" + value + ",";
    return claims + (more.empty() ? R"("x":1})" : more + "}");
  }
  Result<Value> Read(const std::string& token, std::int64_t now = kNow) {
    return shop::ReadIdToken(token, *ParseJson(R"({"keys":[)" + PublicKey(key_) + "]}"),
                             {.issuer = "https://id.example", .client_id = "shop", .nonce = "n1", .now_s = now});
  }

  const Key key_{cjose_jwk_create_RSA_random(2048, nullptr, 0, nullptr), &cjose_jwk_release};
};

TEST_F(IdTokenTest, ASoundTokenTellsItsClaims) {
  const Result<Value> claims = Read(Sign(key_, Claims()));
  ASSERT_TRUE(claims.ok()) << claims.error().message;
  EXPECT_EQ(*claims->Find("sub"), Value::String("u1"));
  EXPECT_TRUE(Read(Sign(key_, Claims(R"("aud":["shop"])", "aud"))).ok());
  EXPECT_TRUE(Read(Sign(key_, Claims(R"("aud":["shop","other"],"azp":"shop")", "aud"))).ok());
  EXPECT_TRUE(Read(Sign(key_, Claims(), "PS256")).ok());
}

TEST_F(IdTokenTest, ATokenOfAnotherClientIssuerOrSigninIsRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("iss":"https://id.example.evil")", "iss"},
      {R"("aud":"other")", "aud"},
      {R"("aud":["other"])", "aud"},
      {R"("aud":["shop","other"])", "aud"},
      {R"("azp":"other")", ""},
      {R"("nonce":"n2")", "nonce"},
      {R"("sub":"")", "sub"},
      {R"("exp":"later")", "exp"},
      {R"("iat":1600000061)", "iat"},
      {R"("exp":1599999940)", "exp"},
  };
  for (const auto& [more, without] : cases) EXPECT_FALSE(Read(Sign(key_, Claims(more, without))).ok()) << more;
  for (const char* without : {"iss", "aud", "sub", "nonce", "exp", "iat"}) {
    const Result<Value> claims = Read(Sign(key_, Claims("", without)));
    ASSERT_FALSE(claims.ok()) << without;
    EXPECT_EQ(claims.error().code, shop::kIdentityRefused);
  }
}

TEST_F(IdTokenTest, ATokenExpires) {
  const std::string token = Sign(key_, Claims());
  EXPECT_TRUE(Read(token, kNow + 300 + 59).ok());
  EXPECT_FALSE(Read(token, kNow + 300 + 60).ok());
}

TEST_F(IdTokenTest, OnlyTheProvidersKeysCount) {
  const Key other(cjose_jwk_create_RSA_random(2048, nullptr, 0, nullptr), &cjose_jwk_release);
  EXPECT_FALSE(Read(Sign(other, Claims())).ok());
  // "none", and our own words under a sound signature.
  const std::string token = Sign(key_, Claims()), forged = Sign(other, Claims(R"("sub":"u2")", "sub"));
  const std::size_t first = token.find('.'), last = token.rfind('.');
  EXPECT_FALSE(Read(token.substr(0, first) + forged.substr(forged.find('.'), forged.rfind('.') - forged.find('.')) +
                    token.substr(last))
                   .ok());
  EXPECT_FALSE(Read("eyJhbGciOiJub25lIn0" + token.substr(first, last - first) + ".").ok());
  for (const char* bad : {"", "x", "a.b.c", "..", "eyJhbGciOiJub25lIn0.e30."}) EXPECT_FALSE(Read(bad).ok()) << bad;
  const Value encryption = *ParseJson(R"({"keys":[)" + PublicKey(key_, "enc") + "]}");
  EXPECT_FALSE(shop::ReadIdToken(token, encryption, {"https://id.example", "shop", "n1", kNow}).ok());
  EXPECT_FALSE(shop::ReadIdToken(token, Value(), {"https://id.example", "shop", "n1", kNow}).ok());
}

TEST_F(IdTokenTest, ASecretIsNoSignature) {
  // The public key, which everybody knows, taken for a shared secret.
  const std::string secret = PublicKey(key_);
  const Key shared(
      cjose_jwk_create_oct_spec(reinterpret_cast<const std::uint8_t*>(secret.data()), secret.size(), nullptr),
      &cjose_jwk_release);
  EXPECT_FALSE(Read(Sign(shared, Claims(), "HS256")).ok());
}

// ---- the sign-in, at a real provider ----

struct Provider {
  Provider()
      : process({"/usr/bin/python3", "-B", FERMATA_SOURCE_DIR "/tests/unit/shop/openid_provider.py"}, {}, "/dev/null") {
    const Result<Value> ready = ParseJson(process.ReadLine());
    issuer = ready.ok() ? std::string(ready->Find("issuer")->as_string()) : "";
    provider_port = std::atoi(issuer.substr(issuer.rfind(':') + 1).c_str());
  }

  ChildProcess process;
  std::string issuer;
  int provider_port = 0;
};

struct SsoWorld : Provider, ShopWorld {
  explicit SsoWorld(const std::string& database)
      : ShopWorld(database, {"auth"}, [this](shop::ShopOptions& options) {
          options.sso = {{"idp", issuer, "shop", "0penSesame-7"}, {"away", "http://127.0.0.1:1", "shop", "x"}};
          options.auth_url.clear();
        }) {
    // The provider's clock is the machine's.
    clock_.Advance(SystemClock().NowUs() / 1'000'000 - clock_.NowUs() / 1'000'000);
    OnStart([this](const Value& start) { return Play(start); });
  }

  // What the processes signup and signin do.
  std::string Play(const Value& start) {
    const Value& input = *start.Find("input");
    const auto key = [this] { return "play " + std::to_string(++keys); };
    if (*start.Find("process") == Value::String("signup")) {
      const bool made = Post("auth", "/internal/customers", WriteJson(input), key()).status == 201;
      return made ? R"({"id":"i","status":"completed"})"
                  : R"({"id":"i","status":"failed","error":{"name":"user-exists"}})";
    }
    const std::string guid(input.Find("signInGuid")->as_string());
    if (Post("auth", "/internal/signins/" + guid + "/verify", "", key()).status != 200)
      return R"({"id":"i","status":"failed","error":{"name":"invalid-credentials"}})";
    const std::string ref =
        Post("auth", "/internal/sessions", R"({"lifeMinutes":300,"signInGuid":")" + guid + "\"}", key())
            .Text("sessionRef");
    return R"({"id":"i","status":"completed","output":{"sessionRef":")" + ref + "\"}}";
  }

  std::atomic<int> keys{0};
};

class SsoTest : public SharedShopTest<SsoWorld> {
 protected:
  ClientResponse Ask(const std::string& path, const std::string& cookies = "") {
    return HttpClient(world().port("auth")).Get(path, {{"Cookie", cookies}});
  }
  // The cookie of this name that an answer sets, as "name=value".
  static std::string CookieOf(const ClientResponse& response, const std::string& name) {
    for (const auto& [header, value] : response.headers)
      if (header == "set-cookie" && value.starts_with(name + "=")) return value.substr(0, value.find(';'));
    return "";
  }
  // Signs in at the provider, to which the browser was sent; gives the path that it sends the browser back to.
  std::string SignInThere(const std::string& location, const std::string& claims) {
    const std::string path = location.substr(world().issuer.size());
    EXPECT_EQ(HttpClient(world().provider_port).Get(path).status, 200);
    const ClientResponse back =
        HttpClient(world().provider_port)
            .Post(path, claims.empty() ? "" : "claims=" + PercentEncode(claims), "application/x-www-form-urlencoded");
    EXPECT_EQ(back.status, 302);
    const std::string url = back.Header("location");
    return url.substr(std::min(url.size(), url.find("/sso/")));
  }
  // The whole way; `session` is a cookie that the browser has.
  ClientResponse SignIn(const std::string& claims, const std::string& session = "") {
    const ClientResponse begin = Ask("/sso/idp");
    EXPECT_EQ(begin.status, 302);
    return Ask(SignInThere(begin.Header("location"), claims), CookieOf(begin, "ssoState") + "; " + session);
  }
  static std::string Claims(const std::string& name) {
    return R"({"sub":"sub-)" + name + R"(","email":")" + name +
           R"(@Example.com","email_verified":true,"given_name":")" + name + R"(","family_name":"Lee"})";
  }
};

TEST_P(SsoTest, SHOP_SES_13_SHOP_SES_14_WhoIsNewBecomesACustomerWithoutAPasswordAndIsKnownNextTime) {
  const ClientResponse first = SignIn(Claims("ann"));
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(
      first.body,
      R"({"username":"ann@example.com","firstName":"ann","lastName":"Lee","email":"ann@example.com","phone":""})");
  EXPECT_EQ(Ask("/auth", CookieOf(first, "sessionId")).body, first.body);
  const ClientResponse second = SignIn(Claims("ann"), CookieOf(first, "sessionId"));
  EXPECT_EQ(second.body, first.body);
  EXPECT_NE(CookieOf(second, "sessionId"), CookieOf(first, "sessionId"));
  for (const char* password : {"correct horse", ""})
    EXPECT_NE(
        world()
            .Post("auth", "/login", R"({"username":"ann@example.com","password":")" + std::string(password) + "\"}")
            .status,
        200);
  EXPECT_EQ(world().Post("auth", "/login", R"({"username":"ann@example.com","password":"correct horse"})").status, 401);
}

TEST_P(SsoTest, TheRequestToTheProviderIsOfOneTimeAndProvable) {
  const ClientResponse begin = Ask("/sso/idp"), other = Ask("/sso/idp");
  const std::string location = begin.Header("location");
  EXPECT_EQ(location.find(world().issuer + "/authorize?response_type=code&client_id=shop&redirect_uri="), 0u);
  for (const char* part : {"&scope=openid", "&state=", "&nonce=", "&code_challenge=", "&code_challenge_method=S256"})
    EXPECT_NE(location.find(part), std::string::npos) << part;
  EXPECT_NE(CookieOf(begin, "ssoState"), CookieOf(other, "ssoState"));
  EXPECT_NE(begin.Header("set-cookie").find("; HttpOnly; SameSite=Lax; Path=/sso; Max-Age=600"), std::string::npos);
}

TEST_P(SsoTest, OnlyTheBrowserThatBeganComesBackAndOnlyOnce) {
  const ClientResponse begin = Ask("/sso/idp"), other = Ask("/sso/idp");
  const std::string back = SignInThere(begin.Header("location"), Claims("eve"));
  EXPECT_EQ(Ask(back).status, 401);
  EXPECT_EQ(Ask(back, CookieOf(other, "ssoState")).status, 401);
  EXPECT_EQ(Ask(back, CookieOf(begin, "ssoState")).status, 200);
  EXPECT_EQ(Ask(back, CookieOf(begin, "ssoState")).status, 401);
  EXPECT_EQ(Ask("/sso/idp/callback?code=x").status, 401);
  EXPECT_EQ(Ask("/sso/idp/callback?code=x&state=", "ssoState=").status, 401);
}

TEST_P(SsoTest, ACodeOfAnotherSigninDoesNotFit) {
  const ClientResponse mine = Ask("/sso/idp"), theirs = Ask("/sso/idp");
  const std::string back = SignInThere(theirs.Header("location"), Claims("mallory"));
  const std::string code = back.substr(back.find("code="), back.find('&') - back.find("code="));
  const std::string state = CookieOf(mine, "ssoState").substr(9);
  EXPECT_EQ(Ask("/sso/idp/callback?" + code + "&state=" + state, "ssoState=" + state).status, 401);
}

TEST_P(SsoTest, ASigninThatTakesTooLongIsOver) {
  const ClientResponse begin = Ask("/sso/idp");
  const std::string back = SignInThere(begin.Header("location"), Claims("sloth"));
  world().clock_.Advance(600);
  EXPECT_EQ(Ask(back, CookieOf(begin, "ssoState")).status, 401);
  world().clock_.Advance(-600);
}

TEST_P(SsoTest, WhoIsDeniedOrHasNoAddressIsNotSignedIn) {
  EXPECT_EQ(SignIn("").status, 401);
  EXPECT_EQ(SignIn(R"({"sub":"nobody"})").status, 401);
  EXPECT_EQ(SignIn(R"({"sub":"nobody","email":"n@example.com","email_verified":false})").status, 401);
}

TEST_P(SsoTest, AnAddressWithAPasswordIsTakenOverByNobody) {
  const std::string ref =
      world().Post("auth", "/credentials", R"({"password":"correct horse"})").Text("credentialsRef");
  ASSERT_EQ(world()
                .Post("auth", "/internal/customers",
                      R"({"username":"bob","email":"bob@example.com","credentialsRef":")" + ref + "\"}", "bob")
                .status,
            201);
  const ClientResponse refused = SignIn(Claims("bob"));
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.body, R"({"errorMessage":"User already exists"})");
  // With a session of theirs they bind it.
  const ClientResponse login =
      HttpClient(world().port("auth")).Post("/login", R"({"username":"bob","password":"correct horse"})");
  ASSERT_EQ(login.status, 200);
  EXPECT_EQ(SignIn(Claims("bob"), CookieOf(login, "sessionId")).status, 200);
  EXPECT_EQ(*ParseJson(SignIn(Claims("bob")).body)->Find("username"), Value::String("bob"));
}

TEST_P(SsoTest, AProviderMayTakeANewKeyAndMayBeAway) {
  EXPECT_EQ(SignIn(Claims("kay")).status, 200);
  HttpClient(world().provider_port).Post("/rotate", "");
  EXPECT_EQ(SignIn(Claims("kay")).status, 200);
  EXPECT_EQ(Ask("/sso/away").status, 503);
  EXPECT_EQ(Ask("/sso/none").status, 404);
  EXPECT_EQ(Ask("/sso/none/callback?code=x&state=y", "ssoState=y").status, 404);
}

INSTANTIATE_TEST_SUITE_P(Each, SsoTest, testing::Values("Sqlite", "Postgres"), DatabaseName);

}  // namespace
}  // namespace fermata::test
