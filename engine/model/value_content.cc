// What is in a value: keys of maps, equality, size and depth.
#include <algorithm>
#include <cmath>

#include "engine/model/limits.h"
#include "engine/model/value_rep.h"

namespace fermata {
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
    case ValueKind::kBool:
      return {Key::Family::kBool, value.as_bool() ? 1u : 0u, {}};
    case ValueKind::kInt:
      return {Key::Family::kInt, static_cast<std::uint64_t>(value.as_int()), {}};
    case ValueKind::kUint:
      return {value.as_uint() > static_cast<std::uint64_t>(INT64_MAX) ? Key::Family::kBigUint : Key::Family::kInt,
              value.as_uint(),
              {}};
    case ValueKind::kDouble: {
      const double number = value.as_double();
      if (number != std::floor(number)) return {};
      if (number >= -0x1p63 && number < 0x1p63)
        return {Key::Family::kInt, static_cast<std::uint64_t>(static_cast<std::int64_t>(number)), {}};
      if (number >= 0x1p63 && number < 0x1p64) return {Key::Family::kBigUint, static_cast<std::uint64_t>(number), {}};
      return {};
    }
    case ValueKind::kString:
      return {Key::Family::kString, 0, value.as_string()};
    default:
      return {};
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
  const auto found = std::lower_bound(
      map.sorted.begin(), map.sorted.end(), wanted,
      [&](std::uint32_t position, const Key& k) { return Compare(KeyOf(map.entries[position].first), k) < 0; });
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
  const auto found = std::lower_bound(
      map.sorted.begin(), map.sorted.end(), wanted,
      [&](std::uint32_t position, const Key& k) { return Compare(KeyOf(map.entries[position].first), k) < 0; });
  if (found == map.sorted.end() || Compare(KeyOf(map.entries[*found].first), wanted) != 0) return nullptr;
  return &map.entries[*found];
}

// Compares everything but the children, whose pairs go onto `todo`.
bool Value::EqualShallow(const Value& a, const Value& b, std::vector<std::pair<const Value*, const Value*>>& todo) {
  if (a.kind_ != b.kind_) return false;
  switch (a.kind_) {
    case ValueKind::kNull:
      return true;
    case ValueKind::kBool:
      return a.bool_ == b.bool_;
    case ValueKind::kInt:
    case ValueKind::kUint:
      return a.uint_ == b.uint_;
    case ValueKind::kDouble:
      return a.double_ == b.double_ || (std::isnan(a.double_) && std::isnan(b.double_));
    case ValueKind::kTimestamp:
    case ValueKind::kDuration:
      return a.int_ == b.int_ && a.nanos_ == b.nanos_;
    case ValueKind::kString:
      return a.as_string() == b.as_string();
    case ValueKind::kBytes:
      return a.as_bytes() == b.as_bytes();
    case ValueKind::kType:
      return a.as_type() == b.as_type();
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
      default:
        bytes += sizeof(Rep::Text) + static_cast<Rep::Text*>(value.rep_)->size;
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
    const bool nests =
        value->kind_ == ValueKind::kList || value->kind_ == ValueKind::kMap || value->kind_ == ValueKind::kOptional;
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

}  // namespace fermata
