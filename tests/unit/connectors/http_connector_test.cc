#include "connectors/http/http_connector.h"

#include <gtest/gtest.h>

#include <map>

#include "engine/language/load.h"
#include "engine/model/json.h"
#include "tests/unit/connectors/stub_service.h"

namespace fermata {
namespace {

using namespace std::chrono_literals;
using test::StubService;

// In the place of a value: a secret that is there and cannot be read.
constexpr const char* kUnreadable = "\x01unreadable";

class FixedSecrets final : public SecretSource {
 public:
  explicit FixedSecrets(std::map<std::string, std::string, std::less<>> values) : values_(std::move(values)) {}
  Result<std::optional<std::string>> Find(std::string_view name) const override {
    const auto found = values_.find(name);
    if (found == values_.end()) return std::optional<std::string>();
    if (found->second == kUnreadable)
      return Error{ErrorCode{7012}, "Expected to read the secret " + std::string(name) + ", but it is unreadable."};
    return std::optional(found->second);
  }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

ManifestPtr Load(const std::string& http, const std::string& operation_http,
                 const std::string& errors = "[no-such-thing, late]") {
  const std::string yaml = "connector: shop\nversion: 1.0.0\nkind: http\nhttp: " + http +
                           "\noperations:\n  get:\n    errors: " + errors + "\n    http: " + operation_http + "\n";
  ManifestOutcome outcome = LoadManifest("shop.yaml", yaml);
  EXPECT_NE(outcome.manifest, nullptr) << FormatDiagnostics(outcome.diagnostics);
  return outcome.manifest;
}

std::unique_ptr<Connector> Make(const ManifestPtr& manifest,
                                std::map<std::string, std::string, std::less<>> secrets = {},
                                const std::string& base_url = "") {
  auto connector =
      MakeHttpConnector(manifest, std::make_shared<FixedSecrets>(std::move(secrets)), {.base_url = base_url});
  EXPECT_TRUE(connector.ok()) << connector.error().message;
  return *std::move(connector);
}

std::unique_ptr<Connector> MakeFor(const StubService& service, const std::string& operation_http) {
  return Make(Load("{ url: \"" + service.url() + "\" }", operation_http));
}

Job MakeJob(const std::string& input = "{}") {
  Job job{.idempotency_key = "instance/3", .connector = "shop", .operation = "get", .traceparent = "00-1-2-01"};
  job.input = *ParseJson(input);
  job.deadline = std::chrono::steady_clock::now() + 10s;
  return job;
}

StubService::Answer Always(int status, std::string body, std::string type = "application/json",
                           std::vector<std::pair<std::string, std::string>> headers = {}) {
  headers.emplace_back("Content-Type", std::move(type));
  return [=](const HttpRequest&, const ResponseHandle& response) {
    response.Send({.status = status, .headers = headers, .body = body});
  };
}

TechnicalFailure Technical(const Outcome& outcome) {
  const auto* failure = std::get_if<TechnicalFailure>(&outcome);
  EXPECT_NE(failure, nullptr);
  return failure ? *failure : TechnicalFailure{};
}

TEST(HttpConnectorTest, SendsMethodPathQueryHeadersAndBodyAsTheManifestSays) {
  StubService service(Always(200, R"({"id":"7"})"));
  auto connector = MakeFor(
      service,
      R"({ method: PUT, url: "/items/${input.id}", query: { q: "${input.q}", none: "${null}" }, headers: { X-Kind: "k ${input.id}" }, body: { n: "${input.n}", fixed: [1, true] } })");
  const Outcome outcome = connector->Run(MakeJob(R"({"id":"a/b ü?","q":"x&y=1","n":5})"));
  ASSERT_TRUE(std::holds_alternative<JobSuccess>(outcome)) << Technical(outcome).message;
  EXPECT_EQ(WriteJson(std::get<JobSuccess>(outcome).output), R"({"id":"7"})");
  ASSERT_EQ(service.requests().size(), 1u);
  const HttpRequest request = service.requests()[0];
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.target, "/items/a%2Fb%20%C3%BC%3F?q=x%26y%3D1");
  EXPECT_EQ(request.body, R"({"n":5,"fixed":[1,true]})");
  EXPECT_EQ(*request.FindHeader("x-kind"), "k a/b ü?");
  EXPECT_EQ(*request.FindHeader("idempotency-key"), "instance/3");
  EXPECT_EQ(*request.FindHeader("traceparent"), "00-1-2-01");
  EXPECT_EQ(*request.FindHeader("content-type"), "application/json");
}

TEST(HttpConnectorTest, RefusesInputThatWouldLeaveItsPathSegmentOrItsHeader) {
  StubService service(Always(200, "{}"));
  auto connector = MakeFor(service, R"({ url: "/items/${input.id}", headers: { X-Kind: "${input.kind}" } })");
  for (const char* input : {R"({"id":"..","kind":"a"})", R"({"id":"","kind":"a"})",
                            R"({"id":"1","kind":"a\r\nX-Evil: 1"})", R"({"id":[],"kind":"a"})"})
    EXPECT_EQ(Technical(connector->Run(MakeJob(input))).error, TechnicalError::kInternal) << input;
  EXPECT_TRUE(service.requests().empty());
}

TEST(HttpConnectorTest, BuildsTheOutputFromTheAnswer) {
  StubService service(
      Always(201, R"({"data":{"id":9}})", "application/vnd.x+json; charset=utf-8", {{"Location", "/items/9"}}));
  auto connector = MakeFor(
      service,
      R"({ response: { output: { id: "${response.body.data.id}", at: "${response.headers.location}", status: "${response.status}" } } })");
  const Outcome outcome = connector->Run(MakeJob());
  ASSERT_TRUE(std::holds_alternative<JobSuccess>(outcome));
  EXPECT_EQ(WriteJson(std::get<JobSuccess>(outcome).output), R"({"id":9,"at":"/items/9","status":201})");
}

TEST(HttpConnectorTest, GivesTextAsAStringAndNothingAsNull) {
  StubService text(Always(200, "plain", "text/plain")), nothing(Always(204, ""));
  EXPECT_EQ(std::get<JobSuccess>(MakeFor(text, "{ method: GET }")->Run(MakeJob())).output, Value::String("plain"));
  EXPECT_TRUE(std::get<JobSuccess>(MakeFor(nothing, "{ method: DELETE }")->Run(MakeJob())).output.is_null());
}

TEST(HttpConnectorTest, TakesTheFirstErrorRuleThatHolds) {
  StubService service([](const HttpRequest& request, const ResponseHandle& response) {
    const int status = request.FindQuery("s") ? std::stoi(*request.FindQuery("s")) : 200;
    response.Send(JsonResponse(status, R"({"code":"late","text":"too late","ok":false})"));
  });
  auto connector = MakeFor(service, R"({ method: GET, query: { s: "${input.s}" }, errors: [
      { status: 404, error: no-such-thing },
      { status: 409, if: "response.body.code == 'never'", error: no-such-thing },
      { if: "response.body.missing.field", error: no-such-thing },
      { status: [409, 410], error: late, message: "${response.body.text}", data: { code: "${response.body.code}" } },
      { status: 418, error: unavailable },
      { status: 200, if: "!response.body.ok", error: late } ] })");
  auto run = [&](int status) { return connector->Run(MakeJob("{\"s\":" + std::to_string(status) + "}")); };
  EXPECT_EQ(std::get<BusinessFailure>(run(404)).name, "no-such-thing");
  const Outcome conflict = run(409);
  EXPECT_EQ(std::get<BusinessFailure>(conflict).name, "late");
  EXPECT_EQ(std::get<BusinessFailure>(conflict).message, "too late");
  EXPECT_EQ(WriteJson(std::get<BusinessFailure>(conflict).data), R"({"code":"late"})");
  EXPECT_EQ(Technical(run(418)).error, TechnicalError::kUnavailable);
  EXPECT_EQ(std::get<BusinessFailure>(run(200)).name, "late");
  EXPECT_EQ(Technical(run(422)).error, TechnicalError::kInternal);
}

TEST(HttpConnectorTest, MapsStatusesWithoutARule) {
  const std::pair<int, TechnicalError> cases[] = {
      {301, TechnicalError::kInvalidResponse}, {401, TechnicalError::kInternal},
      {408, TechnicalError::kTimeout},         {429, TechnicalError::kUnavailable},
      {500, TechnicalError::kUnavailable},     {503, TechnicalError::kUnavailable}};
  for (const auto& [status, error] : cases) {
    StubService service(
        Always(status, "{}", "application/json", {{"Location", "http://127.0.0.1:1/"}, {"Retry-After", "7"}}));
    const TechnicalFailure failure = Technical(MakeFor(service, "{}")->Run(MakeJob()));
    EXPECT_EQ(failure.error, error) << status;
    EXPECT_EQ(failure.retry_after_ms, error == TechnicalError::kUnavailable ? 7'000 : 0) << status;
    EXPECT_EQ(service.requests().size(), 1u) << status;
  }
}

TEST(HttpConnectorTest, RefusesAnswersThatCannotBeRead) {
  for (const char* body : {"{\"a\":", "{\"a\":1,\"a\":2}", "nonsense"}) {
    StubService service(Always(200, body));
    EXPECT_EQ(Technical(MakeFor(service, "{}")->Run(MakeJob())).error, TechnicalError::kInvalidResponse) << body;
  }
  StubService binary(Always(200, "\xff\xfe", "text/plain"));
  EXPECT_EQ(Technical(MakeFor(binary, "{}")->Run(MakeJob())).error, TechnicalError::kInvalidResponse);
  StubService large(Always(200, std::string(kConnectorAnswerBytesMax + 1, 'x'), "text/plain"));
  EXPECT_EQ(Technical(MakeFor(large, "{}")->Run(MakeJob())).error, TechnicalError::kInvalidResponse);
  StubService lacking(Always(200, "{}"));
  EXPECT_EQ(Technical(MakeFor(lacking, "{ response: { output: \"${response.body.id}\" } }")->Run(MakeJob())).error,
            TechnicalError::kInvalidResponse);
}

TEST(HttpConnectorTest, GivesUpAtTheDeadline) {
  std::vector<ResponseHandle> held;
  std::mutex mutex;
  StubService service([&](const HttpRequest&, const ResponseHandle& response) {
    std::lock_guard lock(mutex);
    held.push_back(response);
  });
  Job job = MakeJob();
  const auto start = std::chrono::steady_clock::now();
  job.deadline = start + 200ms;
  EXPECT_EQ(Technical(MakeFor(service, "{}")->Run(job)).error, TechnicalError::kTimeout);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  job.deadline = start;
  EXPECT_EQ(Technical(MakeFor(service, "{}")->Run(job)).error, TechnicalError::kTimeout);
  EXPECT_EQ(service.requests().size(), 1u);
}

TEST(HttpConnectorTest, SaysUnavailableWhenNobodyListens) {
  std::string url;
  {
    StubService service(Always(200, "{}"));
    url = service.url();
  }
  auto connector = Make(Load("{ url: \"" + url + "\" }", "{}"));
  EXPECT_EQ(Technical(connector->Run(MakeJob())).error, TechnicalError::kUnavailable);
}

TEST(HttpConnectorTest, PutsSecretsIntoHeadersAndKeepsThemOutOfErrors) {
  StubService service([](const HttpRequest& request, const ResponseHandle& response) {
    response.Send(JsonResponse(404, "{\"text\":\"you sent " + *request.FindHeader("authorization") + "\"}"));
  });
  auto manifest = Load(
      "{ url: \"" + service.url() + "/${secret.PATH_TOKEN}\", headers: { Authorization: \"Bearer ${secret.TOKEN}\" } }",
      "{ url: /x, errors: [{ status: 404, error: late, message: \"${response.body.text}\", data: { echo: "
      "[\"${response.body.text}\"] } }] }");
  auto connector = Make(manifest, {{"TOKEN", "hunter2"}, {"PATH_TOKEN", "p/1"}});
  const Outcome outcome = connector->Run(MakeJob());
  EXPECT_EQ(service.requests()[0].target, "/p%2F1/x");
  EXPECT_EQ(*service.requests()[0].FindHeader("authorization"), "Bearer hunter2");
  EXPECT_EQ(std::get<BusinessFailure>(outcome).message, "you sent Bearer ***");
  EXPECT_EQ(WriteJson(std::get<BusinessFailure>(outcome).data), R"({"echo":["you sent Bearer ***"]})");
}

TEST(HttpConnectorTest, KeepsSecretsThatAServiceEchoesOutOfTheOutput) {
  StubService service(Always(200, R"({"list":["Bearer hunter2"],"a hunter2 b":{"n":1},"hunter2":2,"***":3})"));
  const std::string http = "{ url: \"" + service.url() + "\", headers: { Authorization: \"Bearer ${secret.TOKEN}\" } }";
  auto run = [&](const std::string& operation) {
    const Outcome outcome = Make(Load(http, operation), {{"TOKEN", "hunter2"}})->Run(MakeJob());
    return WriteJson(std::get<JobSuccess>(outcome).output);
  };
  // Of two keys that have become one, the first stays.
  EXPECT_EQ(run("{}"), R"({"list":["Bearer ***"],"a *** b":{"n":1},"***":2})");
  EXPECT_EQ(run("{ response: { output: { echo: \"${response.body.list[0]}\" } } }"), R"({"echo":"Bearer ***"})");
}

TEST(HttpConnectorTest, SaysWhichSecretIsMissing) {
  StubService service(Always(200, "{}"));
  auto connector = Make(Load("{ url: \"" + service.url() + "\", headers: { X-Key: \"${secret.TOKEN}\" } }", "{}"));
  const TechnicalFailure failure = Technical(connector->Run(MakeJob()));
  EXPECT_EQ(failure.error, TechnicalError::kInternal);
  EXPECT_NE(failure.message.find("TOKEN"), std::string::npos);
  EXPECT_TRUE(service.requests().empty());
}

TEST(HttpConnectorTest, ASecretThatIsBoundToHostsGoesToNoOther) {
  StubService service(Always(200, "{}"));
  const std::string http = "{ url: \"" + service.url() + "\", headers: { X-Key: \"${secret.TOKEN}\" } }";
  const auto run = [&](const std::string& hosts, const std::string& operation) {
    return Make(Load(http, operation), {{"TOKEN", "hunter2"}, {"TOKEN_HOSTS", hosts}})->Run(MakeJob());
  };
  for (const char* others : {"", "mail.example.com", "27.0.0.1", "127.0.0.1.example.com,x", " , "}) {
    const TechnicalFailure failure = Technical(run(others, "{}"));
    EXPECT_EQ(failure.error, TechnicalError::kInternal);
    EXPECT_NE(failure.message.find("connector shop"), std::string::npos) << failure.message;
    EXPECT_NE(failure.message.find("TOKEN"), std::string::npos) << failure.message;
    EXPECT_EQ(failure.message.find("hunter2"), std::string::npos) << failure.message;
  }
  // An operation's own URL counts.
  Technical(run("mail.example.com", "{ url: \"" + service.url() + "/mail.example.com\" }"));
  EXPECT_TRUE(service.requests().empty());
  EXPECT_TRUE(std::holds_alternative<JobSuccess>(run("mail.example.com , 127.0.0.1", "{}")));
  EXPECT_EQ(*service.requests().at(0).FindHeader("x-key"), "hunter2");
}

TEST(HttpConnectorTest, ASecretWhoseHostsCannotBeReadGoesNowhere) {
  StubService service(Always(200, "{}"));
  const std::string http = "{ url: \"" + service.url() + "\", headers: { X-Key: \"${secret.TOKEN}\" } }";
  for (const auto& [token, hosts] :
       std::vector<std::pair<std::string, std::string>>{{"hunter2", kUnreadable}, {kUnreadable, "127.0.0.1"}}) {
    const TechnicalFailure failure =
        Technical(Make(Load(http, "{}"), {{"TOKEN", token}, {"TOKEN_HOSTS", hosts}})->Run(MakeJob()));
    EXPECT_EQ(failure.error, TechnicalError::kInternal);
    EXPECT_NE(failure.message.find(hosts == kUnreadable ? "the secret TOKEN_HOSTS," : "the secret TOKEN,"),
              std::string::npos)
        << failure.message;
    EXPECT_EQ(failure.message.find("hunter2"), std::string::npos) << failure.message;
  }
  EXPECT_TRUE(service.requests().empty());
}

TEST(HttpConnectorTest, ReusesItsConnection) {
  StubService service(Always(200, "{}"));
  auto connector = MakeFor(service, "{}");
  for (int i = 0; i < 3; ++i) connector->Run(MakeJob());
  const auto requests = service.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].peer, requests[2].peer);
}

TEST(HttpConnectorTest, TheGivenBaseUrlTakesThePlaceOfTheManifests) {
  StubService service(Always(200, "{}"));
  auto connector = Make(Load("{ url: \"http://127.0.0.1:1\" }", "{ url: /a }"), {}, service.url() + "/base/");
  EXPECT_TRUE(std::holds_alternative<JobSuccess>(connector->Run(MakeJob())));
  EXPECT_EQ(service.requests()[0].target, "/base/a");
}

TEST(HttpConnectorTest, TakesInputBehindAHostThatIsWrittenOut) {
  StubService service(Always(200, "{}"));
  for (const char* rest : {"/${input.a}", "?a=${input.a}", ""}) {
    auto connector = Make(Load("{ url: \"http://127.0.0.1:1\" }", "{ url: \"" + service.url() + rest + "\" }"));
    EXPECT_TRUE(std::holds_alternative<JobSuccess>(connector->Run(MakeJob(R"({"a":"b"})")))) << rest;
  }
}

struct BadManifest {
  const char* name;
  const char* http;
  const char* operation;
  const char* code;
  const char* path;
};

class BadManifestTest : public testing::TestWithParam<BadManifest> {};

TEST_P(BadManifestTest, IsRefusedWithItsPlace) {
  const ManifestPtr manifest = Load(GetParam().http, GetParam().operation);
  ASSERT_NE(manifest, nullptr);
  auto connector = MakeHttpConnector(
      manifest, std::make_shared<FixedSecrets>(std::map<std::string, std::string, std::less<>>{}), {});
  ASSERT_FALSE(connector.ok());
  EXPECT_EQ(FormatErrorCode(connector.error().code), GetParam().code);
  EXPECT_EQ(connector.error().path, GetParam().path);
}

constexpr const char* kGoodHttp = "{ url: \"http://x\" }";
INSTANTIATE_TEST_SUITE_P(
    All, BadManifestTest,
    testing::Values(
        BadManifest{"NoScheme", "{ url: x }", "{}", "FM-7001", "/http/url"},
        BadManifest{"FileUrl", "{ url: \"file:///etc/passwd\" }", "{}", "FM-7001", "/http/url"},
        BadManifest{"HostFromASecret", "{ url: \"${secret.HOST}/x\" }", "{}", "FM-7001", "/http/url"},
        BadManifest{"InputInTheConnectorsUrl", "{ url: \"http://x/${input.a}\" }", "{}", "FM-7002", "/http/url"},
        BadManifest{"SecretInAnOperation", kGoodHttp, "{ headers: { X: \"${secret.A}\" } }", "FM-7002",
                    "/operations/get/http/headers/X"},
        BadManifest{"SecretInABody", kGoodHttp, "{ body: { a: [\"${secret.A}\"] } }", "FM-7002",
                    "/operations/get/http/body/a/0"},
        BadManifest{"WholeSecretMap", "{ url: \"http://x\", headers: { X: \"${secret}\" } }", "{}", "FM-7002",
                    "/http/headers/X"},
        BadManifest{"ResponseInARequest", kGoodHttp, "{ url: \"/${response.status}\" }", "FM-7002",
                    "/operations/get/http/url"},
        BadManifest{"HostFromInput", kGoodHttp, "{ url: \"${input.url}\" }", "FM-7001", "/operations/get/http/url"},
        BadManifest{"HostThatInputEnds", kGoodHttp, "{ url: \"http://1${input.host}:80/x\" }", "FM-7001",
                    "/operations/get/http/url"},
        BadManifest{"PortFromInput", kGoodHttp, "{ url: \"http://x:${input.port}/x\" }", "FM-7001",
                    "/operations/get/http/url"},
        BadManifest{"HostBehindAUserFromInput", kGoodHttp, "{ url: \"https://a@${input.host}/x\" }", "FM-7001",
                    "/operations/get/http/url"},
        BadManifest{"NoHostBeforeTheQuery", kGoodHttp, "{ url: \"http://?${input.a}\" }", "FM-7001",
                    "/operations/get/http/url"},
        BadManifest{"HostThatASecretEnds", "{ url: \"http://x.${secret.HOST}/\" }", "{}", "FM-7001", "/http/url"},
        BadManifest{"UnknownMethod", kGoodHttp, "{ method: BREW }", "FM-7001", "/operations/get/http/method"},
        BadManifest{"OwnHeader", kGoodHttp, "{ headers: { Idempotency-Key: x } }", "FM-7001",
                    "/operations/get/http/headers"},
        BadManifest{"HeaderName", kGoodHttp, "{ headers: { \"a b\": x } }", "FM-7001", "/operations/get/http/headers"},
        BadManifest{"ErrorsNoList", kGoodHttp, "{ errors: { status: 404 } }", "FM-7001", "/operations/get/http/errors"},
        BadManifest{"UndeclaredError", kGoodHttp, "{ errors: [{ status: 404, error: other }] }", "FM-7001",
                    "/operations/get/http/errors/0/error"},
        BadManifest{"RuleWithoutCondition", kGoodHttp, "{ errors: [{ error: late }] }", "FM-7001",
                    "/operations/get/http/errors/0"},
        BadManifest{"StatusOutOfRange", kGoodHttp, "{ errors: [{ status: 1000, error: late }] }", "FM-7001",
                    "/operations/get/http/errors/0/status"},
        BadManifest{"BrokenCondition", kGoodHttp, "{ errors: [{ if: \"1 +\", error: late }] }", "FM-7002",
                    "/operations/get/http/errors/0/if"},
        BadManifest{"UnknownResponseKey", kGoodHttp, "{ response: { outputs: 1 } }", "FM-7001",
                    "/operations/get/http/response/outputs"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace fermata
