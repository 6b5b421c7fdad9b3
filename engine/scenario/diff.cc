#include "engine/scenario/diff.h"

#include <algorithm>

#include "engine/base/quoted.h"
#include "engine/model/json.h"
#include "engine/scenario/match.h"

namespace fermata {
namespace {

std::string KeyText(const Value& key) { return key.is_string() ? std::string(key.as_string()) : WriteJson(key); }

void Compare(const std::string& path, const Value& expected, const Value* actual, Comparison comparison, Diff& diff) {
  if (actual == nullptr) {
    diff.push_back({DiffLine::Kind::kExpected, path + ": " + ShortJson(expected)});
    return;
  }
  if (expected.is_map() && actual->is_map()) {
    const std::string prefix = path.empty() ? "" : path + ".";
    for (const MapEntry& entry : expected.as_map())
      Compare(prefix + KeyText(entry.first), entry.second, actual->FindKey(entry.first), comparison, diff);
    if (comparison == Comparison::kPart) return;
    for (const MapEntry& entry : actual->as_map())
      if (expected.FindKey(entry.first) == nullptr)
        diff.push_back({DiffLine::Kind::kActual, prefix + KeyText(entry.first) + ": " + ShortJson(entry.second)});
    return;
  }
  if (expected.is_list() && actual->is_list() && expected.as_list().size() == actual->as_list().size()) {
    for (std::size_t i = 0; i < expected.as_list().size(); ++i)
      Compare(path + "[" + std::to_string(i) + "]", expected.as_list()[i], &actual->as_list()[i], comparison, diff);
    return;
  }
  if (IsSame(expected, *actual)) return;
  const std::string name = path.empty() ? "" : path + ": ";
  diff.push_back({DiffLine::Kind::kExpected, name + ShortJson(expected)});
  diff.push_back({DiffLine::Kind::kActual, name + ShortJson(*actual)});
}

}  // namespace

Diff DiffOf(const std::string& name, const Value& expected, const Value& actual, Comparison comparison) {
  Diff diff;
  Compare(name, expected, &actual, comparison, diff);
  return diff;
}

Diff DiffOf(const std::vector<std::string>& expected, const std::vector<std::string>& actual) {
  // common[i][j]: the longest common part of what comes from i and j on.
  std::vector<std::vector<std::size_t>> common(expected.size() + 1, std::vector<std::size_t>(actual.size() + 1));
  for (std::size_t i = expected.size(); i-- > 0;)
    for (std::size_t j = actual.size(); j-- > 0;)
      common[i][j] = expected[i] == actual[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
  Diff diff;
  std::size_t i = 0, j = 0;
  while (i < expected.size() || j < actual.size()) {
    if (i < expected.size() && j < actual.size() && expected[i] == actual[j]) {
      diff.push_back({DiffLine::Kind::kSame, expected[i++]});
      ++j;
    } else if (i < expected.size() && (j == actual.size() || common[i + 1][j] >= common[i][j + 1])) {
      diff.push_back({DiffLine::Kind::kExpected, expected[i++]});
    } else {
      diff.push_back({DiffLine::Kind::kActual, actual[j++]});
    }
  }
  return diff;
}

std::string Listed(const std::vector<std::string>& names) { return names.empty() ? "none" : QuotedList(names); }

}  // namespace fermata
