#include "engine/base/chance.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "engine/base/ascii.h"
#include "engine/base/assert.h"

namespace fermata {

std::string RandomHex(std::size_t bytes) {
  std::string raw(bytes, '\0');
  const int made = RAND_bytes(reinterpret_cast<unsigned char*>(raw.data()), static_cast<int>(bytes));
  FERMATA_ASSERT(made == 1);
  std::string text;
  text.reserve(2 * bytes);
  AppendHex(raw, text);
  return text;
}

bool EqualInConstantTime(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace fermata
