// What a connector can do, as the checker, the engine and the host read it from its manifest.
//
// Immutable once built; shared across threads by pointer to const.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/model/value.h"

namespace fermata {

class CompiledSchema;  // engine/schema
using SchemaPtr = std::shared_ptr<const CompiledSchema>;

// How often and when a failed try is repeated. language.md 11.6.
struct RetryPolicy {
  std::int64_t attempts = 1;  // all tries; 0 = for ever
  std::int64_t first_ms = 1'000;
  double factor = 2.0;
  std::int64_t max_ms = 3'600'000;
  double jitter = 0.0;          // 0 to 1: the wait is shortened by up to this share
  std::vector<std::string> on;  // names of errors that are retried; empty = the four technical ones

  friend bool operator==(const RetryPolicy&, const RetryPolicy&) = default;
};

enum class ConnectorKind { kBuiltin, kHttp, kWorker };

struct OperationLimits {
  int concurrency = 0;    // 0 = the host's default
  double per_second = 0;  // 0 = unlimited
};

struct OperationManifest {
  std::string name;
  std::string title, description;
  SchemaPtr input, output;          // null = anything
  std::vector<std::string> errors;  // business errors that it can raise
  std::optional<std::int64_t> timeout_ms;
  std::optional<RetryPolicy> retry;
  OperationLimits limits;
  Value http;  // kind http: {method, url, headers, body, response, errors …}; null otherwise. connectors/http reads it
};

struct Manifest {
  std::string connector;
  std::string version;
  std::string title, description;
  ConnectorKind kind = ConnectorKind::kBuiltin;
  Value http;  // kind http: connector-wide settings (base url, headers, secrets by reference); null otherwise
  std::vector<OperationManifest> operations;
  Value source;  // the document as it was read, for GET and for the bundle

  const OperationManifest* Find(std::string_view operation) const {
    for (const OperationManifest& candidate : operations)
      if (candidate.name == operation) return &candidate;
    return nullptr;
  }
};
using ManifestPtr = std::shared_ptr<const Manifest>;

// The manifest of the connector that `full` ("connector.operation") names; null if there is none among these.
inline const Manifest* FindManifest(const std::vector<ManifestPtr>& manifests, std::string_view full) {
  const std::size_t dot = full.find('.');
  for (const ManifestPtr& manifest : manifests)
    if (dot != std::string_view::npos && manifest->connector == full.substr(0, dot)) return manifest.get();
  return nullptr;
}
// The operation itself.
inline const OperationManifest* FindOperation(const std::vector<ManifestPtr>& manifests, std::string_view full) {
  const Manifest* manifest = FindManifest(manifests, full);
  return manifest == nullptr ? nullptr : manifest->Find(full.substr(manifest->connector.size() + 1));
}

}  // namespace fermata
