// Types of what a process handles: variables, events, results. Used by the checker only.
#pragma once

#include <map>
#include <string>

#include "engine/expression/expression.h"
#include "engine/language/parsed.h"

namespace fermata {

Type TypeOfLiteral(const Value& value);
// As a variable holds it: JSON kinds only.
Type AsVariable(const Type& type);
// `event` in an `on` of this type; `error` in `on_error`.
Type EventType(const EventDeclaration* declaration);
Type ErrorType();
// What `save` of a call or a task gives; Dyn if nothing is known.
Type ResultType(const State& state);
// Whether the state's result is made by the `end`s inside of it.
bool HasInnerResult(const State& state);

// Of a template, given how to find the type of an expression in it.
template <class TypeOfExpression>
Type TypeOfTemplate(const Template& content, TypeOfExpression type_of) {
  if (const auto* literal = std::get_if<Value>(&content.content)) return TypeOfLiteral(*literal);
  if (const auto* expression = std::get_if<Expression>(&content.content)) return type_of(*expression);
  if (std::holds_alternative<TextTemplate>(content.content)) return Type(TypeKind::kString);
  if (const auto* list = std::get_if<Template::ListOf>(&content.content)) {
    std::vector<Type> elements;
    for (const Template& item : *list) elements.push_back(TypeOfTemplate(item, type_of));
    return Type::List(Type::Union(std::move(elements)));
  }
  std::vector<std::pair<Type::Field, Type>> fields;
  for (const auto& [name, item] : std::get<Template::MapOf>(content.content))
    fields.push_back({{name, true}, TypeOfTemplate(item, type_of)});
  return Type::Object(std::move(fields), false, Type::Dyn());
}

// What the `end`s directly in `owner` (a composite, each or region) give.
template <class TypeOfExpression>
Type TypeOfEnds(const Definition& definition, const State& owner, TypeOfExpression type_of) {
  std::vector<Type> outputs;
  for (StateIndex child : owner.children) {
    const auto* end = std::get_if<EndVerb>(&definition.states[static_cast<std::size_t>(child)].verb);
    if (end) outputs.push_back(AsVariable(TypeOfTemplate(Template{end->output, {}}, type_of)));
  }
  return Type::Union(std::move(outputs));
}

// What `save` of a composite, each or parallel gives. A region that need not finish may be absent.
template <class TypeOfExpression>
Type TypeOfInnerResult(const Definition& definition, const State& state, TypeOfExpression type_of) {
  if (std::holds_alternative<EachVerb>(state.verb)) return Type::List(TypeOfEnds(definition, state, type_of));
  const auto* parallel = std::get_if<ParallelVerb>(&state.verb);
  if (!parallel) return TypeOfEnds(definition, state, type_of);
  std::vector<std::pair<Type::Field, Type>> regions;
  for (StateIndex child : state.children) {
    const State& region = definition.states[static_cast<std::size_t>(child)];
    regions.push_back({{region.name, !parallel->join}, TypeOfEnds(definition, region, type_of)});
  }
  return Type::Object(std::move(regions), false, Type::Dyn());
}

}  // namespace fermata
