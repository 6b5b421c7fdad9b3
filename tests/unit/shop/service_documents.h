// The openapi.yaml of every service, held against what the services really answer.
//
// Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "engine/schema/schema.h"
#include "tests/support/http_client.h"

namespace fermata::test {

class ServiceDocuments {
 public:
  // Read once a program.
  static ServiceDocuments& Get();

  // Method and path of every operation.
  std::set<std::pair<std::string, std::string>> RoutesOf(const std::string& service) const;
  // What an operation asks for: `session`, `service`, either, or nothing.
  std::set<std::string> KeysOf(const std::string& service, const std::string& method, const std::string& path) const;
  // What the answer has that the service's document does not say, or has otherwise; "" if nothing.
  std::string Complaint(const std::string& service, const std::string& method, const std::string& target,
                        const ClientResponse& response);

 private:
  ServiceDocuments();

  const Value* Find(const std::string& service, std::string_view pointer) const;
  SchemaPtr SchemaAt(const std::string& service, const std::string& pointer);

  std::map<std::string, Value> documents_;  // by service; their objects are closed
  std::mutex mutex_;
  std::map<std::string, SchemaPtr> schemas_;  // by service and pointer
};

}  // namespace fermata::test
