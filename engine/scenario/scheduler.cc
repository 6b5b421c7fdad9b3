#include "engine/scenario/scheduler.h"

#include "engine/core/decide.h"

namespace fermata {

void Scheduler::Follow(const DefinitionPtr& definition, std::int64_t now_us) {
  if (!definition->schedule) return;
  definition_ = definition;
  state_.Follow(&*definition->schedule, now_us);
}

std::optional<std::int64_t> Scheduler::NextTickUs() const {
  if (state_.due_us == 0) return std::nullopt;
  return state_.due_us;
}

void Scheduler::Fire(std::int64_t now_us, const Begin& begin) {
  Start(state_.TakeDue(*definition_->schedule, now_us), now_us, begin);
}

void Scheduler::End(const InstanceId& id, std::int64_t now_us, const Begin& begin) {
  if (started_.contains(id)) Start(state_.TakeEnd(id), now_us, begin);
}

void Scheduler::Start(std::vector<std::int64_t> ticks, std::int64_t now_us, const Begin& begin) {
  while (!ticks.empty()) {
    const std::int64_t tick_us = ticks.front();
    ticks.erase(ticks.begin());
    const InstanceId id = InstanceId::MakeDerived(0, tick_us / 1000,
                                                  "schedule\n" + definition_->process + "\n" + std::to_string(tick_us));
    Result<Value> input = ValidateStart(*definition_, definition_->schedule->input);
    if (!input.ok()) continue;
    Result<std::optional<std::string>> key = EvaluateKey(*definition_, *input, now_us);
    if (!key.ok()) continue;
    // Known before it begins, for it may end at once.
    state_.running.push_back(id);
    started_.insert(id);
    if (begin(definition_, id, *input, *key)) continue;
    started_.erase(id);
    for (const std::int64_t waiting : state_.TakeEnd(id)) ticks.push_back(waiting);
  }
}

}  // namespace fermata
