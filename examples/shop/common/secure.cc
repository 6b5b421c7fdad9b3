#include "examples/shop/common/secure.h"

#include <argon2.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "engine/base/assert.h"

namespace fermata::shop {
namespace {

constexpr std::uint32_t kArgonPasses = 2, kArgonMemoryKib = 19 << 10, kArgonLanes = 1;
constexpr int kNonceBytes = 12, kTagBytes = 16;
constexpr std::size_t kSealKeyBytes = 32;
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

std::vector<unsigned char> FromHex(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::vector<unsigned char> bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<unsigned char>(digit(text[i]) * 16 + digit(text[i + 1])));
  return bytes;
}

void FillRandom(unsigned char* bytes, std::size_t size) {
  // Without chance there are no secrets: better to stop than to go on.
  FERMATA_ASSERT(RAND_bytes(bytes, static_cast<int>(size)) == 1);
}

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

std::array<unsigned char, kSealKeyBytes> SealKey(std::string_view key) {
  std::array<unsigned char, kSealKeyBytes> bytes{};
  const std::vector<unsigned char> digest = FromHex(Hmac(key, "seal"));
  std::copy_n(digest.begin(), bytes.size(), bytes.begin());
  return bytes;
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

std::string Seal(std::string_view key, std::string_view text) {
  const std::array<unsigned char, kSealKeyBytes> seal_key = SealKey(key);
  // Nonce, text, tag.
  std::vector<unsigned char> sealed(kNonceBytes + text.size() + kTagBytes);
  FillRandom(sealed.data(), kNonceBytes);
  unsigned char* const at = sealed.data() + kNonceBytes;
  int size = 0, rest = 0;
  const CipherContext context(EVP_CIPHER_CTX_new());
  const bool done =
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, seal_key.data(), sealed.data()) == 1 &&
      EVP_EncryptUpdate(context.get(), at, &size, reinterpret_cast<const unsigned char*>(text.data()),
                        static_cast<int>(text.size())) == 1 &&
      EVP_EncryptFinal_ex(context.get(), at + size, &rest) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, at + text.size()) == 1;
  FERMATA_ASSERT(done);
  return ToHex(sealed.data(), sealed.size());
}

std::optional<std::string> Unseal(std::string_view key, std::string_view sealed) {
  std::vector<unsigned char> bytes = FromHex(sealed);
  if (bytes.size() < kNonceBytes + kTagBytes) return std::nullopt;
  const std::array<unsigned char, kSealKeyBytes> seal_key = SealKey(key);
  const int text_size = static_cast<int>(bytes.size() - kNonceBytes - kTagBytes);
  unsigned char* const at = bytes.data() + kNonceBytes;
  int size = 0, rest = 0;
  const CipherContext context(EVP_CIPHER_CTX_new());
  const bool sound =
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, seal_key.data(), bytes.data()) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, at + text_size) == 1 &&
      EVP_DecryptUpdate(context.get(), at, &size, at, text_size) == 1 &&
      EVP_DecryptFinal_ex(context.get(), at + size, &rest) == 1;
  if (!sound) return std::nullopt;
  return std::string(at, at + text_size);
}

bool SameText(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace fermata::shop
