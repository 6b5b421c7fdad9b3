// Text as it stands in the pages that the server shows. Pure.
#pragma once

#include <string>
#include <string_view>

namespace fermata {

// Escaped, and `code` becomes <code>.
std::string InlineHtml(std::string_view line);

}  // namespace fermata
