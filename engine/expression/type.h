// The types that the checker reasons with: CEL's, plus objects with known fields, as a JSON Schema describes them.
//
// Plain immutable values, cheap to copy, thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fermata {

enum class TypeKind {
  kDyn,  // unknown: fits everything
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kTimestamp,
  kDuration,
  kList,      // of element()
  kMap,       // from key() to value()
  kObject,    // a map with known fields
  kOptional,  // of element()
  kType,
  kUnion,  // one of alternatives(): from "type: [string, 'null']", anyOf, oneOf
};

class Type {
 public:
  struct Field {
    std::string name;
    bool required = false;
  };

  Type() = default;  // Dyn
  explicit Type(TypeKind kind) : kind_(kind) {}
  static Type Dyn() { return Type(); }
  static Type List(Type element);
  static Type Map(Type key, Type value);
  static Type Optional(Type element);
  // `open`: other fields may be there too, of type `additional`.
  static Type Object(std::vector<std::pair<Field, Type>> fields, bool open, Type additional);
  // Flattens unions in unions and drops doubles; one alternative is that alternative; Dyn swallows all.
  static Type Union(std::vector<Type> alternatives);

  TypeKind kind() const { return kind_; }
  bool is_dyn() const { return kind_ == TypeKind::kDyn; }
  const Type& element() const;
  const Type& key() const;
  const Type& value() const;
  const std::vector<std::pair<Field, Type>>& fields() const;
  const Type* FindField(std::string_view name) const;
  bool open() const;
  const std::vector<Type>& alternatives() const;

  // Whether a value of `from` can ever be accepted where `to` is wanted: false only when that is certain to fail.
  static bool CanFit(const Type& from, const Type& to);
  // What is common to both, for values that come from two paths.
  static Type Join(const Type& a, const Type& b);

  // "int", "list(string)", "{id: string, amount: int}", for messages.
  std::string ToString() const;
  friend bool operator==(const Type& a, const Type& b);

 private:
  struct Rep;
  TypeKind kind_ = TypeKind::kDyn;
  std::shared_ptr<const Rep> rep_;
};

}  // namespace fermata
