#include "engine/scenario/standing.h"

#include "engine/codec/codec.h"
#include "engine/model/json.h"

namespace fermata {

std::vector<std::string> PathOf(const LiveInstance& live) {
  std::vector<std::string> path;
  for (const std::string& row : live.journal) {
    Result<std::vector<JournalEvent>> events = DecodeEvents(row);
    FERMATA_ASSERT(events.ok());
    for (const JournalEvent& event : *events)
      if (const auto* entered = std::get_if<StateEntered>(&event.body);
          entered != nullptr && entered->kind == ActivationKind::kState)
        path.push_back(entered->state);
  }
  return path;
}

std::string Listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + name + "'";
  return text.empty() ? "none" : text;
}

std::string ShortJson(const Value& value) {
  constexpr std::size_t kMost = 400;
  std::string text = WriteJson(value);
  if (text.size() > kMost) text = text.substr(0, kMost) + " …";
  return text;
}

std::string DescribeStanding(const World& world, const InstanceId& main) {
  std::string text;
  for (const LiveInstance* live : world.InOrder()) {
    const InstanceState& state = live->state;
    text += live->definition->process;
    if (state.key) text += " '" + *state.key + "'";
    text += ": " + std::string(StatusName(state.status));
    if (state.error) text += " (" + state.error->name + ")";
    text += ", in " + Listed(ActiveStates(state)) + "\n";
    for (const OpenIncident& incident : OpenIncidents(state))
      text += "  incident in '" + incident.state + "': " + incident.error.name + ": " + incident.error.message + "\n";
    std::string path;
    for (const std::string& name : PathOf(*live)) path += (path.empty() ? "" : " -> ") + name;
    text += "  path: " + path + "\n";
    if (state.id != main) continue;
    for (const auto& [name, value] : state.variables) text += "  " + name + " = " + ShortJson(value) + "\n";
    if (!state.kept.empty()) text += "  kept events: " + std::to_string(state.kept.size()) + "\n";
  }
  for (const WorldCall& call : world.calls())
    text += "call in flight: " + call.operation + " " + ShortJson(call.input) + "\n";
  return text;
}

}  // namespace fermata
