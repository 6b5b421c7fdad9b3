// The rules of the REST API for definitions and connectors. docs/api.md states them.
#include <map>

#include "tests/integration/rest_fixture.h"

namespace fermata::test {
namespace {

// ---- definitions ----

TEST_F(Rest, ADefinitionWithErrorsIs422WithAllOfThem) {
  const ClientResponse response = server_->Deploy(
      "fermata: 1\nprocess: bad\nversion: 1.0.0\nstates:\n  a: { next: nowhere }\n  b: { nxt: a, next: gone }\n");
  ExpectProblem(response, 422, "FM-4057");
  const Value problem = JsonOf(response);
  const std::vector<Value>& diagnostics = problem.Find("diagnostics")->as_list();
  ASSERT_GE(diagnostics.size(), 2u) << response.body;
  for (const char* field : {"file", "line", "column", "code", "message", "excerpt"})
    EXPECT_NE(diagnostics[0].Find(field), nullptr) << field;
}

TEST_F(Rest, TheSameDefinitionAgainIs200AndAnotherOneIs409) {
  EXPECT_EQ(server_->Deploy(kHello).status, 200);
  std::string changed = kHello;
  changed.replace(changed.find("Hello,"), 6, "Howdy,");
  const ClientResponse response = server_->Deploy(changed);
  ExpectProblem(response, 409, "FM-4012");
  EXPECT_NE(At(response, "hint").find("1.0.1"), std::string::npos) << response.body;
}

TEST_F(Rest, ABundleAsJsonBringsItsSchemas) {
  const std::string yaml =
      "fermata: 1\nprocess: bundled\nversion: 1.0.0\ninput: { $ref: schemas/in.json }\nstates:\n  done: { end: {} }\n";
  const Value bundle = Value::Object(
      {{"file", Value::String("bundled.yaml")},
       {"yaml", Value::String(yaml)},
       {"files",
        Value::Object({{"schemas/in.json", Value::String(R"({"required":["n"],"properties":{"n":{"$ref":"n.json"}}})")},
                       {"schemas/n.json", Value::String(R"({"type":"integer"})")}})}});
  const ClientResponse response = Post("/v1/definitions", WriteJson(bundle));
  ASSERT_EQ(response.status, 201) << response.body;
  EXPECT_EQ(response.Header("location"), "/v1/definitions/bundled/1.0.0");
  EXPECT_EQ(Post("/v1/instances", R"({"process":"bundled","input":{}})").status, 422);
  // Whoever reads the schema has no files.
  const std::string complete =
      R"({"required":["n"],"properties":{"n":{"$ref":"#/$defs/schemas_n.json"}},"$defs":{"schemas_n.json":{"type":"integer"}}})";
  EXPECT_EQ(At(Get("/v1/definitions/bundled"), "inputSchema"), complete);
  EXPECT_EQ(At(Get("/v1/definitions/bundled/1.0.0"), "inputSchema"), complete);
  ExpectProblem(Post("/v1/definitions", R"({"yaml":5,"filles":{}})"), 422, "FM-4050");
}

TEST_F(Rest, ABrokenManifestOfABundleIsToldItself) {
  const Value bundle = Value::Object(
      {{"yaml", Value::String("fermata: 1\nprocess: broken\nversion: 1.0.0\nstates:\n"
                              "  a: { call: sent.go, next: b }\n  b: { end: {} }\n")},
       {"manifests", Value::Object({{"sent.yaml", Value::String("connector: sent\nversion: 1.0.0\nkind: worker\n"
                                                                "operations: { go: { timeout: soon } }\n")}})}});
  const ClientResponse response = Post("/v1/definitions", WriteJson(bundle));
  ExpectProblem(response, 422, "FM-4057");
  EXPECT_EQ(At(response, "diagnostics.0.file"), "sent.yaml") << response.body;
  EXPECT_EQ(At(response, "diagnostics.1.file"), "") << response.body;
}

TEST_F(Rest, DefinitionsAreShown) {
  EXPECT_EQ(At(Get("/v1/definitions/hello"), "live"), "true");
  EXPECT_NE(At(Get("/v1/definitions/hello"), "versions.0.version"), "");
  EXPECT_EQ(At(Get("/v1/definitions/hello/1.0.0"), "states"), R"(["done"])");
  const ClientResponse yaml = Get("/v1/definitions/hello/1.0.0", {{"Accept", "application/yaml"}});
  EXPECT_EQ(yaml.body, kHello);
  for (const auto& [accept, type] : {std::pair{"text/x-nothing, Application/YAML;q=0.9, */*;q=0.1", "application/yaml"},
                                     {"application/json, application/yaml", "application/json"},
                                     {"*/*", "application/json"},
                                     {",;", "application/json"}})
    EXPECT_EQ(Get("/v1/definitions/hello/1.0.0", {{"Accept", accept}}).Header("content-type"), type) << accept;
  ExpectProblem(Get("/v1/definitions/nobody"), 404, "FM-4001");
  ExpectProblem(Get("/v1/definitions/hello/7.0.0"), 404, "FM-4002");
  EXPECT_EQ(Get("/v1/definitions").status, 200);
}

TEST_F(Rest, TheLiveVersionCanBeMovedBack) {
  const auto version = [](const std::string& number) {
    return "fermata: 1\nprocess: moved\nversion: " + number + "\nstates:\n  done: { end: { v: \"" + number + "\" } }\n";
  };
  ASSERT_EQ(server_->Deploy(version("1.0.0")).status, 201);
  ASSERT_EQ(server_->Deploy(version("2.0.0")).status, 201);
  EXPECT_EQ(At(server_->Run("moved", "{}"), "version"), "2.0.0");
  EXPECT_EQ(Post("/v1/definitions/moved/live", R"({"version":"1.0.0"})").status, 200);
  EXPECT_EQ(At(server_->Run("moved", "{}"), "version"), "1.0.0");
  ExpectProblem(Post("/v1/definitions/moved/live", R"({"version":"3.0.0"})"), 404, "FM-4002");
}

TEST_F(Rest, ConnectorsAreShownWithTheirOriginAndBadOnesRefused) {
  const Value listed = JsonOf(Get("/v1/connectors"));
  std::map<std::string, Value> connectors;
  for (const Value& item : listed.Find("items")->as_list()) connectors.emplace(At(item, "connector"), item);
  EXPECT_EQ(At(connectors["engine"], "origin"), "builtin");
  EXPECT_EQ(At(connectors["recorder"], "origin"), "deployed");
  EXPECT_EQ(At(connectors["recorder"], "processes"), R"(["chain"])");
  ExpectProblem(server_->DeployConnector("connector: own\nversion: 1.0.0\noperations: { go: {} }\n"), 422, "FM-4051");
  ExpectProblem(
      server_->DeployConnector("connector: engine\nversion: 1.0.0\nkind: worker\noperations: { cancel: {} }\n"), 422,
      "FM-4051");
  EXPECT_EQ(server_->DeployConnector("connector: bad\nversion: 1.0.0\nkind: nothing\noperations: {}\n").status, 422);
}

}  // namespace
}  // namespace fermata::test
