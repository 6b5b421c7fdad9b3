#include "engine/codec/upcast.h"

#include <optional>
#include <string>

#include "engine/codec/codes.h"

namespace fermata::codec {
namespace {

std::optional<std::int64_t> VersionOf(const Value& row) {
  if (!row.is_list() || row.as_list().empty() || row.as_list()[0].kind() != ValueKind::kInt) return std::nullopt;
  return row.as_list()[0].as_int();
}

}  // namespace

Result<Value> Upcast(Value row, std::span<const Upcaster> chain, std::int64_t to) {
  for (;;) {
    std::optional<std::int64_t> version = VersionOf(row);
    if (!version) return Error{kStoredTextMalformed, "Expected a list that begins with its version, but it does not."};
    if (*version == to) return row;
    const Upcaster* step = nullptr;
    for (const Upcaster& candidate : chain)
      if (candidate.from == *version) step = &candidate;
    if (*version > to || step == nullptr) {
      return Error{kStoredVersionUnknown, "Expected a stored version up to " + std::to_string(to) + ", but it is " +
                                              std::to_string(*version) + "."};
    }
    row = step->upcast(row);
    std::optional<std::int64_t> reached = VersionOf(row);
    FERMATA_ASSERT(reached == *version + 1);
  }
}

}  // namespace fermata::codec
