// Tokens of a real OpenID Connect provider (Authlib): which are taken, and when its keys are asked for.
#include "api/security/token_issuer.h"

#include <gtest/gtest.h>

#include <atomic>

#include "api/security/codes.h"
#include "engine/model/json.h"
#include "engine/model/limits.h"
#include "tests/support/child_process.h"
#include "tests/support/http_client.h"

namespace fermata {
namespace {

struct IssuersClock final : Clock {
  std::int64_t NowUs() override { return now_us; }
  void Advance(std::int64_t ms) { now_us += ms * 1'000; }
  std::atomic<std::int64_t> now_us{SystemClock().NowUs()};
};

// One provider for all of them: a test that takes new keys asks for them with a clock of its own.
class TokenIssuerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    process_ = new test::ChildProcess(
        {"/usr/bin/python3", "-B", FERMATA_SOURCE_DIR "/tests/unit/shop/openid_provider.py"}, {}, "/dev/null");
    const Result<Value> ready = ParseJson(process_->ReadLine());
    ASSERT_TRUE(ready.ok());
    url_ = std::string(ready->Find("issuer")->as_string());
  }
  static void TearDownTestSuite() { delete process_; }

  static test::ClientResponse Post(const std::string& path, const std::string& body) {
    return test::HttpClient(std::stoi(url_.substr(url_.rfind(':') + 1))).Post(path, body);
  }
  // `claims` beside iss and exp, which they may replace.
  static std::string Issue(const std::string& claims, const std::string& algorithm = "RS256") {
    return Post("/issue", R"({"alg":")" + algorithm + R"(","claims":)" + claims + "}").body;
  }
  TokenIssuerOptions Options() const {
    TokenIssuerOptions options;
    options.issuer = url_;
    options.audience = "fermata";
    options.roles_claim = "realm_access.roles";
    return options;
  }
  static constexpr const char* kAnn =
      R"({"sub":"ann","aud":["other","fermata"],"realm_access":{"roles":["operator","unheard-of","auditor"]}})";

  static inline test::ChildProcess* process_ = nullptr;
  static inline std::string url_;
  IssuersClock clock_;
};

TEST_F(TokenIssuerTest, ATokenTellsNameRolesAndTenant) {
  TokenIssuerOptions options = Options();
  options.tenant_claim = "org";
  options.name_claim = "email";
  TokenIssuer issuer(options, clock_);
  issuer.Ask();
  for (const char* algorithm : {"RS256", "ES256"}) {
    const Result<Caller> caller = issuer.Read(
        Issue(R"({"sub":"1","aud":"fermata","email":"ann@x","org":"acme","realm_access":{"roles":"client worker"}})",
              algorithm));
    ASSERT_TRUE(caller.ok()) << caller.error().message;
    EXPECT_EQ(caller->name, "ann@x");
    EXPECT_EQ(caller->tenant, "acme");
    EXPECT_EQ(caller->roles.Names(), (std::vector<std::string>{"client", "worker"}));
    EXPECT_EQ(caller->id, "token 1");
    EXPECT_GT(caller->expires_us, clock_.NowUs());
  }
  for (const char* claims :
       {R"({"sub":"1","aud":"fermata","email":"ann@x"})",
        R"({"sub":"1","aud":"fermata","email":"ann@x","org":"No Tenant"})",
        R"({"sub":"1","aud":"fermata","org":"acme"})", R"({"sub":"1","aud":"fermata","org":"acme","email":"a\nb"})"})
    EXPECT_EQ(issuer.Read(Issue(claims)).error().code, kNotAuthenticated) << claims;
}

TEST_F(TokenIssuerTest, ATokenForOthersOfOthersOrOfAnotherTimeIsRefused) {
  TokenIssuer issuer(Options(), clock_);
  issuer.Ask();
  const Result<Caller> ann = issuer.Read(Issue(kAnn));
  ASSERT_TRUE(ann.ok()) << ann.error().message;
  EXPECT_EQ(ann->roles.Names(), (std::vector<std::string>{"operator", "auditor"}));
  EXPECT_EQ(ann->tenant, "default");
  const std::int64_t now_s = clock_.NowUs() / 1'000'000;
  const auto in = [&](std::int64_t seconds) { return std::to_string(now_s + seconds); };
  for (const std::string& claims : {std::string(R"({"sub":"ann","aud":"other"})"), std::string(R"({"sub":"ann"})"),
                                    std::string(R"({"aud":"fermata"})"), std::string(R"({"sub":"","aud":"fermata"})"),
                                    std::string(R"({"sub":"ann","aud":"fermata","iss":"https://id.example"})"),
                                    R"({"sub":"ann","aud":"fermata","exp":)" + in(-120) + "}",
                                    std::string(R"({"sub":"ann","aud":"fermata","exp":null})"),
                                    R"({"sub":"ann","aud":"fermata","nbf":)" + in(120) + "}",
                                    std::string(R"({"sub":"ann","aud":"fermata","nbf":"soon"})")})
    EXPECT_EQ(issuer.Read(Issue(claims)).error().code, kNotAuthenticated) << claims;
  // A clock that is a little off is forgiven.
  EXPECT_TRUE(
      issuer.Read(Issue(R"({"sub":"ann","aud":"fermata","exp":)" + in(-10) + R"(,"nbf":)" + in(10) + "}")).ok());
}

TEST_F(TokenIssuerTest, OnlyTheIssuersSignatureCounts) {
  TokenIssuer issuer(Options(), clock_);
  issuer.Ask();
  const std::string token = Issue(kAnn), other = Issue(R"({"sub":"bob","aud":"fermata"})");
  ASSERT_TRUE(issuer.Read(token).ok());
  const std::size_t first = token.find('.'), last = token.rfind('.');
  const std::string claims = token.substr(first, last - first);
  EXPECT_FALSE(issuer.Read(token.substr(0, last) + other.substr(other.rfind('.'))).ok());
  // {"alg":"none"} and {"alg":"HS256"}
  for (const std::string& forged :
       {"eyJhbGciOiJub25lIn0" + claims + ".", "eyJhbGciOiJIUzI1NiJ9" + claims + token.substr(last)}) {
    EXPECT_FALSE(issuer.MustAsk(forged));
    EXPECT_EQ(issuer.Read(forged).error().code, kNotAuthenticated);
  }
  for (const char* bad : {"", "x", "..", "a.b.c", "eyJhbGciOiJub25lIn0.e30."})
    EXPECT_EQ(issuer.Read(bad).error().code, kNotAuthenticated) << bad;
  EXPECT_EQ(issuer.Read(std::string(kBearerTokenBytesMax + 1, 'a')).error().code, kNotAuthenticated);
}

TEST_F(TokenIssuerTest, NewKeysAreAskedForWhenATokenNamesOneButNotTooOften) {
  TokenIssuer issuer(Options(), clock_);
  const std::string before = Issue(kAnn);
  EXPECT_EQ(issuer.Read(before).error().code, kIssuerUnavailable);
  ASSERT_TRUE(issuer.MustAsk(before));
  issuer.Ask();
  EXPECT_FALSE(issuer.MustAsk(before));
  ASSERT_TRUE(issuer.Read(before).ok());
  ASSERT_EQ(Post("/rotate", "").status, 200);
  const std::string after = Issue(kAnn);
  EXPECT_FALSE(issuer.MustAsk(after));  // it has only just been asked
  EXPECT_FALSE(issuer.Read(after).ok());
  clock_.Advance(kIssuerKeysPauseMs);
  EXPECT_FALSE(issuer.MustAsk(before));
  ASSERT_TRUE(issuer.MustAsk(after));
  issuer.Ask();
  EXPECT_TRUE(issuer.Read(after).ok());
  EXPECT_FALSE(issuer.Read(before).ok());
  clock_.Advance(kIssuerKeysFreshMs);
  EXPECT_TRUE(issuer.MustAsk(after));
}

TEST_F(TokenIssuerTest, AnIssuerThatIsAwayOrSomebodyElseGivesNoKeys) {
  TokenIssuerOptions options = Options();
  options.issuer = "http://127.0.0.1:1";
  TokenIssuer away(options, clock_);
  away.Ask();
  EXPECT_EQ(away.Read(Issue(kAnn)).error().code, kIssuerUnavailable);
  options.issuer = url_ + "/";  // not what it calls itself
  TokenIssuer other(options, clock_);
  other.Ask();
  EXPECT_EQ(other.Read(Issue(kAnn)).error().code, kIssuerUnavailable);
}

TEST(TokenIssuerOptionsTest, AnAudienceIsWantedAndHttps) {
  EXPECT_TRUE(TokenIssuer::Check({}).ok());
  TokenIssuerOptions options;
  options.issuer = "https://id.example";
  EXPECT_EQ(TokenIssuer::Check(options).error().code, kOidcOptionsWrong);
  options.audience = "fermata";
  EXPECT_TRUE(TokenIssuer::Check(options).ok());
  for (const char* good : {"http://localhost:8000", "http://127.0.0.1", "http://[::1]:1/x"}) {
    options.issuer = good;
    EXPECT_TRUE(TokenIssuer::Check(options).ok()) << good;
  }
  for (const char* bad : {"http://id.example", "http://localhost.example", "id.example", "http://127.0.0.1.example"}) {
    options.issuer = bad;
    EXPECT_EQ(TokenIssuer::Check(options).error().code, kOidcOptionsWrong) << bad;
  }
}

}  // namespace
}  // namespace fermata
