#include "engine/scenario/match.h"

#include "engine/expression/expression.h"

namespace fermata {

bool IsPartOf(const Value& expected, const Value& actual) {
  if (expected.is_map()) {
    if (!actual.is_map()) return false;
    for (const MapEntry& entry : expected.as_map()) {
      const Value* found = actual.FindKey(entry.first);
      if (found == nullptr || !IsPartOf(entry.second, *found)) return false;
    }
    return true;
  }
  if (expected.is_list()) {
    if (!actual.is_list() || expected.as_list().size() != actual.as_list().size()) return false;
    for (std::size_t i = 0; i < expected.as_list().size(); ++i)
      if (!IsPartOf(expected.as_list()[i], actual.as_list()[i])) return false;
    return true;
  }
  return CelEquals(expected, actual);
}

bool IsSame(const Value& expected, const Value& actual) {
  return IsPartOf(expected, actual) && IsPartOf(actual, expected);
}

}  // namespace fermata
