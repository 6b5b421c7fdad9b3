// What a shard tells the log of its instances, once it is durable: names and numbers, never a value or the text of an error.
#include "engine/base/log.h"
#include "engine/base/trace_context.h"
#include "engine/runtime/shard.h"

namespace fermata {

void Shard::TellStatus(const InstanceState& state) {
  if (!IsLogged(LogLevel::kDebug)) return;
  Open().lines.push_back([traceparent = state.traceparent, id = state.id.ToString(), process = state.process,
                          version = state.version, status = std::string(StatusName(state.status))] {
    const TraceContext trace = ParseTraceparent(traceparent);
    LogDebug("An instance has another status.", {{"trace_id", trace.trace_id},
                                                 {"span_id", trace.span_id},
                                                 {"instance", id},
                                                 {"process", process},
                                                 {"version", version},
                                                 {"status", status}});
  });
}

void Shard::TellIncident(const InstanceState& state, const IncidentRow& incident) {
  Open().lines.push_back([traceparent = state.traceparent, incident] {
    const TraceContext trace = ParseTraceparent(traceparent);
    LogWarning("An incident is open.", {{"trace_id", trace.trace_id},
                                        {"span_id", trace.span_id},
                                        {"instance", incident.instance.ToString()},
                                        {"process", incident.process},
                                        {"state", incident.state},
                                        {"incident", incident.number},
                                        {"error", incident.error}});
  });
}

}  // namespace fermata
