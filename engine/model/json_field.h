// Fields of JSON objects, as rows and messages keep them: what is absent or of another kind reads as empty.
//
// Pure and thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/ids.h"
#include "engine/model/value.h"

namespace fermata::field {

std::string Text(const Value& object, std::string_view key);
std::int64_t Integer(const Value& object, std::string_view key);
bool Flag(const Value& object, std::string_view key);
Value Any(const Value& object, std::string_view key);
InstanceId Id(const Value& object, std::string_view key);
std::vector<std::string> Texts(const Value& object, std::string_view key);

// What Texts reads.
Value ListOf(const std::vector<std::string>& texts);

}  // namespace fermata::field
