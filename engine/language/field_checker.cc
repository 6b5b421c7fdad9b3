#include "engine/language/field_checker.h"

#include "engine/base/nearest_word.h"
#include "engine/expression/ast.h"
#include "engine/language/codes.h"

namespace fermata {
namespace {

class FieldChecker {
 public:
  FieldChecker(const CompiledExpression& expression, const TypeEnvironment& environment)
      : expression_(expression), environment_(environment) {}

  std::vector<ExpressionError> Find() {
    Walk(*expression_.root);
    return std::move(found_);
  }

 private:
  void Walk(const SyntaxNode& node) {
    if (node.kind == NodeKind::kPath) Look(node);
    for (const NodePtr& child : node.children)
      if (child) Walk(*child);
  }

  // Follows the path as far as the types are known.
  void Look(const SyntaxNode& path) {
    const Type* type = environment_.Find(path.fields[0]);
    for (std::size_t i = 1; type && i < path.fields.size(); ++i) {
      if (type->kind() != TypeKind::kObject) return;
      const Type* field = type->FindField(path.fields[i]);
      if (!field && type->open() && type->value().is_dyn()) Suspect(path.fields[i], path.field_spans[i], *type);
      type = field;
    }
  }

  void Suspect(const std::string& name, Span span, const Type& object) {
    std::vector<std::string> names;
    for (const auto& [field, type] : object.fields()) names.push_back(field.name);
    const std::string nearest = NearestWord(name, names);
    if (nearest.empty()) return;
    found_.push_back(MakeError(expression_.source, span, kMisspeltField,
                               "Expected a field that the schema names, but '" + name + "' is not in it.",
                               "did you mean '" + nearest + "'?"));
  }

  const CompiledExpression& expression_;
  const TypeEnvironment& environment_;
  std::vector<ExpressionError> found_;
};

}  // namespace

std::vector<ExpressionError> FindMisspeltFields(const CompiledExpression& expression,
                                                const TypeEnvironment& environment) {
  return FieldChecker(expression, environment).Find();
}

}  // namespace fermata
