// api/openapi.yaml, held against what a server really answers.
//
// Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/schema/schema.h"
#include "tests/support/http_client.h"

namespace fermata::test {

class ApiDocument {
 public:
  // Read once a program.
  static ApiDocument& Get();

  // What the answer has that the document does not say, or has otherwise: status, type, fields, headers, code; "" if nothing.
  std::string Complaint(std::string_view method, std::string_view target, const ClientResponse& response);

  // Every operation: "GET", "/v1/instances/{id}", and the names of its query parameters.
  struct Operation {
    std::string method, path;
    std::vector<std::string> query;
  };
  std::vector<Operation> Operations() const;

 private:
  ApiDocument();

  const Value* Find(std::string_view pointer) const;
  // What `value` says, or the part of the document that its $ref names.
  const Value& Resolved(const Value& value) const;
  std::string ComplaintOfBody(const ClientResponse& response, const std::string& pointer);
  SchemaPtr SchemaAt(const std::string& pointer);

  std::map<std::string, Value> document_;  // under its file name; its objects are closed
  std::mutex mutex_;
  std::map<std::string, SchemaPtr> schemas_;  // by pointer
};

}  // namespace fermata::test
