// The types of names, fields, keys and indices.
#include <algorithm>

#include "engine/expression/checking.h"
#include "engine/expression/codes.h"
#include "engine/expression/resolver.h"

namespace fermata {
namespace {

std::vector<std::string> FieldNames(const Type& object) {
  std::vector<std::string> names;
  for (const auto& [field, type] : object.fields()) names.push_back(field.name);
  return names;
}

}  // namespace

Type Checker::CheckPath(const SyntaxNode& node) {
  for (std::size_t i = node.names.size(); i-- > 0;) {
    const Type* found = environment_.Find(node.names[i]);
    if (found == nullptr) continue;
    Type type = *found;
    for (std::size_t k = i + 1; k < node.fields.size(); ++k)
      type = Select(type, node.fields[k], node.field_spans[k], false);
    return type;
  }
  if (IsTypeName(node.names.back())) return Type(TypeKind::kType);
  return Mistake(node.field_spans[0], kExpressionUnknownName,
                 "Expected a name in scope, but there is no '" + node.fields[0] + "'.",
                 DidYouMean(node.fields[0], environment_.Names()));
}

std::optional<Type> Checker::FieldOf(const Type& type, const std::string& name) {
  std::optional<Type> result;
  for (const Type& one : AlternativesOf(type)) {
    std::optional<Type> field;
    if (one.is_dyn())
      field = Type::Dyn();
    else if (one.kind() == TypeKind::kMap)
      field = one.value();
    else if (one.kind() == TypeKind::kObject)
      field = one.FindField(name) != nullptr ? *one.FindField(name)
              : one.open()                   ? std::optional<Type>(one.value())
                                             : std::nullopt;
    else if (one.kind() == TypeKind::kOptional)
      field = FieldOf(one.element(), name);
    if (field && one.kind() == TypeKind::kOptional && field->kind() != TypeKind::kOptional)
      field = Type::Optional(*field);
    if (field) result = result ? Type::Join(*result, *field) : *field;
  }
  return result;
}

Type Checker::Select(const Type& base, const std::string& name, Span span, bool optional) {
  const std::optional<Type> field = FieldOf(base, name);
  if (field) return optional && field->kind() != TypeKind::kOptional ? Type::Optional(*field) : *field;
  const std::vector<Type> alternatives = AlternativesOf(base);
  // A field that may be missing altogether is what a.?b and a.?b.c ask about.
  const bool chained = std::any_of(alternatives.begin(), alternatives.end(), [](const Type& one) {
    return one.kind() == TypeKind::kOptional && one.element().kind() == TypeKind::kObject;
  });
  if (chained) return Type::Optional(Type::Dyn());
  const auto object = std::find_if(alternatives.begin(), alternatives.end(),
                                   [](const Type& one) { return one.kind() == TypeKind::kObject; });
  if (object == alternatives.end()) {
    return Mistake(span, kExpressionTypeMismatch,
                   "Expected a map to select '" + name + "' from, but got " + base.ToString() + ".");
  }
  if (optional) return Type::Optional(Type::Dyn());
  return Mistake(span, kExpressionUnknownField, "Expected a field that the value has, but there is no '" + name + "'.",
                 DidYouMean(name, FieldNames(*object)));
}

Type Checker::CheckSelect(const SyntaxNode& node) {
  const Type base = Check(*node.children[0]);
  const bool literal = node.children[0]->kind == NodeKind::kMap;
  if (literal && base.kind() == TypeKind::kObject && !FieldOf(base, node.name))
    return node.optional_access ? Type::Optional(Type::Dyn()) : Type::Dyn();
  return Select(base, node.name, node.span, node.optional_access);
}

Type Checker::CheckHas(const SyntaxNode& node) {
  const Type base = Check(*node.children[0]);
  const std::vector<Type> alternatives = AlternativesOf(base);
  const bool possible = std::any_of(alternatives.begin(), alternatives.end(), [](const Type& one) {
    return one.is_dyn() || one.kind() == TypeKind::kMap || one.kind() == TypeKind::kObject ||
           one.kind() == TypeKind::kOptional;
  });
  if (!possible)
    return Mistake(node.span, kExpressionTypeMismatch,
                   "Expected a map that may have '" + node.name + "', but got " + base.ToString() + ".");
  return Type(TypeKind::kBool);
}

Type Checker::ElementOf(const Type& base, const SyntaxNode& index_node, const Type& index, bool& fits) {
  fits = true;
  switch (base.kind()) {
    case TypeKind::kDyn:
      return Type::Dyn();
    case TypeKind::kList:
      fits = CanBe(index, TypeKind::kInt) || CanBe(index, TypeKind::kUint) || CanBe(index, TypeKind::kDouble);
      return base.element();
    case TypeKind::kMap:
      fits = CanEqual(index, base.key());
      return base.value();
    case TypeKind::kObject: {
      fits = CanBe(index, TypeKind::kString);
      if (index_node.kind != NodeKind::kConstant || !index_node.value.is_string()) return Type::Dyn();
      const Type* field = base.FindField(index_node.value.as_string());
      return field != nullptr ? *field : base.open() ? base.value() : Type::Dyn();
    }
    case TypeKind::kOptional: {
      const Type element = ElementOf(base.element(), index_node, index, fits);
      return element.kind() == TypeKind::kOptional ? element : Type::Optional(element);
    }
    default:
      fits = false;
      return Type::Dyn();
  }
}

Type Checker::CheckIndex(const SyntaxNode& node) {
  const Type base = Check(*node.children[0]);
  const Type index = Check(*node.children[1]);
  std::optional<Type> result;
  for (const Type& one : AlternativesOf(base)) {
    bool fits = false;
    const Type element = ElementOf(one, *node.children[1], index, fits);
    if (fits) result = result ? Type::Join(*result, element) : element;
  }
  if (!result)
    return Mistake(
        node.span, kExpressionTypeMismatch,
        "Expected a list or a map and an index that fits, but got " + base.ToString() + "[" + index.ToString() + "].");
  return node.optional_access && result->kind() != TypeKind::kOptional ? Type::Optional(*result) : *result;
}

}  // namespace fermata
