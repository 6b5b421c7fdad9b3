#include "api/handlers/html.h"

#include <algorithm>

#include "engine/base/html.h"

namespace fermata {

std::string InlineHtml(std::string_view line) {
  std::string out;
  bool code = false;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t tick = std::min(line.find('`', at), line.size());
    out += EscapeHtml(line.substr(at, tick - at));
    if (tick == line.size()) break;
    out += code ? "</code>" : "<code>";
    code = !code;
    at = tick + 1;
  }
  return code ? out + "</code>" : out;
}

}  // namespace fermata
