#include "examples/shop/common/secure.h"

#include <argon2.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <vector>

#include "engine/base/assert.h"

namespace fermata::shop {
namespace {

constexpr std::uint32_t kArgonPasses = 2, kArgonMemoryKib = 19 << 10, kArgonLanes = 1;
constexpr std::size_t kSaltBytes = 16, kHashBytes = 32;

std::string ToHex(const unsigned char* bytes, std::size_t size) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += kHex[bytes[i] >> 4];
    text += kHex[bytes[i] & 15];
  }
  return text;
}

void FillRandom(unsigned char* bytes, std::size_t size) {
  // Without chance there are no secrets: better to stop than to go on.
  FERMATA_ASSERT(RAND_bytes(bytes, static_cast<int>(size)) == 1);
}

}  // namespace

std::string RandomHex(int bytes) {
  std::vector<unsigned char> random(static_cast<std::size_t>(bytes));
  FillRandom(random.data(), random.size());
  return ToHex(random.data(), random.size());
}

std::string NewGuid() {
  std::array<unsigned char, 16> bytes{};
  FillRandom(bytes.data(), bytes.size());
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
  std::string text = ToHex(bytes.data(), bytes.size());
  for (std::size_t at : {20, 16, 12, 8}) text.insert(at, "-");
  return text;
}

std::string HashPassword(std::string_view password) {
  std::array<unsigned char, kSaltBytes> salt{};
  FillRandom(salt.data(), salt.size());
  std::string encoded(argon2_encodedlen(kArgonPasses, kArgonMemoryKib, kArgonLanes, kSaltBytes, kHashBytes, Argon2_id),
                      '\0');
  const int code = argon2id_hash_encoded(kArgonPasses, kArgonMemoryKib, kArgonLanes, password.data(), password.size(),
                                         salt.data(), salt.size(), kHashBytes, encoded.data(), encoded.size());
  FERMATA_ASSERT(code == ARGON2_OK);
  encoded.resize(encoded.find('\0'));
  return encoded;
}

bool PasswordFits(std::string_view password, std::string_view encoded) {
  return argon2id_verify(std::string(encoded).c_str(), password.data(), password.size()) == ARGON2_OK;
}

std::string Hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest.data(), &size);
  return ToHex(digest.data(), size);
}

std::string CodeOf(std::string_view key, std::string_view text) {
  // 60 bits: what the remainder prefers is less than one in 10^12.
  const unsigned long long number = std::stoull(Hmac(key, text).substr(0, 15), nullptr, 16) % 1'000'000;
  const std::string digits = std::to_string(number);
  return std::string(6 - digits.size(), '0') + digits;
}

bool SameText(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace fermata::shop
