#include "engine/scenario/scenario_names.h"

#include <algorithm>

#include "engine/scenario/codes.h"
#include "engine/scenario/known_names.h"

namespace fermata {
namespace {

const std::vector<std::string> kTechnicalNames = {"unavailable", "timeout", "invalid-response", "internal"};

bool Contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

std::string ScenarioNames::Known(const Node& node, const std::vector<std::string>& names, std::string_view what) {
  const std::string text = fields_.Text(node);
  if (!text.empty() && !Contains(names, text))
    fields_.report().Error(kScenarioNameUnknown, node,
                           "Expected " + std::string(what) + ", but there is no '" + text + "'.",
                           DidYouMean(text, names));
  return text;
}

std::string ScenarioNames::ProcessName(const Node& node) {
  return Known(node, KnownProcesses(project_), "the name of a process of this folder");
}

std::string ScenarioNames::ProcessVersion(const Node& node) {
  const std::string text = fields_.Text(node);
  if (text.empty() || project_.Find(process_, text) != nullptr) return text;
  std::string there;
  for (const DefinitionPtr& definition : project_.definitions)
    if (definition->process == process_) there += (there.empty() ? "" : " and ") + definition->version;
  fields_.report().Error(
      kScenarioNameUnknown, node,
      "Expected a version of '" + process_ + "' in this folder, but there is no " + text + ", only " + there + ".");
  return text;
}

std::string ScenarioNames::OwnStateName(const Node& node) {
  return Known(node, KnownStates(project_, process_), "a state of '" + process_ + "'");
}

std::string ScenarioNames::StateName(const Node& node) {
  const std::string text = fields_.Text(node);
  const std::size_t slash = text.find('/');
  if (text.empty() || slash == std::string::npos) return text.empty() ? text : OwnStateName(node);
  const std::string process = text.substr(0, slash), state = text.substr(slash + 1);
  const std::vector<std::string> states = KnownStates(project_, process);
  if (project_.Find(process) == nullptr) {
    fields_.report().Error(kScenarioNameUnknown, node,
                           "Expected a process of this folder before the '/', but there is no '" + process + "'.");
  } else if (!Contains(states, state)) {
    fields_.report().Error(kScenarioNameUnknown, node,
                           "Expected a state of '" + process + "', but there is no '" + state + "'.",
                           DidYouMean(state, states));
  }
  return text;
}

std::string ScenarioNames::Operation(const Node& node) {
  const std::string text = fields_.Text(node);
  if (!text.starts_with("run.")) return Known(node, KnownOperations(project_), "connector.operation of a manifest");
  const std::string child = text.substr(4);
  const std::vector<std::string> children = KnownChildren(project_);
  if (project_.Find(child) != nullptr) {
    fields_.report().Error(
        kScenarioNameUnknown, node,
        "Expected a child whose file is not in this folder, but '" + child + "' is here: it runs for real.");
  } else if (!Contains(children, child)) {
    fields_.report().Error(kScenarioNameUnknown, node,
                           "Expected a child that a process of this folder runs, but none runs '" + child + "'.",
                           DidYouMean(child, children));
  }
  return text;
}

std::string ScenarioNames::Answerable(const Node& node) {
  std::string text = Operation(node);
  if (text.starts_with("engine.") && Contains(KnownOperations(project_), text))
    fields_.report().Error(kScenarioNameUnknown, node,
                           "Expected an operation that the case answers, but '" + text + "' is done by the engine.",
                           "without an outcome the step asserts that the call is in flight");
  return text;
}

std::string ScenarioNames::EventType(const Node& node) {
  return Known(node, KnownEvents(project_), "an event that a process of this folder declares");
}

std::string ScenarioNames::EmittedType(const Node& node) {
  return Known(node, KnownEmissions(project_), "an event that a process of this folder emits");
}

std::string ScenarioNames::StartedProcess(const Node& node) {
  std::vector<std::string> names = KnownChildren(project_);
  const std::vector<std::string> processes = KnownProcesses(project_);
  names.insert(names.end(), processes.begin(), processes.end());
  return Known(node, names, "a process of this folder, or one that it runs");
}

void ScenarioNames::CheckError(const Node& node, const std::string& name, std::string_view operation) {
  if (name.empty() || operation.starts_with("run.")) return;  // a child that is not here may fail with anything
  const OperationManifest* manifest = project_.FindOperation(operation);
  if (manifest == nullptr || Contains(manifest->errors, name)) return;  // an unknown operation is blamed already
  std::string hint = DidYouMean(name, manifest->errors);
  if (Contains(kTechnicalNames, name)) hint = "technical errors stand under 'technical'";
  fields_.report().Error(
      kScenarioNameUnknown, node,
      "Expected an error that the manifest of " + std::string(operation) + " names, but '" + name + "' is none.", hint);
}

void ScenarioNames::CheckTechnical(const Node& node, const std::string& name) {
  if (name.empty() || Contains(kTechnicalNames, name)) return;
  fields_.report().Error(kScenarioNameUnknown, node,
                         "Expected unavailable, timeout, invalid-response or internal, but there is '" + name + "'.",
                         DidYouMean(name, kTechnicalNames));
}

}  // namespace fermata
