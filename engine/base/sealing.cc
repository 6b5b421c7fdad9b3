#include "engine/base/sealing.h"

#include <sodium.h>

#include <algorithm>

#include "engine/base/assert.h"
#include "engine/base/base64.h"

namespace fermata {
namespace {

// Before the key's name; nothing that is not sealed begins so.
constexpr std::string_view kMagic("\0FMS1", 5);
constexpr std::size_t kNameMax = 32;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

void Begin() {
  static const int ready = sodium_init();
  FERMATA_ASSERT(ready >= 0);
}

Error Unreadable(const std::string& reason) {
  return {kSealedUnreadable, "Expected to read what is sealed, but " + reason + "."};
}

}  // namespace

bool SealingKeys::IsName(std::string_view name) {
  return !name.empty() && name.size() <= kNameMax && name.front() != '-' &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

Result<SealingKeys> SealingKeys::Parse(std::string_view text) {
  Begin();
  SealingKeys keys;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    const std::size_t space = line.find(' ');
    const std::string name(line.substr(0, space));
    const std::optional<std::string> bytes =
        space == std::string_view::npos ? std::nullopt : DecodeBase64(line.substr(space + 1));
    Key key;
    if (!IsName(name) || !bytes || bytes->size() != key.size())
      return Error{kSealingKeysWrong, "Expected a name and 32 bytes as base64 in line " + std::to_string(number) +
                                          " of the keys, but it has something else."};
    std::copy(bytes->begin(), bytes->end(), key.begin());
    if (!keys.keys_.emplace(name, key).second)
      return Error{kSealingKeysWrong, "Expected each key once, but '" + name + "' stands twice."};
    keys.newest_ = name;
  }
  return keys;
}

std::string SealingKeys::NewLine(std::string_view name) {
  Begin();
  FERMATA_ASSERT(IsName(name));
  std::string key(32, '\0');
  randombytes_buf(key.data(), key.size());
  return std::string(name) + " " + EncodeBase64(key) + "\n";
}

std::string SealingKeys::Seal(std::string_view plain, std::string_view place) const {
  FERMATA_ASSERT(!empty());
  std::string text(kMagic);
  text += static_cast<char>(newest_.size());
  text += newest_;
  const std::size_t nonce_at = text.size(), sealed_at = nonce_at + kNonceBytes;
  text.resize(sealed_at + plain.size() + kTagBytes);
  randombytes_buf(Bytes(text) + nonce_at, kNonceBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(Bytes(text) + sealed_at, nullptr, Bytes(plain), plain.size(), Bytes(place),
                                             place.size(), nullptr, Bytes(text) + nonce_at,
                                             keys_.find(newest_)->second.data());
  return text;
}

Result<std::string> SealingKeys::Open(std::string_view text, std::string_view place) const {
  if (!text.starts_with(kMagic)) return std::string(text);
  text.remove_prefix(kMagic.size());
  const std::size_t size = text.empty() ? 0 : static_cast<unsigned char>(text.front());
  if (text.size() < 1 + size + kNonceBytes + kTagBytes) return Unreadable("it was cut off");
  const auto key = keys_.find(text.substr(1, size));
  if (key == keys_.end()) return Unreadable("the key '" + std::string(text.substr(1, size)) + "' is missing");
  text.remove_prefix(1 + size);
  const std::string_view nonce = text.substr(0, kNonceBytes);
  text.remove_prefix(kNonceBytes);
  std::string plain(text.size() - kTagBytes, '\0');
  const int opened =
      crypto_aead_xchacha20poly1305_ietf_decrypt(Bytes(plain), nullptr, nullptr, Bytes(text), text.size(), Bytes(place),
                                                 place.size(), Bytes(nonce), key->second.data());
  if (opened != 0) return Unreadable("it was changed, or moved from another place");
  return plain;
}

}  // namespace fermata
