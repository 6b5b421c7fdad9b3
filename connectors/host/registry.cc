#include "connectors/host/registry.h"

#include <utility>

#include "connectors/host/codes.h"

namespace fermata {

Status ConnectorRegistry::Add(std::shared_ptr<Connector> connector, ManifestPtr manifest) {
  FERMATA_ASSERT(connector != nullptr && manifest != nullptr);
  if (manifest->kind == ConnectorKind::kWorker)
    return Error{.code = kConnectorNotCallable,
                 .message = "Expected a connector of kind builtin or http, but '" + manifest->connector +
                            "' is of kind worker: its calls are fetched by programs outside."};
  std::lock_guard lock(mutex_);
  entries_.insert_or_assign(manifest->connector, Entry{std::move(connector), manifest});
  return Done{};
}

ConnectorRegistry::Entry ConnectorRegistry::Find(std::string_view connector) const {
  std::lock_guard lock(mutex_);
  auto found = entries_.find(connector);
  return found == entries_.end() ? Entry{} : found->second;
}

std::vector<ManifestPtr> ConnectorRegistry::Manifests() const {
  std::lock_guard lock(mutex_);
  std::vector<ManifestPtr> manifests;
  for (const auto& [name, entry] : entries_) manifests.push_back(entry.manifest);
  return manifests;
}

}  // namespace fermata
