#include "engine/expression/expression.h"

#include <algorithm>

#include "engine/expression/ast.h"
#include "engine/expression/checker.h"
#include "engine/expression/codes.h"
#include "engine/expression/evaluation.h"
#include "engine/expression/operators.h"
#include "engine/expression/parser.h"
#include "engine/expression/resolver.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

void CollectNames(const CompiledExpression& expression, const SyntaxNode& node, std::vector<NameUse>& uses) {
  if (node.kind == NodeKind::kPath && !IsTypeName(node.names.back())) {
    const bool known =
        std::any_of(uses.begin(), uses.end(), [&](const NameUse& use) { return use.name == node.fields[0]; });
    if (!known) {
      const ExpressionError place = MakeError(expression.source, node.field_spans[0], ErrorCode{}, "");
      uses.push_back({node.fields[0], place.column, place.length, {node.fields.begin() + 1, node.fields.end()}});
    }
  }
  for (const NodePtr& child : node.children) CollectNames(expression, *child, uses);
}

}  // namespace

ParseOutcome ParseExpression(std::string_view source) {
  ParseOutcome outcome;
  auto expression = std::make_shared<CompiledExpression>();
  if (source.size() > kExpressionBytesMax) {
    outcome.errors.push_back(MakeError("", {}, kExpressionTooLarge,
                                       "Expected at most " + std::to_string(kExpressionBytesMax) +
                                           " bytes, but the expression has " + std::to_string(source.size()) + "."));
    return outcome;
  }
  if (!IsValidUtf8(source)) {
    outcome.errors.push_back(
        MakeError("", {}, kExpressionSyntax, "Expected UTF-8, but the expression has other bytes."));
    return outcome;
  }
  expression->source = source;
  NodePtr root = ParseSource(expression->source, outcome.errors);
  if (root != nullptr) Resolve(std::move(root), *expression, outcome.errors);
  if (outcome.errors.empty()) outcome.expression = std::move(expression);
  return outcome;
}

std::string_view SourceOf(const CompiledExpression& expression) { return expression.source; }

std::vector<NameUse> FreeNames(const CompiledExpression& expression) {
  std::vector<NameUse> uses;
  CollectNames(expression, *expression.root, uses);
  return uses;
}

void TypeEnvironment::Declare(std::string name, Type type) { names_.emplace_back(std::move(name), std::move(type)); }

const Type* TypeEnvironment::Find(std::string_view name) const {
  const auto found =
      std::find_if(names_.rbegin(), names_.rend(), [&](const auto& entry) { return entry.first == name; });
  return found == names_.rend() ? nullptr : &found->second;
}

std::vector<std::string> TypeEnvironment::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, type] : names_) names.push_back(name);
  return names;
}

CheckOutcome CheckExpression(const CompiledExpression& expression, const TypeEnvironment& environment) {
  return CheckTree(expression, environment);
}

void NamesScope::Bind(std::string_view name, Value value) { names_.emplace_back(name, std::move(value)); }

const Value* NamesScope::Find(std::string_view name) const {
  for (auto entry = names_.rbegin(); entry != names_.rend(); ++entry) {
    if (entry->first == name) return &entry->second;
  }
  return outer_ == nullptr ? nullptr : outer_->Find(name);
}

EvaluationResult Evaluate(const CompiledExpression& expression, const Scope& scope, const EvaluationLimits& limits) {
  return Evaluation(expression, scope, limits).Run();
}

std::optional<std::string> TextOf(const Value& value) {
  switch (value.kind()) {
    case ValueKind::kBool:
      return value.as_bool() ? "true" : "false";
    case ValueKind::kInt:
      return std::to_string(value.as_int());
    case ValueKind::kUint:
      return std::to_string(value.as_uint());
    case ValueKind::kDouble:
      return DoubleText(value.as_double());
    case ValueKind::kString:
      return std::string(value.as_string());
    case ValueKind::kTimestamp:
      return FormatTimestamp(value.as_timestamp());
    case ValueKind::kDuration:
      return FormatDuration(value.as_duration());
    default:
      return std::nullopt;
  }
}

bool CelEquals(const Value& a, const Value& b) {
  std::int64_t steps = INT64_MAX;
  return EqualWithin(a, b, steps).value_or(false);
}

}  // namespace fermata
