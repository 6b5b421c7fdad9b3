// Values as {"type", "value"}: JSON that loses no kind. For `fermata eval --typed`.
//
// bool, string: as in JSON; null: null; int, uint: decimal strings; double: a number or "NaN", "Infinity", "-Infinity"; bytes: base64;
// timestamp: RFC 3339; duration: "3.5s"; list: an array of typed values; map: an array of pairs of them; type: its name;
// optional: a typed value or null.
#pragma once

#include <string>

#include "engine/base/result.h"
#include "engine/model/value.h"

namespace fermata {

// JSON that is no object stands for itself, as an untyped value.
Result<Value> FromTyped(const Value& typed);
void AppendTyped(const Value& value, std::string& out);

}  // namespace fermata
