#include "engine/expression/resolver.h"

#include <algorithm>
#include <array>

#include "engine/expression/codes.h"
#include "engine/expression/function.h"

namespace fermata {
namespace {

constexpr std::array<std::string_view, 13> kTypeNames = {"bool",
                                                         "bytes",
                                                         "double",
                                                         "google.protobuf.Duration",
                                                         "google.protobuf.Timestamp",
                                                         "int",
                                                         "list",
                                                         "map",
                                                         "null_type",
                                                         "optional_type",
                                                         "string",
                                                         "type",
                                                         "uint"};

class Resolver {
 public:
  explicit Resolver(CompiledExpression& expression) : expression_(expression) {}

  // False when the tree is too high.
  bool Visit(NodePtr& node, int height) {
    if (height > kExpressionHeightMax) return false;
    switch (node->kind) {
      case NodeKind::kName:
        ResolveName(*node);
        return true;
      case NodeKind::kSelect:
        return VisitSelect(node, height);
      case NodeKind::kCall:
        return VisitCall(*node, height);
      case NodeKind::kMacro:
      case NodeKind::kBind:
      case NodeKind::kOptionalMap:
        return VisitBinder(*node, height);
      case NodeKind::kBlock:
        return VisitBlock(*node, height);
      default:
        break;
    }
    if (node->kind == NodeKind::kList || node->kind == NodeKind::kMap || node->optional_access)
      expression_.builds = true;
    return VisitChildren(*node, 0, height);
  }

 private:
  struct Local {
    std::string name;
    int slot;
  };

  bool VisitChildren(SyntaxNode& node, std::size_t from, int height) {
    for (std::size_t i = from; i < node.children.size(); ++i) {
      if (!Visit(node.children[i], height + 1)) return false;
    }
    return true;
  }

  int Bind(const std::string& name) {
    const int slot = static_cast<int>(locals_.size());
    locals_.push_back({name, slot});
    expression_.slots = std::max(expression_.slots, slot + 1);
    return slot;
  }

  void ResolveName(SyntaxNode& node) {
    if (!node.from_root) {
      const auto local = std::find_if(locals_.rbegin(), locals_.rend(),
                                      [&](const Local& candidate) { return candidate.name == node.name; });
      if (local != locals_.rend()) {
        node.kind = NodeKind::kLocal;
        node.slot = local->slot;
        return;
      }
    }
    node.kind = NodeKind::kPath;
    node.names = {node.name};
    node.fields = {node.name};
    node.field_spans = {node.span};
  }

  bool VisitSelect(NodePtr& node, int height) {
    if (!VisitChildren(*node, 0, height)) return false;
    if (node->optional_access) expression_.builds = true;
    if (node->optional_access || node->children[0]->kind != NodeKind::kPath) return true;
    NodePtr path = std::move(node->children[0]);
    path->names.push_back(path->names.back() + "." + node->name);
    path->fields.push_back(node->name);
    path->field_spans.push_back(node->span);
    node = std::move(path);
    return true;
  }

  // "math" of math.abs(x), "a.b" of a.b.f(x); empty where the receiver is no plain name.
  static std::string DottedName(const SyntaxNode& node) {
    if (node.kind == NodeKind::kName) return node.name;
    if (node.kind != NodeKind::kSelect || node.optional_access) return "";
    const std::string outer = DottedName(*node.children[0]);
    return outer.empty() ? "" : outer + "." + node.name;
  }

  bool VisitCall(SyntaxNode& node, int height) {
    expression_.builds = true;
    if (node.member_call) {
      const std::string prefix = DottedName(*node.children[0]);
      const Function* qualified = prefix.empty() ? nullptr : FindFunction(prefix + "." + node.name, kGlobal);
      if (qualified != nullptr) {
        node.member_call = false;
        node.name = prefix + "." + node.name;
        node.children.erase(node.children.begin());
      }
    }
    node.function = FindFunction(node.name, node.member_call ? kMember : FunctionStyle::kGlobal);
    if (!VisitChildren(node, 0, height)) return false;
    if (IsConstantMatch(node) && patterns_++ < kRegexConstantsMax) {
      std::string why;
      node.pattern = Pattern::Compile(node.children[1]->value.as_string(), why);
    }
    return true;
  }

  // The first child does not see the variables, the others do.
  bool VisitBinder(SyntaxNode& node, int height) {
    expression_.builds = true;
    if (!Visit(node.children[0], height + 1)) return false;
    const std::size_t outer = locals_.size();
    node.slot = Bind(node.name);
    if (node.two_variables) node.slot2 = Bind(node.name2);
    const bool good = VisitChildren(node, 1, height);
    locals_.resize(outer);
    return good;
  }

  // Each value sees those before it.
  bool VisitBlock(SyntaxNode& node, int height) {
    const std::size_t outer = locals_.size();
    node.slot = static_cast<int>(outer);
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      if (!Visit(node.children[i], height + 1)) return false;
      if (i + 1 < node.children.size()) Bind("@index" + std::to_string(i));
    }
    locals_.resize(outer);
    return true;
  }

  CompiledExpression& expression_;
  std::vector<Local> locals_;
  int patterns_ = 0;
};

}  // namespace

void Resolve(NodePtr root, CompiledExpression& expression, std::vector<ExpressionError>& errors) {
  const Span span = root->span;
  expression.root = std::move(root);
  if (Resolver(expression).Visit(expression.root, 1)) return;
  errors.push_back(MakeError(expression.source, span, kExpressionTooLarge,
                             "Expected a syntax tree of at most " + std::to_string(kExpressionHeightMax) +
                                 " levels, but the expression has more.",
                             "Split it with cel.bind, or over several variables."));
}

bool IsConstantMatch(const SyntaxNode& node) {
  return node.name == "matches" && node.children.size() == 2 && node.children[1]->kind == NodeKind::kConstant &&
         node.children[1]->value.is_string();
}

bool IsTypeName(std::string_view name) {
  return std::find(kTypeNames.begin(), kTypeNames.end(), name) != kTypeNames.end();
}

}  // namespace fermata
