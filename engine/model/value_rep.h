// The heap parts of values; for value.cc and value_content.cc only.
#pragma once

#include <atomic>

#include "engine/model/value.h"

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

}  // namespace fermata
