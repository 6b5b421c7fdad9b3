#include "api/http/tokens.h"

#include <algorithm>
#include <charconv>

namespace fermata {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string LowerCase(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), Lower);
  return out;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string_view TrimSpace(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool HasListItem(std::string_view list, std::string_view item) {
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    if (EqualsIgnoringCase(TrimSpace(list.substr(begin, end - begin)), item)) return true;
    begin = end + 1;
  }
  return false;
}

bool IsHostAndPort(std::string_view text) {
  const bool bracketed = !text.empty() && text[0] == '[';
  const std::size_t host_end = bracketed ? text.find(']') : text.find(':');
  if (bracketed && host_end == std::string_view::npos) return false;
  const std::string_view host = bracketed ? text.substr(1, host_end - 1) : text.substr(0, host_end);
  const std::string_view allowed =
      bracketed ? "0123456789abcdefABCDEF:." : "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_~";
  if (host.empty() || host.find_first_not_of(allowed) != std::string_view::npos) return false;
  std::string_view rest = bracketed ? text.substr(host_end + 1) : text.substr(host.size());
  if (rest.empty()) return true;
  if (rest[0] != ':') return false;
  rest.remove_prefix(1);
  unsigned port = 0;
  if (!std::all_of(rest.begin(), rest.end(), IsDigit)) return false;
  if (rest.empty()) return true;
  const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), port);
  return parsed.ec == std::errc() && port <= 65535;
}

}  // namespace fermata
