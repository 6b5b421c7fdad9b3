#include "connectors/host/registry.h"

#include <utility>

#include "connectors/host/codes.h"
#include "engine/model/json.h"

namespace fermata {

Status ConnectorRegistry::Add(std::shared_ptr<Connector> connector, ManifestPtr manifest) {
  FERMATA_ASSERT(connector != nullptr && manifest != nullptr);
  if (manifest->kind == ConnectorKind::kWorker)
    return Error{.code = kConnectorNotCallable,
                 .message = "Expected a connector of kind builtin or http, but '" + manifest->connector +
                            "' is of kind worker: its calls are fetched by programs outside."};
  std::lock_guard lock(mutex_);
  entries_.insert_or_assign(manifest->connector, Entry{std::move(connector), manifest, 0});
  return Done{};
}

ConnectorRegistry::Entry ConnectorRegistry::Find(std::string_view connector) const {
  std::lock_guard lock(mutex_);
  auto found = entries_.find(connector);
  return found == entries_.end() ? Entry{} : found->second;
}

Result<ConnectorRegistry::Entry> ConnectorRegistry::ForCall(std::string_view connector, const ManifestPtr& manifest) {
  if (manifest == nullptr || manifest->kind != ConnectorKind::kHttp || !make_http_) return Find(connector);
  std::lock_guard lock(mutex_);
  auto found = made_.find(manifest);
  if (found != made_.end()) return found->second;
  return Make(manifest);
}

Result<ConnectorRegistry::Entry> ConnectorRegistry::Make(const ManifestPtr& manifest) {
  std::string text = manifest->connector + "\n" + WriteJson(manifest->source);
  auto same = made_by_text_.find(text);
  if (same == made_by_text_.end()) {
    Result<std::unique_ptr<Connector>> made = make_http_(manifest);
    if (!made.ok()) return made.error();
    Entry entry{std::move(*made), manifest, static_cast<std::int64_t>(made_by_text_.size()) + 1};
    same = made_by_text_.emplace(std::move(text), std::move(entry)).first;
  }
  return made_.emplace(manifest, same->second).first->second;
}

}  // namespace fermata
