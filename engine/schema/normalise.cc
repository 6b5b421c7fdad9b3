#include "engine/schema/codes.h"
#include "engine/schema/schema.h"
#include "engine/schema/schema_node.h"

namespace fermata {
namespace {

// Turns integral doubles under `type: integer` into ints, in a value that is known to fit.
class Normaliser {
 public:
  explicit Normaliser(const CompiledSchema& schema) : schema_(schema) {}

  Value Apply(NodeIndex index, Value value) {
    const SchemaNode& node = schema_.nodes[index];
    if ((node.types & kTypeInteger) && !(node.types & kTypeNumber) && value.kind() == ValueKind::kDouble &&
        IsIntegral(value))
      return Value::Int(static_cast<std::int64_t>(value.as_double()));
    if (node.ref != kNoNode) value = Apply(node.ref, std::move(value));
    for (NodeIndex schema : node.all_of) value = Apply(schema, std::move(value));
    for (const auto* alternatives : {&node.any_of, &node.one_of})
      for (NodeIndex schema : *alternatives)
        if (FitsNode(schema_, schema, value)) value = Apply(schema, std::move(value));
    if (node.condition != kNoNode) {
      const NodeIndex branch = FitsNode(schema_, node.condition, value) ? node.consequence : node.alternative;
      if (branch != kNoNode) value = Apply(branch, std::move(value));
    }
    for (const auto& [name, schema] : node.dependent_schemas)
      if (value.Find(name)) value = Apply(schema, std::move(value));
    if (value.is_list()) return ApplyToItems(node, value);
    if (value.is_map()) return ApplyToProperties(node, value);
    return value;
  }

 private:
  Value ApplyToItems(const SchemaNode& node, const Value& list) {
    if (node.prefix_items.empty() && node.items == kNoNode && node.unevaluated_items == kNoNode) return list;
    std::vector<Value> items;
    for (std::size_t i = 0; i < list.as_list().size(); ++i) {
      NodeIndex schema = i < node.prefix_items.size() ? node.prefix_items[i] : node.items;
      if (schema == kNoNode) schema = node.unevaluated_items;
      items.push_back(schema == kNoNode ? list.as_list()[i] : Apply(schema, list.as_list()[i]));
    }
    return Value::List(std::move(items));
  }

  Value ApplyToProperties(const SchemaNode& node, const Value& map) {
    if (node.properties.empty() && node.pattern_properties.empty() && node.additional_properties == kNoNode &&
        node.unevaluated_properties == kNoNode)
      return map;
    std::vector<MapEntry> entries;
    for (const auto& [key, content] : map.as_map()) {
      Value value = content;
      bool known = false;
      if (const NodeIndex schema = node.FindProperty(key.as_string()); schema != kNoNode) {
        known = true;
        value = Apply(schema, std::move(value));
      }
      for (const auto& [pattern, schema] : node.pattern_properties) {
        if (!Found(pattern, key.as_string())) continue;
        known = true;
        value = Apply(schema, std::move(value));
      }
      const NodeIndex rest =
          node.additional_properties != kNoNode ? node.additional_properties : node.unevaluated_properties;
      if (!known && rest != kNoNode) value = Apply(rest, std::move(value));
      entries.emplace_back(key, std::move(value));
    }
    return Value::Map(std::move(entries));
  }

  const CompiledSchema& schema_;
};

}  // namespace

Result<Value> ValidateAndNormalise(const CompiledSchema& schema, const Value& value) {
  std::vector<SchemaViolation> violations = Validate(schema, value);
  if (!violations.empty())
    return Error{kSchemaViolated, std::move(violations.front().message), std::move(violations.front().path), ""};
  return Normaliser(schema).Apply(schema.root, value);
}

}  // namespace fermata
