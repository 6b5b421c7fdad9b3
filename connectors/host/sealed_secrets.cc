#include "connectors/host/sealed_secrets.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "connectors/host/codes.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

constexpr const char* kPlace = "secrets";

Error Unreadable(const std::filesystem::path& file, const std::string& reason) {
  return {kSecretsUnreadable, "Expected a file of secrets at '" + file.string() + "', but " + reason + "."};
}

}  // namespace

Result<std::map<std::string, std::string>> ReadSealedSecrets(const std::filesystem::path& file,
                                                             const SealingKeys& keys) {
  std::map<std::string, std::string> secrets;
  std::error_code error;
  const bool is_there = std::filesystem::exists(file, error);
  if (error) return Unreadable(file, "it cannot be read");
  if (!is_there) return secrets;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return Unreadable(file, "it cannot be read");
  Result<std::string> text = keys.Open(std::string(std::istreambuf_iterator<char>(stream), {}), kPlace);
  if (!text.ok()) return text.error();
  Result<Value> json = ParseJson(*text);
  if (!json.ok() || !json->is_map()) return Unreadable(file, "it holds something else");
  for (const auto& [name, value] : json->as_map())
    if (value.is_string()) secrets.emplace(name.as_string(), value.as_string());
  return secrets;
}

Status WriteSealedSecrets(const std::filesystem::path& file, const SealingKeys& keys,
                          const std::map<std::string, std::string>& secrets) {
  std::vector<MapEntry> entries;
  for (const auto& [name, value] : secrets) entries.emplace_back(Value::String(name), Value::String(value));
  const std::string sealed = keys.Seal(WriteJson(Value::Map(std::move(entries))), kPlace);
  const std::string unfinished = file.string() + ".new";
  const int fd = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Unreadable(file, std::string("it cannot be written: ") + std::strerror(errno));
  const bool written =
      ::write(fd, sealed.data(), sealed.size()) == static_cast<ssize_t>(sealed.size()) && ::fsync(fd) == 0;
  ::close(fd);
  std::error_code error;
  if (written) std::filesystem::rename(unfinished, file, error);
  if (!written || error) return Unreadable(file, "it cannot be written");
  return Done{};
}

}  // namespace fermata
