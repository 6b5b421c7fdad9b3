#include "connectors/host/secret_store.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

#include "connectors/host/codes.h"
#include "connectors/host/sealed_secrets.h"
#include "engine/base/log.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

using Found = Result<std::optional<std::string>>;

Error UnreadableSecret(std::string_view name, const std::string& reason) {
  return {kSecretUnreadable, "Expected to read the secret " + std::string(name) + ", but " + reason + "."};
}

class SecretStore final : public SecretSource {
 public:
  explicit SecretStore(SecretPlaces places) : places_(std::move(places)) {}

  Found Find(std::string_view name) const override {
    // Also keeps a name from leaving the folder.
    if (!IsSecretName(name)) return Found(std::nullopt);
    Found value = FromFolder(name);
    if (!value.ok() || value->has_value()) return value;
    value = FromSealedFile(name);
    if (!value.ok() || value->has_value()) return value;
    const char* text = std::getenv(("FERMATA_SECRET_" + std::string(name)).c_str());
    return text == nullptr ? Found(std::nullopt) : Found(std::string(text));
  }

 private:
  Found FromFolder(std::string_view name) const {
    if (places_.folder.empty()) return Found(std::nullopt);
    std::error_code error;
    if (!std::filesystem::is_directory(places_.folder, error))
      return UnreadableSecret(name, "the folder of secrets is not there");
    const std::filesystem::path path = places_.folder / name;
    const std::filesystem::file_status status = std::filesystem::status(path, error);
    const bool is_link = std::filesystem::is_symlink(std::filesystem::symlink_status(path, error));
    if (status.type() == std::filesystem::file_type::not_found && !is_link) return Found(std::nullopt);
    if (status.type() != std::filesystem::file_type::regular)
      return UnreadableSecret(name, "what has its name in the folder of secrets is no file that can be read");
    const std::uintmax_t bytes = std::filesystem::file_size(path, error);
    if (error || bytes > kSecretBytesMax)
      return UnreadableSecret(name, "its file is larger than " + std::to_string(kSecretBytesMax) + " bytes");
    std::ifstream file(path, std::ios::binary);
    std::string value{std::istreambuf_iterator<char>(file), {}};
    if (!file.is_open() || file.bad()) return UnreadableSecret(name, "its file cannot be opened");
    if (value.ends_with('\n')) value.pop_back();
    if (value.ends_with('\r')) value.pop_back();
    return Found(std::move(value));
  }

  Found FromSealedFile(std::string_view name) const {
    if (places_.sealed_file.empty()) return Found(std::nullopt);
    const auto secrets = ReadSealedSecrets(places_.sealed_file, places_.keys);
    if (!secrets.ok()) {
      LogWarning("Secrets cannot be read.", {{"reason", secrets.error().message}});
      return UnreadableSecret(name, "the encrypted file of secrets cannot be read");
    }
    const auto found = secrets->find(std::string(name));
    return found == secrets->end() ? Found(std::nullopt) : Found(found->second);
  }

  const SecretPlaces places_;
};

}  // namespace

Status CheckSecretPlaces(const SecretPlaces& places) {
  if (places.folder.empty()) return Done{};
  std::error_code error;
  const std::filesystem::directory_iterator looked(places.folder, error);
  if (!error) return Done{};
  return Error{kSecretsUnreadable,
               "Expected --secrets to name a folder that can be read, but '" + places.folder.string() +
                   "' is none: " + error.message() + ".",
               "", "Make the folder, or leave the option out where secrets come from elsewhere."};
}

std::shared_ptr<const SecretSource> MakeSecretStore(SecretPlaces places) {
  return std::make_shared<SecretStore>(std::move(places));
}

}  // namespace fermata
