#include "api/handlers/html.h"

#include <algorithm>

namespace fermata {

std::string EscapeHtml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

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
