// api/openapi.yaml says what the server does. Every answer that these tests see is held against it, too (support/api_document.h).
#include <algorithm>

#include "tests/integration/rest_fixture.h"
#include "tests/integration/support/api_document.h"

namespace fermata::test {
namespace {

// The path of an operation with something in place of its {names}.
std::string Filled(std::string path) {
  for (std::size_t open = path.find('{'); open != std::string::npos; open = path.find('{'))
    path.replace(open, path.find('}') - open + 1, "none");
  return path;
}

TEST_F(Rest, QueryParametersAreThoseOfTheDocument) {
  int operations = 0;
  for (const ApiDocument::Operation& operation : ApiDocument::Get().Operations()) {
    if (!operation.path.starts_with("/v1/")) continue;
    ++operations;
    const std::string target = Filled(operation.path) + "?unheard-of=1";
    const ClientResponse refused = operation.method == "POST"
                                       ? Post(target, "{}", "application/json")
                                       : server_->http().Request(operation.method, target, {}, "");
    ASSERT_EQ(refused.status, 422) << operation.method << " " << operation.path << " " << refused.body;
    std::vector<std::string> documented = operation.query;
    // `var.` stands for all that begin with it.
    for (std::string& name : documented) name = name == "var.NAME" ? "var." : name;
    std::string list;
    for (const std::string& name : documented) list += (list.empty() ? "" : ", ") + name;
    const std::string expected = documented.empty()
                                     ? "Expected no query, but got 'unheard-of'."
                                     : "Expected one of the parameters " + list + ", but got 'unheard-of'.";
    EXPECT_NE(refused.body.find(expected), std::string::npos)
        << operation.method << " " << operation.path << ": " << expected << "\n"
        << refused.body;
  }
  EXPECT_GT(operations, 20);
}

TEST_F(Rest, EveryPageOfTheServerIsInTheDocument) {
  for (const char* path :
       {"/", "/errors", "/errors/FM-4001", "/errors/FM-0000", "/openapi.yaml", "/openapi.json", "/docs", "/healthz",
        "/readyz", "/metrics", "/v1/definitions", "/v1/connectors", "/v1/instances", "/v1/incidents", "/v1/tasks",
        "/v1/definitions/hello", "/v1/definitions/hello/1.0.0"})
    EXPECT_EQ(ApiDocument::Get().Complaint("GET", path, Get(path)), "") << path;
  const ClientResponse html = Get("/errors/FM-4001", {{"Accept", "text/html"}});
  EXPECT_EQ(ApiDocument::Get().Complaint("GET", "/errors/FM-4001", html), "");
}

TEST_F(Rest, WhatTheDocumentDoesNotSayWouldBeSeen) {
  ApiDocument& document = ApiDocument::Get();
  const ClientResponse good = Get("/v1/tasks");
  ASSERT_EQ(document.Complaint("GET", "/v1/tasks?limit=1", good), "");
  ClientResponse bad = good;
  bad.body = R"({"items":[],"next":null,"more":1})";
  EXPECT_NE(document.Complaint("GET", "/v1/tasks", bad).find("'more'"), std::string::npos);
  bad.body = R"({"items":[]})";
  EXPECT_NE(document.Complaint("GET", "/v1/tasks", bad), "");
  bad = good;
  bad.headers.emplace_back("x-more", "1");
  EXPECT_NE(document.Complaint("GET", "/v1/tasks", bad).find("x-more"), std::string::npos);
  bad = good;
  bad.status = 201;
  EXPECT_NE(document.Complaint("GET", "/v1/tasks", bad), "");
  EXPECT_NE(document.Complaint("POST", "/v1/tasks", good), "");
  const ClientResponse refused = Get("/v1/tasks/none");
  EXPECT_EQ(document.Complaint("GET", "/v1/tasks/none", refused), "");
  // Another code than this path has.
  EXPECT_NE(document.Complaint("GET", "/v1/instances/none", refused), "");
}

}  // namespace
}  // namespace fermata::test
