#include "api/webhooks/signature.h"

#include "engine/base/assert.h"
#include "engine/base/base64.h"
#include "engine/base/chance.h"
#include "engine/base/hash.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

constexpr std::string_view kPrefix = "whsec_";

int DigitOf(char hex) { return hex <= '9' ? hex - '0' : hex - 'a' + 10; }

}  // namespace

std::string NewWebhookSecret() {
  const std::string hex = RandomHex(kWebhookSecretBytes);
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(DigitOf(hex[i]) * 16 + DigitOf(hex[i + 1]));
  return std::string(kPrefix) + EncodeBase64(bytes);
}

std::string SignWebhook(std::string_view secret, std::string_view id, std::int64_t seconds, std::string_view body) {
  FERMATA_ASSERT(secret.starts_with(kPrefix));
  const std::optional<std::string> key = DecodeBase64(secret.substr(kPrefix.size()));
  FERMATA_ASSERT(key.has_value());
  const std::string text = std::string(id) + "." + std::to_string(seconds) + "." + std::string(body);
  return "v1," + EncodeBase64(HmacSha256(*key, text));
}

}  // namespace fermata
