// What operators do to one instance: look what it waits for, hold it, carry it over, set it right.
#include <iostream>

#include "api/cli/client_calls.h"
#include "api/cli/client_commands.h"
#include "api/cli/exit_code.h"
#include "api/cli/terminal.h"
#include "engine/base/percent.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

std::vector<Value> ListAt(const Value& value, std::string_view name) {
  const Value* list = value.Find(name);
  return list && list->is_list() ? list->as_list() : std::vector<Value>();
}

std::string TextAt(const Value& value, std::string_view name) {
  const Value* text = value.Find(name);
  return text && !text->is_null() ? TextOf(text) : "";
}

bool Holds(const Value& value, std::string_view name) { return TextAt(value, name) == "true"; }

std::string Joined(const std::vector<Value>& texts) {
  std::string joined;
  for (const Value& text : texts) joined += (joined.empty() ? "" : ", ") + TextOf(&text);
  return joined;
}

// " LABEL TEXT" where there is a text.
std::string With(const char* label, const std::string& text) { return text.empty() ? "" : label + text; }

// What could move it, in words.
std::string WordsOf(const Value& wake) {
  const std::string kind = TextAt(wake, "kind");
  if (kind == "event") return "event " + TextAt(wake, "event") + With(" with the key ", TextAt(wake, "key"));
  if (kind == "timer") return "timer " + TextAt(wake, "timer") + With(", due ", TextAt(wake, "due"));
  if (kind == "task")
    return "task " + TextAt(wake, "task") + " '" + TextAt(wake, "title") + "'" +
           With(" of the role ", TextAt(wake, "role")) + With(" of ", TextAt(wake, "user")) +
           With(", due ", TextAt(wake, "due"));
  if (kind == "job")
    return (Holds(wake, "undo") ? "undo by " : "call of ") + TextAt(wake, "operation") + ", try " +
           TextAt(wake, "attempt") + (Holds(wake, "paused") ? ", held back by a pause" : "");
  if (kind == "child")
    return With("", TextAt(wake, "process").empty() ? "child" : "child " + TextAt(wake, "process")) + " " +
           TextAt(wake, "instance") + (Holds(wake, "undo") ? ", being undone" : "");
  return "incident " + TextAt(wake, "incident") + ": " + TextAt(wake, "error") + With(", ", TextAt(wake, "message"));
}

// Where a way leads, and under which condition.
std::string WordsOfWay(const Value& way) {
  return With("-> ", TextAt(way, "to").empty() ? "stays" : TextAt(way, "to")) + With(" if ", TextAt(way, "if")) +
         With(" on ", TextAt(way, "error")) + With(" by ", TextAt(way, "action"));
}

void PrintWaits(const std::vector<Value>& waits) {
  for (const Value& wait : waits) {
    const std::string state = TextAt(wait, "state");
    std::cout << (state.empty() ? "in every state" : state) << With(", since ", TextAt(wait, "since")) << "\n";
    for (const Value& wake : ListAt(wait, "for")) {
      std::cout << "  " << WordsOf(wake) << "\n";
      for (const Value& way : ListAt(wake, "ways")) std::cout << "    " << WordsOfWay(way) << "\n";
    }
  }
}

void PrintVerdict(const Value& verdict) {
  const std::vector<Value> states = ListAt(verdict, "states");
  std::cout << "the event " << TextAt(verdict, "type") << " would ";
  if (Holds(verdict, "taken"))
    std::cout << "be taken" << With(" by ", Joined(states));
  else
    std::cout << "not be taken now" << (Holds(verdict, "kept") ? ", but kept" : "");
  std::cout << "\n";
  for (const Value& reason : ListAt(verdict, "reasons")) std::cout << "  " << TextOf(&reason) << "\n";
}

void PrintExplanation(const Value& explanation, Colour colour) {
  std::cout << TextAt(explanation, "process") << " " << TextAt(explanation, "version") << " "
            << TextAt(explanation, "id") << " is " << Painted(TextAt(explanation, "status"), colour)
            << With(" in ", Joined(ListAt(explanation, "states"))) << With(", key ", TextAt(explanation, "key"))
            << "\n";
  PrintWaits(ListAt(explanation, "waits"));
  std::cout << With("kept events: ", Joined(ListAt(explanation, "kept")))
            << (ListAt(explanation, "kept").empty() ? "" : "\n");
  if (const std::string held = TextAt(explanation, "held"); !held.empty() && held != "0")
    std::cout << "held back until it goes on: " << held << "\n";
  if (const Value* event = explanation.Find("event"); event && event->is_map()) PrintVerdict(*event);
}

void PrintPreview(const Value& preview) {
  const auto line = [&](const char* label, const char* name) {
    if (const std::string texts = Joined(ListAt(preview, name)); !texts.empty()) std::cout << label << texts << "\n";
  };
  line("leaves     ", "exited");
  line("undoes     ", "undone");
  line("enters     ", "entered");
  std::cout << "status     " << TextAt(preview, "status") << "\n";
  for (const Value& incident : ListAt(preview, "incidents"))
    std::cout << "incident   " << TextAt(incident, "state") << ": " << TextAt(incident, "error")
              << With(", ", TextAt(incident, "message")) << "\n";
  if (const std::vector<Value> waits = ListAt(preview, "givenUp"); !waits.empty()) {
    std::cout << "\ngiven up:\n";
    PrintWaits(waits);
  }
  if (const std::vector<Value> waits = ListAt(preview, "armed"); !waits.empty()) {
    std::cout << "\nthen it waits for:\n";
    PrintWaits(waits);
  }
  std::cout << "\nNothing has happened yet.\n";
}

std::string PathOf(const std::string& id, const std::string& what) {
  return "/v1/instances/" + PercentEncode(id) + "/" + what;
}

}  // namespace

int RunSteer(const ClientOptions& client, const SteerOptions& options) {
  RestCall call{"POST", PathOf(options.id, options.word) + QueryOf({{"wait", options.wait}})};
  if (!options.reason.empty()) call.body = WriteJson(Value::Object({{"reason", Value::String(options.reason)}}));
  AddKey(options.idempotency_key, call);
  call.timeout_ms = TimeoutFor(options.wait);
  return CallAndPrint(client, call, [&](const Value& instance) { PrintInstance(instance, client.colour); });
}

int RunMigrate(const ClientOptions& client, const MigrateOptions& options) {
  if (options.version.empty() && !options.revert) {
    std::cerr << "error: Expected a version, or --revert, but both are missing.\n";
    return kExitUsage;
  }
  std::vector<MapEntry> body = {{Value::String("dryRun"), Value::Bool(options.dry_run)}};
  if (options.revert) body.emplace_back(Value::String("revert"), Value::Bool(true));
  if (!options.version.empty()) body.emplace_back(Value::String("version"), Value::String(options.version));
  RestCall call{"POST", PathOf(options.id, "migrate"), WriteJson(Value::Map(std::move(body)))};
  AddKey(options.idempotency_key, call);
  return CallAndPrint(client, call, [&](const Value& answer) {
    if (options.dry_run)
      std::cout << TextOf(answer.Find("id")) << (options.revert ? " can be taken back to " : " can be carried over to ")
                << TextOf(answer.Find("version")) << "\n";
    else
      PrintInstance(answer, client.colour);
  });
}

int RunExplain(const ClientOptions& client, const ExplainOptions& options) {
  if (options.event.empty() && !(options.data + options.source + options.event_id).empty()) {
    std::cerr << "error: Expected --event beside --data, --source and --event-id, but it is missing.\n";
    return kExitUsage;
  }
  std::string data;
  if (!options.data.empty()) {
    const std::optional<Value> json = ReadJsonArgument("--data", options.data);
    if (!json) return kExitUsage;
    data = WriteJson(*json);
  }
  const RestCall call{
      "GET",
      PathOf(options.id, "explain") +
          QueryOf({{"event", options.event}, {"data", data}, {"source", options.source}, {"id", options.event_id}})};
  return CallAndPrint(client, call, [&](const Value& answer) { PrintExplanation(answer, client.colour); });
}

int RunSet(const ClientOptions& client, const SetOptions& options) {
  std::optional<Value> set = ReadAssignments("", options.set);
  if (!set) return kExitUsage;
  JsonBody body;
  body.Put("set", std::move(*set));
  body.Text("reason", options.reason);
  body.Text("by", options.by);
  RestCall call{"POST", PathOf(options.id, "variables"), body.Json()};
  AddKey(options.idempotency_key, call);
  return CallAndPrint(client, call, [&](const Value& instance) { PrintInstance(instance, client.colour); });
}

int RunMove(const ClientOptions& client, const MoveOptions& options) {
  JsonBody body;
  body.Text("target", options.to);
  body.Text("from", options.from);
  if (options.item >= 0) body.Put("item", Value::Int(options.item));
  if (!options.set.empty()) {
    std::optional<Value> set = ReadAssignments("--set ", options.set);
    if (!set) return kExitUsage;
    body.Put("set", std::move(*set));
  }
  body.Text("reason", options.reason);
  body.Text("by", options.by);
  if (options.dry_run) body.Put("dryRun", Value::Bool(true));
  RestCall call{"POST", PathOf(options.id, "move") + QueryOf({{"wait", options.wait}}), body.Json()};
  AddKey(options.idempotency_key, call);
  call.timeout_ms = TimeoutFor(options.wait);
  return CallAndPrint(client, call, [&](const Value& answer) {
    options.dry_run ? PrintPreview(answer) : PrintInstance(answer, client.colour);
  });
}

}  // namespace fermata
