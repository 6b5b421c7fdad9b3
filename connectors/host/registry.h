// The connectors that this process can call, by name.
//
// Thread-safe. Connectors are shared: one that is replaced lives on until the calls it is making have returned.
#pragma once

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
  };

  // From now on calls of `manifest->connector` go to `connector`; one of that name from before is replaced.
  // Refuses a manifest of kind worker (7010): those calls are fetched by programs outside.
  Status Add(std::shared_ptr<Connector> connector, ManifestPtr manifest);

  // Empty pointers if there is none.
  Entry Find(std::string_view connector) const;
  ManifestPtr FindManifest(std::string_view connector) const { return Find(connector).manifest; }
  // In alphabetical order.
  std::vector<ManifestPtr> Manifests() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace fermata
