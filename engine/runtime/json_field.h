// Fields of JSON objects: what is absent or of another kind reads as empty.
//
// Pure and thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/model/ids.h"
#include "engine/model/value.h"

namespace fermata::field {

std::string Text(const Value& object, std::string_view key);
std::int64_t Integer(const Value& object, std::string_view key);
bool Flag(const Value& object, std::string_view key);
Value Any(const Value& object, std::string_view key);
InstanceId Id(const Value& object, std::string_view key);

}  // namespace fermata::field
