// Schedules at their home shard, that of the process's name: their ticks, and the instances that they start, which may live elsewhere.
#include <algorithm>

#include "engine/base/log.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/shard.h"

namespace fermata {
namespace {

const Schedule* ScheduleOf(const DefinitionPtr& definition) {
  return definition && definition->schedule ? &*definition->schedule : nullptr;
}

}  // namespace

// What storage says, and what is live: a version may have gone live just before the node died.
Status Shard::LoadSchedules(const ShardSet& of) {
  Result<std::vector<ScheduleRow>> rows = services_.storage.ReadSchedules();
  if (!rows.ok()) return rows.error();
  std::set<std::string> processes;
  for (const ScheduleRow& row : *rows) {
    if (!of[static_cast<std::size_t>(HomeShardOf(row.tenant, row.process))]) continue;
    Result<ScheduleState> state = DecodeSchedule(row.bytes);
    if (!state.ok()) return state.error();
    schedules_[row.process] = std::move(*state);
    processes.insert(row.process);
  }
  for (const DeployedDefinition& deployed : services_.definitions.All()) {
    const std::string& process = deployed.definition->process;
    if (deployed.definition->schedule &&
        of[static_cast<std::size_t>(HomeShardOf(std::string(kDefaultTenant), process))])
      processes.insert(process);
  }
  for (const std::string& process : processes) PostInternal(ScheduleChanged{process, nullptr});
  return Done{};
}

std::int64_t Shard::NextScheduleUs() const {
  std::int64_t next_us = INT64_MAX;
  for (const auto& [process, state] : schedules_)
    if (state.due_us != 0) next_us = std::min(next_us, state.due_us);
  return next_us;
}

void Shard::TouchSchedule(const std::string& process) { Open().schedules.insert(process); }

void Shard::GatherSchedules() {
  const std::string tenant(kDefaultTenant);
  for (const std::string& process : Open().schedules) {
    const ScheduleState& state = schedules_[process];
    const int shard = HomeShardOf(tenant, process);
    if (state == ScheduleState()) {
      Open().rows.schedules_deleted.push_back({shard, tenant, process, ""});
      schedules_.erase(process);
    } else {
      Open().rows.schedules.push_back({shard, tenant, process, EncodeSchedule(state)});
    }
  }
}

void Shard::HandleScheduleChanged(ScheduleChanged changed) {
  const DefinitionPtr live = services_.definitions.Live(changed.process);
  ScheduleState& state = schedules_[changed.process];
  const ScheduleState before = state;
  state.Follow(ScheduleOf(live), now_us_);
  if (state != before || state == ScheduleState()) TouchSchedule(changed.process);
  if (changed.answer) AnswerLater(std::move(changed.answer), Result<Done>(Done{}));
}

void Shard::HandleScheduleFell(const std::string& process) {
  const DefinitionPtr live = services_.definitions.Live(process);
  const Schedule* schedule = ScheduleOf(live);
  const auto found = schedules_.find(process);
  if (found == schedules_.end()) return;
  found->second.Follow(schedule, now_us_);
  if (schedule) StartTicks(process, found->second, found->second.TakeDue(*schedule, now_us_));
  TouchSchedule(process);
}

void Shard::StartTicks(const std::string& process, ScheduleState& state, const std::vector<std::int64_t>& ticks) {
  const DefinitionPtr live = services_.definitions.Live(process);
  const Schedule* schedule = ScheduleOf(live);
  const std::string tenant(kDefaultTenant);
  for (const std::int64_t tick_us : ticks) {
    if (!schedule) return;
    if (const std::optional<Error> paused = services_.pauses.RefuseStart(process)) {
      LogInfo("a tick of a schedule is skipped", {{"process", process}, {"reason", paused->message}});
      continue;
    }
    Result<Value> input = ValidateStart(*live, schedule->input);
    Result<std::optional<std::string>> key = std::optional<std::string>();
    if (input.ok()) key = EvaluateKey(*live, *input, now_us_);
    if (!input.ok() || !key.ok()) {
      LogWarning("a schedule could not start its process",
                 {{"process", process}, {"error", input.ok() ? key.error().message : input.error().message}});
      continue;
    }
    const int shard = HomeShardOf(tenant, *key ? **key : process);
    const InstanceId id = ScheduledId(shard, process, tick_us);
    state.running.push_back(id);
    if (state.running.size() > kScheduleInstancesMax) state.running.erase(state.running.begin());
    message_index_ = 0;
    // There is no sender; the instance-to-be stands for one. Its own messages count from 1.
    SendMessage(id, 0, shard, ScheduledMessage{id, tenant, process, live->version, *key, std::move(*input)});
  }
}

void Shard::StartScheduledHere(const ScheduledMessage& message) {
  const auto never_was = [&](const std::string& why) {
    LogWarning("a schedule could not start its process", {{"process", message.process}, {"error", why}});
    message_index_ = 1;
    SendMessage(message.instance, 0, HomeShardOf(message.tenant, message.process),
                ScheduledEndMessage{message.instance, message.tenant, message.process});
  };
  if (IsThere(message.instance) || failed_) return;
  Result<DefinitionPtr> known = services_.definitions.FindOrRead(services_.storage, message.process, message.version);
  if (!known.ok()) return FailForNow();
  const DefinitionPtr& definition = *known;
  if (!definition) return never_was("version " + message.version + " is not deployed");
  if (std::optional<Error> refusal = Refusal(*definition, message.tenant, message.key)) {
    if (refusal->code == kKeyInUse) return never_was(refusal->message);
    failed_ = true;
    return;
  }
  StartInstance start;
  start.tenant = message.tenant;
  start.key = message.key;
  start.input = message.input;
  Result<CachedInstance*> started = StartInstanceHere(message.instance, definition, std::move(start));
  if (!started.ok()) never_was(started.error().message);
}

void Shard::TellScheduleOfEnd(const CachedInstance& instance) {
  const InstanceState& state = instance.state;
  const bool was_told = !instance.row.id.empty() && !instance.row.live;
  if (was_told || !IsScheduled(state.id, state.process)) return;
  SendMessage(state.id, state.seq, HomeShardOf(state.tenant, state.process),
              ScheduledEndMessage{state.id, state.tenant, state.process});
}

void Shard::EndScheduled(const ScheduledEndMessage& message) {
  const auto found = schedules_.find(message.process);
  if (found == schedules_.end()) return;
  const ScheduleState before = found->second;
  const std::vector<std::int64_t> ticks = found->second.TakeEnd(message.instance);
  StartTicks(message.process, found->second, ticks);
  if (found->second != before) TouchSchedule(message.process);
}

}  // namespace fermata
