// A connector without code: its manifest says which request each operation makes and what the answer means (kind http,
// README.md).
#pragma once

#include <memory>
#include <string>

#include "connectors/http/egress.h"
#include "connectors/sdk/connector.h"
#include "connectors/sdk/secrets.h"
#include "engine/base/result.h"
#include "engine/model/manifest.h"

namespace fermata {

struct HttpConnectorOptions {
  // In the place of the manifest's `http.url`: where the service runs here. Empty = the manifest's.
  std::string base_url;
  // Where it may call to; a `base_url` is the operator's word and may be called, too.
  EgressRules rules = EgressRules::Anything();
};

// What the environment says of this connector: FERMATA_CONNECTOR_<NAME>_URL (upper case, '-' as '_').
HttpConnectorOptions HttpConnectorOptionsFromEnvironment(std::string_view connector);

// Thread-safe once made. `secrets` is asked at each call. Fails (7001, 7002) when the manifest's `http` parts cannot
// work.
Result<std::unique_ptr<Connector>> MakeHttpConnector(ManifestPtr manifest, std::shared_ptr<const SecretSource> secrets,
                                                     const HttpConnectorOptions& options);

}  // namespace fermata
