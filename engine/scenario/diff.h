// What sets apart what a scenario expects and what there is, line by line. Pure.
#pragma once

#include <string>
#include <vector>

#include "engine/model/short_json.h"

namespace fermata {

struct DiffLine {
  enum class Kind { kSame, kExpected, kActual } kind = Kind::kSame;
  std::string text;
  friend bool operator==(const DiffLine&, const DiffLine&) = default;
};
using Diff = std::vector<DiffLine>;

enum class Comparison { kPart, kExact };

// A line for each value that differs: "amount: 1250", with its path below `name`. Empty when there is nothing to tell apart.
// kPart: what is in `actual` alone is no difference.
Diff DiffOf(const std::string& name, const Value& expected, const Value& actual, Comparison comparison);
// The shortest way from one list to the other.
Diff DiffOf(const std::vector<std::string>& expected, const std::vector<std::string>& actual);

// "'a', 'b'", or "none".
std::string Listed(const std::vector<std::string>& names);

}  // namespace fermata
