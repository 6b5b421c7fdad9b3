// What operators do to many: work in bulk, and pauses of processes, connectors and operations.
#include <chrono>
#include <iostream>
#include <thread>

#include "api/cli/client_calls.h"
#include "api/cli/client_commands.h"
#include "api/cli/exit_code.h"
#include "api/cli/terminal.h"
#include "engine/base/percent.h"

namespace fermata {
namespace {

constexpr std::chrono::milliseconds kFollowPause{300};
constexpr const char* kRunning = "running";

std::string At(const Value& value, std::string_view name) { return TextOf(value.Find(name)); }

std::string ProgressOf(const Value& bulk, Colour colour) {
  return At(bulk, "id") + " " + At(bulk, "action") + " " + Painted(At(bulk, "status"), colour) + ": " +
         At(bulk, "visited") + " of " + At(bulk, "total") + ", " + At(bulk, "done") + " done, " + At(bulk, "refused") +
         " refused";
}

void PrintRefusals(const Value& answer) {
  const Value* refusals = answer.Find("refusals");
  if (!refusals || !refusals->is_list()) return;
  for (const Value& refusal : refusals->as_list())
    std::cout << "  " << At(refusal, "instance") << " " << At(refusal, "code") << ": " << At(refusal, "message")
              << "\n";
}

void PrintBulk(const Value& bulk, Colour colour) {
  std::cout << ProgressOf(bulk, colour) << "\n";
  PrintRefusals(bulk);
}

void PrintTrial(const Value& trial) {
  std::cout << At(trial, "possible") << " of " << At(trial, "total") << " instances would take it, "
            << At(trial, "refused") << " would not";
  if (At(trial, "complete") == "false") std::cout << "; there are more than were looked at";
  std::cout << "\n";
  PrintRefusals(trial);
  std::cout << "Nothing has happened yet.\n";
}

// Tells how far the work is whenever that changes, until it is over or somebody holds it.
int Follow(const ClientOptions& client, const std::string& id) {
  RestClient rest(client.server, client.api_key);
  std::string told;
  while (true) {
    const Result<RestAnswer> answer = rest.Call({"GET", "/v1/bulk/" + PercentEncode(id)});
    if (!answer.ok()) return Complain(answer.error(), kExitUnreachable);
    if (!answer->ok()) return ExplainRefusal(client, *answer);
    const bool over = At(answer->json, "status") != kRunning;
    const std::string now = ProgressOf(answer->json, client.colour);
    if (client.json && over) std::cout << answer->body;
    if (!client.json && now != told) std::cout << now << std::endl;
    if (over) {
      if (!client.json) PrintRefusals(answer->json);
      return kExitOk;
    }
    told = now;
    std::this_thread::sleep_for(kFollowPause);
  }
}

std::string PathOfPause(const PauseOptions& options) {
  return "/v1/pauses/" + PercentEncode(options.kind) + "/" + PercentEncode(options.name);
}

}  // namespace

int RunBulkStart(const ClientOptions& client, const BulkOptions& options) {
  JsonBody filter, body;
  filter.Text("process", options.process);
  filter.Text("status", options.status);
  filter.Text("state", options.state);
  filter.Text("key", options.key);
  filter.Text("startedAfter", options.started_after);
  filter.Text("startedBefore", options.started_before);
  filter.Text("incident", options.incident);
  JsonBody vars;
  for (const std::string& var : options.vars) {
    std::string name, value;
    if (!SplitAssignment("--var NAME=VALUE", var, name, value)) return kExitUsage;
    vars.Text(name, value);
  }
  if (!vars.empty()) filter.Put("vars", vars.Object());
  body.Text("action", options.action);
  body.Put("filter", filter.Object());
  if (!options.with.empty()) {
    std::optional<Value> with = ReadJsonArgument("--with", options.with);
    if (!with) return kExitUsage;
    body.Put("with", std::move(*with));
  }
  if (options.per_second > 0) body.Put("perSecond", Value::Int(options.per_second));
  body.Text("reason", options.reason);
  body.Text("by", options.by);
  if (options.dry_run) body.Put("dryRun", Value::Bool(true));
  RestCall call{"POST", "/v1/bulk", body.Json()};
  AddKeyOrChance(options.idempotency_key, call);
  if (!options.follow || options.dry_run)
    return CallAndPrint(client, call, [&](const Value& answer) {
      options.dry_run ? PrintTrial(answer) : PrintBulk(answer, client.colour);
    });
  RestClient rest(client.server, client.api_key);
  const Result<RestAnswer> begun = rest.Call(call);
  if (!begun.ok()) return Complain(begun.error(), kExitUnreachable);
  if (!begun->ok()) return ExplainRefusal(client, *begun);
  return Follow(client, At(begun->json, "id"));
}

int RunBulkList(const ClientOptions& client) {
  return CallAndPrintPage(client, "/v1/bulk",
                          {{"ID", "id"},
                           {"ACTION", "action"},
                           {"STATUS", "status"},
                           {"FILTER", "filter"},
                           {"TOTAL", "total"},
                           {"DONE", "done"},
                           {"REFUSED", "refused"},
                           {"CREATED", "createdAt"},
                           {"REASON", "reason"}});
}

int RunBulkOne(const ClientOptions& client, const BulkOneOptions& options) {
  if (options.word == "show" && options.follow) return Follow(client, options.id);
  const std::string path = "/v1/bulk/" + PercentEncode(options.id);
  const RestCall call = options.word == "show" ? RestCall{"GET", path} : RestCall{"POST", path + "/" + options.word};
  return CallAndPrint(client, call, [&](const Value& bulk) { PrintBulk(bulk, client.colour); });
}

int RunPause(const ClientOptions& client, const PauseOptions& options) {
  JsonBody body;
  body.Text("reason", options.reason);
  body.Text("by", options.by);
  const RestCall call{"PUT", PathOfPause(options), body.Json()};
  return CallAndPrint(client, call, [](const Value& pause) {
    std::cout << At(pause, "kind") << " " << At(pause, "name") << " is paused\n";
  });
}

int RunEndPause(const ClientOptions& client, const PauseOptions& options) {
  return CallAndPrint(client, {"DELETE", PathOfPause(options)}, [](const Value& pause) {
    std::cout << At(pause, "kind") << " " << At(pause, "name") << " goes on, was paused since " << At(pause, "since")
              << "\n";
  });
}

int RunNodes(const ClientOptions& client) {
  return CallAndPrint(client, {"GET", "/v1/nodes"}, [](const Value& page) {
    const std::vector<Value> servers = ItemsOf(page);
    // A storage that nobody else can share does not note when its server came.
    if (servers.size() == 1 && TextOf(servers.front().Find("started")) == "-") {
      std::cout << "one server, which has everything: only with PostgreSQL can several share a database\n";
      return;
    }
    PrintPage(page, {{"NODE", "name"},
                     {"STATUS", "status"},
                     {"SHARDS", "shards"},
                     {"WHICH", "ranges"},
                     {"EPOCH", "epoch"},
                     {"SILENT MS", "silentMs"},
                     {"STARTED", "started"}});
    const Value* items = page.Find("items");
    if (!items || !items->is_list()) return;
    for (const Value& node : items->as_list())
      if (At(node, "self") == "true" && (At(node, "status") != "working" && At(node, "status") != "leaving"))
        std::cerr << "The server that was asked is " << At(node, "status")
                  << ": what it shows is as old as its SILENT MS.\n";
  });
}

int RunPauses(const ClientOptions& client) {
  return CallAndPrintPage(client, "/v1/pauses",
                          {{"KIND", "kind"}, {"NAME", "name"}, {"SINCE", "since"}, {"BY", "by"}, {"REASON", "reason"}});
}

}  // namespace fermata
