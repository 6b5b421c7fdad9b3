// A YAML document as it was written: every key and value with its place. What the reader gives and the parser takes.
//
// Plain values; thread-safe when not changed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/definition.h"
#include "engine/model/value.h"

namespace fermata {

enum class ScalarStyle { kPlain, kSingleQuoted, kDoubleQuoted, kBlock };

struct NodeEntry;

// A scalar, a list or a map.
struct Node {
  enum class Kind { kScalar, kList, kMap };
  Kind kind = Kind::kScalar;

  // Of scalars: the value by the core schema of YAML 1.2, and the text as it was written (without quotes): "1.10" is the double 1.1 and the text "1.10".
  Value scalar;
  std::string text;
  ScalarStyle style = ScalarStyle::kPlain;
  bool empty = false;  // a null of no characters: "key:"

  std::vector<Node> items;
  std::vector<NodeEntry> entries;  // keys are unique

  SourcePosition at;
  int length = 1;          // characters in its first line
  std::size_t offset = 0;  // byte in the source where the scalar's content begins (after an opening quote)

  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_map() const { return kind == Kind::kMap; }
  bool is_null() const { return is_scalar() && scalar.is_null(); }
  bool is_string() const { return is_scalar() && scalar.is_string(); }
  // The entry with this key; nullptr if there is none or this is no map.
  const NodeEntry* Find(std::string_view key) const;
  // What the node is, for messages: "a list", "the number 5", "the text 'x'".
  std::string Describe() const;
};

struct NodeEntry {
  std::string key;
  SourcePosition key_at;
  int key_length = 1;
  Node value;
};

// The node as a value, without places.
Value ToValue(const Node& node);

// The node that a JSON pointer names, or the deepest one on the way to it. `key` is the entry whose value it is, null for items and the root.
struct PointedNode {
  const Node* node = nullptr;
  const NodeEntry* entry = nullptr;
};
PointedNode FollowPointer(const Node& root, std::string_view pointer);

}  // namespace fermata
