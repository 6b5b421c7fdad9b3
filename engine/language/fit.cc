#include "engine/language/fit.h"

#include <algorithm>

#include "engine/base/nearest_word.h"
#include "engine/language/codes.h"
#include "engine/language/types.h"
#include "engine/schema/pointer.h"

namespace fermata {
namespace {

class FitChecker {
 public:
  FitChecker(const std::string& owner, const TypeOfExpression& type_of, Report& report)
      : owner_(owner), type_of_(type_of), report_(report) {}

  // A literal is held against the schema itself.
  void CheckLiteral(const Value& value, const Node& node, const CompiledSchema& schema) {
    const std::vector<SchemaViolation> violations = Validate(schema, value);
    std::vector<std::string> missing, surplus;
    for (const SchemaViolation& violation : violations)
      if (!violation.property.empty()) (IsSurplus(violation) ? surplus : missing).push_back(violation.property);
    for (const SchemaViolation& violation : violations) {
      const PointedNode pointed = FollowPointer(node, violation.path);
      const std::string message =
          "In " + owner_ + (violation.path.empty() ? "" : " at " + violation.path) + ": " + violation.message;
      if (IsSurplus(violation) && pointed.entry) {
        report_.ErrorAtKey(kInputMisfit, *pointed.entry, message, DidYouMean(violation.property, missing));
      } else if (violation.property.empty()) {
        report_.Error(kInputMisfit, *pointed.node, message);
      } else if (NearestWord(violation.property, surplus).empty()) {
        // Otherwise it is there, but misspelt.
        report_.Error(kInputMissing, *pointed.node, message);
      }
    }
  }

  // What is written out in a template that also holds expressions; what they give is left out.
  void CheckLiteralParts(const Template& content, const Node& node, const CompiledSchema& schema) {
    for (const SchemaViolation& violation : Validate(schema, LiteralPart(content))) {
      // A condition may hang on what an expression gives.
      bool certain = IsInLiteral(content, violation.path) && !IsSurplus(violation);
      for (const char* keyword : {"/then", "/else", "/dependentSchemas", "/uniqueItems"})
        certain &= violation.schema_path.find(keyword) == std::string::npos;
      if (!certain) continue;
      const std::string message = "In " + owner_ + " at " + violation.path + ": " + violation.message;
      const ErrorCode code = violation.property.empty() ? kInputMisfit : kInputMissing;
      report_.Error(code, *FollowPointer(node, violation.path).node, message);
    }
  }

  void Check(const Template& content, const Node& node, const Type& wanted, const std::string& name) {
    const Type* object = ObjectIn(wanted);
    const auto* map = std::get_if<Template::MapOf>(&content.content);
    if (map && object) return CheckFields(*map, node, *object, name);
    const auto* list = std::get_if<Template::ListOf>(&content.content);
    if (list && wanted.kind() == TypeKind::kList) {
      for (std::size_t i = 0; i < list->size() && i < node.items.size(); ++i)
        Check((*list)[i], node.items[i], wanted.element(), name + "[" + std::to_string(i) + "]");
      return;
    }
    const Type given = AsVariable(TypeOfTemplate(content, type_of_));
    if (Type::CanFit(given, wanted)) return;
    report_.Error(kInputMisfit, node,
                  "Expected " + wanted.ToString() + (name.empty() ? " as " : " for '" + name + "' in ") + owner_ +
                      ", but it is " + given.ToString() + ".",
                  Conversion(given, wanted));
  }

 private:
  // Null stands for what an expression gives, so that items keep their places; entries are left out.
  static Value LiteralPart(const Template& content) {
    if (const auto* literal = std::get_if<Value>(&content.content)) return *literal;
    if (const auto* list = std::get_if<Template::ListOf>(&content.content)) {
      std::vector<Value> items;
      for (const Template& item : *list) items.push_back(LiteralPart(item));
      return Value::List(std::move(items));
    }
    const auto* map = std::get_if<Template::MapOf>(&content.content);
    if (!map) return Value::Null();
    std::vector<MapEntry> entries;
    for (const auto& [key, item] : *map)
      if (!std::holds_alternative<Expression>(item.content) && !std::holds_alternative<TextTemplate>(item.content))
        entries.emplace_back(Value::String(key), LiteralPart(item));
    return Value::Map(std::move(entries));
  }

  static bool IsInLiteral(const Template& content, std::string_view path) {
    const Template* at = &content;
    for (const std::string& token : SplitPointer(path).value_or(std::vector<std::string>{})) {
      if (std::holds_alternative<Value>(at->content)) return true;
      if (const auto* list = std::get_if<Template::ListOf>(&at->content)) {
        at = &(*list)[static_cast<std::size_t>(std::stoul(token))];
        continue;
      }
      const auto* map = std::get_if<Template::MapOf>(&at->content);
      if (!map) return false;
      const auto entry = std::find_if(map->begin(), map->end(), [&](const auto& one) { return one.key == token; });
      if (entry == map->end()) return false;
      at = &entry->value;
    }
    return std::holds_alternative<Value>(at->content);
  }

  static bool IsSurplus(const SchemaViolation& violation) {
    return violation.schema_path.ends_with("/additionalProperties");
  }

  // The one object type that a map could be meant for.
  static const Type* ObjectIn(const Type& wanted) {
    if (wanted.kind() == TypeKind::kObject) return &wanted;
    if (wanted.kind() != TypeKind::kUnion) return nullptr;
    const Type* found = nullptr;
    for (const Type& alternative : wanted.alternatives()) {
      if (alternative.kind() != TypeKind::kObject) continue;
      if (found) return nullptr;
      found = &alternative;
    }
    return found;
  }

  void CheckFields(const Template::MapOf& map, const Node& node, const Type& object, const std::string& name) {
    std::vector<std::string> names, surplus;
    for (const auto& [field, type] : object.fields()) names.push_back(field.name);
    for (const auto& [key, content] : map) {
      const NodeEntry* entry = node.Find(key);
      if (!entry) continue;  // behind an alias of something else
      const Type* wanted = object.FindField(key);
      if (wanted) {
        Check(content, entry->value, *wanted, name.empty() ? key : name + "." + key);
      } else if (!object.open()) {
        surplus.push_back(key);
        report_.ErrorAtKey(kInputMisfit, *entry,
                           "Expected only what the schema names in " + owner_ + ", but '" + key + "' is not in it.",
                           DidYouMean(key, names));
      }
    }
    for (const auto& [field, type] : object.fields()) {
      if (!field.required || node.Find(field.name) || !NearestWord(field.name, surplus).empty()) continue;
      report_.Error(
          kInputMissing, node,
          "Expected '" + (name.empty() ? "" : name + ".") + field.name + "' in " + owner_ + ", but it is missing.");
    }
  }

  static std::string Conversion(const Type& given, const Type& wanted) {
    if (wanted.kind() == TypeKind::kString && given.kind() != TypeKind::kList && given.kind() != TypeKind::kObject &&
        given.kind() != TypeKind::kMap)
      return "string(…) makes a string of it";
    if (wanted.kind() == TypeKind::kInt && (given.kind() == TypeKind::kString || given.kind() == TypeKind::kDouble))
      return "int(…) makes an integer of it";
    return "";
  }

  const std::string& owner_;
  const TypeOfExpression& type_of_;
  Report& report_;
};

}  // namespace

void CheckFit(const Template& content, const Node& node, const CompiledSchema& schema, const std::string& owner,
              const TypeOfExpression& type_of, Report& report) {
  FitChecker checker(owner, type_of, report);
  if (const auto* literal = std::get_if<Value>(&content.content)) return checker.CheckLiteral(*literal, node, schema);
  checker.CheckLiteralParts(content, node, schema);
  checker.Check(content, node, TypeOf(schema), "");
}

}  // namespace fermata
