// The secrets of this machine: files in a folder (one a secret, as container platforms mount them), then the
// environment.
#pragma once

#include <filesystem>
#include <memory>

#include "connectors/sdk/secrets.h"
#include "engine/base/result.h"
#include "engine/base/sealing.h"

namespace fermata {

// Where secrets are. What is empty is not looked at.
struct SecretPlaces {
  std::filesystem::path folder;       // a file a secret
  std::filesystem::path sealed_file;  // of `fermata secret`
  SealingKeys keys{};                 // which open it
};

// kSecretsUnreadable: the folder is not there, or not one that can be listed.
Status CheckSecretPlaces(const SecretPlaces& places);

// Looks for the file `folder/NAME` (one line end at its end is cut off), then in the sealed file, then for the variable FERMATA_SECRET_NAME.
// Read anew at each look-up, so that a rotated secret holds at once.
std::shared_ptr<const SecretSource> MakeSecretStore(SecretPlaces places);

}  // namespace fermata
