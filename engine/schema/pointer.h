// JSON pointers (RFC 6901) and references between schema files. Only for this folder and language/.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/value.h"

namespace fermata {

// Appends "/token" with ~ and / escaped.
std::string PointerTo(std::string_view parent, std::string_view token);
std::string PointerTo(std::string_view parent, std::size_t index);
// The tokens of a pointer, unescaped; nullopt if it is malformed.
std::optional<std::vector<std::string>> SplitPointer(std::string_view pointer);
// What the pointer names inside `document`; nullptr if there is nothing. Lives as long as `document`.
const Value* FindPointer(const Value& document, std::string_view pointer);

// `reference` (a relative path) as seen from the file `base`, normalised; nullopt if it leaves the folder, is absolute or a URL.
std::optional<std::string> ResolveFile(std::string_view base, std::string_view reference);

}  // namespace fermata
