#include "engine/base/hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "engine/base/ascii.h"
#include "engine/base/assert.h"

namespace fermata {

std::string Sha256Hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  const int done = EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr);
  FERMATA_ASSERT(done == 1 && length == 32);
  std::string hex;
  AppendHex({reinterpret_cast<const char*>(digest.data()), length}, hex);
  return hex;
}

std::string HmacSha256(std::string_view key, std::string_view bytes) {
  std::string digest(32, '\0');
  unsigned length = 0;
  const unsigned char* done =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()),
           bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &length);
  FERMATA_ASSERT(done != nullptr && length == digest.size());
  return digest;
}

}  // namespace fermata
