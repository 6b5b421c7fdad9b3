#include "engine/expression/type.h"

#include <algorithm>

#include "engine/base/assert.h"

namespace fermata {

struct Type::Rep {
  std::vector<Type> parts;  // element; key and value; alternatives; the type of additional fields
  std::vector<std::pair<Field, Type>> fields;
  bool open = false;
};

Type Type::List(Type element) {
  Type type(TypeKind::kList);
  type.rep_ = std::make_shared<Rep>(Rep{{std::move(element)}, {}, false});
  return type;
}

Type Type::Map(Type key, Type value) {
  Type type(TypeKind::kMap);
  type.rep_ = std::make_shared<Rep>(Rep{{std::move(key), std::move(value)}, {}, false});
  return type;
}

Type Type::Optional(Type element) {
  Type type(TypeKind::kOptional);
  type.rep_ = std::make_shared<Rep>(Rep{{std::move(element)}, {}, false});
  return type;
}

Type Type::Object(std::vector<std::pair<Field, Type>> fields, bool open, Type additional) {
  Type type(TypeKind::kObject);
  type.rep_ = std::make_shared<Rep>(Rep{{Type(TypeKind::kString), std::move(additional)}, std::move(fields), open});
  return type;
}

Type Type::Union(std::vector<Type> alternatives) {
  std::vector<Type> flat;
  const auto add = [&](const Type& type) {
    if (std::find(flat.begin(), flat.end(), type) == flat.end()) flat.push_back(type);
  };
  for (const Type& alternative : alternatives) {
    if (alternative.is_dyn()) return Dyn();
    if (alternative.kind() == TypeKind::kUnion) {
      for (const Type& inner : alternative.alternatives()) add(inner);
    } else {
      add(alternative);
    }
  }
  if (flat.empty()) return Dyn();
  if (flat.size() == 1) return flat[0];
  Type type(TypeKind::kUnion);
  type.rep_ = std::make_shared<Rep>(Rep{std::move(flat), {}, false});
  return type;
}

namespace {
const Type kDynType;
}  // namespace

// A list, map or optional made by kind alone has dyn parts.
const Type& Type::element() const {
  FERMATA_ASSERT(kind_ == TypeKind::kList || kind_ == TypeKind::kOptional);
  return rep_ == nullptr ? kDynType : rep_->parts[0];
}

const Type& Type::key() const {
  FERMATA_ASSERT(kind_ == TypeKind::kMap || kind_ == TypeKind::kObject);
  return rep_ == nullptr ? kDynType : rep_->parts[0];
}

const Type& Type::value() const {
  FERMATA_ASSERT(kind_ == TypeKind::kMap || kind_ == TypeKind::kObject);
  return rep_ == nullptr ? kDynType : rep_->parts[1];
}

const std::vector<std::pair<Type::Field, Type>>& Type::fields() const {
  static const std::vector<std::pair<Field, Type>> none;
  return rep_ == nullptr ? none : rep_->fields;
}

const Type* Type::FindField(std::string_view name) const {
  for (const auto& [field, type] : fields()) {
    if (field.name == name) return &type;
  }
  return nullptr;
}

bool Type::open() const { return rep_ == nullptr || rep_->open; }

const std::vector<Type>& Type::alternatives() const {
  static const std::vector<Type> none;
  return kind_ == TypeKind::kUnion ? rep_->parts : none;
}

namespace {

// Whether an object lacks a field that the other demands, or has one that can never fit.
bool ObjectsFit(const Type& from, const Type& to) {
  for (const auto& [field, type] : to.fields()) {
    const Type* given = from.FindField(field.name);
    if (given != nullptr ? !Type::CanFit(*given, type) : field.required && !from.open()) return false;
  }
  if (to.open()) return true;
  return std::all_of(from.fields().begin(), from.fields().end(), [&](const auto& field) {
    return !field.first.required || to.FindField(field.first.name) != nullptr;
  });
}

bool IsMapLike(const Type& type) { return type.kind() == TypeKind::kMap || type.kind() == TypeKind::kObject; }

bool MapsFit(const Type& from, const Type& to) {
  if (from.kind() == TypeKind::kObject && to.kind() == TypeKind::kObject) return ObjectsFit(from, to);
  if (from.kind() == TypeKind::kMap && to.kind() == TypeKind::kMap) return true;  // both may be empty
  const Type& object = from.kind() == TypeKind::kObject ? from : to;
  const Type& map = from.kind() == TypeKind::kObject ? to : from;
  const bool demands = std::any_of(object.fields().begin(), object.fields().end(), [&](const auto& field) {
    if (!field.first.required) return false;
    return from.kind() == TypeKind::kObject ? !Type::CanFit(field.second, map.value())
                                            : !Type::CanFit(map.value(), field.second);
  });
  return !demands && Type::CanFit(map.key(), Type(TypeKind::kString));
}

}  // namespace

bool Type::CanFit(const Type& from, const Type& to) {
  if (from.is_dyn() || to.is_dyn()) return true;
  if (from.kind_ == TypeKind::kUnion) {
    return std::any_of(from.alternatives().begin(), from.alternatives().end(),
                       [&](const Type& one) { return CanFit(one, to); });
  }
  if (to.kind_ == TypeKind::kUnion) {
    return std::any_of(to.alternatives().begin(), to.alternatives().end(),
                       [&](const Type& one) { return CanFit(from, one); });
  }
  if (IsMapLike(from) && IsMapLike(to)) return MapsFit(from, to);
  // Two lists may both be empty, two optionals may both be none: their elements decide nothing.
  return from.kind_ == to.kind_;
}

Type Type::Join(const Type& a, const Type& b) {
  if (a == b) return a;
  if (a.kind_ == TypeKind::kList && b.kind_ == TypeKind::kList) return List(Join(a.element(), b.element()));
  if (a.kind_ == TypeKind::kMap && b.kind_ == TypeKind::kMap)
    return Map(Join(a.key(), b.key()), Join(a.value(), b.value()));
  if (a.kind_ == TypeKind::kOptional && b.kind_ == TypeKind::kOptional) return Optional(Join(a.element(), b.element()));
  return Union({a, b});
}

std::string Type::ToString() const {
  switch (kind_) {
    case TypeKind::kDyn:
      return "dyn";
    case TypeKind::kNull:
      return "null";
    case TypeKind::kBool:
      return "bool";
    case TypeKind::kInt:
      return "int";
    case TypeKind::kUint:
      return "uint";
    case TypeKind::kDouble:
      return "double";
    case TypeKind::kString:
      return "string";
    case TypeKind::kBytes:
      return "bytes";
    case TypeKind::kTimestamp:
      return "timestamp";
    case TypeKind::kDuration:
      return "duration";
    case TypeKind::kType:
      return "type";
    case TypeKind::kList:
      return "list(" + element().ToString() + ")";
    case TypeKind::kMap:
      return "map(" + key().ToString() + ", " + value().ToString() + ")";
    case TypeKind::kOptional:
      return "optional(" + element().ToString() + ")";
    case TypeKind::kUnion: {
      std::string text;
      for (const Type& one : alternatives()) text += (text.empty() ? "" : " or ") + one.ToString();
      return text;
    }
    case TypeKind::kObject: {
      std::string text;
      for (const auto& [field, type] : fields())
        text += (text.empty() ? "" : ", ") + field.name + (field.required ? ": " : "?: ") + type.ToString();
      if (open()) text += text.empty() ? "…" : ", …";
      return "{" + text + "}";
    }
  }
  return "dyn";
}

bool operator==(const Type& a, const Type& b) {
  if (a.kind_ != b.kind_) return false;
  if (a.rep_ == b.rep_) return true;
  static const Type::Rep none;
  const Type::Rep& x = a.rep_ == nullptr ? none : *a.rep_;
  const Type::Rep& y = b.rep_ == nullptr ? none : *b.rep_;
  const auto same_field = [](const auto& p, const auto& q) {
    return p.first.name == q.first.name && p.first.required == q.first.required && p.second == q.second;
  };
  return x.open == y.open && x.parts == y.parts &&
         std::equal(x.fields.begin(), x.fields.end(), y.fields.begin(), y.fields.end(), same_field);
}

}  // namespace fermata
