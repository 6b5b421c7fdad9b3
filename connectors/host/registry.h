// The connectors that this process can call.
//
// Built-in ones go by their name. Those of kind http are made of manifests, and a call is made as the manifest says that its process was
// checked against: two processes may have brought different ones for one name.
//
// Thread-safe. Connectors are shared: one that is replaced lives on until the calls it is making have returned.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/sdk/connector.h"
#include "engine/base/result.h"
#include "engine/model/manifest.h"

namespace fermata {

class ConnectorRegistry {
 public:
  struct Entry {
    std::shared_ptr<Connector> connector;
    ManifestPtr manifest;
    std::int64_t number = 0;  // counts those of kind http; 0 = by its name
  };
  // Makes the connector of a manifest of kind http; called once for each that differs, from any thread.
  using MakeHttp = std::function<Result<std::unique_ptr<Connector>>(const ManifestPtr&)>;

  explicit ConnectorRegistry(MakeHttp make_http = nullptr) : make_http_(std::move(make_http)) {}

  // From now on calls of `manifest->connector` go to `connector`; one of that name from before is replaced.
  // Refuses a manifest of kind worker (7010): those calls are fetched by programs outside.
  Status Add(std::shared_ptr<Connector> connector, ManifestPtr manifest);

  // Empty pointers if there is none.
  Entry Find(std::string_view connector) const;
  ManifestPtr FindManifest(std::string_view connector) const { return Find(connector).manifest; }

  // For a call of a process that was checked against `manifest` (null: not known). If that is of kind http, the connector that is made of it,
  // made now if this is its first call; otherwise the one of this name. Fails as `make_http` does.
  Result<Entry> ForCall(std::string_view connector, const ManifestPtr& manifest);

 private:
  Result<Entry> Make(const ManifestPtr& manifest);  // with mutex_ held

  const MakeHttp make_http_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;
  // Bounded by what is deployed; manifests with one text share their connector and its connections.
  std::map<ManifestPtr, Entry> made_;
  std::map<std::string, Entry> made_by_text_;
};

}  // namespace fermata
