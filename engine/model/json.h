// JSON text to values and back: RFC 8259, UTF-8 only. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/model/value.h"

namespace fermata {

// Integers become int; other numbers double. Refuses: integers beyond 64 bits (uint64 beyond int64 too), duplicate keys, invalid UTF-8, trailing text,
// nesting beyond kValueDepthMax, text beyond `bytes_max`. The error's path points at the offending place where one is known.
Result<Value> ParseJson(std::string_view text, std::size_t bytes_max);
Result<Value> ParseJson(std::string_view text);  // with kJsonBytesMax

// Compact JSON. Doubles keep their point or exponent (2.0 stays 2.0), so that reading back gives the same kinds.
// uint, bytes (base64), timestamps and durations are written in CEL's JSON form; NaN and infinities as strings; types by name; optionals as their value or null.
// Map keys that are no strings are written as their text.
std::string WriteJson(const Value& value);
void AppendJson(const Value& value, std::string& out);
// For people: two spaces of indentation.
std::string WritePrettyJson(const Value& value);

// The JSON form that a variable may hold: uint, bytes, timestamps and durations converted to CEL's JSON form of them
// (int or string); refuses NaN, infinities, types, optionals and non-string keys ("Variables cannot hold …").
Result<Value> ToJsonValue(const Value& value);

// Appends `text` as a JSON string with quotes.
void AppendJsonString(std::string_view text, std::string& out);

// Appends "/key" to a JSON pointer, with ~ and / escaped.
void AppendPointerToken(std::string_view key, std::string& pointer);

// Whether `text` is valid UTF-8 without surrogates.
bool IsValidUtf8(std::string_view text);

}  // namespace fermata
