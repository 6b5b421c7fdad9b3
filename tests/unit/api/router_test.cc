#include "api/http/router.h"

#include <gtest/gtest.h>

#include "api/http/problem.h"
#include "tests/support/http_client.h"

namespace fermata {
namespace {

class RouterTest : public testing::Test {
 protected:
  void SetUp() override {
    Say("GET", "/v1/instances", "list");
    Say("POST", "/v1/instances", "start");
    Say("GET", "/v1/instances/{id}", "get");
    Say("GET", "/v1/instances/special", "special");
    Say("POST", "/v1/instances/{id}/cancel", "cancel");
    Say("GET", "/files/{rest...}", "file");
    Say("GET", "/", "root");
    server_ = std::make_unique<HttpServer>(HttpServerOptions{},
                                           [this](const HttpRequest& q, ResponseHandle r) { router_.Handle(q, r); });
    const Result<int> port = server_->Start();
    ASSERT_TRUE(port.ok());
    client_ = std::make_unique<test::HttpClient>(*port);
  }

  void Say(const std::string& method, std::string_view pattern, std::string name) {
    const bool rest = pattern.find("...") != std::string_view::npos;
    const bool id = pattern.find("{id}") != std::string_view::npos;
    router_.Add(method, pattern, [=](const HttpRequest&, const PathParams& params, ResponseHandle response) {
      response.Send(TextResponse(200, name + (id ? ' ' + params["id"] : rest ? ' ' + params["rest"] : "")));
    });
  }

  Router router_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<test::HttpClient> client_;
};

TEST_F(RouterTest, CallsTheRouteOfMethodAndPath) {
  EXPECT_EQ(client_->Get("/v1/instances").body, "list");
  EXPECT_EQ(client_->Post("/v1/instances", "{}").body, "start");
  EXPECT_EQ(client_->Get("/v1/instances/a%2Fb?x=1").body, "get a/b");
  EXPECT_EQ(client_->Post("/v1/instances/i7/cancel", "").body, "cancel i7");
  EXPECT_EQ(client_->Get("/files/js/app.js").body, "file js/app.js");
  EXPECT_EQ(client_->Get("/").body, "root");
}

TEST_F(RouterTest, PrefersALiteralToAParameter) { EXPECT_EQ(client_->Get("/v1/instances/special").body, "special"); }

TEST_F(RouterTest, Answers404WithAProblem) {
  for (const char* path :
       {"/v1", "/v1/instances/", "/v1/instances/a/b/c", "/files", "/V1/instances", "//v1/instances"}) {
    const test::ClientResponse response = client_->Get(path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_NE(response.body.find("\"type\":\"/errors/FM-4915\""), std::string::npos) << response.body;
  }
}

TEST_F(RouterTest, Answers405WithTheMethodsThatThereAre) {
  const test::ClientResponse response = client_->Request("DELETE", "/v1/instances", {}, "");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.Header("allow"), "GET, HEAD, OPTIONS, POST");
}

TEST_F(RouterTest, AnswersHeadByTheRouteOfGetWithoutABody) {
  const test::ClientResponse response = client_->Request("HEAD", "/v1/instances", {}, "");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Header("content-length"), "4");
  EXPECT_EQ(client_->Request("HEAD", "/v1/instances/i7/cancel", {}, "").status, 405);
}

TEST_F(RouterTest, AnswersOptionsWithAllow) {
  const test::ClientResponse response = client_->Request("OPTIONS", "/v1/instances/i7/cancel", {}, "");
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.Header("allow"), "OPTIONS, POST");
}

TEST(Problem, EscapesItsTextsAndAddsMembers) {
  const HttpResponse problem = Problem(422, ErrorCode{4001}, "A \"title\"", "line\nbreak", {{"errors", "[1]"}});
  EXPECT_EQ(
      problem.body,
      R"({"type":"/errors/FM-4001","title":"A \"title\"","status":422,"detail":"line\nbreak","code":"FM-4001","errors":[1]})");
}

TEST(Problem, ShowsPathAndHintOfAnError) {
  const HttpResponse problem = Problem(422, Error{ErrorCode{4001}, "Expected a, but b.", "/input/a", "try c"});
  EXPECT_EQ(
      problem.body,
      R"({"type":"/errors/FM-4001","title":"Unprocessable Content","status":422,"detail":"Expected a, but b.","code":"FM-4001",)"
      R"("path":"/input/a","hint":"try c"})");
}

}  // namespace
}  // namespace fermata
