// The one value type of the engine: what variables, inputs, event data and expressions are made of.
//
// Immutable and reference-counted: copying is cheap and safe across threads; nothing can change a value under its reader.
// 16 bytes. Destroying and comparing use bounded stack whatever the nesting, and construction refuses nothing:
// depth is bounded where values come in (ParseJson, the YAML reader, the evaluator) by kValueDepthMax.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/time.h"

namespace fermata {

enum class ValueKind : std::uint8_t {
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kTimestamp,
  kDuration,
  kList,
  kMap,
  // Only inside expressions, never in a variable:
  kType,
  kOptional,
};

class Value;
// Entries keep the order in which they were written. Keys are unique; in JSON values they are strings,
// in expressions they may also be bool, int or uint.
using MapEntry = std::pair<Value, Value>;

class Value {
 public:
  Value() noexcept : kind_(ValueKind::kNull), nanos_(0), int_(0) {}
  Value(const Value& other) noexcept;
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other) noexcept;
  Value& operator=(Value&& other) noexcept;
  ~Value();

  static Value Null() { return Value(); }
  static Value Bool(bool value);
  static Value Int(std::int64_t value);
  static Value Uint(std::uint64_t value);
  static Value Double(double value);
  static Value String(std::string_view utf8);
  static Value Bytes(std::string_view bytes);
  static Value Time(Timestamp timestamp);
  static Value Span(Duration duration);
  static Value List(std::vector<Value> items);
  // Asserts that no key occurs twice (ParseJson and the evaluator check before they build).
  static Value Map(std::vector<MapEntry> entries);
  // As Map (and takes `entries`), but if a key occurs twice nullopt, with its second position in `duplicate` and `entries` untouched.
  static std::optional<Value> TryMap(std::vector<MapEntry>& entries, std::size_t& duplicate);
  // A map with string keys.
  static Value Object(std::initializer_list<std::pair<std::string_view, Value>> entries);
  static Value Type(std::string_view name);
  static Value OptionalNone();
  static Value OptionalOf(Value value);

  ValueKind kind() const noexcept { return kind_; }
  bool is_null() const noexcept { return kind_ == ValueKind::kNull; }
  bool is_string() const noexcept { return kind_ == ValueKind::kString; }
  bool is_list() const noexcept { return kind_ == ValueKind::kList; }
  bool is_map() const noexcept { return kind_ == ValueKind::kMap; }

  // Each asserts the kind.
  bool as_bool() const;
  std::int64_t as_int() const;
  std::uint64_t as_uint() const;
  double as_double() const;
  std::string_view as_string() const;  // valid while this value or a copy of it lives
  std::string_view as_bytes() const;
  Timestamp as_timestamp() const;
  Duration as_duration() const;
  const std::vector<Value>& as_list() const;
  const std::vector<MapEntry>& as_map() const;
  std::string_view as_type() const;
  bool optional_has_value() const;
  const Value& optional_value() const;  // asserts optional_has_value()

  // The entry with this string key of a map; nullptr if this is no map or has no such key. Lives as long as this value or a copy.
  const Value* Find(std::string_view key) const;
  // The entry whose key equals `key` as CEL compares (1, 1u and 1.0 are one key).
  const Value* FindKey(const Value& key) const;
  // The same, with the key as the map has it.
  const MapEntry* FindEntry(const Value& key) const;

  // The same kind and the same content; map order does not matter; int 1 and double 1.0 differ; NaN equals itself.
  // CEL's heterogeneous equality is expression/'s business.
  friend bool operator==(const Value& a, const Value& b);

  // Heap bytes reachable from here, shared parts counted each time they are reached; stops counting beyond `limit`.
  std::size_t MemoryBytes(std::size_t limit) const;
  // Nesting: 0 for a scalar, 1 for [] or {}. Never recurses; stops at kValueDepthMax + 1.
  int Depth() const;

 private:
  struct Rep;
  bool has_rep() const noexcept;
  static bool EqualShallow(const Value& a, const Value& b, std::vector<std::pair<const Value*, const Value*>>& todo);

  ValueKind kind_;
  std::int32_t nanos_;  // of timestamps and durations
  union {
    std::int64_t int_;  // also seconds
    std::uint64_t uint_;
    double double_;
    bool bool_;
    Rep* rep_;
  };
};

// "int", "string", "map", … as CEL names its types ("google.protobuf.Timestamp" for timestamps, "null_type" for null).
std::string_view CelTypeName(ValueKind kind);

}  // namespace fermata
