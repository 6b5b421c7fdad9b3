#include <algorithm>

#include "engine/expression/value_type.h"
#include "engine/schema/schema.h"
#include "engine/schema/schema_node.h"

namespace fermata {
namespace {

// Deeper than this the checker knows nothing; recursive schemas end here.
constexpr int kTypeDepthMax = 8;

class TypeReader {
 public:
  explicit TypeReader(const CompiledSchema& schema) : schema_(schema) {}

  Type Read(NodeIndex index, int depth) const {
    const SchemaNode& node = schema_.nodes[index];
    if (depth > kTypeDepthMax || node.boolean) return Type::Dyn();
    if (node.types != 0) return OfTypes(node, depth);
    if (node.constant) return TypeOfScalar(*node.constant);
    if (node.enumeration) {
      std::vector<Type> kinds;
      for (const Value& value : *node.enumeration) kinds.push_back(TypeOfScalar(value));
      return Type::Union(std::move(kinds));
    }
    if (!node.properties.empty()) return OfObject(node, depth);
    if (node.ref != kNoNode) return Read(node.ref, depth + 1);
    for (NodeIndex schema : node.all_of) {
      Type type = Read(schema, depth + 1);
      if (type.kind() == TypeKind::kObject) return OfObject(node, depth);
      if (!type.is_dyn()) return type;
    }
    if (!node.any_of.empty()) return OfAlternatives(node.any_of, depth);
    if (!node.one_of.empty()) return OfAlternatives(node.one_of, depth);
    return Type::Dyn();
  }

 private:
  Type OfAlternatives(const std::vector<NodeIndex>& alternatives, int depth) const {
    std::vector<Type> types;
    for (NodeIndex schema : alternatives) types.push_back(Read(schema, depth + 1));
    return Type::Union(std::move(types));
  }

  Type OfTypes(const SchemaNode& node, int depth) const {
    std::vector<Type> types;
    if (node.types & kTypeNull) types.emplace_back(TypeKind::kNull);
    if (node.types & kTypeBoolean) types.emplace_back(TypeKind::kBool);
    if (node.types & (kTypeInteger | kTypeNumber)) types.emplace_back(TypeKind::kInt);
    if (node.types & kTypeNumber) types.emplace_back(TypeKind::kDouble);
    if (node.types & kTypeString) types.emplace_back(TypeKind::kString);
    if (node.types & kTypeArray)
      types.push_back(
          Type::List(node.items == kNoNode || !node.prefix_items.empty() ? Type::Dyn() : Read(node.items, depth + 1)));
    if (node.types & kTypeObject) types.push_back(OfObject(node, depth));
    return Type::Union(std::move(types));
  }

  struct Fields {
    std::vector<std::pair<Type::Field, Type>> list;
    bool open = true;
    Type additional;
  };

  // Collects the fields of this node and of what it is made of.
  void Collect(NodeIndex index, int depth, Fields& fields) const { Collect(schema_.nodes[index], depth, fields); }
  void Collect(const SchemaNode& node, int depth, Fields& fields) const {
    if (depth > kTypeDepthMax) return;
    for (const auto& [name, schema] : node.properties) {
      const auto same = std::find_if(fields.list.begin(), fields.list.end(),
                                     [&wanted = name](const auto& field) { return field.first.name == wanted; });
      if (same == fields.list.end()) fields.list.push_back({{name, false}, Read(schema, depth + 1)});
    }
    if (node.ref != kNoNode) Collect(node.ref, depth + 1, fields);
    for (NodeIndex schema : node.all_of) Collect(schema, depth + 1, fields);
    // What only some alternatives have may be there: unknown.
    for (const auto* alternatives : {&node.any_of, &node.one_of})
      if (!alternatives->empty()) fields.open = true;
    for (const std::string& name : node.required) {
      const auto field = std::find_if(fields.list.begin(), fields.list.end(),
                                      [&](const auto& candidate) { return candidate.first.name == name; });
      if (field != fields.list.end()) {
        field->first.required = true;
      } else {
        fields.list.push_back({{name, true}, Type::Dyn()});
      }
    }
  }

  Type OfObject(const SchemaNode& node, int depth) const {
    Fields fields;
    Collect(node, depth, fields);
    if (node.additional_properties != kNoNode) {
      const SchemaNode& additional = schema_.nodes[node.additional_properties];
      const bool closed = additional.boolean && !*additional.boolean && node.pattern_properties.empty();
      fields.open = !closed;
      if (!additional.boolean && node.pattern_properties.empty())
        fields.additional = Read(node.additional_properties, depth + 1);
    }
    if (node.unevaluated_properties != kNoNode && node.any_of.empty() && node.one_of.empty() &&
        node.condition == kNoNode && node.pattern_properties.empty() && node.dependent_schemas.empty()) {
      const SchemaNode& rest = schema_.nodes[node.unevaluated_properties];
      fields.open = !(rest.boolean && !*rest.boolean);
    }
    if (fields.list.empty() && fields.open) return Type::Map(Type(TypeKind::kString), fields.additional);
    return Type::Object(std::move(fields.list), fields.open, std::move(fields.additional));
  }

  const CompiledSchema& schema_;
};

}  // namespace

Type TypeOf(const CompiledSchema& schema) { return TypeReader(schema).Read(schema.root, 0); }

}  // namespace fermata
