#include "connectors/host/secret_store.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

#include "connectors/host/sealed_secrets.h"
#include "engine/base/log.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

class SecretStore final : public SecretSource {
 public:
  explicit SecretStore(SecretPlaces places) : places_(std::move(places)) {}

  std::optional<std::string> Find(std::string_view name) const override {
    // Also keeps a name from leaving the folder.
    if (!IsSecretName(name)) return std::nullopt;
    if (!places_.folder.empty())
      if (std::optional<std::string> value = FromFile(places_.folder / name)) return value;
    if (std::optional<std::string> value = FromSealedFile(name)) return value;
    const char* value = std::getenv(("FERMATA_SECRET_" + std::string(name)).c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  }

 private:
  static std::optional<std::string> FromFile(const std::filesystem::path& path) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error) || std::filesystem::file_size(path, error) > kSecretBytesMax)
      return std::nullopt;
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    std::string value{std::istreambuf_iterator<char>(file), {}};
    if (value.ends_with('\n')) value.pop_back();
    if (value.ends_with('\r')) value.pop_back();
    return value;
  }

  std::optional<std::string> FromSealedFile(std::string_view name) const {
    if (places_.sealed_file.empty()) return std::nullopt;
    const auto secrets = ReadSealedSecrets(places_.sealed_file, places_.keys);
    if (!secrets.ok()) LogWarning("Secrets cannot be read.", {{"reason", secrets.error().message}});
    if (!secrets.ok()) return std::nullopt;
    const auto found = secrets->find(std::string(name));
    return found == secrets->end() ? std::nullopt : std::optional(found->second);
  }

  const SecretPlaces places_;
};

}  // namespace

std::shared_ptr<const SecretSource> MakeSecretStore(SecretPlaces places) {
  return std::make_shared<SecretStore>(std::move(places));
}

}  // namespace fermata
