// The syntax tree that parsing leaves: macros expanded, names resolved to slots, functions looked up. Immutable once built.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/expression/expression.h"
#include "engine/expression/lexer.h"
#include "engine/expression/pattern.h"

namespace fermata {

struct Function;

enum class NodeKind : std::uint8_t {
  kConstant,  // value
  kName,      // as parsed; the resolver makes it kLocal or kPath
  kLocal,     // slot
  kPath,  // a name from outside and the fields selected from it: `names` holds "a", "a.b", "a.b.c"; `fields` the parts
  kSelect,  // child 0, name
  kHas,     // child 0, name
  kIndex,   // child 0 [child 1]
  kNot,
  kNegate,
  kAnd,
  kOr,  // the last two of any number of children
  kConditional,
  kCompare,
  kArithmetic,
  kIn,
  kCall,         // function; the receiver is child 0 of a member call
  kList,         // children; `optional` marks [?x]
  kMap,          // children key, value, key, value …; `optional` marks keys
  kMacro,        // over child 0, body in the other children, variables in slots
  kBind,         // child 0 is the value of slot, child 1 the body
  kBlock,        // all children but the last are the values of slots from `slot` on; the last is the body
  kOptionalMap,  // optMap, optFlatMap: child 0 the optional, child 1 the body
  kOptionalOr,   // or, orValue: child 1 is evaluated only where it is needed
};

// What a node does precisely, within its kind.
enum class Operation : std::uint8_t {
  kNone,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kAll,
  kExists,
  kExistsOne,
  kMapList,
  kFilter,
  kTransformList,
  kTransformMap,
  kTransformMapEntry,
  kSortBy,
  kOptMap,
  kOptFlatMap,
  kOr,
  kOrValue,
};

struct SyntaxNode;
using NodePtr = std::unique_ptr<SyntaxNode>;

struct SyntaxNode {
  NodeKind kind = NodeKind::kConstant;
  Operation operation = Operation::kNone;
  bool optional_access = false;  // a.?b, a[?b]
  bool member_call = false;
  bool from_root = false;  // .name: never a variable of a macro
  bool two_variables = false;
  bool has_filter = false;  // map(x, p, t) and its like: child 1 is the filter, child 2 the result
  Span span;                // of the token that stands for the node: operator, field, function or macro name
  int slot = -1;
  int slot2 = -1;
  Value value;
  std::string name;
  std::string name2;  // of the second variable of a macro, until it is resolved
  std::vector<NodePtr> children;
  std::vector<bool> optional;
  std::vector<std::string> names;
  std::vector<std::string> fields;
  std::vector<Span> field_spans;
  const Function* function = nullptr;
  std::shared_ptr<const Pattern> pattern;  // of matches() with a constant
};

class CompiledExpression {
 public:
  std::string source;
  NodePtr root;
  int slots = 0;        // variables of macros alive at one time
  bool builds = false;  // whether it makes lists, maps or optionals, so that the result's size must be looked at
};

}  // namespace fermata
