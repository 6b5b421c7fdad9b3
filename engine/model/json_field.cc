#include "engine/model/json_field.h"

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

std::vector<std::string> Texts(const Value& object, std::string_view key) {
  std::vector<std::string> texts;
  if (const Value* list = object.Find(key); list && list->is_list())
    for (const Value& text : list->as_list())
      if (text.is_string()) texts.emplace_back(text.as_string());
  return texts;
}

Value ListOf(const std::vector<std::string>& texts) {
  std::vector<Value> list;
  list.reserve(texts.size());
  for (const std::string& text : texts) list.push_back(Value::String(text));
  return Value::List(std::move(list));
}

}  // namespace fermata::field
