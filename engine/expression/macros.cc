#include "engine/expression/macros.h"

#include <algorithm>
#include <array>

namespace fermata {
namespace {

// Macros that run over a list or a map. `arguments` counts variables and bodies together.
struct Comprehension {
  std::string_view name;
  Operation operation;
  bool two_variables;
  std::size_t arguments;
  bool has_filter = false;
};
constexpr std::array<Comprehension, 18> kComprehensions = {{
    {"all", Operation::kAll, false, 2},
    {"all", Operation::kAll, true, 3},
    {"exists", Operation::kExists, false, 2},
    {"exists", Operation::kExists, true, 3},
    {"exists_one", Operation::kExistsOne, false, 2},
    {"exists_one", Operation::kExistsOne, true, 3},
    {"existsOne", Operation::kExistsOne, false, 2},
    {"existsOne", Operation::kExistsOne, true, 3},
    {"map", Operation::kMapList, false, 2},
    {"map", Operation::kMapList, false, 3, true},
    {"filter", Operation::kFilter, false, 2},
    {"transformList", Operation::kTransformList, true, 3},
    {"transformList", Operation::kTransformList, true, 4, true},
    {"transformMap", Operation::kTransformMap, true, 3},
    {"transformMap", Operation::kTransformMap, true, 4, true},
    {"transformMapEntry", Operation::kTransformMapEntry, true, 3},
    {"transformMapEntry", Operation::kTransformMapEntry, true, 4, true},
    {"sortBy", Operation::kSortBy, false, 2},
}};

std::string VariableMistake(std::string_view macro) {
  return "Expected a plain name as the variable of '" + std::string(macro) + "', but got something else.";
}

bool IsPlainName(const SyntaxNode& node) { return node.kind == NodeKind::kName && !node.from_root; }

std::optional<MacroMistake> ExpandComprehension(NodePtr& call, const Comprehension& macro) {
  auto& children = call->children;
  const std::size_t variables = macro.two_variables ? 2 : 1;
  for (std::size_t i = 1; i <= variables; ++i) {
    if (!IsPlainName(*children[i])) return MacroMistake{children[i]->span, VariableMistake(macro.name)};
  }
  if (macro.two_variables && children[1]->name == children[2]->name) {
    return MacroMistake{children[2]->span, "Expected two variables, but both are called '" + children[2]->name + "'."};
  }
  call->kind = NodeKind::kMacro;
  call->operation = macro.operation;
  call->two_variables = macro.two_variables;
  call->has_filter = macro.has_filter;
  call->name = children[1]->name;
  if (macro.two_variables) call->name2 = children[2]->name;
  children.erase(children.begin() + 1, children.begin() + 1 + static_cast<std::ptrdiff_t>(variables));
  return std::nullopt;
}

std::optional<MacroMistake> ExpandHas(NodePtr& call) {
  SyntaxNode& field = *call->children[0];
  if (field.kind != NodeKind::kSelect || field.optional_access) {
    return MacroMistake{field.span,
                        "Expected the argument of 'has' to select a field, as in has(a.b), but it does not."};
  }
  NodePtr inner = std::move(call->children[0]);
  inner->kind = NodeKind::kHas;
  call = std::move(inner);
  return std::nullopt;
}

// cel.bind(name, value, body)
std::optional<MacroMistake> ExpandBind(NodePtr& call) {
  auto& children = call->children;
  if (!IsPlainName(*children[1])) return MacroMistake{children[1]->span, VariableMistake("cel.bind")};
  call->kind = NodeKind::kBind;
  call->name = children[1]->name;
  children.erase(children.begin(), children.begin() + 2);
  return std::nullopt;
}

// cel.block([values], body), where cel.index(n) is the n-th value.
std::optional<MacroMistake> ExpandBlock(NodePtr& call) {
  SyntaxNode& list = *call->children[1];
  if (list.kind != NodeKind::kList ||
      std::find(list.optional.begin(), list.optional.end(), true) != list.optional.end()) {
    return MacroMistake{list.span, "Expected a list as the first argument of cel.block, but got something else."};
  }
  std::vector<NodePtr> children = std::move(list.children);
  children.push_back(std::move(call->children[2]));
  call->kind = NodeKind::kBlock;
  call->children = std::move(children);
  return std::nullopt;
}

// cel.index(n), cel.iterVar(n, m), cel.accuVar(n, m): names that no source can spell.
std::optional<MacroMistake> ExpandBlockName(NodePtr& call) {
  std::string name = call->name == "index" ? "@index" : call->name == "iterVar" ? "@it" : "@ac";
  for (std::size_t i = 1; i < call->children.size(); ++i) {
    const SyntaxNode& number = *call->children[i];
    if (number.kind != NodeKind::kConstant || number.value.kind() != ValueKind::kInt || number.value.as_int() < 0) {
      return MacroMistake{number.span,
                          "Expected a whole number, written out, as the argument of cel." + call->name + "."};
    }
    name += (call->name == "index" ? "" : ":") + std::to_string(number.value.as_int());
  }
  call->kind = NodeKind::kName;
  call->name = std::move(name);
  call->children.clear();
  return std::nullopt;
}

std::optional<MacroMistake> ExpandOptionalMap(NodePtr& call) {
  auto& children = call->children;
  if (!IsPlainName(*children[1])) return MacroMistake{children[1]->span, VariableMistake(call->name)};
  call->kind = NodeKind::kOptionalMap;
  call->operation = call->name == "optMap" ? Operation::kOptMap : Operation::kOptFlatMap;
  call->name = children[1]->name;
  children.erase(children.begin() + 1);
  return std::nullopt;
}

}  // namespace

std::optional<MacroMistake> ExpandMacro(NodePtr& call) {
  const std::size_t arguments = call->children.size() - (call->member_call ? 1 : 0);
  if (!call->member_call) return call->name == "has" && arguments == 1 ? ExpandHas(call) : std::nullopt;
  const SyntaxNode& receiver = *call->children[0];
  if (receiver.kind == NodeKind::kName && receiver.name == "cel") {
    if (call->name == "bind" && arguments == 3) return ExpandBind(call);
    if (call->name == "block" && arguments == 2) return ExpandBlock(call);
    if ((call->name == "index" && arguments == 1) ||
        ((call->name == "iterVar" || call->name == "accuVar") && arguments == 2))
      return ExpandBlockName(call);
  }
  if ((call->name == "optMap" || call->name == "optFlatMap") && arguments == 2) return ExpandOptionalMap(call);
  if ((call->name == "or" || call->name == "orValue") && arguments == 1) {
    call->kind = NodeKind::kOptionalOr;
    call->operation = call->name == "or" ? Operation::kOr : Operation::kOrValue;
    return std::nullopt;
  }
  for (const Comprehension& macro : kComprehensions) {
    if (macro.name == call->name && macro.arguments == arguments) return ExpandComprehension(call, macro);
  }
  return std::nullopt;
}

}  // namespace fermata
