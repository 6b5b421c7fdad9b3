// Text as it stands in the pages that the server shows. Pure.
#pragma once

#include <string>
#include <string_view>

namespace fermata {

std::string EscapeHtml(std::string_view text);
// The same, and `code` becomes <code>.
std::string InlineHtml(std::string_view line);

}  // namespace fermata
