#include "engine/expression/checker.h"

#include <algorithm>

#include "engine/base/nearest_word.h"
#include "engine/expression/checking.h"
#include "engine/expression/codes.h"
#include "engine/expression/function.h"
#include "engine/expression/resolver.h"
#include "engine/expression/signature.h"
#include "engine/expression/value_type.h"

namespace fermata {

std::string Checker::DidYouMean(std::string_view name, const std::vector<std::string>& candidates) {
  const std::string nearest = NearestWord(name, candidates);
  return nearest.empty() ? "" : "did you mean '" + nearest + "'?";
}

CheckOutcome Checker::Run() {
  CheckOutcome outcome;
  outcome.type = Check(*expression_.root);
  outcome.errors = std::move(errors_);
  return outcome;
}

Type Checker::Mistake(Span span, ErrorCode code, std::string message, std::string hint) {
  errors_.push_back(MakeError(expression_.source, span, code, std::move(message), std::move(hint)));
  return Type::Dyn();
}

Type Checker::Check(const SyntaxNode& node) {
  switch (node.kind) {
    case NodeKind::kConstant:
      return TypeOfScalar(node.value);
    case NodeKind::kName:
      return Mistake(node.span, kExpressionUnknownName,
                     "Expected a name in scope, but there is no '" + node.name + "'.");
    case NodeKind::kLocal:
      return locals_[static_cast<std::size_t>(node.slot)];
    case NodeKind::kPath:
      return CheckPath(node);
    case NodeKind::kSelect:
      return CheckSelect(node);
    case NodeKind::kHas:
      return CheckHas(node);
    case NodeKind::kIndex:
      return CheckIndex(node);
    case NodeKind::kNot:
      return Demand(*node.children[0], TypeKind::kBool, "'!'"), Type(TypeKind::kBool);
    case NodeKind::kNegate:
      return CheckNegate(node);
    case NodeKind::kAnd:
    case NodeKind::kOr:
      return CheckLogical(node);
    case NodeKind::kConditional:
      return CheckConditional(node);
    case NodeKind::kCompare:
      return CheckCompare(node);
    case NodeKind::kArithmetic:
      return CheckArithmetic(node);
    case NodeKind::kIn:
      return CheckIn(node);
    case NodeKind::kCall:
      return CheckCall(node);
    case NodeKind::kList:
      return CheckList(node);
    case NodeKind::kMap:
      return CheckMap(node);
    case NodeKind::kMacro:
      return CheckMacro(node);
    case NodeKind::kBind:
      return CheckBind(node);
    case NodeKind::kBlock:
      return CheckBlock(node);
    case NodeKind::kOptionalMap:
      return CheckOptionalMap(node);
    case NodeKind::kOptionalOr:
      return CheckOptionalOr(node);
  }
  return Type::Dyn();
}

Type Checker::Demand(const SyntaxNode& node, TypeKind kind, std::string_view by) {
  const Type type = Check(node);
  if (CanBe(type, kind)) return type;
  return Mistake(
      node.span, kExpressionTypeMismatch,
      "Expected a " + Type(kind).ToString() + " for " + std::string(by) + ", but got " + type.ToString() + ".");
}

Type Checker::CheckNegate(const SyntaxNode& node) {
  const Type type = Check(*node.children[0]);
  std::vector<Type> results;
  for (const TypeKind kind : {TypeKind::kInt, TypeKind::kDouble}) {
    if (CanBe(type, kind)) results.emplace_back(kind);
  }
  if (results.empty())
    return Mistake(node.span, kExpressionTypeMismatch,
                   "Expected an int or a double behind '-', but got " + type.ToString() + ".");
  return type.is_dyn() ? Type::Dyn() : Type::Union(results);
}

Type Checker::CheckLogical(const SyntaxNode& node) {
  for (const NodePtr& child : node.children)
    Demand(*child, TypeKind::kBool, node.kind == NodeKind::kAnd ? "'&&'" : "'||'");
  return Type(TypeKind::kBool);
}

Type Checker::CheckConditional(const SyntaxNode& node) {
  Demand(*node.children[0], TypeKind::kBool, "the condition before '?'");
  const Type yes = Check(*node.children[1]);
  return Type::Join(yes, Check(*node.children[2]));
}

std::string Checker::TokenOf(const SyntaxNode& node) const {
  return expression_.source.substr(node.span.at, node.span.length);
}

Type Checker::BadOperands(const SyntaxNode& node, const Type& a, const Type& b) {
  return Mistake(node.span, kExpressionTypeMismatch,
                 "Expected operands that '" + TokenOf(node) + "' can take, but got " + a.ToString() + " and " +
                     b.ToString() + ".");
}

Type Checker::CheckCompare(const SyntaxNode& node) {
  const Type a = Check(*node.children[0]);
  const Type b = Check(*node.children[1]);
  if (node.operation == Operation::kEqual || node.operation == Operation::kNotEqual) {
    if (!CanEqual(a, b)) BadOperands(node, a, b);
    return Type(TypeKind::kBool);
  }
  if (!CanOrder(a, b)) BadOperands(node, a, b);
  return Type(TypeKind::kBool);
}

Type Checker::CheckArithmetic(const SyntaxNode& node) {
  const Type a = Check(*node.children[0]);
  const Type b = Check(*node.children[1]);
  const std::optional<Type> result = ResultOfArithmetic(node.operation, a, b);
  return result ? *result : BadOperands(node, a, b);
}

Type Checker::CheckIn(const SyntaxNode& node) {
  const Type element = Check(*node.children[0]);
  const Type container = Check(*node.children[1]);
  bool possible = false;
  for (const Type& one : AlternativesOf(container)) {
    possible = possible || one.is_dyn() || (one.kind() == TypeKind::kList && CanEqual(element, one.element())) ||
               ((one.kind() == TypeKind::kMap || one.kind() == TypeKind::kObject) && CanEqual(element, one.key()));
  }
  if (!possible) BadOperands(node, element, container);
  return Type(TypeKind::kBool);
}

Type Checker::CheckCall(const SyntaxNode& node) {
  std::vector<Type> arguments;
  for (const NodePtr& child : node.children) {
    // The receiver of an unknown qualified function is no value: one message is enough.
    const bool qualified = node.function == nullptr && node.member_call && arguments.empty() &&
                           child->kind == NodeKind::kPath && environment_.Find(child->names[0]) == nullptr;
    if (qualified) return UnknownFunction(node, child->names.back() + "." + node.name);
    arguments.push_back(Check(*child));
  }
  if (node.function == nullptr) return UnknownFunction(node, node.name);
  if (IsConstantMatch(node) && node.pattern == nullptr) {
    std::string why;
    if (Pattern::Compile(node.children[1]->value.as_string(), why) == nullptr) {
      return Mistake(node.children[1]->span, kExpressionBadPattern,
                     "Expected a regular expression (RE2), but it is none: " + why + ".");
    }
  }
  const std::optional<Type> result = ResultOfCall(*node.function, arguments);
  if (result) return *result;
  std::string given;
  for (const Type& argument : arguments) given += (given.empty() ? "" : ", ") + argument.ToString();
  return Mistake(node.span, kExpressionTypeMismatch,
                 "Expected " + DescribeOverloads(*node.function) + ", but got (" + given + ").");
}

Type Checker::UnknownFunction(const SyntaxNode& node, const std::string& name) {
  std::vector<std::string> names = {"has",    "all",           "exists",       "exists_one",        "map",
                                    "filter", "transformList", "transformMap", "transformMapEntry", "sortBy",
                                    "optMap", "optFlatMap",    "orValue"};
  for (const Function* function : AllFunctions()) names.emplace_back(function->name);
  const bool misused = std::find(names.begin(), names.end(), name) != names.end();
  if (misused)
    return Mistake(node.span, kExpressionUnknownFunction,
                   "Expected another form of '" + name + "', but it is called with " +
                       std::to_string(node.children.size() - (node.member_call ? 1 : 0)) + " arguments" +
                       (node.member_call ? " on a value." : "."));
  return Mistake(node.span, kExpressionUnknownFunction, "Expected a function, but there is no '" + name + "'.",
                 DidYouMean(name, names));
}

CheckOutcome CheckTree(const CompiledExpression& expression, const TypeEnvironment& environment) {
  return Checker(expression, environment).Run();
}

}  // namespace fermata
