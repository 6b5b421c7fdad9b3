#include "connectors/sdk/secrets.h"

#include <algorithm>

namespace fermata {

bool IsSecretName(std::string_view name) {
  if (name.empty() || name.size() > 63 || name[0] < 'A' || name[0] > 'Z') return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; });
}

std::string Redact(std::string text, const std::vector<std::string>& secrets) {
  // Longest first, so that a secret that contains another one leaves no rest of itself.
  std::vector<std::string_view> ordered(secrets.begin(), secrets.end());
  std::sort(ordered.begin(), ordered.end(), [](auto a, auto b) { return a.size() > b.size(); });
  for (std::string_view secret : ordered) {
    if (secret.empty()) continue;
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3))
      text.replace(at, secret.size(), "***");
  }
  return text;
}

}  // namespace fermata
