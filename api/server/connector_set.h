// The connectors of this server: built-in ones, and those that manifests of kind http describe.
//
// Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/host/registry.h"
#include "connectors/sdk/secrets.h"
#include "engine/storage/storage.h"

namespace fermata {

class ConnectorSet {
 public:
  explicit ConnectorSet(std::shared_ptr<const SecretSource> secrets) : secrets_(std::move(secrets)) {}

  // A connector in C++, by the manifest that it brings. A manifest with mistakes is a bug and asserts.
  void AddBuiltin(std::unique_ptr<Connector> connector);
  // Texts of the built-in ones' manifests, for the engine.
  const std::vector<std::string>& builtin_manifests() const { return builtin_manifests_; }

  // Whether a manifest of kind http can be turned into calls. Others need no turning.
  Status Check(const ManifestPtr& manifest) const;
  // From now on calls are made as these say; other kinds are passed over, and what cannot be used is logged.
  void Use(const std::vector<ManifestPtr>& manifests);
  // Those that were deployed earlier. Before the engine recovers, so that the calls it repeats find their connector.
  Status UseStored(Storage& storage);

  const ConnectorRegistry& registry() const { return registry_; }

 private:
  const std::shared_ptr<const SecretSource> secrets_;
  std::vector<std::string> builtin_manifests_;
  ConnectorRegistry registry_;
  std::mutex mutex_;
  std::map<std::string, std::string>
      used_;  // connector -> its manifest's text, so that an unchanged one keeps its connections
};

}  // namespace fermata
