#include "engine/scenario/known_names.h"

#include "engine/scenario/scenario.h"

namespace fermata {
namespace {

void AddEmissions(const std::vector<TransitionArm>& arms, std::vector<std::string>& types) {
  for (const TransitionArm& arm : arms)
    if (arm.emit) types.push_back(arm.emit->type);
}

void AddEmissions(const State& state, std::vector<std::string>& types) {
  if (const auto* emit = std::get_if<EmitVerb>(&state.verb)) types.push_back(emit->emission.type);
  AddEmissions(state.next, types);
  for (const TimerHandler& handler : state.after) AddEmissions(handler.arms, types);
  for (const ErrorHandler& handler : state.on_error) AddEmissions(handler.arms, types);
  for (const EventHandler& handler : state.on)
    for (const EventHandler::Arm& arm : handler.arms)
      if (arm.transition.emit) types.push_back(arm.transition.emit->type);
}

}  // namespace

std::vector<std::string> KnownProcesses(const ScenarioProject& project) {
  std::vector<std::string> names;
  for (const DefinitionPtr& definition : project.definitions) names.push_back(definition->process);
  return names;
}

std::vector<std::string> KnownChildren(const ScenarioProject& project) {
  std::vector<std::string> names;
  for (const DefinitionPtr& definition : project.definitions)
    for (const State& state : definition->states)
      if (const auto* run = std::get_if<RunVerb>(&state.verb)) names.push_back(run->process);
  return names;
}

std::vector<std::string> KnownStates(const ScenarioProject& project, std::string_view process) {
  std::vector<std::string> names;
  for (const DefinitionPtr& definition : project.definitions)
    if (definition->process == process)
      for (const State& state : definition->states)
        if (state.index != kRoot && !state.is_region) names.push_back(state.name);
  return names;
}

std::vector<std::string> KnownOperations(const ScenarioProject& project) {
  std::vector<std::string> names;
  for (const ManifestPtr& manifest : project.manifests)
    for (const OperationManifest& operation : manifest->operations)
      names.push_back(manifest->connector + "." + operation.name);
  return names;
}

std::vector<std::string> KnownEvents(const ScenarioProject& project) {
  std::vector<std::string> types;
  for (const DefinitionPtr& definition : project.definitions) {
    for (const EventDeclaration& event : definition->events) types.push_back(event.type);
    if (!definition->start_on.empty()) types.push_back(definition->start_on);
  }
  return types;
}

std::vector<std::string> KnownEmissions(const ScenarioProject& project) {
  std::vector<std::string> types{std::string(kRemindedEvent)};
  for (const DefinitionPtr& definition : project.definitions)
    for (const State& state : definition->states) AddEmissions(state, types);
  return types;
}

}  // namespace fermata
