#include "api/server/connector_set.h"

#include <utility>

#include "connectors/http/http_connector.h"
#include "engine/base/log.h"
#include "engine/language/load.h"
#include "engine/model/json.h"
#include "engine/runtime/bundle.h"

namespace fermata {

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
  Result<std::unique_ptr<Connector>> made =
      MakeHttpConnector(manifest, secrets_, HttpConnectorOptionsFromEnvironment(manifest->connector));
  if (!made.ok()) return made.error();
  return Done{};
}

void ConnectorSet::Use(const std::vector<ManifestPtr>& manifests) {
  std::lock_guard lock(mutex_);
  for (const ManifestPtr& manifest : manifests) {
    if (manifest->kind != ConnectorKind::kHttp) continue;
    std::string text = WriteJson(manifest->source);
    if (used_[manifest->connector] == text) continue;
    Result<std::unique_ptr<Connector>> made =
        MakeHttpConnector(manifest, secrets_, HttpConnectorOptionsFromEnvironment(manifest->connector));
    Status added = made.ok() ? registry_.Add(std::move(*made), manifest) : Status(made.error());
    if (added.ok()) {
      used_[manifest->connector] = std::move(text);
    } else {
      LogError("A connector cannot be used.", {{"connector", manifest->connector},
                                               {"code", FormatErrorCode(added.error().code)},
                                               {"reason", added.error().message}});
    }
  }
}

Status ConnectorSet::UseStored(Storage& storage) {
  Result<std::vector<DefinitionRow>> definitions = storage.ReadDefinitions();
  if (!definitions.ok()) return definitions.error();
  Result<std::vector<ManifestRow>> manifests = storage.ReadManifests();
  if (!manifests.ok()) return manifests.error();
  std::vector<std::pair<std::string, std::string>> texts;
  for (const DefinitionRow& row : *definitions)
    if (Result<StoredBundle> bundle = DecodeBundle(row.bundle); bundle.ok())
      texts.insert(texts.end(), bundle->manifests.begin(), bundle->manifests.end());
  // Those given over REST last: they are what an operator has said most explicitly.
  for (const ManifestRow& row : *manifests) texts.emplace_back(row.connector, row.text);
  for (const auto& [file, text] : texts)
    if (const ManifestOutcome loaded = LoadManifest(file, text); loaded.manifest) Use({loaded.manifest});
  return Done{};
}

}  // namespace fermata
