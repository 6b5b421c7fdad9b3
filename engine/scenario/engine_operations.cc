// The engine as a connector: engine.cancel and engine.find, as the runtime does them.
#include <algorithm>

#include "engine/scenario/world.h"

namespace fermata {
namespace {

std::string TextIn(const Value& input, std::string_view key) {
  const Value* found = input.Find(key);
  return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
}

}  // namespace

void World::RunEngineOperation(const WorldCall& call) {
  const std::string process = TextIn(call.input, "process"), key = TextIn(call.input, "key");
  std::vector<InstanceId> found;
  for (const LiveInstance* live : InOrder())
    if (live->definition->process == process && live->state.key == key) found.push_back(live->state.id);
  if (call.operation == "engine.find") {
    std::vector<Value> list;
    for (const InstanceId& id : found) {
      const InstanceState& state = Find(id)->state;
      std::vector<Value> states;
      for (const std::string& name : ActiveStates(state)) states.push_back(Value::String(name));
      list.push_back(Value::Object({{"id", Value::String(id.ToString())},
                                    {"status", Value::String(StatusName(state.status))},
                                    {"states", Value::List(std::move(states))}}));
    }
    return Tell(call.instance, CompleteJob{call.job, call.attempt, JobSuccess{Value::List(std::move(list))}});
  }
  std::erase_if(found, [&](const InstanceId& id) { return IsFinal(Find(id)->state.status); });
  for (const LiveInstance* at = Find(call.instance); at != nullptr;) {
    if (std::find(found.begin(), found.end(), at->state.id) != found.end()) {
      BusinessFailure own{
          "own-ancestor", "Expected another instance, but it is this one or one that waits for it.", {}};
      return Tell(call.instance, CompleteJob{call.job, call.attempt, own});
    }
    at = at->state.parent && !at->state.parent->detached ? Find(at->state.parent->instance) : nullptr;
  }
  for (const InstanceId& id : found) Tell(id, CancelInstance{TextIn(call.input, "reason")});
  engine_cancels_.push_back({call, std::move(found)});
}

void World::FinishEngineCancels() {
  for (auto pending = engine_cancels_.begin(); pending != engine_cancels_.end();) {
    const bool all_final = std::all_of(pending->waits_for.begin(), pending->waits_for.end(),
                                       [&](const InstanceId& id) { return IsFinal(Find(id)->state.status); });
    if (!all_final) {
      ++pending;
      continue;
    }
    const std::int64_t cancelled = static_cast<std::int64_t>(pending->waits_for.size());
    const WorldCall call = pending->call;
    pending = engine_cancels_.erase(pending);
    Tell(call.instance,
         CompleteJob{call.job, call.attempt, JobSuccess{Value::Object({{"cancelled", Value::Int(cancelled)}})}});
  }
}

}  // namespace fermata
