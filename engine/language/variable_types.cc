#include "engine/language/variable_types.h"

#include <algorithm>
#include <set>
#include <utility>

#include "engine/language/types.h"
#include "engine/language/walk.h"
#include "engine/schema/schema.h"

namespace fermata {
namespace {

// Types hang on each other over a few variables, not over dozens: what has not settled then is taken as unknown.
constexpr int kTypeRoundsMax = 8;

TypeEnvironment BaseNames(const Definition& definition) {
  TypeEnvironment names;
  names.Declare("input", definition.input ? TypeOf(*definition.input) : Type::Dyn());
  const Type text(TypeKind::kString);
  const Type key = definition.key ? text : Type::Union({text, Type(TypeKind::kNull)});
  std::vector<std::pair<Type::Field, Type>> fields{{{"id", true}, text},
                                                   {{"key", true}, key},
                                                   {{"process", true}, text},
                                                   {{"version", true}, text},
                                                   {{"startedAt", true}, Type(TypeKind::kTimestamp)}};
  names.Declare("instance", Type::Object(std::move(fields), false, Type::Dyn()));
  names.Declare("now", Type(TypeKind::kTimestamp));
  return names;
}

bool IsKnownBySomePlaceOnly(std::string_view name) {
  static const std::set<std::string_view> words{"event", "error", "item", "index", "call", "instance", "now"};
  return words.count(name) > 0;
}

void DeclareFreeNames(const Expression& expression, TypeEnvironment& names) {
  for (const NameUse& use : FreeNames(*expression.compiled))
    if (!IsKnownBySomePlaceOnly(use.name)) names.Declare(use.name, Type::Dyn());
}

void DeclareFreeNames(const Template& content, TypeEnvironment& names) {
  if (const auto* expression = std::get_if<Expression>(&content.content)) DeclareFreeNames(*expression, names);
  if (const auto* text = std::get_if<TextTemplate>(&content.content))
    for (const TextTemplate::Piece& piece : text->pieces)
      if (piece.expression) DeclareFreeNames(*piece.expression, names);
  if (const auto* list = std::get_if<Template::ListOf>(&content.content))
    for (const Template& item : *list) DeclareFreeNames(item, names);
  if (const auto* map = std::get_if<Template::MapOf>(&content.content))
    for (const auto& [key, item] : *map) DeclareFreeNames(item, names);
}

}  // namespace

VariableTypes::VariableTypes(const ParsedDefinition& parsed, const Variables& variables)
    : parsed_(parsed),
      definition_(*parsed.definition),
      variables_(variables),
      base_(BaseNames(definition_)),
      types_(variables.names().size()) {
  for (const std::string& name : parsed.lost_names) {
    if (!base_.Find(name)) base_.Declare(name, Type::Dyn());
    Learn(name, Type::Dyn());
  }
  LearnComputed(LearnSaved());
  LearnItems();
}

TypeOfExpression VariableTypes::TypeIn(const TypeEnvironment& names) {
  return [&names](const Expression& expression) {
    const CheckOutcome outcome = CheckExpression(*expression.compiled, names);
    return outcome.errors.empty() ? outcome.type : Type::Dyn();
  };
}

TypeEnvironment VariableTypes::NamesAt(const State& state) const {
  TypeEnvironment names = base_;
  for (std::size_t i = 0; i < types_.size(); ++i) names.Declare(variables_.names()[i], types_[i].value_or(Type::Dyn()));
  std::vector<StateIndex> around;
  for (StateIndex outer = state.parent; outer != kNoState; outer = StateAt(definition_, outer).parent)
    if (Does<EachVerb>(StateAt(definition_, outer))) around.push_back(outer);
  for (auto index = around.rbegin(); index != around.rend(); ++index) {
    const auto& each = std::get<EachVerb>(StateAt(definition_, *index).verb);
    const auto item = items_.find(*index);
    names.Declare(each.as, item == items_.end() ? Type::Dyn() : item->second);
    names.Declare(each.index, Type(TypeKind::kInt));
  }
  return names;
}

void VariableTypes::Learn(const std::string& name, const Type& type) {
  const int number = variables_.NumberOf(name);
  if (number < 0) return;
  auto& known = types_[static_cast<std::size_t>(number)];
  known = known ? Type::Union({*known, type}) : type;
}

// Of a child what its own file says.
Type VariableTypes::ResultOf(const State& state) const {
  const auto child = parsed_.children.find(state.index);
  const auto* run = std::get_if<RunVerb>(&state.verb);
  if (!run || run->detach || child == parsed_.children.end() || !child->second.output) return ResultType(state);
  return TypeOf(*child->second.output);
}

// A variable has the types of all that is saved in it. Gives what is computed instead.
VariableTypes::Computed VariableTypes::LearnSaved() {
  Computed computed;
  for (const Assignment& assignment : definition_.vars) computed.push_back({&assignment, kRoot});
  for (const State& state : definition_.states) {
    if (!state.save.empty() && !HasInnerResult(state)) Learn(state.save, AsVariable(ResultOf(state)));
    for (const Assignment& assignment : state.set) computed.push_back({&assignment, state.index});
    for (const EventHandler& handler : state.on)
      for (const EventHandler::Arm& arm : handler.arms)
        if (!arm.transition.save.empty()) {
          const EventDeclaration* event = definition_.FindEvent(handler.type);
          Learn(arm.transition.save, event && event->data ? TypeOf(*event->data) : Type::Dyn());
        }
    for (const ErrorHandler& handler : state.on_error)
      for (const TransitionArm& arm : handler.arms)
        if (!arm.save.empty()) Learn(arm.save, ErrorType());
    ForEachArm(state, [&](ArmKind, const TransitionArm& arm) {
      for (const Assignment& assignment : arm.set) computed.push_back({&assignment, state.index});
    });
  }
  return computed;
}

// What is computed may hang on what is computed elsewhere, itself included: from the types of `vars` on, all is learnt
// again until nothing changes. What never settles, as a list that is put into itself again and again, is unknown.
void VariableTypes::LearnComputed(const Computed& computed) {
  const std::vector<std::optional<Type>> saved = types_;
  const TypeOfExpression type_at_start = TypeIn(base_);
  for (const Assignment& assignment : definition_.vars)
    Learn(assignment.name, AsVariable(TypeOfTemplate(assignment.value, type_at_start)));
  std::vector<bool> unsettled(types_.size(), false);
  for (int round = 1;; ++round) {
    const std::vector<std::optional<Type>> before = std::exchange(types_, saved);
    LearnComputedOnce(computed, before);
    for (std::size_t i = 0; i < types_.size(); ++i)
      if (unsettled[i]) types_[i] = Type::Dyn();
    if (types_ == before) return;
    for (std::size_t i = 0; i < types_.size(); ++i) {
      if (round >= kTypeRoundsMax) unsettled[i] = unsettled[i] || round >= 2 * kTypeRoundsMax || types_[i] != before[i];
      if (unsettled[i]) types_[i] = Type::Dyn();
    }
  }
}

void VariableTypes::LearnComputedOnce(const Computed& computed, const std::vector<std::optional<Type>>& known) {
  TypeEnvironment names = base_;
  names.Declare("event", Type::Dyn());
  names.Declare("error", Type::Dyn());
  for (const State& state : definition_.states) {
    const auto* each = std::get_if<EachVerb>(&state.verb);
    if (!each) continue;
    names.Declare(each->as, Type::Dyn());
    names.Declare(each->index, Type(TypeKind::kInt));
  }
  for (std::size_t i = 0; i < known.size(); ++i) names.Declare(variables_.names()[i], known[i].value_or(Type::Dyn()));
  const TypeOfExpression type_of = TypeIn(names);
  for (const auto& [assignment, state] : computed)
    Learn(assignment->name, AsVariable(TypeOfTemplate(assignment->value, type_of)));
  for (const State& state : definition_.states)
    if (HasInnerResult(state) && !parsed_.states_unknown)
      Learn(state.save, TypeOfInnerResult(definition_, state, type_of));
  for (const Migration& migration : definition_.migrations)
    for (const Assignment& assignment : migration.set) {
      const TypeEnvironment carried = NamesOfMigration(assignment.value, base_);
      Learn(assignment.name, AsVariable(TypeOfTemplate(assignment.value, TypeIn(carried))));
    }
}

// Outer ones come first, so that an inner list may be part of an outer item.
void VariableTypes::LearnItems() {
  for (const State& state : definition_.states) {
    const auto* each = std::get_if<EachVerb>(&state.verb);
    if (!each) continue;
    const TypeEnvironment names = NamesAt(state);
    const Type list = TypeOfTemplate(each->list, TypeIn(names));
    items_[state.index] = list.kind() == TypeKind::kList ? list.element() : Type::Dyn();
  }
}

TypeEnvironment NamesOfMigration(const Template& content, const TypeEnvironment& base) {
  TypeEnvironment names = base;
  names.Declare("input", Type::Dyn());
  DeclareFreeNames(content, names);
  return names;
}

}  // namespace fermata
