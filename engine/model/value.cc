#include "engine/model/value.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <new>

#include "engine/base/assert.h"
#include "engine/model/limits.h"

namespace fermata {

// What a value with a heap part points to. `next` links dying parts, so that destroying needs neither stack nor memory.
struct Value::Rep {
  explicit Rep(ValueKind k) : kind(k) {}
  std::atomic<std::uint32_t> refs{1};
  ValueKind kind;
  Rep* next = nullptr;

  struct Text;
  struct List;
  struct Map;
  struct Optional;

  static Rep* NewText(ValueKind kind, std::string_view text);
  static void Release(Rep* rep) noexcept;
  static void Drop(Value& child, Rep*& dying) noexcept;
  static void Free(Rep* rep, Rep*& dying) noexcept;
};

// Strings, bytes and type names; the characters follow the header in the same allocation.
struct Value::Rep::Text : Rep {
  Text(ValueKind k, std::size_t n) : Rep(k), size(n) {}
  std::size_t size;
  char* data() { return reinterpret_cast<char*>(this + 1); }
  std::string_view view() { return {data(), size}; }
};

struct Value::Rep::List : Rep {
  explicit List(std::vector<Value> v) : Rep(ValueKind::kList), items(std::move(v)) {}
  std::vector<Value> items;
};

struct Value::Rep::Map : Rep {
  explicit Map(std::vector<MapEntry> e) : Rep(ValueKind::kMap), entries(std::move(e)) {}
  std::vector<MapEntry> entries;
  std::vector<std::uint32_t> sorted;  // positions in the order of the keys; empty for small maps
};

struct Value::Rep::Optional : Rep {
  explicit Optional(Value v) : Rep(ValueKind::kOptional), value(std::move(v)) {}
  Value value;
};

namespace {

// Beyond it a binary search is quicker than looking at each.
constexpr std::size_t kLinearEntriesMax = 8;

// A map key reduced to what CEL compares: whole numbers are one family, whatever their kind.
struct Key {
  enum class Family : std::uint8_t { kBool, kInt, kBigUint, kString, kNone } family = Family::kNone;
  std::uint64_t bits = 0;
  std::string_view text;
};

Key KeyOf(const Value& value) {
  switch (value.kind()) {
    case ValueKind::kBool: return {Key::Family::kBool, value.as_bool() ? 1u : 0u, {}};
    case ValueKind::kInt: return {Key::Family::kInt, static_cast<std::uint64_t>(value.as_int()), {}};
    case ValueKind::kUint:
      return {value.as_uint() > static_cast<std::uint64_t>(INT64_MAX) ? Key::Family::kBigUint : Key::Family::kInt, value.as_uint(), {}};
    case ValueKind::kDouble: {
      const double number = value.as_double();
      if (number != std::floor(number)) return {};
      if (number >= -0x1p63 && number < 0x1p63) return {Key::Family::kInt, static_cast<std::uint64_t>(static_cast<std::int64_t>(number)), {}};
      if (number >= 0x1p63 && number < 0x1p64) return {Key::Family::kBigUint, static_cast<std::uint64_t>(number), {}};
      return {};
    }
    case ValueKind::kString: return {Key::Family::kString, 0, value.as_string()};
    default: return {};
  }
}

// Some total order; only equality has a meaning outside.
int Compare(const Key& a, const Key& b) {
  if (a.family != b.family) return a.family < b.family ? -1 : 1;
  if (a.family == Key::Family::kString) return a.text.compare(b.text);
  return a.bits == b.bits ? 0 : a.bits < b.bits ? -1 : 1;
}

// The position of an entry whose key occurs before it too.
std::optional<std::size_t> DuplicateOf(const std::vector<MapEntry>& entries, std::vector<std::uint32_t>& sorted) {
  if (entries.size() <= kLinearEntriesMax) {
    for (std::size_t i = 1; i < entries.size(); ++i) {
      const Key key = KeyOf(entries[i].first);
      for (std::size_t k = 0; k < i; ++k) {
        if (Compare(KeyOf(entries[k].first), key) == 0) return i;
      }
    }
    return std::nullopt;
  }
  sorted.resize(entries.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) sorted[i] = static_cast<std::uint32_t>(i);
  std::sort(sorted.begin(), sorted.end(), [&](std::uint32_t a, std::uint32_t b) {
    const int order = Compare(KeyOf(entries[a].first), KeyOf(entries[b].first));
    return order != 0 ? order < 0 : a < b;
  });
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (Compare(KeyOf(entries[sorted[i - 1]].first), KeyOf(entries[sorted[i]].first)) == 0) return sorted[i];
  }
  return std::nullopt;
}

}  // namespace

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
    case ValueKind::kOptional: return rep_ != nullptr;
    default: return false;
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

std::optional<Value> Value::TryMap(std::vector<MapEntry>& entries, std::size_t& duplicate) {
  Value v;
  v.kind_ = ValueKind::kMap;
  v.rep_ = nullptr;
  if (entries.empty()) return v;
  std::vector<std::uint32_t> sorted;
  if (const auto position = DuplicateOf(entries, sorted)) {
    duplicate = *position;
    return std::nullopt;
  }
  auto* rep = new Rep::Map(std::move(entries));
  rep->sorted = std::move(sorted);
  v.rep_ = rep;
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

const Value* Value::Find(std::string_view key) const {
  if (kind_ != ValueKind::kMap || rep_ == nullptr) return nullptr;
  const auto& map = *static_cast<Rep::Map*>(rep_);
  if (map.sorted.empty()) {
    for (const MapEntry& entry : map.entries) {
      if (entry.first.kind_ == ValueKind::kString && entry.first.as_string() == key) return &entry.second;
    }
    return nullptr;
  }
  const Key wanted{Key::Family::kString, 0, key};
  const auto found = std::lower_bound(map.sorted.begin(), map.sorted.end(), wanted, [&](std::uint32_t position, const Key& k) {
    return Compare(KeyOf(map.entries[position].first), k) < 0;
  });
  if (found == map.sorted.end() || Compare(KeyOf(map.entries[*found].first), wanted) != 0) return nullptr;
  return &map.entries[*found].second;
}

const Value* Value::FindKey(const Value& key) const {
  if (key.kind_ == ValueKind::kString) return Find(key.as_string());
  const MapEntry* entry = FindEntry(key);
  return entry == nullptr ? nullptr : &entry->second;
}

const MapEntry* Value::FindEntry(const Value& key) const {
  if (kind_ != ValueKind::kMap || rep_ == nullptr) return nullptr;
  const auto& map = *static_cast<Rep::Map*>(rep_);
  const Key wanted = KeyOf(key);
  if (wanted.family == Key::Family::kNone) return nullptr;
  if (map.sorted.empty()) {
    for (const MapEntry& entry : map.entries) {
      if (Compare(KeyOf(entry.first), wanted) == 0) return &entry;
    }
    return nullptr;
  }
  const auto found = std::lower_bound(map.sorted.begin(), map.sorted.end(), wanted, [&](std::uint32_t position, const Key& k) {
    return Compare(KeyOf(map.entries[position].first), k) < 0;
  });
  if (found == map.sorted.end() || Compare(KeyOf(map.entries[*found].first), wanted) != 0) return nullptr;
  return &map.entries[*found];
}

// Compares everything but the children, whose pairs go onto `todo`.
bool Value::EqualShallow(const Value& a, const Value& b, std::vector<std::pair<const Value*, const Value*>>& todo) {
  if (a.kind_ != b.kind_) return false;
  switch (a.kind_) {
    case ValueKind::kNull: return true;
    case ValueKind::kBool: return a.bool_ == b.bool_;
    case ValueKind::kInt:
    case ValueKind::kUint: return a.uint_ == b.uint_;
    case ValueKind::kDouble: return a.double_ == b.double_ || (std::isnan(a.double_) && std::isnan(b.double_));
    case ValueKind::kTimestamp:
    case ValueKind::kDuration: return a.int_ == b.int_ && a.nanos_ == b.nanos_;
    case ValueKind::kString: return a.as_string() == b.as_string();
    case ValueKind::kBytes: return a.as_bytes() == b.as_bytes();
    case ValueKind::kType: return a.as_type() == b.as_type();
    case ValueKind::kOptional:
      if (a.rep_ == b.rep_) return true;
      if (a.rep_ == nullptr || b.rep_ == nullptr) return false;
      todo.emplace_back(&a.optional_value(), &b.optional_value());
      return true;
    case ValueKind::kList: {
      if (a.rep_ == b.rep_) return true;
      const auto& x = a.as_list();
      const auto& y = b.as_list();
      if (x.size() != y.size()) return false;
      for (std::size_t i = 0; i < x.size(); ++i) todo.emplace_back(&x[i], &y[i]);
      return true;
    }
    case ValueKind::kMap: {
      if (a.rep_ == b.rep_) return true;
      if (a.as_map().size() != b.as_map().size()) return false;
      for (const MapEntry& entry : a.as_map()) {
        const MapEntry* other = b.FindEntry(entry.first);
        if (other == nullptr || other->first.kind_ != entry.first.kind_) return false;
        todo.emplace_back(&entry.second, &other->second);
      }
      return true;
    }
  }
  return false;
}

bool operator==(const Value& a, const Value& b) {
  std::vector<std::pair<const Value*, const Value*>> todo;
  if (!Value::EqualShallow(a, b, todo)) return false;
  while (!todo.empty()) {
    const auto [x, y] = todo.back();
    todo.pop_back();
    if (!Value::EqualShallow(*x, *y, todo)) return false;
  }
  return true;
}

std::size_t Value::MemoryBytes(std::size_t limit) const {
  std::size_t bytes = 0;
  std::vector<const Value*> todo = {this};
  while (!todo.empty() && bytes <= limit) {
    const Value& value = *todo.back();
    todo.pop_back();
    if (!value.has_rep()) continue;
    switch (value.kind_) {
      case ValueKind::kList:
        bytes += sizeof(Rep::List) + value.as_list().size() * sizeof(Value);
        if (bytes > limit) return bytes;
        for (const Value& item : value.as_list()) todo.push_back(&item);
        break;
      case ValueKind::kMap:
        bytes += sizeof(Rep::Map) + value.as_map().size() * (sizeof(MapEntry) + sizeof(std::uint32_t));
        if (bytes > limit) return bytes;
        for (const MapEntry& entry : value.as_map()) {
          todo.push_back(&entry.first);
          todo.push_back(&entry.second);
        }
        break;
      case ValueKind::kOptional:
        bytes += sizeof(Rep::Optional);
        todo.push_back(&value.optional_value());
        break;
      default: bytes += sizeof(Rep::Text) + static_cast<Rep::Text*>(value.rep_)->size;
    }
  }
  return bytes;
}

int Value::Depth() const {
  int deepest = 0;
  std::vector<std::pair<const Value*, int>> todo = {{this, 0}};
  while (!todo.empty() && deepest <= kValueDepthMax) {
    const auto [value, above] = todo.back();
    todo.pop_back();
    const bool nests = value->kind_ == ValueKind::kList || value->kind_ == ValueKind::kMap || value->kind_ == ValueKind::kOptional;
    const int depth = above + (nests ? 1 : 0);
    deepest = std::max(deepest, depth);
    if (value->kind_ == ValueKind::kList) {
      for (const Value& item : value->as_list()) todo.emplace_back(&item, depth);
    } else if (value->kind_ == ValueKind::kMap) {
      for (const MapEntry& entry : value->as_map()) todo.emplace_back(&entry.second, depth);
    } else if (value->kind_ == ValueKind::kOptional && value->optional_has_value()) {
      todo.emplace_back(&value->optional_value(), depth);
    }
  }
  return deepest;
}

std::string_view CelTypeName(ValueKind kind) {
  switch (kind) {
    case ValueKind::kNull: return "null_type";
    case ValueKind::kBool: return "bool";
    case ValueKind::kInt: return "int";
    case ValueKind::kUint: return "uint";
    case ValueKind::kDouble: return "double";
    case ValueKind::kString: return "string";
    case ValueKind::kBytes: return "bytes";
    case ValueKind::kTimestamp: return "google.protobuf.Timestamp";
    case ValueKind::kDuration: return "google.protobuf.Duration";
    case ValueKind::kList: return "list";
    case ValueKind::kMap: return "map";
    case ValueKind::kType: return "type";
    case ValueKind::kOptional: return "optional_type";
  }
  return "dyn";
}

}  // namespace fermata
