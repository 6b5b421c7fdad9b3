// The compiled form of a schema: nodes in one array that refer to each other by index. Only for this folder.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/model/value.h"

namespace re2 {
class RE2;
}

namespace fermata {

using NodeIndex = int;
inline constexpr NodeIndex kNoNode = -1;

// Bits of SchemaNode::types.
enum TypeBit : unsigned {
  kTypeNull = 1,
  kTypeBoolean = 2,
  kTypeInteger = 4,
  kTypeNumber = 8,
  kTypeString = 16,
  kTypeArray = 32,
  kTypeObject = 64,
};

struct SchemaPattern {
  std::string text;
  std::shared_ptr<const re2::RE2> regex;
};

struct SchemaNode {
  std::string path;             // JSON pointer in its document
  std::optional<bool> boolean;  // the schemas `true` and `false`
  unsigned types = 0;           // 0 = any
  std::optional<std::vector<Value>> enumeration;
  std::optional<Value> constant;

  std::optional<std::int64_t> properties_min, properties_max, items_min, items_max, length_min, length_max;
  std::optional<Value> minimum, maximum, exclusive_minimum, exclusive_maximum, multiple_of;  // int or double
  std::optional<SchemaPattern> pattern;
  std::string format;

  std::vector<std::pair<std::string, NodeIndex>> properties;
  std::vector<std::pair<SchemaPattern, NodeIndex>> pattern_properties;
  std::vector<std::string> required;
  NodeIndex additional_properties = kNoNode, property_names = kNoNode, unevaluated_properties = kNoNode;
  std::vector<std::pair<std::string, std::vector<std::string>>> dependent_required;
  std::vector<std::pair<std::string, NodeIndex>> dependent_schemas;

  std::vector<NodeIndex> prefix_items;
  NodeIndex items = kNoNode, contains = kNoNode, unevaluated_items = kNoNode;
  std::int64_t contains_min = 1;
  std::optional<std::int64_t> contains_max;
  bool unique_items = false;

  NodeIndex ref = kNoNode, negation = kNoNode, condition = kNoNode, consequence = kNoNode, alternative = kNoNode;
  std::vector<NodeIndex> all_of, any_of, one_of;

  NodeIndex FindProperty(std::string_view name) const {
    for (const auto& [property, node] : properties)
      if (property == name) return node;
    return kNoNode;
  }
};

class CompiledSchema {
 public:
  std::vector<SchemaNode> nodes;
  NodeIndex root = 0;
  bool has_unevaluated = false;  // only then it is worth noting what has been evaluated
};

// Whether `text` has this format; nullopt if the format is unknown. Formats are assertions here.
std::optional<bool> HasFormat(std::string_view text, std::string_view format);
const std::vector<std::string>& KnownFormats();
// Those that validate, and those that are notes only.
const std::vector<std::string>& KnownKeywords();

// Whether the value fits one node, without saying why not.
bool FitsNode(const CompiledSchema& schema, NodeIndex node, const Value& value);
// Whether the pattern matches somewhere in the text.
bool Found(const SchemaPattern& pattern, std::string_view text);
// The value in a few words, for messages.
std::string Shown(const Value& value);
// "an integer or a string".
std::string DescribeTypes(unsigned types);
// The nodes that apply themselves to the same value again, through $ref, allOf and their kin.
std::vector<NodeIndex> FindCircles(const CompiledSchema& schema);

// Equality as JSON Schema means it: 1 and 1.0 are one number.
bool SchemaEquals(const Value& a, const Value& b);
// A text that is the same for values that are equal in that sense.
std::string CanonicalText(const Value& value);
// Whether the number is integral, and fits into 64 bits.
bool IsIntegral(const Value& number);

}  // namespace fermata
