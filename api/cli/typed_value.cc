#include "api/cli/typed_value.h"

#include <charconv>
#include <cmath>
#include <optional>

#include "api/cli/eval_codes.h"
#include "engine/base/base64.h"
#include "engine/expression/utf8.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

Error BadValue(std::string_view type, const Value* value) {
  return {kEvalBadValue,
          "Expected a value of type '" + std::string(type) + "', but got " +
              (value == nullptr ? "none" : std::string(Shortened(WriteJson(*value)))) + ".",
          "", ""};
}

template <class Integer>
std::optional<Integer> IntegerOf(const Value& value) {
  const std::string text = value.is_string()                 ? std::string(value.as_string())
                           : value.kind() == ValueKind::kInt ? std::to_string(value.as_int())
                                                             : "";
  Integer number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && !text.empty() && end == text.data() + text.size() ? std::optional(number)
                                                                                   : std::nullopt;
}

std::optional<double> DoubleOf(const Value& value) {
  if (value.kind() == ValueKind::kDouble) return value.as_double();
  if (value.kind() == ValueKind::kInt) return static_cast<double>(value.as_int());
  if (!value.is_string()) return std::nullopt;
  const std::string text(value.as_string());
  if (text == "NaN") return NAN;
  if (text == "Infinity" || text == "inf" || text == "+Inf") return INFINITY;
  if (text == "-Infinity" || text == "-inf" || text == "-Inf") return -INFINITY;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && !text.empty() && end == text.data() + text.size() ? std::optional(number)
                                                                                   : std::nullopt;
}

// A typed value has been read as JSON, so its depth is bounded.
Result<Value> ListFromTyped(const Value& value) {
  if (!value.is_list()) return BadValue("list", &value);
  std::vector<Value> items;
  for (const Value& typed : value.as_list()) {
    Result<Value> item = FromTyped(typed);
    if (!item.ok()) return item;
    items.push_back(*std::move(item));
  }
  return Value::List(std::move(items));
}

// A pair is [key, value] or {"key": …, "value": …}.
Result<Value> MapFromTyped(const Value& value) {
  if (!value.is_list()) return BadValue("map", &value);
  std::vector<MapEntry> entries;
  for (const Value& pair : value.as_list()) {
    const bool array = pair.is_list() && pair.as_list().size() == 2;
    const Value* typed_key = array ? &pair.as_list()[0] : pair.Find("key");
    const Value* typed_value = array ? &pair.as_list()[1] : pair.Find("value");
    if (typed_key == nullptr || typed_value == nullptr) return BadValue("map", &pair);
    Result<Value> key = FromTyped(*typed_key);
    if (!key.ok()) return key;
    if (!key->is_string() && key->kind() != ValueKind::kBool && key->kind() != ValueKind::kInt &&
        key->kind() != ValueKind::kUint)
      return BadValue("map", &pair);
    Result<Value> item = FromTyped(*typed_value);
    if (!item.ok()) return item;
    entries.emplace_back(*std::move(key), *std::move(item));
  }
  std::size_t duplicate = 0;
  std::optional<Value> map = Value::TryMap(entries, duplicate);
  if (!map) return BadValue("map", &value);
  return *std::move(map);
}

template <class T, class Make>
Result<Value> FromText(std::string_view type, const Value& value, std::optional<T> (*parse)(std::string_view),
                       Make make) {
  const auto parsed = value.is_string() ? parse(value.as_string()) : std::nullopt;
  if (!parsed) return BadValue(type, &value);
  return make(*parsed);
}

}  // namespace

Result<Value> FromTyped(const Value& typed) {
  const Value* type_field = typed.Find("type");
  // Plain JSON stands for itself.
  if (!typed.is_map()) return typed;
  if (type_field == nullptr || !type_field->is_string()) return BadValue("{\"type\", \"value\"}", &typed);
  const std::string_view type = type_field->as_string();
  const Value* value_field = typed.Find("value");
  const Value& value = value_field == nullptr ? typed : *value_field;
  if (type == "null" || type == "null_type") return Value::Null();
  if (type == "optional" || type == "optional_type") {
    if (value_field == nullptr || value.is_null()) return Value::OptionalNone();
    Result<Value> inner = FromTyped(value);
    if (!inner.ok()) return inner;
    return Value::OptionalOf(*std::move(inner));
  }
  if (value_field == nullptr) return BadValue(type, nullptr);
  if (type == "bool") return value.kind() == ValueKind::kBool ? Result<Value>(value) : BadValue(type, &value);
  if (type == "string") return value.is_string() ? Result<Value>(value) : BadValue(type, &value);
  if (type == "int") {
    const auto number = IntegerOf<std::int64_t>(value);
    return number ? Result<Value>(Value::Int(*number)) : BadValue(type, &value);
  }
  if (type == "uint") {
    const auto number = IntegerOf<std::uint64_t>(value);
    return number ? Result<Value>(Value::Uint(*number)) : BadValue(type, &value);
  }
  if (type == "double") {
    const auto number = DoubleOf(value);
    return number ? Result<Value>(Value::Double(*number)) : BadValue(type, &value);
  }
  if (type == "bytes")
    return FromText<std::string>(type, value, DecodeBase64,
                                 [](const std::string& bytes) { return Value::Bytes(bytes); });
  if (type == "timestamp" || type == "google.protobuf.Timestamp")
    return FromText<Timestamp>(type, value, ParseTimestamp, Value::Time);
  if (type == "duration" || type == "google.protobuf.Duration")
    return FromText<Duration>(type, value, ParseDuration, Value::Span);
  if (type == "list") return ListFromTyped(value);
  if (type == "map") return MapFromTyped(value);
  if (type == "type") return value.is_string() ? Result<Value>(Value::Type(value.as_string())) : BadValue(type, &value);
  return Error{kEvalBadValue,
               "Expected the name of a type, but there is no type '" + std::string(Shortened(type)) + "'.", "", ""};
}

// The evaluator bounds the depth of what it gives.
void AppendTyped(const Value& value, std::string& out) {
  const auto open = [&](std::string_view type) { out.append("{\"type\":\"").append(type).append("\",\"value\":"); };
  switch (value.kind()) {
    case ValueKind::kNull:
      open("null");
      out += "null";
      break;
    case ValueKind::kBool:
      open("bool");
      AppendJson(value, out);
      break;
    case ValueKind::kInt:
      open("int");
      out += '"' + std::to_string(value.as_int()) + '"';
      break;
    case ValueKind::kUint:
      open("uint");
      out += '"' + std::to_string(value.as_uint()) + '"';
      break;
    case ValueKind::kDouble:
      open("double");
      AppendJson(value, out);
      break;
    case ValueKind::kString:
      open("string");
      AppendJson(value, out);
      break;
    case ValueKind::kBytes:
      open("bytes");
      AppendJson(value, out);
      break;
    case ValueKind::kTimestamp:
      open("timestamp");
      AppendJson(value, out);
      break;
    case ValueKind::kDuration:
      open("duration");
      AppendJson(value, out);
      break;
    case ValueKind::kType:
      open("type");
      AppendJson(value, out);
      break;
    case ValueKind::kList: {
      open("list");
      out += '[';
      bool first = true;
      for (const Value& item : value.as_list()) {
        if (!first) out += ',';
        first = false;
        AppendTyped(item, out);
      }
      out += ']';
      break;
    }
    case ValueKind::kMap: {
      open("map");
      out += '[';
      bool first = true;
      for (const auto& [key, item] : value.as_map()) {
        out += first ? "[" : ",[";
        first = false;
        AppendTyped(key, out);
        out += ',';
        AppendTyped(item, out);
        out += ']';
      }
      out += ']';
      break;
    }
    case ValueKind::kOptional:
      open("optional");
      if (value.optional_has_value())
        AppendTyped(value.optional_value(), out);
      else
        out += "null";
      break;
  }
  out += '}';
}

}  // namespace fermata
