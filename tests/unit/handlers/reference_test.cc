// The document as JSON and as a page.
#include "api/handlers/reference.h"

#include <gtest/gtest.h>

#include "engine/model/json.h"

namespace fermata {
namespace {

TEST(Reference, EveryOperationAndSchemaStandsOnThePage) {
  const Result<Value> document = ParseJson(OpenApiJson());
  ASSERT_TRUE(document.ok());
  const std::string& page = ReferencePage();
  int operations = 0;
  for (const auto& [path, item] : document->Find("paths")->as_map())
    for (const auto& [method, operation] : item.as_map()) {
      const Value* id = operation.is_map() ? operation.Find("operationId") : nullptr;
      if (!id) continue;
      ++operations;
      EXPECT_NE(page.find("<details id=\"" + std::string(id->as_string()) + "\">"), std::string::npos)
          << WriteJson(*id);
    }
  EXPECT_GT(operations, 20);
  for (const auto& [name, schema] : document->Find("components")->Find("schemas")->as_map())
    EXPECT_NE(page.find("id=\"schema-" + std::string(name.as_string()) + "\""), std::string::npos) << WriteJson(name);
}

TEST(Reference, EveryLinkLeadsSomewhere) {
  const std::string& page = ReferencePage();
  for (std::size_t at = page.find("href=\"#"); at != std::string::npos; at = page.find("href=\"#", at + 1)) {
    const std::string name = page.substr(at + 7, page.find('"', at + 7) - at - 7);
    EXPECT_NE(page.find("id=\"" + name + "\""), std::string::npos) << name;
  }
}

TEST(Reference, TextOfTheDocumentIsNoMarkup) {
  const Result<Value> document = ParseJson(
      R"({"info":{"title":"<script>","description":"a & b"},"paths":{"/x":{"get":{"operationId":"x","summary":"`<b>`"}}}})");
  const std::string page = ReferencePageOf(*document);
  EXPECT_EQ(page.find("<script>"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;"), std::string::npos);
  EXPECT_NE(page.find("<code>&lt;b&gt;</code>"), std::string::npos);
}

}  // namespace
}  // namespace fermata
