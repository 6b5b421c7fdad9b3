// Instances that events start: `start_on`. language.md 10.13.
#include <algorithm>

#include "engine/base/log.h"
#include "engine/base/trace_context.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/group_key.h"
#include "engine/runtime/shard.h"

namespace fermata {

// Where the unique key of a start is live already, its owner becomes one of the receivers instead. Refuses before anything has happened.
Result<std::vector<Shard::PlannedStart>> Shard::PlanStarts(const EventMessage& message,
                                                           std::set<InstanceId>& receivers) {
  std::vector<PlannedStart> planned;
  for (const EventStart& start : message.starts) {
    // Whoever named the version had it: to skip it would lose an event that is answered as taken.
    Result<DefinitionPtr> known = services_.definitions.FindOrRead(services_.storage, start.process, start.version);
    if (!known.ok()) {
      FailForNow();
      return known.error();
    }
    if (!*known) return services_.definitions.Unknown(start.process, start.version);
    DefinitionPtr definition = *std::move(known);
    std::optional<std::string> key;
    if (start.keyed) key = message.value;
    if (key && definition->unique != Uniqueness::kNo) {
      Result<std::vector<InstanceRow>> live = LiveByKey(message.tenant, start.process, message.value);
      if (!live.ok()) return live.error();
      for (const InstanceRow& row : *live) receivers.insert(row.id);
      if (!live->empty()) continue;
      if (std::optional<Error> refusal = RefusalForEver(*definition, message.tenant, *key)) return *refusal;
    }
    Result<Value> input = ValidateStart(*definition, message.event.data);
    if (!input.ok()) {
      Error error = input.error();
      error.path = "/data" + error.path;
      return error;
    }
    planned.push_back({std::move(definition), std::move(key), std::move(*input)});
  }
  return planned;
}

// The id follows from the process and the event's identity. Senders who use one identity for events of several keys start one each.
Status Shard::StartBy(const EventMessage& message, PlannedStart planned, EventReply& reply) {
  const int shard = HomeShardOf(message.tenant, message.value);
  const InstanceId id = InstanceId::MakeDerived(
      static_cast<std::uint8_t>(shard), now_us_ / 1000,
      GroupKey({planned.definition->process, message.event.source, message.event.id, message.value}));
  if (IsThere(id) || failed_) return Done{};
  StartInstance start;
  start.tenant = message.tenant;
  start.key = std::move(planned.key);
  start.input = std::move(planned.input);
  if (const Value* traceparent = message.event.extensions.Find("traceparent");
      traceparent && traceparent->is_string() && ParseTraceparent(traceparent->as_string()).ok())
    start.traceparent = traceparent->as_string();
  Result<CachedInstance*> started = StartInstanceHere(id, planned.definition, std::move(start));
  if (started.ok()) {
    reply.started.push_back(id);
    return Done{};
  }
  LogWarning(
      "an event could not start its process",
      {{"process", planned.definition->process}, {"event", message.event.id}, {"error", started.error().message}});
  return started.error();
}

}  // namespace fermata
