// Text in HTML. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace fermata {

// For content and for attribute values in quotes of either kind.
std::string EscapeHtml(std::string_view text);

}  // namespace fermata
