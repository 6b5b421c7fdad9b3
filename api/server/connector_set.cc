#include "api/server/connector_set.h"

#include <utility>

#include "connectors/http/http_connector.h"
#include "engine/language/load.h"

namespace fermata {

namespace {

Result<std::unique_ptr<Connector>> MakeHttp(const ManifestPtr& manifest,
                                            const std::shared_ptr<const SecretSource>& secrets) {
  return MakeHttpConnector(manifest, secrets, HttpConnectorOptionsFromEnvironment(manifest->connector));
}

}  // namespace

ConnectorSet::ConnectorSet(std::shared_ptr<const SecretSource> secrets)
    : secrets_(std::move(secrets)),
      registry_([this](const ManifestPtr& manifest) { return MakeHttp(manifest, secrets_); }) {}

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
  Result<std::unique_ptr<Connector>> made = MakeHttp(manifest, secrets_);
  if (!made.ok()) return made.error();
  return Done{};
}

}  // namespace fermata
