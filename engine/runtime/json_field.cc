#include "engine/runtime/json_field.h"

namespace fermata::field {

std::string Text(const Value& object, std::string_view key) {
  const Value* found = object.Find(key);
  return found && found->is_string() ? std::string(found->as_string()) : std::string();
}

std::int64_t Integer(const Value& object, std::string_view key) {
  const Value* found = object.Find(key);
  return found && found->kind() == ValueKind::kInt ? found->as_int() : 0;
}

bool Flag(const Value& object, std::string_view key) {
  const Value* found = object.Find(key);
  return found && found->kind() == ValueKind::kBool && found->as_bool();
}

Value Any(const Value& object, std::string_view key) {
  const Value* found = object.Find(key);
  return found ? *found : Value::Null();
}

InstanceId Id(const Value& object, std::string_view key) {
  return InstanceId::Parse(Text(object, key)).value_or(InstanceId());
}

}  // namespace fermata::field
