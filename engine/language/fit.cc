#include "engine/language/fit.h"

#include "engine/base/nearest_word.h"
#include "engine/language/codes.h"
#include "engine/language/types.h"

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
    report_.Error(
        kInputMisfit, node,
        "Expected " + wanted.ToString() + " for '" + name + "' in " + owner_ + ", but it is " + given.ToString() + ".",
        Conversion(given, wanted));
  }

 private:
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
  checker.Check(content, node, TypeOf(schema), "");
}

}  // namespace fermata
