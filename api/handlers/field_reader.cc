#include "api/handlers/field_reader.h"

#include <algorithm>
#include <utility>

#include "api/handlers/codes.h"
#include "engine/base/nearest_word.h"

namespace fermata {

std::string_view JsonKindName(const Value& value) {
  switch (value.kind()) {
    case ValueKind::kNull:
      return "null";
    case ValueKind::kBool:
      return "a boolean";
    case ValueKind::kInt:
    case ValueKind::kUint:
      return "an integer";
    case ValueKind::kDouble:
      return "a number";
    case ValueKind::kList:
      return "a list";
    case ValueKind::kMap:
      return "an object";
    default:
      return "a string";
  }
}

std::string PointerStep(std::string_view name) {
  std::string step = "/";
  for (const char c : name) {
    if (c == '~') {
      step += "~0";
    } else if (c == '/') {
      step += "~1";
    } else {
      step += c;
    }
  }
  return step;
}

FieldReader::FieldReader(const Value& object, std::vector<std::string> known, std::string path)
    : object_(object), path_(std::move(path)) {
  if (!object.is_map()) {
    is_object_ = false;
    mistakes_.push_back({kWrongField, "Expected an object, but got " + std::string(JsonKindName(object)) + ".", path_});
    return;
  }
  for (const auto& [key, value] : object.as_map()) {
    const std::string name(key.as_string());
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string nearest = NearestWord(name, known);
    std::string list;
    for (const std::string& word : known) list += (list.empty() ? "" : ", ") + word;
    mistakes_.push_back(
        {kUnknownField,
         (known.empty() ? "Expected no fields" : "Expected one of the fields " + list) + ", but got '" + name + "'.",
         PathOf(name), nearest.empty() ? "" : "Did you mean '" + nearest + "'?"});
  }
}

std::string FieldReader::PathOf(std::string_view name) const { return path_ + PointerStep(name); }

void FieldReader::Fail(std::string_view name, std::string message) {
  mistakes_.push_back({kWrongField, std::move(message), PathOf(name)});
}

const Value* FieldReader::Any(std::string_view name) const { return is_object_ ? object_.Find(name) : nullptr; }

std::optional<std::string> FieldReader::Text(std::string_view name) {
  const Value* value = Any(name);
  if (!value || value->is_null()) return std::nullopt;
  if (value->is_string()) return std::string(value->as_string());
  Fail(name,
       "Expected '" + std::string(name) + "' to be a string, but it is " + std::string(JsonKindName(*value)) + ".");
  return std::nullopt;
}

std::optional<std::int64_t> FieldReader::Integer(std::string_view name) {
  const Value* value = Any(name);
  if (!value || value->is_null()) return std::nullopt;
  if (value->kind() == ValueKind::kInt) return value->as_int();
  Fail(name,
       "Expected '" + std::string(name) + "' to be an integer, but it is " + std::string(JsonKindName(*value)) + ".");
  return std::nullopt;
}

const Value* FieldReader::Object(std::string_view name) {
  const Value* value = Any(name);
  if (!value || value->is_null()) return nullptr;
  if (value->is_map()) return value;
  Fail(name,
       "Expected '" + std::string(name) + "' to be an object, but it is " + std::string(JsonKindName(*value)) + ".");
  return nullptr;
}

std::string FieldReader::RequiredText(std::string_view name) {
  const std::size_t before = mistakes_.size();
  std::optional<std::string> text = Text(name);
  if (text && !text->empty()) return *text;
  if (is_object_ && mistakes_.size() == before)
    Fail(name, "Expected the field '" + std::string(name) + "', but it is " + (text ? "empty." : "missing."));
  return "";
}

}  // namespace fermata
