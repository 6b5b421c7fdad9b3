#include "engine/expression/parser.h"

#include <algorithm>
#include <initializer_list>

#include "engine/expression/codes.h"
#include "engine/expression/macros.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

struct BinaryOperator {
  std::string_view text;
  int precedence;
  NodeKind kind;
  Operation operation;
};
constexpr BinaryOperator kBinaryOperators[] = {
    {"<", 1, NodeKind::kCompare, Operation::kLess},
    {"<=", 1, NodeKind::kCompare, Operation::kLessEqual},
    {">", 1, NodeKind::kCompare, Operation::kGreater},
    {">=", 1, NodeKind::kCompare, Operation::kGreaterEqual},
    {"==", 1, NodeKind::kCompare, Operation::kEqual},
    {"!=", 1, NodeKind::kCompare, Operation::kNotEqual},
    {"in", 1, NodeKind::kIn, Operation::kNone},
    {"+", 2, NodeKind::kArithmetic, Operation::kAdd},
    {"-", 2, NodeKind::kArithmetic, Operation::kSubtract},
    {"*", 3, NodeKind::kArithmetic, Operation::kMultiply},
    {"/", 3, NodeKind::kArithmetic, Operation::kDivide},
    {"%", 3, NodeKind::kArithmetic, Operation::kModulo},
};

// Recursive descent. After the first mistake every function returns null up to the top.
class Parser {
 public:
  Parser(std::string_view source, std::vector<Token> tokens, std::vector<ExpressionError>& errors)
      : source_(source), tokens_(std::move(tokens)), errors_(errors) {}

  NodePtr Run() {
    NodePtr root = ParseExpr();
    if (root != nullptr && Peek().kind != TokenKind::kEnd) return Unexpected("an operator or the end");
    return root;
  }

 private:
  // How deep the recursion stands; nested brackets, conditionals and prefixes count.
  class Level {
   public:
    explicit Level(int& depth) : depth_(depth) { ++depth_; }
    ~Level() { --depth_; }

   private:
    int& depth_;
  };

  const Token& Peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  bool IsSymbol(std::string_view text, std::size_t ahead = 0) const {
    return Peek(ahead).kind == TokenKind::kSymbol && Peek(ahead).text == text;
  }
  bool Take(std::string_view symbol) {
    if (!IsSymbol(symbol)) return false;
    ++at_;
    return true;
  }

  NodePtr Fail(Span span, ErrorCode code, std::string message, std::string hint = "") {
    errors_.push_back(MakeError(source_, span, code, std::move(message), std::move(hint)));
    return nullptr;
  }

  NodePtr Unexpected(std::string_view wanted) {
    const Token& token = Peek();
    const std::string found =
        token.kind == TokenKind::kEnd ? "the expression ends" : "got '" + std::string(token.text) + "'";
    return Fail(token.span, kExpressionSyntax, "Expected " + std::string(wanted) + ", but " + found + ".");
  }

  NodePtr TooLarge() {
    return Fail(Peek().span, kExpressionTooLarge,
                "Expected at most " + std::to_string(kExpressionNodesMax) + " parts nested at most " +
                    std::to_string(kExpressionDepthMax) + " deep, but the expression has more.",
                "Split it with cel.bind, or over several variables.");
  }

  NodePtr MakeNode(NodeKind kind, Span span) {
    if (++nodes_ > kExpressionNodesMax) return TooLarge();
    auto node = std::make_unique<SyntaxNode>();
    node->kind = kind;
    node->span = span;
    return node;
  }

  // Null if a child is.
  NodePtr MakeNode(NodeKind kind, Span span, std::initializer_list<NodePtr*> children) {
    for (NodePtr* child : children) {
      if (*child == nullptr) return nullptr;
    }
    NodePtr node = MakeNode(kind, span);
    if (node == nullptr) return nullptr;
    for (NodePtr* child : children) node->children.push_back(std::move(*child));
    return node;
  }

  NodePtr ParseExpr() {
    const Level level(depth_);
    if (depth_ > kExpressionDepthMax) return TooLarge();
    NodePtr condition = ParseOr();
    if (condition == nullptr || !IsSymbol("?")) return condition;
    const Span span = Peek().span;
    ++at_;
    NodePtr yes = ParseOr();
    if (yes == nullptr) return nullptr;
    if (!Take(":")) return Unexpected("':' of a conditional");
    NodePtr no = ParseExpr();
    return MakeNode(NodeKind::kConditional, span, {&condition, &yes, &no});
  }

  NodePtr ParseOr() {
    return ParseLogical("||", NodeKind::kOr,
                        [this] { return ParseLogical("&&", NodeKind::kAnd, [this] { return ParseBinary(1); }); });
  }

  // One node for a whole chain, so that its length is not depth.
  template <class Next>
  NodePtr ParseLogical(std::string_view symbol, NodeKind kind, Next next) {
    NodePtr first = next();
    if (first == nullptr || !IsSymbol(symbol)) return first;
    NodePtr chain = MakeNode(kind, Peek().span, {&first});
    while (chain != nullptr && Take(symbol)) {
      NodePtr operand = next();
      if (operand == nullptr) return nullptr;
      chain->children.push_back(std::move(operand));
    }
    return chain;
  }

  const BinaryOperator* PeekBinary(int precedence) const {
    if (Peek().kind != TokenKind::kSymbol) return nullptr;
    for (const BinaryOperator& candidate : kBinaryOperators) {
      if (candidate.precedence == precedence && candidate.text == Peek().text) return &candidate;
    }
    return nullptr;
  }

  NodePtr ParseBinary(int precedence) {
    if (precedence > 3) return ParseUnary();
    NodePtr left = ParseBinary(precedence + 1);
    while (left != nullptr) {
      const BinaryOperator* op = PeekBinary(precedence);
      if (op == nullptr) break;
      const Span span = Peek().span;
      ++at_;
      NodePtr right = ParseBinary(precedence + 1);
      left = MakeNode(op->kind, span, {&left, &right});
      if (left != nullptr) left->operation = op->operation;
    }
    return left;
  }

  NodePtr ParseUnary() {
    const Span span = Peek().span;
    const bool minus = IsSymbol("-");
    if (!minus && !IsSymbol("!")) return ParseMember();
    const Level level(depth_);
    if (depth_ > kExpressionDepthMax) return TooLarge();
    if (minus && IsNumber(1)) return ParseMember();
    ++at_;
    NodePtr operand = IsSymbol(minus ? "-" : "!") ? ParseUnary() : ParseMember();
    return MakeNode(minus ? NodeKind::kNegate : NodeKind::kNot, span, {&operand});
  }

  bool IsNumber(std::size_t ahead) const {
    const Token& token = Peek(ahead);
    if (token.kind == TokenKind::kIntegerTooLarge) return true;
    return token.kind == TokenKind::kConstant &&
           (token.value.kind() == ValueKind::kInt || token.value.kind() == ValueKind::kDouble);
  }

  NodePtr ParseMember() {
    NodePtr node = ParsePrimary();
    while (node != nullptr && (IsSymbol(".") || IsSymbol("["))) {
      node = IsSymbol("[") ? ParseIndex(std::move(node)) : ParseSelect(std::move(node));
    }
    return node;
  }

  NodePtr ParseIndex(NodePtr operand) {
    const Span span = Peek().span;
    ++at_;
    const bool optional = Take("?");
    NodePtr index = ParseExpr();
    if (index == nullptr) return nullptr;
    if (!Take("]")) return Unexpected("']'");
    NodePtr node = MakeNode(NodeKind::kIndex, span, {&operand, &index});
    if (node != nullptr) node->optional_access = optional;
    return node;
  }

  NodePtr ParseSelect(NodePtr operand) {
    ++at_;
    const bool optional = Take("?");
    const Token& token = Peek();
    if (token.kind != TokenKind::kName && token.kind != TokenKind::kQuotedName) {
      if (IsKeyword(token.text))
        return Fail(token.span, kExpressionReservedWord,
                    "Expected a field name, but '" + std::string(token.text) + "' is a word of CEL.");
      return Unexpected("a field name");
    }
    ++at_;
    if (IsSymbol("(") && !optional && token.kind == TokenKind::kName) return ParseCall(std::move(operand), token);
    NodePtr node = MakeNode(NodeKind::kSelect, token.span, {&operand});
    if (node == nullptr) return nullptr;
    node->name = token.text;
    node->optional_access = optional;
    return node;
  }

  // At "("; `receiver` is null for a global function.
  NodePtr ParseCall(NodePtr receiver, const Token& name) {
    NodePtr node = MakeNode(NodeKind::kCall, name.span);
    if (node == nullptr) return nullptr;
    node->name = name.text;
    node->member_call = receiver != nullptr;
    if (receiver != nullptr) node->children.push_back(std::move(receiver));
    ++at_;
    while (!IsSymbol(")")) {
      NodePtr argument = ParseExpr();
      if (argument == nullptr) return nullptr;
      node->children.push_back(std::move(argument));
      if (!Take(",")) break;
      if (IsSymbol(")")) return Unexpected("an argument");
    }
    if (!Take(")")) return Unexpected("')' or ','");
    if (const auto mistake = ExpandMacro(node)) return Fail(mistake->span, kExpressionMacro, mistake->message);
    return node;
  }

  NodePtr ParsePrimary() {
    const Token& token = Peek();
    if (token.kind == TokenKind::kConstant || token.kind == TokenKind::kIntegerTooLarge || IsSymbol("-"))
      return ParseConstant();
    if (Take("(")) {
      NodePtr inner = ParseExpr();
      if (inner != nullptr && !Take(")")) return Unexpected("')'");
      return inner;
    }
    if (IsSymbol("[")) return ParseList();
    if (IsSymbol("{")) return ParseMap();
    return ParseName();
  }

  NodePtr ParseName() {
    const bool from_root = Take(".");
    const Token& token = Peek();
    if (token.kind != TokenKind::kName) return Unexpected(from_root ? "a name" : "an expression");
    if (IsReservedWord(token.text)) {
      return Fail(token.span, kExpressionReservedWord,
                  "Expected a name, but '" + std::string(token.text) + "' is a word that CEL keeps for itself.");
    }
    ++at_;
    if (IsSymbol("(")) return ParseCall(nullptr, token);
    if (IsSymbol("{"))
      return Fail(Peek().span, kExpressionSyntax, "Expected an operator or the end, but got '{'.",
                  "Messages do not exist here; write a map: {'field': value}.");
    NodePtr node = MakeNode(NodeKind::kName, token.span);
    if (node == nullptr) return nullptr;
    node->name = token.text;
    node->from_root = from_root;
    return node;
  }

  NodePtr ParseConstant() {
    const Span start = Peek().span;
    const bool minus = Take("-");
    const Token& token = Peek();
    if (minus && !IsNumber(0)) return Unexpected("a number");
    if (token.kind == TokenKind::kIntegerTooLarge && !minus) {
      return Fail(token.span, kExpressionLiteral, "Expected an integer within 64 bits, but the number is too large.",
                  "Write 1u for an unsigned integer, 1.0 for a double.");
    }
    NodePtr node = MakeNode(NodeKind::kConstant, {start.at, token.span.at + token.span.length - start.at});
    if (node == nullptr) return nullptr;
    ++at_;
    if (token.kind == TokenKind::kIntegerTooLarge)
      node->value = Value::Int(INT64_MIN);
    else if (!minus)
      node->value = token.value;
    else
      node->value = token.value.kind() == ValueKind::kInt ? Value::Int(-token.value.as_int())
                                                          : Value::Double(-token.value.as_double());
    return node;
  }

  bool IsLoneComma(const SyntaxNode& node) const { return node.children.empty() && IsSymbol(","); }

  NodePtr ParseList() {
    NodePtr node = MakeNode(NodeKind::kList, Peek().span);
    ++at_;
    while (node != nullptr && !IsSymbol("]") && !IsLoneComma(*node)) {
      node->optional.push_back(Take("?"));
      NodePtr item = ParseExpr();
      if (item == nullptr) return nullptr;
      node->children.push_back(std::move(item));
      if (!Take(",")) break;
    }
    if (node != nullptr && node->children.empty()) Take(",");  // the grammar has [,] for []
    if (node != nullptr && !Take("]")) return Unexpected("']' or ','");
    return node;
  }

  NodePtr ParseMap() {
    NodePtr node = MakeNode(NodeKind::kMap, Peek().span);
    ++at_;
    while (node != nullptr && !IsSymbol("}") && !IsLoneComma(*node)) {
      node->optional.push_back(Take("?"));
      NodePtr key = ParseExpr();
      if (key == nullptr) return nullptr;
      if (!Take(":")) return Unexpected("':' between key and value");
      NodePtr value = ParseExpr();
      if (value == nullptr) return nullptr;
      node->children.push_back(std::move(key));
      node->children.push_back(std::move(value));
      if (!Take(",")) break;
    }
    if (node != nullptr && node->children.empty()) Take(",");
    if (node != nullptr && !Take("}")) return Unexpected("'}' or ','");
    return node;
  }

  std::string_view source_;
  std::vector<Token> tokens_;
  std::vector<ExpressionError>& errors_;
  std::size_t at_ = 0;
  int depth_ = 0;
  int nodes_ = 0;
};

}  // namespace

NodePtr ParseSource(std::string_view source, std::vector<ExpressionError>& errors) {
  std::vector<Token> tokens = Tokenize(source, errors);
  if (!errors.empty()) return nullptr;
  return Parser(source, std::move(tokens), errors).Run();
}

}  // namespace fermata
