#include "engine/model/value.h"

#include <cstring>
#include <new>

#include "engine/base/assert.h"
#include "engine/model/value_rep.h"

namespace fermata {

Value::Rep* Value::Rep::NewText(ValueKind kind, std::string_view text) {
  void* memory = ::operator new(sizeof(Text) + text.size());
  Text* rep = new (memory) Text(kind, text.size());
  if (!text.empty()) std::memcpy(rep->data(), text.data(), text.size());
  return rep;
}

// Lets go of a child of a dying part; what dies with it goes onto the list.
void Value::Rep::Drop(Value& child, Rep*& dying) noexcept {
  if (!child.has_rep()) return;
  Rep* rep = child.rep_;
  child.kind_ = ValueKind::kNull;
  if (rep->refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  rep->next = dying;
  dying = rep;
}

void Value::Rep::Free(Rep* rep, Rep*& dying) noexcept {
  switch (rep->kind) {
    case ValueKind::kList: {
      auto* list = static_cast<List*>(rep);
      for (Value& item : list->items) Drop(item, dying);
      delete list;
      return;
    }
    case ValueKind::kMap: {
      auto* map = static_cast<Map*>(rep);
      for (MapEntry& entry : map->entries) {
        Drop(entry.first, dying);
        Drop(entry.second, dying);
      }
      delete map;
      return;
    }
    case ValueKind::kOptional: {
      auto* optional = static_cast<Optional*>(rep);
      Drop(optional->value, dying);
      delete optional;
      return;
    }
    default: {
      auto* text = static_cast<Text*>(rep);
      text->~Text();
      ::operator delete(text);
    }
  }
}

void Value::Rep::Release(Rep* rep) noexcept {
  if (rep->refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  Rep* dying = rep;
  while (dying != nullptr) {
    Rep* dead = dying;
    dying = dead->next;
    Free(dead, dying);
  }
}

// Empty strings, lists and maps and optional.none() have no heap part.
bool Value::has_rep() const noexcept {
  switch (kind_) {
    case ValueKind::kString:
    case ValueKind::kBytes:
    case ValueKind::kList:
    case ValueKind::kMap:
    case ValueKind::kType:
    case ValueKind::kOptional:
      return rep_ != nullptr;
    default:
      return false;
  }
}

Value::Value(const Value& other) noexcept : kind_(other.kind_), nanos_(other.nanos_), int_(0) {
  std::memcpy(&int_, &other.int_, sizeof int_);
  if (has_rep()) rep_->refs.fetch_add(1, std::memory_order_relaxed);
}

Value::Value(Value&& other) noexcept : kind_(other.kind_), nanos_(other.nanos_), int_(0) {
  std::memcpy(&int_, &other.int_, sizeof int_);
  other.kind_ = ValueKind::kNull;
}

Value& Value::operator=(const Value& other) noexcept {
  if (this != &other) *this = Value(other);
  return *this;
}

Value& Value::operator=(Value&& other) noexcept {
  if (this == &other) return *this;
  // What is let go might own `other`, so it goes last.
  Rep* old = has_rep() ? rep_ : nullptr;
  kind_ = other.kind_;
  nanos_ = other.nanos_;
  std::memcpy(&int_, &other.int_, sizeof int_);
  other.kind_ = ValueKind::kNull;
  if (old != nullptr) Rep::Release(old);
  return *this;
}

Value::~Value() {
  if (has_rep()) Rep::Release(rep_);
}

Value Value::Bool(bool value) {
  Value v;
  v.kind_ = ValueKind::kBool;
  v.bool_ = value;
  return v;
}

Value Value::Int(std::int64_t value) {
  Value v;
  v.kind_ = ValueKind::kInt;
  v.int_ = value;
  return v;
}

Value Value::Uint(std::uint64_t value) {
  Value v;
  v.kind_ = ValueKind::kUint;
  v.uint_ = value;
  return v;
}

Value Value::Double(double value) {
  Value v;
  v.kind_ = ValueKind::kDouble;
  v.double_ = value;
  return v;
}

Value Value::String(std::string_view utf8) {
  Value v;
  v.kind_ = ValueKind::kString;
  v.rep_ = utf8.empty() ? nullptr : Rep::NewText(ValueKind::kString, utf8);
  return v;
}

Value Value::Bytes(std::string_view bytes) {
  Value v;
  v.kind_ = ValueKind::kBytes;
  v.rep_ = bytes.empty() ? nullptr : Rep::NewText(ValueKind::kBytes, bytes);
  return v;
}

Value Value::Time(Timestamp timestamp) {
  Value v;
  v.kind_ = ValueKind::kTimestamp;
  v.int_ = timestamp.seconds;
  v.nanos_ = timestamp.nanos;
  return v;
}

Value Value::Span(Duration duration) {
  Value v;
  v.kind_ = ValueKind::kDuration;
  v.int_ = duration.seconds;
  v.nanos_ = duration.nanos;
  return v;
}

Value Value::List(std::vector<Value> items) {
  Value v;
  v.kind_ = ValueKind::kList;
  v.rep_ = items.empty() ? nullptr : new Rep::List(std::move(items));
  return v;
}

Value Value::Map(std::vector<MapEntry> entries) {
  std::size_t duplicate = 0;
  std::optional<Value> map = TryMap(entries, duplicate);
  FERMATA_ASSERT(map.has_value());
  return *std::move(map);
}

Value Value::Object(std::initializer_list<std::pair<std::string_view, Value>> entries) {
  std::vector<MapEntry> list;
  list.reserve(entries.size());
  for (const auto& [key, value] : entries) list.emplace_back(String(key), value);
  return Map(std::move(list));
}

Value Value::Type(std::string_view name) {
  Value v;
  v.kind_ = ValueKind::kType;
  v.rep_ = Rep::NewText(ValueKind::kType, name);
  return v;
}

Value Value::OptionalNone() {
  Value v;
  v.kind_ = ValueKind::kOptional;
  v.rep_ = nullptr;
  return v;
}

Value Value::OptionalOf(Value value) {
  Value v;
  v.rep_ = new Rep::Optional(std::move(value));
  v.kind_ = ValueKind::kOptional;
  return v;
}

bool Value::as_bool() const {
  FERMATA_ASSERT(kind_ == ValueKind::kBool);
  return bool_;
}

std::int64_t Value::as_int() const {
  FERMATA_ASSERT(kind_ == ValueKind::kInt);
  return int_;
}

std::uint64_t Value::as_uint() const {
  FERMATA_ASSERT(kind_ == ValueKind::kUint);
  return uint_;
}

double Value::as_double() const {
  FERMATA_ASSERT(kind_ == ValueKind::kDouble);
  return double_;
}

std::string_view Value::as_string() const {
  FERMATA_ASSERT(kind_ == ValueKind::kString);
  return rep_ == nullptr ? std::string_view{} : static_cast<Rep::Text*>(rep_)->view();
}

std::string_view Value::as_bytes() const {
  FERMATA_ASSERT(kind_ == ValueKind::kBytes);
  return rep_ == nullptr ? std::string_view{} : static_cast<Rep::Text*>(rep_)->view();
}

Timestamp Value::as_timestamp() const {
  FERMATA_ASSERT(kind_ == ValueKind::kTimestamp);
  return {int_, nanos_};
}

Duration Value::as_duration() const {
  FERMATA_ASSERT(kind_ == ValueKind::kDuration);
  return {int_, nanos_};
}

const std::vector<Value>& Value::as_list() const {
  static const std::vector<Value> empty;
  FERMATA_ASSERT(kind_ == ValueKind::kList);
  return rep_ == nullptr ? empty : static_cast<Rep::List*>(rep_)->items;
}

const std::vector<MapEntry>& Value::as_map() const {
  static const std::vector<MapEntry> empty;
  FERMATA_ASSERT(kind_ == ValueKind::kMap);
  return rep_ == nullptr ? empty : static_cast<Rep::Map*>(rep_)->entries;
}

std::string_view Value::as_type() const {
  FERMATA_ASSERT(kind_ == ValueKind::kType);
  return static_cast<Rep::Text*>(rep_)->view();
}

bool Value::optional_has_value() const {
  FERMATA_ASSERT(kind_ == ValueKind::kOptional);
  return rep_ != nullptr;
}

const Value& Value::optional_value() const {
  FERMATA_ASSERT(optional_has_value());
  return static_cast<Rep::Optional*>(rep_)->value;
}

std::string_view CelTypeName(ValueKind kind) {
  switch (kind) {
    case ValueKind::kNull:
      return "null_type";
    case ValueKind::kBool:
      return "bool";
    case ValueKind::kInt:
      return "int";
    case ValueKind::kUint:
      return "uint";
    case ValueKind::kDouble:
      return "double";
    case ValueKind::kString:
      return "string";
    case ValueKind::kBytes:
      return "bytes";
    case ValueKind::kTimestamp:
      return "google.protobuf.Timestamp";
    case ValueKind::kDuration:
      return "google.protobuf.Duration";
    case ValueKind::kList:
      return "list";
    case ValueKind::kMap:
      return "map";
    case ValueKind::kType:
      return "type";
    case ValueKind::kOptional:
      return "optional_type";
  }
  return "dyn";
}

}  // namespace fermata
