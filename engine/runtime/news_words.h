// News on their way to other nodes: one word each, for a hint.
//
// Pure and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/runtime/newsroom.h"

namespace fermata {

// Without spaces; words sort by `number`. Without the texts of incidents where `sealed`: a database that must not read them keeps hints for a while.
std::string WordOf(const News& news, std::uint64_t number, bool sealed);
std::optional<News> NewsIn(std::string_view word);

}  // namespace fermata
