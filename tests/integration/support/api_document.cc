#include "tests/integration/support/api_document.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "engine/base/assert.h"
#include "engine/language/reader.h"
#include "engine/model/json.h"
#include "engine/schema/pointer.h"
#include "tests/integration/support/fermata_server.h"
#include "tests/support/openapi.h"

namespace fermata::test {
namespace {

constexpr const char* kFile = "openapi.yaml";

std::string Upper(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return upper;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

const std::set<std::string> kEverywhere = {"date",
                                           "connection",
                                           "content-length",
                                           "transfer-encoding",
                                           "content-type",
                                           "cache-control",
                                           "x-content-type-options",
                                           "referrer-policy",
                                           "content-security-policy",
                                           "etag",
                                           "vary",
                                           "content-encoding"};

}  // namespace

ApiDocument& ApiDocument::Get() {
  static ApiDocument document;
  return document;
}

ApiDocument::ApiDocument() {
  const ReadOutcome read = ReadYaml(kFile, ReadFile(FERMATA_SOURCE_DIR "/api/openapi.yaml"));
  FERMATA_ASSERT(read.root);
  document_[kFile] = WithClosedObjects(ToValue(*read.root));
}

const Value* ApiDocument::Find(std::string_view pointer) const { return FindPointer(document_.at(kFile), pointer); }

const Value& ApiDocument::Resolved(const Value& value) const {
  const Value* reference = value.Find("$ref");
  if (!reference) return value;
  const Value* found = Find(std::string(reference->as_string()).substr(1));
  FERMATA_ASSERT(found != nullptr);
  return *found;
}

SchemaPtr ApiDocument::SchemaAt(const std::string& pointer) {
  std::lock_guard lock(mutex_);
  SchemaPtr& schema = schemas_[pointer];
  if (schema) return schema;
  const Value reference = Value::Object({{"$ref", Value::String(std::string(kFile) + "#" + pointer)}});
  SchemaOutcome compiled = CompileSchema(reference, {"", &document_});
  for (const SchemaError& error : compiled.errors) ADD_FAILURE() << error.path << ": " << error.message;
  return schema = compiled.schema;
}

std::string ApiDocument::ComplaintOfBody(const ClientResponse& response, const std::string& pointer) {
  const std::string header = response.Header("content-type");
  const std::string type = header.substr(0, header.find(';'));
  if (response.body.empty() && type.empty()) return "";
  const std::string place = PointerTo(pointer + "/content", type);
  if (!Find(place)) return "The document has no body of the type '" + type + "' there.";
  if (!type.ends_with("json")) return "";
  const Result<Value> body = ParseJson(response.body);
  if (!body.ok()) return body.error().message;
  const SchemaPtr schema = SchemaAt(place + "/schema");
  if (!schema) return "The document's schema cannot be read.";
  std::string complaint;
  for (const SchemaViolation& violation : Validate(*schema, *body))
    complaint += violation.path + ": " + violation.message + " ";
  return complaint;
}

std::string ApiDocument::Complaint(std::string_view method, std::string_view target, const ClientResponse& response) {
  if (!response.complete || method == "HEAD" || method == "OPTIONS") return "";
  const std::string path = FindPathFor(*Find("/paths"), target);
  std::string pointer = "/components/responses/Refused";
  const std::string operation = PointerTo("/paths", path) + "/" + Lower(method);
  if (const Value* responses = path.empty() ? nullptr : Find(operation + "/responses")) {
    const std::string status = std::to_string(response.status);
    if (const Value* documented = responses->Find(status)) {
      const Value* reference = documented->Find("$ref");
      pointer = reference ? std::string(reference->as_string()).substr(1) : PointerTo(operation + "/responses", status);
    }
  }
  const Value& documented = *Find(pointer);
  if (pointer.ends_with("/Refused") && response.status < 400) return "The document has no such status there.";
  for (const auto& [name, value] : response.headers) {
    if (kEverywhere.count(name)) continue;
    bool known = false;
    if (const Value* headers = documented.Find("headers"))
      for (const auto& [key, header] : headers->as_map()) known = known || Lower(key.as_string()) == name;
    if (!known) return "The document has no header '" + name + "' there.";
  }
  if (response.status >= 400) {
    const Result<Value> problem = ParseJson(response.body);
    const std::string code = problem.ok() ? At(*problem, "code") : "";
    if (code.empty() || documented.Find("description")->as_string().find(code) == std::string::npos)
      return "The document has no code '" + code + "' for the status " + std::to_string(response.status) + " there.";
  }
  return ComplaintOfBody(response, pointer);
}

std::vector<ApiDocument::Operation> ApiDocument::Operations() const {
  std::vector<Operation> all;
  for (const auto& [path, operations] : Find("/paths")->as_map()) {
    for (const auto& [method, said] : operations.as_map()) {
      if (method.as_string() == "parameters") continue;
      Operation operation{Upper(method.as_string()), std::string(path.as_string()), {}};
      if (const Value* parameters = said.Find("parameters"))
        for (const Value& parameter : parameters->as_list())
          if (const Value& resolved = Resolved(parameter); At(resolved, "in") == "query")
            operation.query.push_back(At(resolved, "name"));
      all.push_back(std::move(operation));
    }
  }
  return all;
}

}  // namespace fermata::test
