// The walk of the checker: the type of each node from those of its parts.
//
// Not thread-safe; lives on the stack of CheckTree().
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/expression/checker.h"
#include "engine/expression/operand_types.h"

namespace fermata {

// A mistake is reported once: what follows from it is dyn, which fits everything.
class Checker {
 public:
  // Both must outlive it.
  Checker(const CompiledExpression& expression, const TypeEnvironment& environment)
      : expression_(expression), environment_(environment), locals_(static_cast<std::size_t>(expression.slots)) {}

  CheckOutcome Run();

 private:
  Type Mistake(Span span, ErrorCode code, std::string message, std::string hint = "");
  // "did you mean 'refund'?", or nothing.
  static std::string DidYouMean(std::string_view name, const std::vector<std::string>& candidates);
  // Whether a value of this type can be of that kind.
  static bool CanBe(const Type& type, TypeKind kind) { return Type::CanFit(type, Type(kind)); }
  Type Check(const SyntaxNode& node);
  Type Demand(const SyntaxNode& node, TypeKind kind, std::string_view by);
  Type CheckNegate(const SyntaxNode& node);
  Type CheckLogical(const SyntaxNode& node);
  Type CheckConditional(const SyntaxNode& node);
  std::string TokenOf(const SyntaxNode& node) const;
  Type BadOperands(const SyntaxNode& node, const Type& a, const Type& b);
  Type CheckCompare(const SyntaxNode& node);
  Type CheckArithmetic(const SyntaxNode& node);
  Type CheckIn(const SyntaxNode& node);
  Type CheckCall(const SyntaxNode& node);
  Type UnknownFunction(const SyntaxNode& node, const std::string& name);

  // checker_access.cc: names, fields, keys and indices.
  Type CheckPath(const SyntaxNode& node);
  // The type of a field; nullopt where no alternative has it.
  std::optional<Type> FieldOf(const Type& type, const std::string& name);
  Type Select(const Type& base, const std::string& name, Span span, bool optional);
  // A literal may lack the field, as any map: that is an error of the evaluation, which || and && can absorb.
  Type CheckSelect(const SyntaxNode& node);
  Type CheckHas(const SyntaxNode& node);
  Type ElementOf(const Type& base, const SyntaxNode& index_node, const Type& index, bool& fits);
  Type CheckIndex(const SyntaxNode& node);

  // checker_members.cc: what is made of parts, and what looks at all of them.
  Type CheckList(const SyntaxNode& node);
  // What a list or map made of these holds. As in CEL, unlike members make it dyn; objects stay known.
  static Type JoinMembers(const std::vector<Type>& types);
  // A map whose keys are all constant strings is an object with those fields.
  Type CheckMap(const SyntaxNode& node);
  // The types of what a macro's variables see.
  bool RangeOf(const Type& range, bool two_variables, Type& first, Type& second);
  Type CheckMacro(const SyntaxNode& node);
  Type CheckBind(const SyntaxNode& node);
  Type CheckBlock(const SyntaxNode& node);
  Type CheckOptionalMap(const SyntaxNode& node);
  Type CheckOptionalOr(const SyntaxNode& node);

  const CompiledExpression& expression_;
  const TypeEnvironment& environment_;
  std::vector<Type> locals_;
  std::vector<ExpressionError> errors_;
};

}  // namespace fermata
