// Texts that only who has a key can read and make: XChaCha20-Poly1305 by libsodium, each with a fresh nonce, bound to the place where it stands.
//
// Immutable and thread-safe.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace fermata {

inline constexpr ErrorCode kSealingKeysWrong{1070};  // a key file that is none
inline constexpr ErrorCode kSealedUnreadable{1071};  // the key is missing, or the text was changed or moved

class SealingKeys {
 public:
  // A key a line, "NAME BASE64" with 32 bytes, the newest last; empty lines and those that begin with '#' are comments. NAME is
  // [a-z0-9][a-z0-9-]{0,31}. Fails with kSealingKeysWrong, without a word of the keys.
  static Result<SealingKeys> Parse(std::string_view text);
  static bool IsName(std::string_view name);
  // A line for such a file.
  static std::string NewLine(std::string_view name);

  bool empty() const { return keys_.empty(); }
  bool Has(std::string_view name) const { return keys_.find(name) != keys_.end(); }
  const std::string& newest() const { return newest_; }

  // By the newest key. `place` is not stored: it has to be the same when the text is opened.
  std::string Seal(std::string_view plain, std::string_view place) const;
  // What is not sealed is given as it is: it was written before there were keys.
  Result<std::string> Open(std::string_view text, std::string_view place) const;

 private:
  using Key = std::array<unsigned char, 32>;
  std::map<std::string, Key, std::less<>> keys_;
  std::string newest_;
};

}  // namespace fermata
