// Secrets in one file of this machine, encrypted by the server's keys: what `fermata secret` writes and `serve --secrets-file` reads.
//
// Thread-safe; one writer at a time.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "engine/base/result.h"
#include "engine/base/sealing.h"

namespace fermata {

// By name. A file that is not there has none; fails with kSecretsUnreadable, or as the keys say.
Result<std::map<std::string, std::string>> ReadSealedSecrets(const std::filesystem::path& file,
                                                             const SealingKeys& keys);

// Replaces the file whole or not at all; readable by its owner only. `keys` are not empty.
Status WriteSealedSecrets(const std::filesystem::path& file, const SealingKeys& keys,
                          const std::map<std::string, std::string>& secrets);

}  // namespace fermata
