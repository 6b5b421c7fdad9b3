#include "engine/scenario/then_parser.h"

#include "engine/model/instance_state.h"
#include "engine/scenario/codes.h"

namespace fermata {
namespace {

const std::vector<std::string> kStatuses = {"running",   "waiting", "suspended", "compensating",
                                            "completed", "failed",  "cancelled"};

}  // namespace

void ThenParser::ReadStatus(const Node& node, ExpectedEnd& then) {
  then.status = fields_.Text(node);
  if (!then.status->empty() && !ParseStatus(*then.status))
    fields_.report().Error(kScenarioValueWrong, node,
                           "Expected one of the seven statuses, but there is '" + *then.status + "'.",
                           DidYouMean(*then.status, kStatuses));
}

void ThenParser::ReadIncidents(const Node& node, ExpectedEnd& then) {
  if (!node.is_list()) {
    then.incident_count = fields_.Count(node);
    return;
  }
  then.incidents.emplace();
  for (const Node& item : node.items) {
    if (!fields_.ExpectMap(item, "an incident")) continue;
    fields_.CheckKeys(item, {"state", "error"}, "an incident");
    ExpectedIncident& incident = then.incidents->emplace_back();
    if (const NodeEntry* state = item.Find("state")) incident.state = names_.StateName(state->value);
    incident.error = fields_.TextAt(item, "error").value_or("");
  }
}

void ThenParser::ReadEmitted(const Node& node, ExpectedEnd& then) {
  if (!fields_.ExpectList(node, "events")) return;
  then.emitted.emplace();
  for (const Node& item : node.items) {
    if (!item.is_map()) {
      then.emitted->push_back({names_.EmittedType(item), {}, {}});
      continue;
    }
    fields_.CheckKeys(item, {"type", "with", "to"}, "an emitted event");
    if (const NodeEntry* type = fields_.Require(item, "type", "an emitted event"))
      then.emitted->push_back(steps_.ReadEmitted(item, type->value));
  }
}

void ThenParser::ReadTasks(const Node& node, ExpectedEnd& then) {
  if (!node.is_list()) {
    then.task_count = fields_.Count(node);
    return;
  }
  then.tasks.emplace();
  for (const Node& item : node.items) {
    if (!item.is_map()) {
      then.tasks->push_back({names_.StateName(item), {}, {}, {}});
      continue;
    }
    fields_.CheckKeys(item, {"state", "data", "assign", "reminded"}, "a task");
    if (const NodeEntry* state = fields_.Require(item, "state", "a task"))
      then.tasks->push_back(steps_.ReadTask(item, state->value));
  }
}

ExpectedEnd ThenParser::Parse(const Node& node) {
  ExpectedEnd then;
  if (node.is_null() || !fields_.ExpectMap(node, "'then'")) return then;
  fields_.CheckKeys(node, {"status", "error", "output", "vars", "path", "undone", "incidents", "emitted", "tasks"},
                    "'then'");
  for (const NodeEntry& entry : node.entries) {
    const Node& value = entry.value;
    then.at.emplace(entry.key, entry.key_at);
    if (entry.key == "status") ReadStatus(value, then);
    if (entry.key == "error") then.error = value.is_null() ? "" : steps_.ReadError(value).name;
    if (entry.key == "output") then.output = ToValue(value);
    if (entry.key == "vars" && fields_.ExpectMap(value, "'vars'")) then.vars = ToValue(value);
    if (entry.key == "path" && fields_.ExpectList(value, "states"))
      for (then.path.emplace(); const Node& item : value.items) then.path->push_back(names_.OwnStateName(item));
    if (entry.key == "undone" && fields_.ExpectList(value, "states"))
      for (then.undone.emplace(); const Node& item : value.items) then.undone->push_back(names_.StateName(item));
    if (entry.key == "incidents") ReadIncidents(value, then);
    if (entry.key == "emitted") ReadEmitted(value, then);
    if (entry.key == "tasks") ReadTasks(value, then);
  }
  return then;
}

}  // namespace fermata
