#include "tests/support/openapi.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace fermata::test {
namespace {

std::vector<std::string> Segments(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    segments.emplace_back(path.substr(1, end - 1));
    path.remove_prefix(end);
  }
  return segments;
}

}  // namespace

Value WithClosedObjects(const Value& document) {
  if (document.is_list()) {
    std::vector<Value> items;
    for (const Value& item : document.as_list()) items.push_back(WithClosedObjects(item));
    return Value::List(std::move(items));
  }
  if (!document.is_map()) return document;
  std::vector<MapEntry> entries;
  for (const auto& [key, member] : document.as_map()) entries.emplace_back(key, WithClosedObjects(member));
  const Value* properties = document.Find("properties");
  if (properties && properties->is_map() && !document.Find("additionalProperties"))
    entries.emplace_back(Value::String("additionalProperties"), Value::Bool(false));
  return Value::Map(std::move(entries));
}

std::string FindPathFor(const Value& paths, std::string_view target) {
  const std::vector<std::string> wanted = Segments(target.substr(0, target.find('?')));
  std::string best;
  for (const auto& [key, operations] : paths.as_map()) {
    const std::string path(key.as_string());
    const std::vector<std::string> segments = Segments(path);
    const bool fits =
        std::equal(segments.begin(), segments.end(), wanted.begin(), wanted.end(),
                   [](const std::string& a, const std::string& b) { return a.starts_with('{') || a == b; });
    // The more literal one: '{' sorts behind all letters.
    if (fits && (best.empty() || path < best)) best = path;
  }
  return best;
}

}  // namespace fermata::test
