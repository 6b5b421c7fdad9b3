#include "tests/unit/shop/service_documents.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "engine/base/assert.h"
#include "engine/language/reader.h"
#include "engine/model/json.h"
#include "engine/schema/pointer.h"
#include "examples/shop/common/shop.h"
#include "tests/support/openapi.h"
#include "tests/support/read_file.h"

namespace fermata::test {
namespace {

std::string Changed(std::string text, int (*change)(int)) {
  for (char& c : text) c = static_cast<char>(change(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

ServiceDocuments& ServiceDocuments::Get() {
  static ServiceDocuments documents;
  return documents;
}

ServiceDocuments::ServiceDocuments() {
  for (const char* service : shop::kServiceNames) {
    const std::string file = std::string(FERMATA_SOURCE_DIR "/examples/shop/") + service + "/openapi.yaml";
    const ReadOutcome read = ReadYaml("openapi.yaml", test::ReadFile(file));
    FERMATA_ASSERT(read.root);
    documents_[service] = WithClosedObjects(ToValue(*read.root));
  }
}

const Value* ServiceDocuments::Find(const std::string& service, std::string_view pointer) const {
  return FindPointer(documents_.at(service), pointer);
}

std::set<std::pair<std::string, std::string>> ServiceDocuments::RoutesOf(const std::string& service) const {
  std::set<std::pair<std::string, std::string>> routes;
  for (const auto& [path, operations] : Find(service, "/paths")->as_map())
    for (const auto& [method, said] : operations.as_map())
      if (method.as_string() != "parameters")
        routes.emplace(Changed(std::string(method.as_string()), std::toupper), path.as_string());
  return routes;
}

std::set<std::string> ServiceDocuments::KeysOf(const std::string& service, const std::string& method,
                                               const std::string& path) const {
  std::set<std::string> keys;
  const Value* security = Find(service, PointerTo("/paths", path) + "/" + Changed(method, std::tolower) + "/security");
  if (security == nullptr) return keys;
  for (const Value& way : security->as_list())
    for (const auto& [key, scopes] : way.as_map()) keys.emplace(key.as_string());
  return keys;
}

SchemaPtr ServiceDocuments::SchemaAt(const std::string& service, const std::string& pointer) {
  std::lock_guard lock(mutex_);
  SchemaPtr& schema = schemas_[service + pointer];
  if (schema) return schema;
  const Value reference = Value::Object({{"$ref", Value::String(service + "#" + pointer)}});
  return schema = CompileSchema(reference, {"", &documents_}).schema;
}

std::string ServiceDocuments::Complaint(const std::string& service, const std::string& method,
                                        const std::string& target, const ClientResponse& response) {
  const std::string header = response.Header("content-type"), type = header.substr(0, header.find(';'));
  // The HTTP server's own refusals are the same everywhere.
  if (response.status == 0 || type == "application/problem+json") return "";
  const std::string path = FindPathFor(*Find(service, "/paths"), target);
  const Value* operation = path.empty() ? nullptr : Find(service, PointerTo("/paths", path));
  if (operation == nullptr) return "The document has no such path.";
  const std::string responses = PointerTo("/paths", path) + "/" + Changed(method, std::tolower) + "/responses";
  std::string pointer = PointerTo(responses, std::to_string(response.status));
  const Value* documented = Find(service, pointer);
  if (documented == nullptr) return "The document has no such status there.";
  if (const Value* reference = documented->Find("$ref")) {
    pointer = std::string(reference->as_string()).substr(1);
    documented = Find(service, pointer);
    if (documented == nullptr) return "The document's answer leads nowhere.";
  }
  const Value* content = documented->Find("content");
  if (content == nullptr)
    return response.status == 204 || type == "application/json" ? "" : "The document has no body there.";
  if (content->Find(type) == nullptr) return content->Find("*/*") ? "" : "The document has no body of this type there.";
  if (type != "application/json") return "";
  const Result<Value> body = ParseJson(response.body);
  const SchemaPtr schema = SchemaAt(service, PointerTo(pointer + "/content", type) + "/schema");
  if (!body.ok() || !schema) return "The body or its schema cannot be read.";
  std::string complaint;
  for (const SchemaViolation& violation : Validate(*schema, *body))
    complaint += violation.path + ": " + violation.message + " ";
  return complaint;
}

}  // namespace fermata::test
