#include "engine/expression/value_type.h"

namespace fermata {

Type TypeOfScalar(const Value& value) {
  switch (value.kind()) {
    case ValueKind::kNull:
      return Type(TypeKind::kNull);
    case ValueKind::kBool:
      return Type(TypeKind::kBool);
    case ValueKind::kInt:
      return Type(TypeKind::kInt);
    case ValueKind::kUint:
      return Type(TypeKind::kUint);
    case ValueKind::kDouble:
      return Type(TypeKind::kDouble);
    case ValueKind::kString:
      return Type(TypeKind::kString);
    case ValueKind::kBytes:
      return Type(TypeKind::kBytes);
    default:
      return Type::Dyn();
  }
}

}  // namespace fermata
