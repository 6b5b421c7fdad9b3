// The secrets of this machine: files in a folder (one a secret, as container platforms mount them), then the
// environment.
#pragma once

#include <filesystem>
#include <memory>

#include "connectors/sdk/secrets.h"

namespace fermata {

// Looks for the file `folder/NAME` (one line end at its end is cut off), then for the variable FERMATA_SECRET_NAME.
// An empty `folder` means: the environment only. Read anew at each look-up, so that a rotated secret holds at once.
std::shared_ptr<const SecretSource> MakeSecretStore(std::filesystem::path folder);

}  // namespace fermata
