#include "engine/codec/reader.h"

#include <limits>

#include "engine/model/json.h"

namespace fermata::codec {

bool Reader::GetNumber(const Value& from, std::int64_t& to, std::int64_t low, std::int64_t high) {
  if (from.kind() != ValueKind::kInt || from.as_int() < low || from.as_int() > high) return false;
  to = from.as_int();
  return true;
}

bool Reader::Get(const Value& from, bool& to) {
  std::int64_t number = 0;
  if (!GetNumber(from, number, 0, 1)) return false;
  to = number == 1;
  return true;
}

bool Reader::Get(const Value& from, int& to) {
  std::int64_t number = 0;
  if (!GetNumber(from, number, std::numeric_limits<int>::min(), std::numeric_limits<int>::max())) return false;
  to = static_cast<int>(number);
  return true;
}

bool Reader::Get(const Value& from, std::int64_t& to) {
  return GetNumber(from, to, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
}

bool Reader::Get(const Value& from, double& to) {
  if (from.kind() != ValueKind::kDouble) return false;
  to = from.as_double();
  return true;
}

bool Reader::Get(const Value& from, std::string& to) {
  if (!from.is_string()) return false;
  to = from.as_string();
  return true;
}

bool Reader::Get(const Value& from, InstanceId& to) {
  if (!from.is_string()) return false;
  to = InstanceId();
  if (from.as_string().empty()) return true;
  std::optional<InstanceId> id = InstanceId::Parse(from.as_string());
  if (id) to = *id;
  return id.has_value();
}

bool Reader::Get(const Value& from, Value& to) {
  if (!from.is_string()) {
    to = from;
    return true;
  }
  const std::string_view text = from.as_string();
  if (text.starts_with('=')) {
    to = Value::String(text.substr(1));
    return true;
  }
  if (!text.starts_with('!')) return false;
  Result<Value> parsed = ParseJson(text.substr(1));
  if (parsed.ok()) to = std::move(parsed).value();
  return parsed.ok();
}

}  // namespace fermata::codec
