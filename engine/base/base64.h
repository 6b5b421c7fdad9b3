// Base64 of RFC 4648, standard alphabet. Pure and thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fermata {

// With padding.
std::string EncodeBase64(std::string_view bytes);
// With or without padding; nullopt for any other character, for a wrong length and for bits that are left over.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace fermata
