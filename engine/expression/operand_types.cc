#include "engine/expression/operand_types.h"

namespace fermata {
namespace {

bool IsScalar(TypeKind kind) {
  return kind != TypeKind::kDyn && kind != TypeKind::kList && kind != TypeKind::kMap && kind != TypeKind::kObject &&
         kind != TypeKind::kOptional && kind != TypeKind::kUnion;
}
bool IsNumberKind(TypeKind kind) {
  return kind == TypeKind::kInt || kind == TypeKind::kUint || kind == TypeKind::kDouble;
}

// The result of one pair of types; nullopt where there is no overload.
std::optional<Type> ResultOfPair(Operation operation, const Type& a, const Type& b) {
  if (a.is_dyn() || b.is_dyn()) return Type::Dyn();
  const bool plus = operation == Operation::kAdd;
  const auto time = [](const Type& type) {
    return type.kind() == TypeKind::kTimestamp || type.kind() == TypeKind::kDuration;
  };
  if (time(a) && time(b) && (plus || operation == Operation::kSubtract)) {
    const bool a_time = a.kind() == TypeKind::kTimestamp;
    const bool b_time = b.kind() == TypeKind::kTimestamp;
    if (a_time && b_time) return plus ? std::nullopt : std::optional<Type>(Type(TypeKind::kDuration));
    if (b_time && !plus) return std::nullopt;
    return Type(a_time || b_time ? TypeKind::kTimestamp : TypeKind::kDuration);
  }
  if (a.kind() != b.kind()) return std::nullopt;
  if (a.kind() == TypeKind::kDouble && operation == Operation::kModulo) return std::nullopt;
  if (IsNumberKind(a.kind())) return a;
  if (plus && (a.kind() == TypeKind::kString || a.kind() == TypeKind::kBytes || a.kind() == TypeKind::kList))
    return Type::Join(a, b);
  return std::nullopt;
}

}  // namespace

std::vector<Type> AlternativesOf(const Type& type) {
  if (type.kind() == TypeKind::kUnion) return type.alternatives();
  return {type};
}

bool CanEqual(const Type& a, const Type& b) {
  for (const Type& x : AlternativesOf(a)) {
    for (const Type& y : AlternativesOf(b)) {
      if (Type::CanFit(x, y) || x.kind() == TypeKind::kNull || y.kind() == TypeKind::kNull) return true;
      if (IsNumberKind(x.kind()) && IsNumberKind(y.kind())) return true;
      if (!IsScalar(x.kind()) && !IsScalar(y.kind()) && x.kind() == y.kind()) return true;
    }
  }
  return false;
}

bool CanOrder(const Type& a, const Type& b) {
  for (const Type& x : AlternativesOf(a)) {
    for (const Type& y : AlternativesOf(b)) {
      if (IsNumberKind(x.kind()) && IsNumberKind(y.kind())) return true;
      if (x.kind() == TypeKind::kNull || x.kind() == TypeKind::kType) continue;
      if (Type::CanFit(x, y) && (x.is_dyn() || y.is_dyn() || IsScalar(x.kind()))) return true;
    }
  }
  return false;
}

std::optional<Type> ResultOfArithmetic(Operation operation, const Type& a, const Type& b) {
  std::optional<Type> result;
  for (const Type& x : AlternativesOf(a)) {
    for (const Type& y : AlternativesOf(b)) {
      const auto one = ResultOfPair(operation, x, y);
      if (one) result = result ? Type::Join(*result, *one) : *one;
    }
  }
  return result;
}

}  // namespace fermata
