// What views are put together from. Only for the files of this folder that make them. Pure.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "engine/model/value.h"

namespace fermata {

using Entries = std::vector<MapEntry>;

inline Value Text(std::string_view text) { return Value::String(text); }
inline Value TextOrNull(std::string_view text) { return text.empty() ? Value::Null() : Value::String(text); }
inline void Put(Entries& entries, std::string_view name, Value value) {
  entries.emplace_back(Text(name), std::move(value));
}

}  // namespace fermata
