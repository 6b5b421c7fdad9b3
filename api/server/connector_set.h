// The connectors of this server: built-in ones, and those that manifests of kind http describe.
//
// AddBuiltin before everything else; the rest is thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/host/registry.h"
#include "connectors/http/egress.h"
#include "connectors/sdk/secrets.h"

namespace fermata {

class ConnectorSet {
 public:
  // Those of kind http call where `rules` allow, and where the environment sends them.
  ConnectorSet(std::shared_ptr<const SecretSource> secrets, EgressRules rules);

  // A connector in C++, by the manifest that it brings. A manifest with mistakes is a bug and asserts.
  void AddBuiltin(std::unique_ptr<Connector> connector);
  // Texts of the built-in ones' manifests, for the engine.
  const std::vector<std::string>& builtin_manifests() const { return builtin_manifests_; }

  // Whether a manifest of kind http can be turned into calls. Others need no turning.
  Status Check(const ManifestPtr& manifest) const;

  // Makes those of kind http by itself, at their first call.
  ConnectorRegistry& registry() { return registry_; }

 private:
  Result<std::unique_ptr<Connector>> MakeHttp(const ManifestPtr& manifest) const;

  const std::shared_ptr<const SecretSource> secrets_;
  const EgressRules rules_;
  std::vector<std::string> builtin_manifests_;
  ConnectorRegistry registry_;
};

}  // namespace fermata
