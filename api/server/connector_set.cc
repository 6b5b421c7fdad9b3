#include "api/server/connector_set.h"

#include <utility>

#include "connectors/http/http_connector.h"
#include "engine/language/load.h"

namespace fermata {

ConnectorSet::ConnectorSet(std::shared_ptr<const SecretSource> secrets, EgressRules rules)
    : secrets_(std::move(secrets)),
      rules_(std::move(rules)),
      registry_([this](const ManifestPtr& manifest) { return MakeHttp(manifest); }) {}

Result<std::unique_ptr<Connector>> ConnectorSet::MakeHttp(const ManifestPtr& manifest) const {
  HttpConnectorOptions options = HttpConnectorOptionsFromEnvironment(manifest->connector);
  options.rules = rules_;
  return MakeHttpConnector(manifest, secrets_, options);
}

void ConnectorSet::AddBuiltin(std::unique_ptr<Connector> connector) {
  std::string text(connector->ManifestYaml());
  const ManifestOutcome loaded = LoadManifest("built-in", text);
  FERMATA_ASSERT(loaded.manifest != nullptr);
  const Status added = registry_.Add(std::move(connector), loaded.manifest);
  FERMATA_ASSERT(added.ok());
  builtin_manifests_.push_back(std::move(text));
}

Status ConnectorSet::Check(const ManifestPtr& manifest) const {
  if (manifest->kind != ConnectorKind::kHttp) return Done{};
  Result<std::unique_ptr<Connector>> made = MakeHttp(manifest);
  if (!made.ok()) return made.error();
  return Done{};
}

}  // namespace fermata
