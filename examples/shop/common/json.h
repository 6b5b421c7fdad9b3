// What stands in the answers of other services.
#pragma once

#include <string>
#include <string_view>

#include "engine/model/value.h"

namespace fermata::shop {

// Empty if it is missing or no text.
inline std::string TextOf(const Value& map, std::string_view key) {
  const Value* value = map.is_map() ? map.Find(key) : nullptr;
  return value && value->is_string() ? std::string(value->as_string()) : "";
}

// 0 if it is missing or no whole number.
inline long long NumberOf(const Value& map, std::string_view key) {
  const Value* value = map.is_map() ? map.Find(key) : nullptr;
  return value && value->kind() == ValueKind::kInt ? value->as_int() : 0;
}

// Null if it is missing.
inline Value At(const Value& map, std::string_view key) {
  const Value* value = map.is_map() ? map.Find(key) : nullptr;
  return value ? *value : Value();
}

}  // namespace fermata::shop
