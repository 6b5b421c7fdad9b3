#include "connectors/host/secret_store.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

#include "engine/model/limits.h"

namespace fermata {
namespace {

class SecretStore final : public SecretSource {
 public:
  explicit SecretStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::optional<std::string> Find(std::string_view name) const override {
    // Also keeps a name from leaving the folder.
    if (!IsSecretName(name)) return std::nullopt;
    if (!folder_.empty())
      if (std::optional<std::string> value = FromFile(folder_ / name)) return value;
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

  std::filesystem::path folder_;
};

}  // namespace

std::shared_ptr<const SecretSource> MakeSecretStore(std::filesystem::path folder) {
  return std::make_shared<SecretStore>(std::move(folder));
}

}  // namespace fermata
