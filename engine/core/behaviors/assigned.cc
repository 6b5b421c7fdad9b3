#include "engine/core/behaviors/assigned.h"

#include "engine/schema/schema.h"

namespace fermata {

AssignedNames::AssignedNames(const Definition& definition) : definition_(definition) {
  AddSet(definition_.vars);
  for (const Migration& migration : definition_.migrations) AddSet(migration.set);
  for (const State& state : definition_.states) Add(state);
}

void AssignedNames::Add(const Variables& variables) {
  for (const auto& [name, value] : variables) by_name_[name];
}

const Shapes* AssignedNames::Find(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second;
}

std::vector<std::string> AssignedNames::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, shapes] : by_name_) names.push_back(name);
  return names;
}

void AssignedNames::Add(const std::string& name, const SchemaPtr& shape) {
  if (!name.empty()) by_name_[name].push_back(shape);
}

void AssignedNames::AddSet(const std::vector<Assignment>& set) {
  for (const Assignment& assignment : set) Add(assignment.name, nullptr);
}

void AssignedNames::Add(const TransitionArm& arm, const SchemaPtr& saved) {
  Add(arm.save, saved);
  AddSet(arm.set);
}

void AssignedNames::Add(const State& state) {
  const auto* call = std::get_if<CallVerb>(&state.verb);
  Add(state.save, call != nullptr && call->manifest != nullptr ? call->manifest->output : nullptr);
  AddSet(state.set);
  for (const EventHandler& handler : state.on) {
    const EventDeclaration* event = definition_.FindEvent(handler.type);
    for (const EventHandler::Arm& arm : handler.arms) Add(arm.transition, event != nullptr ? event->data : nullptr);
  }
  for (const TimerHandler& handler : state.after)
    for (const TransitionArm& arm : handler.arms) Add(arm, nullptr);
  for (const ErrorHandler& handler : state.on_error)
    for (const TransitionArm& arm : handler.arms) Add(arm, nullptr);
  for (const TransitionArm& arm : state.next) Add(arm, nullptr);
}

Result<Value> FitToOneOf(const Shapes& shapes, const Value& value) {
  std::optional<Error> refused;
  for (const SchemaPtr& shape : shapes) {
    if (shape == nullptr) return value;
    Result<Value> fitted = ValidateAndNormalise(*shape, value);
    if (fitted.ok()) return fitted;
    if (!refused) refused = fitted.error();
  }
  if (refused) return *std::move(refused);
  return value;
}

}  // namespace fermata
