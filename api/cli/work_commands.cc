// What people and workers have to do: tasks, jobs, incidents.
#include "api/cli/client_calls.h"
#include "api/cli/client_commands.h"
#include "api/cli/exit_code.h"
#include "engine/base/percent.h"

namespace fermata {

int RunTasks(const ClientOptions& client, const TasksOptions& options) {
  return CallAndPrintPage(client,
                          "/v1/tasks" + QueryOf({{"process", options.process},
                                                 {"instance", options.instance},
                                                 {"state", options.state},
                                                 {"role", options.role},
                                                 {"user", options.user},
                                                 {"limit", std::to_string(options.limit)},
                                                 {"cursor", options.cursor}}),
                          {{"ID", "id"},
                           {"PROCESS", "process"},
                           {"STATE", "state"},
                           {"TITLE", "title"},
                           {"ASSIGNED", "assign"},
                           {"OUTCOMES", "outcomes"},
                           {"DUE", "due"}});
}

int RunComplete(const ClientOptions& client, const CompleteOptions& options) {
  JsonBody body;
  body.Text("outcome", options.outcome);
  body.Text("by", options.by);
  if (!options.data.empty()) {
    std::optional<Value> data = ReadJsonArgument("--data", options.data);
    if (!data) return kExitUsage;
    body.Put("data", std::move(*data));
  }
  RestCall call{"POST", "/v1/tasks/" + PercentEncode(options.id) + "/complete" + QueryOf({{"wait", options.wait}}),
                body.Json()};
  AddKeyOrChance(options.idempotency_key, call);
  call.timeout_ms = TimeoutFor(options.wait);
  return CallAndPrint(client, call, [&](const Value& instance) { PrintInstance(instance, client.colour); });
}

int RunJobs(const ClientOptions& client, const JobsOptions& options) {
  return CallAndPrintPage(client,
                          "/v1/jobs" + QueryOf({{"operation", options.operation},
                                                {"process", options.process},
                                                {"instance", options.instance},
                                                {"state", options.state},
                                                {"limit", std::to_string(options.limit)},
                                                {"cursor", options.cursor}}),
                          {{"ID", "id"},
                           {"OPERATION", "operation"},
                           {"PROCESS", "process"},
                           {"STATE", "state"},
                           {"TRY", "attempt"},
                           {"STATUS", "status"},
                           {"WORKER", "worker"},
                           {"LEASED UNTIL", "leaseUntil"},
                           {"SINCE", "createdAt"}});
}

int RunIncidents(const ClientOptions& client, const IncidentsOptions& options) {
  return CallAndPrintPage(client,
                          "/v1/incidents" + QueryOf({{"process", options.process},
                                                     {"instance", options.instance},
                                                     {"open", options.closed_too ? "" : "true"},
                                                     {"limit", std::to_string(options.limit)},
                                                     {"cursor", options.cursor}}),
                          {{"ID", "id"},
                           {"PROCESS", "process"},
                           {"STATE", "state"},
                           {"ERROR", "error"},
                           {"OPEN", "open"},
                           {"SINCE", "openedAt"},
                           {"MESSAGE", "message"}});
}

int RunResolve(const ClientOptions& client, const ResolveOptions& options) {
  JsonBody body;
  body.Text("action", options.action);
  if (!options.set.empty()) {
    std::optional<Value> set = ReadAssignments("--set ", options.set);
    if (!set) return kExitUsage;
    body.Put("set", std::move(*set));
  }
  if (!options.output.empty()) {
    std::optional<Value> output = ReadJsonArgument("--output", options.output);
    if (!output) return kExitUsage;
    body.Put("output", std::move(*output));
  }
  body.Text("error", options.error);
  body.Text("by", options.by);
  RestCall call{"POST", "/v1/incidents/" + PercentEncode(options.id) + "/resolve", body.Json()};
  AddKey(options.idempotency_key, call);
  return CallAndPrint(client, call, [&](const Value& instance) { PrintInstance(instance, client.colour); });
}

}  // namespace fermata
