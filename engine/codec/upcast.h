// How rows of earlier releases become rows of this one: before they are decoded, as JSON.
#pragma once

#include <cstdint>
#include <span>

#include "engine/base/result.h"
#include "engine/model/value.h"

namespace fermata::codec {

// Every row, snapshot and command is [version, …]. The version counts changes that adding a field at the end cannot express.
inline constexpr std::int64_t kVersion = 1;

// Turns what version `from` wrote into what version from + 1 would have written.
struct Upcaster {
  std::int64_t from = 0;
  Value (*upcast)(const Value& row) = nullptr;
};

// Applies the chain from the row's own version up to `to`. Fails when the row is no list that begins with a version,
// is newer than `to`, or so old that the chain does not reach it.
Result<Value> Upcast(Value row, std::span<const Upcaster> chain, std::int64_t to);

}  // namespace fermata::codec
