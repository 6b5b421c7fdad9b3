#include "engine/expression/checker.h"

#include <algorithm>

#include "engine/base/nearest_word.h"
#include "engine/expression/codes.h"
#include "engine/expression/function.h"
#include "engine/expression/operand_types.h"
#include "engine/expression/resolver.h"
#include "engine/expression/signature.h"

namespace fermata {
namespace {

bool Is(const Type& type, TypeKind kind) { return Type::CanFit(type, Type(kind)); }
// "did you mean 'refund'?", or nothing.
std::string DidYouMean(std::string_view name, const std::vector<std::string>& candidates) {
  const std::string nearest = NearestWord(name, candidates);
  return nearest.empty() ? "" : "did you mean '" + nearest + "'?";
}

TypeKind KindOf(ValueKind kind) {
  switch (kind) {
    case ValueKind::kNull:
      return TypeKind::kNull;
    case ValueKind::kBool:
      return TypeKind::kBool;
    case ValueKind::kInt:
      return TypeKind::kInt;
    case ValueKind::kUint:
      return TypeKind::kUint;
    case ValueKind::kDouble:
      return TypeKind::kDouble;
    case ValueKind::kString:
      return TypeKind::kString;
    case ValueKind::kBytes:
      return TypeKind::kBytes;
    default:
      return TypeKind::kDyn;
  }
}

// A mistake is reported once: what follows from it is dyn, which fits everything.
class Checker {
 public:
  Checker(const CompiledExpression& expression, const TypeEnvironment& environment)
      : expression_(expression), environment_(environment), locals_(static_cast<std::size_t>(expression.slots)) {}

  CheckOutcome Run() {
    CheckOutcome outcome;
    outcome.type = Check(*expression_.root);
    outcome.errors = std::move(errors_);
    return outcome;
  }

 private:
  Type Mistake(Span span, ErrorCode code, std::string message, std::string hint = "") {
    errors_.push_back(MakeError(expression_.source, span, code, std::move(message), std::move(hint)));
    return Type::Dyn();
  }

  Type Check(const SyntaxNode& node) {
    switch (node.kind) {
      case NodeKind::kConstant:
        return Type(KindOf(node.value.kind()));
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

  Type Demand(const SyntaxNode& node, TypeKind kind, std::string_view by) {
    const Type type = Check(node);
    if (Is(type, kind)) return type;
    return Mistake(
        node.span, kExpressionTypeMismatch,
        "Expected a " + Type(kind).ToString() + " for " + std::string(by) + ", but got " + type.ToString() + ".");
  }

  Type CheckPath(const SyntaxNode& node) {
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

  static std::vector<std::string> FieldNames(const Type& object) {
    std::vector<std::string> names;
    for (const auto& [field, type] : object.fields()) names.push_back(field.name);
    return names;
  }

  // The type of a field; nullopt where no alternative has it.
  std::optional<Type> FieldOf(const Type& type, const std::string& name) {
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

  Type Select(const Type& base, const std::string& name, Span span, bool optional) {
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
    return Mistake(span, kExpressionUnknownField,
                   "Expected a field that the value has, but there is no '" + name + "'.",
                   DidYouMean(name, FieldNames(*object)));
  }

  // A literal may lack the field, as any map: that is an error of the evaluation, which || and && can absorb.
  Type CheckSelect(const SyntaxNode& node) {
    const Type base = Check(*node.children[0]);
    const bool literal = node.children[0]->kind == NodeKind::kMap;
    if (literal && base.kind() == TypeKind::kObject && !FieldOf(base, node.name))
      return node.optional_access ? Type::Optional(Type::Dyn()) : Type::Dyn();
    return Select(base, node.name, node.span, node.optional_access);
  }

  Type CheckHas(const SyntaxNode& node) {
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

  Type ElementOf(const Type& base, const SyntaxNode& index_node, const Type& index, bool& fits) {
    fits = true;
    switch (base.kind()) {
      case TypeKind::kDyn:
        return Type::Dyn();
      case TypeKind::kList:
        fits = Is(index, TypeKind::kInt) || Is(index, TypeKind::kUint) || Is(index, TypeKind::kDouble);
        return base.element();
      case TypeKind::kMap:
        fits = CanEqual(index, base.key());
        return base.value();
      case TypeKind::kObject: {
        fits = Is(index, TypeKind::kString);
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

  Type CheckIndex(const SyntaxNode& node) {
    const Type base = Check(*node.children[0]);
    const Type index = Check(*node.children[1]);
    std::optional<Type> result;
    for (const Type& one : AlternativesOf(base)) {
      bool fits = false;
      const Type element = ElementOf(one, *node.children[1], index, fits);
      if (fits) result = result ? Type::Join(*result, element) : element;
    }
    if (!result)
      return Mistake(node.span, kExpressionTypeMismatch,
                     "Expected a list or a map and an index that fits, but got " + base.ToString() + "[" +
                         index.ToString() + "].");
    return node.optional_access && result->kind() != TypeKind::kOptional ? Type::Optional(*result) : *result;
  }

  Type CheckNegate(const SyntaxNode& node) {
    const Type type = Check(*node.children[0]);
    std::vector<Type> results;
    for (const TypeKind kind : {TypeKind::kInt, TypeKind::kDouble}) {
      if (Is(type, kind)) results.emplace_back(kind);
    }
    if (results.empty())
      return Mistake(node.span, kExpressionTypeMismatch,
                     "Expected an int or a double behind '-', but got " + type.ToString() + ".");
    return type.is_dyn() ? Type::Dyn() : Type::Union(results);
  }

  Type CheckLogical(const SyntaxNode& node) {
    for (const NodePtr& child : node.children)
      Demand(*child, TypeKind::kBool, node.kind == NodeKind::kAnd ? "'&&'" : "'||'");
    return Type(TypeKind::kBool);
  }

  Type CheckConditional(const SyntaxNode& node) {
    Demand(*node.children[0], TypeKind::kBool, "the condition before '?'");
    const Type yes = Check(*node.children[1]);
    return Type::Join(yes, Check(*node.children[2]));
  }

  std::string TokenOf(const SyntaxNode& node) const {
    return expression_.source.substr(node.span.at, node.span.length);
  }

  Type BadOperands(const SyntaxNode& node, const Type& a, const Type& b) {
    return Mistake(node.span, kExpressionTypeMismatch,
                   "Expected operands that '" + TokenOf(node) + "' can take, but got " + a.ToString() + " and " +
                       b.ToString() + ".");
  }

  Type CheckCompare(const SyntaxNode& node) {
    const Type a = Check(*node.children[0]);
    const Type b = Check(*node.children[1]);
    if (node.operation == Operation::kEqual || node.operation == Operation::kNotEqual) {
      if (!CanEqual(a, b)) BadOperands(node, a, b);
      return Type(TypeKind::kBool);
    }
    if (!CanOrder(a, b)) BadOperands(node, a, b);
    return Type(TypeKind::kBool);
  }

  Type CheckArithmetic(const SyntaxNode& node) {
    const Type a = Check(*node.children[0]);
    const Type b = Check(*node.children[1]);
    const std::optional<Type> result = ResultOfArithmetic(node.operation, a, b);
    return result ? *result : BadOperands(node, a, b);
  }

  Type CheckIn(const SyntaxNode& node) {
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

  Type CheckCall(const SyntaxNode& node) {
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

  Type UnknownFunction(const SyntaxNode& node, const std::string& name) {
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

  Type CheckList(const SyntaxNode& node) {
    std::vector<Type> items;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      Type item = node.optional[i] ? Demand(*node.children[i], TypeKind::kOptional, "'?'") : Check(*node.children[i]);
      if (node.optional[i]) item = item.kind() == TypeKind::kOptional ? item.element() : Type::Dyn();
      items.push_back(std::move(item));
    }
    return Type::List(JoinMembers(items));
  }

  // What a list or map made of these holds. As in CEL, unlike members make it dyn; objects stay known.
  static Type JoinMembers(const std::vector<Type>& types) {
    const Type joined = JoinAll(types);
    const std::vector<Type> alternatives = AlternativesOf(joined);
    const bool alike =
        alternatives.size() == 1 || std::all_of(alternatives.begin(), alternatives.end(),
                                                [](const Type& one) { return one.kind() == TypeKind::kObject; });
    return alike ? joined : Type::Dyn();
  }

  static Type JoinAll(const std::vector<Type>& types) {
    if (types.empty()) return Type::Dyn();
    Type joined = types[0];
    for (const Type& type : types) joined = Type::Join(joined, type);
    return joined;
  }

  // A map whose keys are all constant strings is an object with those fields.
  Type CheckMap(const SyntaxNode& node) {
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
      if (!Is(keys.back(), TypeKind::kString) && !Is(keys.back(), TypeKind::kBool) &&
          !Is(keys.back(), TypeKind::kInt) && !Is(keys.back(), TypeKind::kUint)) {
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

  // The types of what a macro's variables see.
  bool RangeOf(const Type& range, bool two_variables, Type& first, Type& second) {
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

  Type CheckMacro(const SyntaxNode& node) {
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

  Type CheckBind(const SyntaxNode& node) {
    Type bound = Check(*node.children[0]);
    locals_[static_cast<std::size_t>(node.slot)] = std::move(bound);
    return Check(*node.children[1]);
  }

  Type CheckBlock(const SyntaxNode& node) {
    for (std::size_t i = 0; i + 1 < node.children.size(); ++i) {
      Type bound = Check(*node.children[i]);
      locals_[static_cast<std::size_t>(node.slot) + i] = std::move(bound);
    }
    return Check(*node.children.back());
  }

  Type CheckOptionalMap(const SyntaxNode& node) {
    const Type target = Demand(*node.children[0], TypeKind::kOptional, "'" + TokenOf(node) + "'");
    locals_[static_cast<std::size_t>(node.slot)] =
        target.kind() == TypeKind::kOptional ? target.element() : Type::Dyn();
    if (node.operation == Operation::kOptMap) return Type::Optional(Check(*node.children[1]));
    return Demand(*node.children[1], TypeKind::kOptional, "the result of 'optFlatMap'");
  }

  Type CheckOptionalOr(const SyntaxNode& node) {
    const Type target = Demand(*node.children[0], TypeKind::kOptional, "'" + TokenOf(node) + "'");
    if (node.operation == Operation::kOr)
      return Type::Join(target, Demand(*node.children[1], TypeKind::kOptional, "'or'"));
    const Type other = Check(*node.children[1]);
    return target.kind() == TypeKind::kOptional ? Type::Join(target.element(), other) : Type::Dyn();
  }

  const CompiledExpression& expression_;
  const TypeEnvironment& environment_;
  std::vector<Type> locals_;
  std::vector<ExpressionError> errors_;
};

}  // namespace

CheckOutcome CheckTree(const CompiledExpression& expression, const TypeEnvironment& environment) {
  return Checker(expression, environment).Run();
}

}  // namespace fermata
