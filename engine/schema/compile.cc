#include <algorithm>
#include <cmath>
#include <map>

#include "engine/base/nearest_word.h"
#include "engine/model/json.h"
#include "engine/model/limits.h"
#include "engine/schema/codes.h"
#include "engine/schema/documents.h"
#include "engine/schema/pointer.h"
#include "engine/schema/schema.h"
#include "engine/schema/schema_node.h"
#include "engine/schema/shapes.h"

namespace fermata {
namespace {

class Compiler : private ShapeReader {
 public:
  Compiler(const Value& schema, const SchemaSource& source) : source_(source) {
    SchemaDocument& document = documents_[""];
    document.file = source.file;
    document.content = &schema;
    CollectAnchors(schema, "", 0, document);
  }

  static std::vector<std::string> Keywords() {
    std::vector<std::string> names;
    for (const auto& entry : Handlers()) names.emplace_back(entry.first);
    return names;
  }

  SchemaOutcome Compile() {
    result_->root = CompileAt(documents_[""], "", *documents_[""].content, 0);
    CheckCircles();
    SchemaOutcome outcome;
    outcome.errors = std::move(errors_);
    if (outcome.errors.empty()) outcome.schema = std::move(result_);
    return outcome;
  }

 private:
  using Place = KeywordPlace;
  using Handler = void (Compiler::*)(const Value& value, SchemaNode& node, const Place& place);

  NodeIndex CompileAt(SchemaDocument& document, const std::string& path, const Value& schema, int depth) {
    const std::string identity = document.file + "#" + path;
    if (const auto known = known_.find(identity); known != known_.end()) return known->second;
    const NodeIndex index = static_cast<NodeIndex>(result_->nodes.size());
    known_.emplace(identity, index);
    result_->nodes.emplace_back();
    files_.push_back(document.file);
    SchemaNode node;
    node.path = path;
    if (depth > kSchemaDepthMax) {
      Fail(kSchemaTooDeep, document, path,
           "Expected at most " + std::to_string(kSchemaDepthMax) + " nested schemas, but there are more here.");
    } else if (schema.kind() == ValueKind::kBool) {
      node.boolean = schema.as_bool();
    } else if (schema.is_map()) {
      CompileKeywords(document, path, schema, depth, node);
    } else {
      Fail(kSchemaKeywordMalformed, document, path,
           "Expected a schema (a map, true or false), but it is " + Shown(schema) + ".");
    }
    result_->nodes[index] = std::move(node);
    return index;
  }

  void CompileKeywords(SchemaDocument& document, const std::string& path, const Value& schema, int depth,
                       SchemaNode& node) {
    for (const auto& [key, value] : schema.as_map()) {
      const Place place{document, path, PointerTo(path, key.as_string()), depth};
      const auto handler = Handlers().find(key.as_string());
      if (handler != Handlers().end()) {
        if (handler->second) (this->*handler->second)(value, node, place);
        continue;
      }
      if (key.as_string().starts_with("x-")) continue;  // hints for those who draw the form
      std::string nearest = key.as_string() == "definitions" ? "$defs" : NearestWord(key.as_string(), KnownKeywords());
      Fail(kSchemaKeywordUnknown, document, place.path,
           "Expected a keyword of JSON Schema 2020-12, but '" + std::string(key.as_string()) +
               "' is none that is known here.",
           nearest.empty() ? "" : "did you mean '" + nearest + "'?");
    }
    if (schema.Find("if") == nullptr) node.consequence = node.alternative = kNoNode;
  }

  static const std::map<std::string_view, Handler>& Handlers();

  // ---- helpers that read one shape ----

  NodeIndex Subschema(const Value& value, const Place& place) {
    return CompileAt(place.document, place.path, value, place.depth + 1);
  }

  void Subschemas(const Value& value, std::vector<NodeIndex>& nodes, const Place& place) {
    if (!value.is_list() || value.as_list().empty()) return Malformed(place, "a list of schemas", value);
    for (std::size_t i = 0; i < value.as_list().size(); ++i)
      nodes.push_back(CompileAt(place.document, PointerTo(place.path, i), value.as_list()[i], place.depth + 1));
  }

  template <class Add>
  void NamedSubschemas(const Value& value, const Place& place, Add add) {
    if (!value.is_map()) return Malformed(place, "a map of schemas", value);
    for (const auto& [name, schema] : value.as_map()) {
      const std::string path = PointerTo(place.path, name.as_string());
      add(std::string(name.as_string()), CompileAt(place.document, path, schema, place.depth + 1), path);
    }
  }

  // ---- keywords ----

  void Type(const Value& value, SchemaNode& node, const Place& place) { Types(value, node.types, place); }

  void Enum(const Value& value, SchemaNode& node, const Place& place) {
    if (!value.is_list() || value.as_list().empty()) return Malformed(place, "a list of values", value);
    node.enumeration = value.as_list();
  }
  void Const(const Value& value, SchemaNode& node, const Place&) { node.constant = value; }

  void Properties(const Value& value, SchemaNode& node, const Place& place) {
    NamedSubschemas(value, place, [&](std::string name, NodeIndex schema, const std::string&) {
      node.properties.emplace_back(std::move(name), schema);
    });
  }
  void PatternProperties(const Value& value, SchemaNode& node, const Place& place) {
    NamedSubschemas(value, place, [&](std::string name, NodeIndex schema, const std::string& path) {
      if (auto pattern = Pattern(name, place, path)) node.pattern_properties.emplace_back(std::move(*pattern), schema);
    });
  }
  void DependentSchemas(const Value& value, SchemaNode& node, const Place& place) {
    NamedSubschemas(value, place, [&](std::string name, NodeIndex schema, const std::string&) {
      node.dependent_schemas.emplace_back(std::move(name), schema);
    });
  }
  void Definitions(const Value& value, SchemaNode&, const Place& place) {
    NamedSubschemas(value, place, [](const std::string&, NodeIndex, const std::string&) {});
  }
  void Required(const Value& value, SchemaNode& node, const Place& place) { Strings(value, node.required, place); }
  void DependentRequired(const Value& value, SchemaNode& node, const Place& place) {
    if (!value.is_map()) return Malformed(place, "a map of lists of names", value);
    for (const auto& [name, list] : value.as_map()) {
      std::vector<std::string> names;
      const Place inner{place.document, place.schema_path, PointerTo(place.path, name.as_string()), place.depth};
      if (Strings(list, names, inner))
        node.dependent_required.emplace_back(std::string(name.as_string()), std::move(names));
    }
  }
  void AdditionalProperties(const Value& value, SchemaNode& node, const Place& place) {
    node.additional_properties = Subschema(value, place);
  }
  void PropertyNames(const Value& value, SchemaNode& node, const Place& place) {
    node.property_names = Subschema(value, place);
  }
  void UnevaluatedProperties(const Value& value, SchemaNode& node, const Place& place) {
    node.unevaluated_properties = Subschema(value, place);
    result_->has_unevaluated = true;
  }
  void UnevaluatedItems(const Value& value, SchemaNode& node, const Place& place) {
    node.unevaluated_items = Subschema(value, place);
    result_->has_unevaluated = true;
  }
  void MinProperties(const Value& value, SchemaNode& node, const Place& place) {
    Count(value, node.properties_min, place);
  }
  void MaxProperties(const Value& value, SchemaNode& node, const Place& place) {
    Count(value, node.properties_max, place);
  }
  void MinItems(const Value& value, SchemaNode& node, const Place& place) { Count(value, node.items_min, place); }
  void MaxItems(const Value& value, SchemaNode& node, const Place& place) { Count(value, node.items_max, place); }
  void MinLength(const Value& value, SchemaNode& node, const Place& place) { Count(value, node.length_min, place); }
  void MaxLength(const Value& value, SchemaNode& node, const Place& place) { Count(value, node.length_max, place); }
  void MaxContains(const Value& value, SchemaNode& node, const Place& place) { Count(value, node.contains_max, place); }
  void MinContains(const Value& value, SchemaNode& node, const Place& place) {
    std::optional<std::int64_t> count;
    Count(value, count, place);
    if (count) node.contains_min = *count;
  }
  void Minimum(const Value& value, SchemaNode& node, const Place& place) { Number(value, node.minimum, place); }
  void Maximum(const Value& value, SchemaNode& node, const Place& place) { Number(value, node.maximum, place); }
  void ExclusiveMinimum(const Value& value, SchemaNode& node, const Place& place) {
    Number(value, node.exclusive_minimum, place);
  }
  void ExclusiveMaximum(const Value& value, SchemaNode& node, const Place& place) {
    Number(value, node.exclusive_maximum, place);
  }
  void MultipleOf(const Value& value, SchemaNode& node, const Place& place) {
    const bool positive =
        (value.kind() == ValueKind::kInt && value.as_int() > 0) ||
        (value.kind() == ValueKind::kDouble && std::isfinite(value.as_double()) && value.as_double() > 0);
    if (!positive) return Malformed(place, "a number greater than 0", value);
    node.multiple_of = value;
  }
  void PatternKeyword(const Value& value, SchemaNode& node, const Place& place) {
    if (!value.is_string()) return Malformed(place, "a regular expression", value);
    node.pattern = Pattern(value.as_string(), place, place.path);
  }
  void Format(const Value& value, SchemaNode& node, const Place& place) {
    if (!value.is_string()) return Malformed(place, "the name of a format", value);
    node.format = std::string(value.as_string());
    if (HasFormat("", node.format)) return;
    const std::string nearest = NearestWord(node.format, KnownFormats());
    Fail(kSchemaKeywordMalformed, place.document, place.path,
         "Expected a format that is known here, but it is '" + node.format + "'.",
         nearest.empty() ? "formats are checked, so an unknown one is refused" : "did you mean '" + nearest + "'?");
  }
  void PrefixItems(const Value& value, SchemaNode& node, const Place& place) {
    Subschemas(value, node.prefix_items, place);
  }
  void Items(const Value& value, SchemaNode& node, const Place& place) {
    if (!value.is_list()) {
      node.items = Subschema(value, place);
      return;
    }
    Fail(kSchemaKeywordMalformed, place.document, place.path, "Expected one schema for all items, but it is a list.",
         "a schema for each position is written under 'prefixItems'");
  }
  void Contains(const Value& value, SchemaNode& node, const Place& place) { node.contains = Subschema(value, place); }
  void UniqueItems(const Value& value, SchemaNode& node, const Place& place) {
    if (value.kind() != ValueKind::kBool) return Malformed(place, "true or false", value);
    node.unique_items = value.as_bool();
  }
  void AllOf(const Value& value, SchemaNode& node, const Place& place) { Subschemas(value, node.all_of, place); }
  void AnyOf(const Value& value, SchemaNode& node, const Place& place) { Subschemas(value, node.any_of, place); }
  void OneOf(const Value& value, SchemaNode& node, const Place& place) { Subschemas(value, node.one_of, place); }
  void Not(const Value& value, SchemaNode& node, const Place& place) { node.negation = Subschema(value, place); }
  void If(const Value& value, SchemaNode& node, const Place& place) { node.condition = Subschema(value, place); }
  void Then(const Value& value, SchemaNode& node, const Place& place) { node.consequence = Subschema(value, place); }
  void Else(const Value& value, SchemaNode& node, const Place& place) { node.alternative = Subschema(value, place); }

  void Dialect(const Value& value, SchemaNode&, const Place& place) {
    if (value.is_string() && value.as_string() == "https://json-schema.org/draft/2020-12/schema") return;
    Malformed(place, "\"https://json-schema.org/draft/2020-12/schema\"", value);
  }
  void Id(const Value& value, SchemaNode&, const Place& place) {
    if (!value.is_string()) return Malformed(place, "a name", value);
    if (!place.schema_path.empty())
      Fail(kSchemaKeywordUnknown, place.document, place.path,
           "Expected '$id' at the top of a schema only, but it is inside one.",
           "references here are files and '#/…' pointers");
  }
  void Anchor(const Value& value, SchemaNode&, const Place& place) {
    if (!value.is_string() || value.as_string().empty()) Malformed(place, "a name", value);
  }

  // ---- $ref ----

  void Ref(const Value& value, SchemaNode& node, const Place& place) {
    if (!value.is_string()) return Malformed(place, "a reference such as \"#/$defs/money\" or \"money.json\"", value);
    const std::string_view reference = value.as_string();
    const std::size_t hash = reference.find('#');
    const std::string_view file = reference.substr(0, hash);
    const std::string fragment = hash == std::string_view::npos ? "" : PercentDecoded(reference.substr(hash + 1));
    SchemaDocument* document = file.empty() ? &place.document : OpenFile(file, place);
    if (!document) return;
    std::string pointer = fragment;
    if (!fragment.empty() && fragment[0] != '/') {
      const auto anchor = document->anchors.find(fragment);
      if (anchor == document->anchors.end())
        return Fail(kSchemaRefUnresolved, place.document, place.path,
                    "Expected an anchor of that name, but nothing in the schema says '$anchor: " + fragment + "'.");
      pointer = anchor->second;
    }
    const Value* target = FindPointer(*document->content, pointer);
    if (!target)
      return Fail(kSchemaRefUnresolved, place.document, place.path,
                  "Expected a schema at '" + std::string(reference) + "', but there is nothing.");
    node.ref = CompileAt(*document, pointer, *target, place.depth + 1);
  }

  SchemaDocument* OpenFile(std::string_view reference, const Place& place) {
    const auto path = ResolveFile(place.document.file, reference);
    if (!path) {
      Fail(kSchemaRefForbidden, place.document, place.path,
           "Expected a file in the folder of the process, but the reference is '" + std::string(reference) + "'.",
           "copy the schema into the folder: nothing is loaded from elsewhere");
      return nullptr;
    }
    if (*path == source_.file && !path->empty()) return &documents_[""];
    if (const auto open = documents_.find(*path); open != documents_.end()) return &open->second;
    const Value* content = nullptr;
    if (source_.files) {
      const auto file = source_.files->find(*path);
      if (file != source_.files->end()) content = &file->second;
    }
    if (!content) {
      Fail(kSchemaRefUnresolved, place.document, place.path, "Expected the file '" + *path + "', but there is none.");
      return nullptr;
    }
    SchemaDocument& document = documents_[*path];
    document.file = *path;
    document.content = content;
    CollectAnchors(*content, "", 0, document);
    return &document;
  }

  void CheckCircles() {
    for (NodeIndex node : FindCircles(*result_)) {
      if (errors_.size() >= kSchemaErrorsMax) return;
      errors_.push_back({kSchemaRefCircular, files_[static_cast<std::size_t>(node)],
                         PointerTo(result_->nodes[static_cast<std::size_t>(node)].path, "$ref"),
                         "Expected a schema that says something about the value, but it refers to itself.",
                         "a recursive schema goes through 'properties' or 'items'"});
    }
  }

  const SchemaSource& source_;
  std::map<std::string, SchemaDocument> documents_;  // "" is the schema itself; node-based, so that pointers stay valid
  std::map<std::string, NodeIndex> known_;
  std::vector<std::string> files_;  // of each node
  std::shared_ptr<CompiledSchema> result_ = std::make_shared<CompiledSchema>();
};

// A null handler is an annotation: allowed, and without meaning for validation.
const std::map<std::string_view, Compiler::Handler>& Compiler::Handlers() {
  using C = Compiler;
  static const std::map<std::string_view, Handler> handlers{{"type", &C::Type},
                                                            {"enum", &C::Enum},
                                                            {"const", &C::Const},
                                                            {"properties", &C::Properties},
                                                            {"patternProperties", &C::PatternProperties},
                                                            {"dependentSchemas", &C::DependentSchemas},
                                                            {"$defs", &C::Definitions},
                                                            {"required", &C::Required},
                                                            {"dependentRequired", &C::DependentRequired},
                                                            {"additionalProperties", &C::AdditionalProperties},
                                                            {"propertyNames", &C::PropertyNames},
                                                            {"unevaluatedProperties", &C::UnevaluatedProperties},
                                                            {"unevaluatedItems", &C::UnevaluatedItems},
                                                            {"minProperties", &C::MinProperties},
                                                            {"maxProperties", &C::MaxProperties},
                                                            {"minItems", &C::MinItems},
                                                            {"maxItems", &C::MaxItems},
                                                            {"minLength", &C::MinLength},
                                                            {"maxLength", &C::MaxLength},
                                                            {"minContains", &C::MinContains},
                                                            {"maxContains", &C::MaxContains},
                                                            {"minimum", &C::Minimum},
                                                            {"maximum", &C::Maximum},
                                                            {"exclusiveMinimum", &C::ExclusiveMinimum},
                                                            {"exclusiveMaximum", &C::ExclusiveMaximum},
                                                            {"multipleOf", &C::MultipleOf},
                                                            {"pattern", &C::PatternKeyword},
                                                            {"format", &C::Format},
                                                            {"prefixItems", &C::PrefixItems},
                                                            {"items", &C::Items},
                                                            {"contains", &C::Contains},
                                                            {"uniqueItems", &C::UniqueItems},
                                                            {"allOf", &C::AllOf},
                                                            {"anyOf", &C::AnyOf},
                                                            {"oneOf", &C::OneOf},
                                                            {"not", &C::Not},
                                                            {"if", &C::If},
                                                            {"then", &C::Then},
                                                            {"else", &C::Else},
                                                            {"$ref", &C::Ref},
                                                            {"$schema", &C::Dialect},
                                                            {"$id", &C::Id},
                                                            {"$anchor", &C::Anchor},
                                                            {"title", nullptr},
                                                            {"description", nullptr},
                                                            {"default", nullptr},
                                                            {"examples", nullptr},
                                                            {"deprecated", nullptr},
                                                            {"readOnly", nullptr},
                                                            {"writeOnly", nullptr},
                                                            {"$comment", nullptr},
                                                            {"contentEncoding", nullptr},
                                                            {"contentMediaType", nullptr},
                                                            {"contentSchema", nullptr}};
  return handlers;
}

}  // namespace

const std::vector<std::string>& KnownKeywords() {
  static const std::vector<std::string> names = Compiler::Keywords();
  return names;
}

SchemaOutcome CompileSchema(const Value& schema, const SchemaSource& source) {
  return Compiler(schema, source).Compile();
}

}  // namespace fermata
