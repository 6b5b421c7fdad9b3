#include "engine/language/node.h"

#include "engine/model/json.h"
#include "engine/schema/pointer.h"

namespace fermata {

const NodeEntry* Node::Find(std::string_view key) const {
  for (const NodeEntry& entry : entries)
    if (entry.key == key) return &entry;
  return nullptr;
}

std::string Node::Describe() const {
  if (is_list()) return "a list";
  if (is_map()) return "a map";
  switch (scalar.kind()) {
    case ValueKind::kNull:
      return empty ? "nothing" : "null";
    case ValueKind::kBool:
      return scalar.as_bool() ? "the boolean true" : "the boolean false";
    case ValueKind::kInt:
    case ValueKind::kDouble:
      return "the number " + text;
    default:
      break;
  }
  constexpr std::size_t kShownBytesMax = 60;
  std::size_t cut = text.size();
  if (cut > kShownBytesMax) cut = kShownBytesMax;
  while (cut < text.size() && cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
  std::string shown = text.substr(0, cut) + (cut < text.size() ? "…" : "");
  for (char& c : shown)
    if (c == '\n') c = ' ';
  return "the text '" + shown + "'";
}

Value ToValue(const Node& node) {
  if (node.is_scalar()) return node.scalar;
  if (node.is_list()) {
    std::vector<Value> items;
    items.reserve(node.items.size());
    for (const Node& item : node.items) items.push_back(ToValue(item));
    return Value::List(std::move(items));
  }
  std::vector<MapEntry> entries;
  entries.reserve(node.entries.size());
  for (const NodeEntry& entry : node.entries) entries.emplace_back(Value::String(entry.key), ToValue(entry.value));
  return Value::Map(std::move(entries));
}

PointedNode FollowPointer(const Node& root, std::string_view pointer) {
  PointedNode found{&root, nullptr};
  const auto tokens = SplitPointer(pointer);
  if (!tokens) return found;
  for (const std::string& token : *tokens) {
    if (found.node->is_map()) {
      const NodeEntry* entry = found.node->Find(token);
      if (!entry) return found;
      found = {&entry->value, entry};
    } else if (found.node->is_list()) {
      std::size_t index = 0;
      for (char c : token) index = index * 10 + static_cast<std::size_t>(c - '0');
      if (token.size() > 6 || index >= found.node->items.size()) return found;
      found = {&found.node->items[index], nullptr};
    } else {
      return found;
    }
  }
  return found;
}

}  // namespace fermata
