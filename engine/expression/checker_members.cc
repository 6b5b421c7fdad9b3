// The types of lists, maps, macros, bindings and optionals.
#include <algorithm>

#include "engine/expression/checking.h"
#include "engine/expression/codes.h"

namespace fermata {
namespace {

Type JoinAll(const std::vector<Type>& types) {
  if (types.empty()) return Type::Dyn();
  Type joined = types[0];
  for (const Type& type : types) joined = Type::Join(joined, type);
  return joined;
}

}  // namespace

Type Checker::CheckList(const SyntaxNode& node) {
  std::vector<Type> items;
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    Type item = node.optional[i] ? Demand(*node.children[i], TypeKind::kOptional, "'?'") : Check(*node.children[i]);
    if (node.optional[i]) item = item.kind() == TypeKind::kOptional ? item.element() : Type::Dyn();
    items.push_back(std::move(item));
  }
  return Type::List(JoinMembers(items));
}

Type Checker::JoinMembers(const std::vector<Type>& types) {
  const Type joined = JoinAll(types);
  const std::vector<Type> alternatives = AlternativesOf(joined);
  const bool alike =
      alternatives.size() == 1 || std::all_of(alternatives.begin(), alternatives.end(),
                                              [](const Type& one) { return one.kind() == TypeKind::kObject; });
  return alike ? joined : Type::Dyn();
}

Type Checker::CheckMap(const SyntaxNode& node) {
  std::vector<std::pair<Type::Field, Type>> fields;
  std::vector<Type> keys;
  std::vector<Type> values;
  bool object = !node.children.empty();
  for (std::size_t i = 0; i < node.children.size(); i += 2) {
    const SyntaxNode& key = *node.children[i];
    const bool optional = node.optional[i / 2];
    keys.push_back(Check(key));
    Type value =
        optional ? Demand(*node.children[i + 1], TypeKind::kOptional, "a '?' key") : Check(*node.children[i + 1]);
    if (optional) value = value.kind() == TypeKind::kOptional ? value.element() : Type::Dyn();
    if (!CanBe(keys.back(), TypeKind::kString) && !CanBe(keys.back(), TypeKind::kBool) &&
        !CanBe(keys.back(), TypeKind::kInt) && !CanBe(keys.back(), TypeKind::kUint)) {
      Mistake(key.span, kExpressionTypeMismatch,
              "Expected a string, bool, int or uint as a key, but got " + keys.back().ToString() + ".");
    }
    object = object && key.kind == NodeKind::kConstant && key.value.is_string();
    if (object) fields.push_back({{std::string(key.value.as_string()), !optional}, value});
    values.push_back(std::move(value));
  }
  return object ? Type::Object(std::move(fields), false, Type::Dyn())
                : Type::Map(JoinMembers(keys), JoinMembers(values));
}

bool Checker::RangeOf(const Type& range, bool two_variables, Type& first, Type& second) {
  std::vector<Type> firsts;
  std::vector<Type> seconds;
  for (const Type& one : AlternativesOf(range)) {
    if (one.is_dyn()) {
      firsts.push_back(Type::Dyn());
      seconds.push_back(Type::Dyn());
    } else if (one.kind() == TypeKind::kList) {
      firsts.push_back(two_variables ? Type(TypeKind::kInt) : one.element());
      seconds.push_back(one.element());
    } else if (one.kind() == TypeKind::kMap || one.kind() == TypeKind::kObject) {
      firsts.push_back(one.key());
      std::vector<Type> values = {};
      for (const auto& [field, type] : one.fields()) values.push_back(type);
      if (one.kind() == TypeKind::kMap || one.open()) values.push_back(one.value());
      seconds.push_back(JoinMembers(values));
    }
  }
  first = JoinMembers(firsts);
  second = JoinMembers(seconds);
  return !firsts.empty();
}

Type Checker::CheckMacro(const SyntaxNode& node) {
  const Type range = Check(*node.children[0]);
  Type first;
  Type second;
  if (!RangeOf(range, node.two_variables, first, second)) {
    return Mistake(node.span, kExpressionTypeMismatch,
                   "Expected a list or a map for '" + TokenOf(node) + "', but got " + range.ToString() + ".");
  }
  locals_[static_cast<std::size_t>(node.slot)] = first;
  if (node.two_variables) locals_[static_cast<std::size_t>(node.slot2)] = second;
  if (node.has_filter) Demand(*node.children[1], TypeKind::kBool, "the filter");
  const SyntaxNode& body = *node.children.back();
  switch (node.operation) {
    case Operation::kAll:
    case Operation::kExists:
    case Operation::kExistsOne:
      Demand(body, TypeKind::kBool, "the condition");
      return Type(TypeKind::kBool);
    case Operation::kFilter:
      Demand(body, TypeKind::kBool, "the condition");
      return Type::List(first);
    case Operation::kTransformMap:
      return Type::Map(first, Check(body));
    case Operation::kTransformMapEntry: {
      const Type entry = Check(body);
      Type key;
      Type value;
      if (!RangeOf(entry, true, key, value) || entry.kind() == TypeKind::kList) {
        return Mistake(body.span, kExpressionTypeMismatch,
                       "Expected a map with the new entry, but got " + entry.ToString() + ".");
      }
      return Type::Map(key, value);
    }
    case Operation::kSortBy:
      Check(body);
      return Type::List(first);
    default:
      return Type::List(Check(body));
  }
}

Type Checker::CheckBind(const SyntaxNode& node) {
  Type bound = Check(*node.children[0]);
  locals_[static_cast<std::size_t>(node.slot)] = std::move(bound);
  return Check(*node.children[1]);
}

Type Checker::CheckBlock(const SyntaxNode& node) {
  for (std::size_t i = 0; i + 1 < node.children.size(); ++i) {
    Type bound = Check(*node.children[i]);
    locals_[static_cast<std::size_t>(node.slot) + i] = std::move(bound);
  }
  return Check(*node.children.back());
}

Type Checker::CheckOptionalMap(const SyntaxNode& node) {
  const Type target = Demand(*node.children[0], TypeKind::kOptional, "'" + TokenOf(node) + "'");
  locals_[static_cast<std::size_t>(node.slot)] = target.kind() == TypeKind::kOptional ? target.element() : Type::Dyn();
  if (node.operation == Operation::kOptMap) return Type::Optional(Check(*node.children[1]));
  return Demand(*node.children[1], TypeKind::kOptional, "the result of 'optFlatMap'");
}

Type Checker::CheckOptionalOr(const SyntaxNode& node) {
  const Type target = Demand(*node.children[0], TypeKind::kOptional, "'" + TokenOf(node) + "'");
  if (node.operation == Operation::kOr)
    return Type::Join(target, Demand(*node.children[1], TypeKind::kOptional, "'or'"));
  const Type other = Check(*node.children[1]);
  return target.kind() == TypeKind::kOptional ? Type::Join(target.element(), other) : Type::Dyn();
}

}  // namespace fermata
