#include "engine/runtime/schedule_row.h"

#include "engine/model/json.h"
#include "engine/runtime/codes.h"

namespace fermata {

std::string EncodeSchedule(const ScheduleState& state) {
  std::vector<Value> running, queue;
  for (const InstanceId& id : state.running) running.push_back(Value::String(id.ToString()));
  for (const std::int64_t tick_us : state.queue) queue.push_back(Value::Int(tick_us));
  return WriteJson(Value::Object({{"cron", Value::String(state.cron)},
                                  {"timezone", Value::String(state.timezone)},
                                  {"due", Value::Int(state.due_us)},
                                  {"running", Value::List(std::move(running))},
                                  {"queue", Value::List(std::move(queue))}}));
}

Result<ScheduleState> DecodeSchedule(std::string_view bytes) {
  Result<Value> json = ParseJson(bytes);
  if (!json.ok()) return json.error();
  const auto field = [&](std::string_view name, ValueKind kind) {
    const Value* value = json->Find(name);
    return value && value->kind() == kind ? value : nullptr;
  };
  const Value* cron = field("cron", ValueKind::kString);
  const Value* timezone = field("timezone", ValueKind::kString);
  const Value* due = field("due", ValueKind::kInt);
  const Value* running = field("running", ValueKind::kList);
  const Value* queue = field("queue", ValueKind::kList);
  if (!cron || !timezone || !due || !running || !queue)
    return Error{kCorruptMessage, "Expected the place of a schedule, but its row has something else."};
  ScheduleState state{std::string(cron->as_string()), std::string(timezone->as_string()), due->as_int(), {}, {}};
  for (const Value& id : running->as_list())
    if (std::optional<InstanceId> known = id.is_string() ? InstanceId::Parse(id.as_string()) : std::nullopt)
      state.running.push_back(*known);
  for (const Value& tick : queue->as_list())
    if (tick.kind() == ValueKind::kInt) state.queue.push_back(tick.as_int());
  return state;
}

InstanceId ScheduledId(int shard, std::string_view process, std::int64_t tick_us) {
  const std::int64_t tick_ms = tick_us / 1000;
  return InstanceId::MakeDerived(static_cast<std::uint8_t>(shard), tick_ms,
                                 "schedule\n" + std::string(process) + "\n" + std::to_string(tick_ms));
}

bool IsScheduled(const InstanceId& id, std::string_view process) {
  return id == ScheduledId(id.shard(), process, id.epoch_ms() * 1000);
}

}  // namespace fermata
