#include "engine/scenario/standing.h"

#include "engine/scenario/diff.h"
#include "engine/scenario/history.h"

namespace fermata {
namespace {

std::string TimerText(const InstanceState& state, const TimerView& timer, std::int64_t now_us) {
  const Activation* at = state.Find(timer.timer.activation);
  const std::string where = at != nullptr && !at->state.empty() ? "'" + at->state + "'" : std::string("the root");
  const int slot = timer.timer.slot;
  const std::string what = slot == kRetrySlot || slot == kUndoRetrySlot ? "the next try of " + where
                           : slot == kDeadlineSlot                      ? "the deadline of " + where
                           : slot <= kRemindSlot                        ? "a reminder of " + where
                                                                        : "a timer of " + where;
  return what + " is due in " + ElapsedText(timer.due_us - now_us);
}

void DescribeInstance(const World& world, const LiveInstance& live, std::vector<std::string>& lines) {
  const InstanceState& state = live.state;
  std::string head = live.definition->process + (state.key ? " '" + *state.key + "'" : "") + " is " +
                     std::string(StatusName(state.status));
  if (state.error) head += " with '" + state.error->name + "'";
  const std::vector<std::string> active = ActiveStates(state);
  if (!active.empty()) head += " in " + Listed(active);
  lines.push_back(head);
  for (const OpenIncident& incident : OpenIncidents(state))
    lines.push_back("  incident in '" + incident.state + "': " + incident.error.name +
                    (incident.error.message.empty() ? "" : ": " + incident.error.message));
  for (const auto& [id, activation] : state.activations)
    if (activation.task) lines.push_back("  task '" + activation.task->title + "' in '" + activation.state + "'");
  if (!IsFinal(state.status))
    for (const TimerView& timer : Timers(state)) lines.push_back("  " + TimerText(state, timer, world.now_us()));
  for (const auto& [number, kept] : state.kept) lines.push_back("  the event " + kept.event.type + " is kept");
  for (const auto& [name, value] : state.variables) lines.push_back("  " + name + " = " + ShortJson(value));
  std::string path;
  for (const std::string& name : live.path) path += (path.empty() ? "" : " -> ") + name;
  if (!path.empty()) lines.push_back("  path: " + path);
}

}  // namespace

std::vector<std::string> DescribeStanding(const World& world, const InstanceId& main) {
  std::vector<std::string> lines;
  if (const LiveInstance* own = world.Find(main)) DescribeInstance(world, *own, lines);
  for (const LiveInstance* live : world.InOrder())
    if (live->state.id != main) DescribeInstance(world, *live, lines);
  for (const WorldCall& call : world.calls())
    lines.push_back("call in flight: " + call.operation + " " + ShortJson(call.input));
  return lines;
}

}  // namespace fermata
