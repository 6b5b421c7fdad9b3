#include "api/cli/client_commands.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>

#include "api/cli/codes.h"
#include "api/cli/exit_code.h"
#include "api/cli/process_files.h"
#include "api/cli/terminal.h"
#include "engine/base/percent.h"
#include "engine/base/time.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

constexpr std::int64_t kAnswerPatienceMs = 30'000;

int Complain(const Error& error, int exit_code) {
  std::cerr << "error " << FormatErrorCode(error.code) << ": " << error.message << "\n";
  if (!error.hint.empty()) std::cerr << "  hint: " << error.hint << "\n";
  return exit_code;
}

// What the server said no with.
int ExplainRefusal(const ClientOptions& client, const RestAnswer& answer) {
  if (client.json) {
    std::cout << answer.body << (answer.body.ends_with('\n') ? "" : "\n");
    return kExitRefused;
  }
  if (const Value* diagnostics = answer.json.Find("diagnostics"); diagnostics && diagnostics->is_list()) {
    std::vector<Diagnostic> all;
    for (const Value& diagnostic : diagnostics->as_list()) all.push_back(DiagnosticOf(diagnostic));
    std::cerr << FormatDiagnostics(all, client.colour);
    return kExitRefused;
  }
  const Value* told = answer.json.Find("detail");
  const std::string detail = told ? TextOf(told) : "The server answered " + std::to_string(answer.status) + ".";
  std::cerr << "error " << TextOf(answer.json.Find("code")) << ": " << detail << "\n";
  if (const Value* errors = answer.json.Find("errors"); errors && errors->is_list()) {
    for (const Value& error : errors->as_list()) {
      const std::string message = TextOf(error.Find("message"));
      std::cerr << "  " << TextOf(error.Find("path")) << (message == detail ? "" : ": " + message) << "\n";
    }
  }
  if (const Value* hint = answer.json.Find("hint")) std::cerr << "  hint: " << TextOf(hint) << "\n";
  return kExitRefused;
}

// Of somebody who may do the same again and wants it done once.
void AddKey(const std::string& idempotency_key, RestCall& call) {
  if (!idempotency_key.empty()) call.headers.emplace_back("Idempotency-Key", idempotency_key);
}

// Calls, and prints the answer as JSON or by `print`.
template <class Print>
int CallAndPrint(const ClientOptions& client, const RestCall& call, Print print) {
  RestClient rest(client.server, client.api_key);
  Result<RestAnswer> answer = rest.Call(call);
  if (!answer.ok()) return Complain(answer.error(), kExitUnreachable);
  if (!answer->ok()) return ExplainRefusal(client, *answer);
  if (client.json) {
    std::cout << answer->body;
  } else {
    print(answer->json);
  }
  return kExitOk;
}

std::optional<std::string> ReadAll(const std::string& text) {
  if (text == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  if (!text.starts_with('@')) return text;
  std::ifstream file(text.substr(1), std::ios::binary);
  if (!file) {
    std::cerr << "error: Expected a file that can be read, but '" << text.substr(1) << "' is none.\n";
    return std::nullopt;
  }
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// JSON out of an argument; nullopt after the complaint.
std::optional<Value> ReadJsonArgument(const std::string& name, const std::string& text) {
  const std::optional<std::string> json = ReadAll(text);
  if (!json) return std::nullopt;
  Result<Value> value = ParseJson(*json);
  if (value.ok()) return std::move(*value);
  std::cerr << "error " << FormatErrorCode(value.error().code) << ": Expected JSON in " << name << ". "
            << value.error().message << "\n";
  return std::nullopt;
}

std::int64_t TimeoutFor(const std::string& wait) {
  const std::optional<Duration> span = wait.empty() ? std::nullopt : ParseTimerSpan(wait);
  return kAnswerPatienceMs + (span ? ToMillis(*span) : 0);
}

void PrintInstance(const Value& instance, Colour colour) {
  const auto line = [&](const char* label, const char* name) {
    const Value* value = instance.Find(name);
    if (!value || value->is_null() || (value->is_list() && value->as_list().empty())) return;
    std::string text = TextOf(value);
    if (std::string_view(name) == "status") text = Painted(text, colour);
    std::cout << label << text << "\n";
  };
  line("id         ", "id");
  line("process    ", "process");
  line("version    ", "version");
  line("key        ", "key");
  line("status     ", "status");
  line("states     ", "states");
  line("variables  ", "variables");
  line("output     ", "output");
  line("error      ", "error");
  line("incidents  ", "incidents");
  line("parent     ", "parent");
  line("started    ", "startedAt");
  line("ended      ", "endedAt");
}

void PrintNext(const Value& page) {
  if (const Value* next = page.Find("next"); next && next->is_string())
    std::cout << "more: --cursor " << next->as_string() << "\n";
}

std::vector<Value> ItemsOf(const Value& page) {
  const Value* items = page.Find("items");
  return items && items->is_list() ? items->as_list() : std::vector<Value>();
}

// Asked to act once, also when the answer gets lost and the command is repeated by hand within the program.
std::string RandomId() {
  std::random_device device;
  std::string id;
  for (int i = 0; i < 4; ++i) {
    char digits[9] = {};
    std::to_chars(digits, digits + 8, device(), 16);
    id += digits;
  }
  return id;
}

std::string BundleJson(const DeployRequest& request) {
  const auto texts = [](const auto& pairs) {
    std::vector<MapEntry> entries;
    for (const auto& [name, text] : pairs) entries.emplace_back(Value::String(name), Value::String(text));
    return Value::Map(std::move(entries));
  };
  return WriteJson(Value::Object({{"file", Value::String(request.file_name)},
                                  {"yaml", Value::String(request.yaml)},
                                  {"files", texts(request.files)},
                                  {"manifests", texts(request.manifests)}}));
}

int DeployManifestFile(const ClientOptions& client, const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  RestCall call{"POST", "/v1/connectors" + QueryOf({{"file", file.string()}})};
  call.body.assign(std::istreambuf_iterator<char>(stream), {});
  call.content_type = "application/yaml";
  return CallAndPrint(client, call, [](const Value& answer) {
    std::cout << "connector " << TextOf(answer.Find("connector")) << " " << TextOf(answer.Find("version"))
              << " deployed\n";
  });
}

int DeployProcessFile(const ClientOptions& client, const std::filesystem::path& file,
                      const std::vector<std::filesystem::path>& folders) {
  Result<DeployRequest> request = ReadDeployRequest(file, folders);
  if (!request.ok()) return Complain(request.error(), kExitUsage);
  RestCall call{"POST", "/v1/definitions", BundleJson(*request)};
  return CallAndPrint(client, call, [&](const Value& answer) {
    if (const Value* diagnostics = answer.Find("diagnostics"); diagnostics && diagnostics->is_list()) {
      for (const Value& json : diagnostics->as_list())
        if (const Diagnostic diagnostic = DiagnosticOf(json); diagnostic.severity == Severity::kWarning)
          std::cerr << FormatDiagnostic(diagnostic, client.colour);
    }
    const Value* created = answer.Find("created");
    std::cout << TextOf(answer.Find("process")) << " " << TextOf(answer.Find("version"))
              << (created && created->kind() == ValueKind::kBool && created->as_bool()
                      ? " deployed\n"
                      : " is there already, and live\n");
  });
}

}  // namespace

int RunDeploy(const ClientOptions& client, const DeployOptions& options) {
  const std::vector<std::filesystem::path> folders(options.connector_folders.begin(), options.connector_folders.end());
  int worst = kExitOk;
  for (const std::string& path : options.paths) {
    std::error_code error;
    std::vector<std::filesystem::path> files = {path};
    if (std::filesystem::is_directory(path, error)) files = FindProcessFiles(path);
    if (files.empty()) {
      const std::string message = "Expected a folder with processes, but '" + path + "' has none.";
      worst = std::max(worst, Complain(Error{kFileUnreadable, message}, kExitUsage));
    }
    for (const std::filesystem::path& file : files) {
      const int code =
          IsManifestFile(file) ? DeployManifestFile(client, file) : DeployProcessFile(client, file, folders);
      worst = std::max(worst, code);
      if (code == kExitUnreachable) return code;
    }
  }
  return worst;
}

int RunStart(const ClientOptions& client, const StartOptions& options) {
  std::optional<Value> input = ReadJsonArgument("--input", options.input);
  if (!input) return kExitUsage;
  std::vector<MapEntry> body = {{Value::String("process"), Value::String(options.process)},
                                {Value::String("input"), *input}};
  if (!options.version.empty()) body.emplace_back(Value::String("version"), Value::String(options.version));
  if (!options.key.empty()) body.emplace_back(Value::String("key"), Value::String(options.key));
  RestCall call{"POST", "/v1/instances" + QueryOf({{"wait", options.wait}, {"until", options.until}}),
                WriteJson(Value::Map(std::move(body)))};
  call.headers.emplace_back("Idempotency-Key",
                            options.idempotency_key.empty() ? "cli-" + RandomId() : options.idempotency_key);
  call.timeout_ms = TimeoutFor(options.wait);
  return CallAndPrint(client, call, [&](const Value& instance) { PrintInstance(instance, client.colour); });
}

int RunGet(const ClientOptions& client, const GetOptions& options) {
  RestCall call{"GET", "/v1/instances/" + PercentEncode(options.id) +
                           QueryOf({{"wait", options.wait}, {"until", options.until}})};
  call.timeout_ms = TimeoutFor(options.wait);
  return CallAndPrint(client, call, [&](const Value& instance) { PrintInstance(instance, client.colour); });
}

int RunList(const ClientOptions& client, const ListOptions& options) {
  std::vector<std::pair<std::string, std::string>> query = {{"process", options.process},
                                                            {"status", options.status},
                                                            {"state", options.state},
                                                            {"key", options.key},
                                                            {"startedAfter", options.started_after},
                                                            {"startedBefore", options.started_before},
                                                            {"limit", std::to_string(options.limit)},
                                                            {"cursor", options.cursor}};
  for (const std::string& var : options.vars) {
    const std::size_t equals = var.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == var.size()) {
      std::cerr << "error: Expected --var NAME=VALUE, but got '" << var << "'.\n";
      return kExitUsage;
    }
    query.emplace_back("var." + var.substr(0, equals), var.substr(equals + 1));
  }
  const RestCall call{"GET", "/v1/instances" + QueryOf(query)};
  return CallAndPrint(client, call, [&](const Value& page) {
    std::vector<std::vector<std::string>> rows = {{"ID", "PROCESS", "VERSION", "KEY", "STATUS", "STATES", "STARTED"}};
    for (const Value& item : ItemsOf(page))
      rows.push_back({TextOf(item.Find("id")), TextOf(item.Find("process")), TextOf(item.Find("version")),
                      TextOf(item.Find("key")), TextOf(item.Find("status")), TextOf(item.Find("states")),
                      TextOf(item.Find("startedAt"))});
    PrintTable(rows, std::cout);
    PrintNext(page);
  });
}

int RunHistory(const ClientOptions& client, const HistoryOptions& options) {
  const RestCall call{"GET", "/v1/instances/" + PercentEncode(options.id) + "/history" +
                                 QueryOf({{"limit", std::to_string(options.limit)}, {"cursor", options.cursor}})};
  return CallAndPrint(client, call, [&](const Value& page) {
    for (const Value& item : ItemsOf(page))
      if (const Value* text = item.Find("text"); text && text->is_string())
        std::cout << TextOf(item.Find("time")) << "  " << text->as_string() << "\n";
    PrintNext(page);
  });
}

int RunSend(const ClientOptions& client, const SendOptions& options) {
  std::vector<MapEntry> event = {{Value::String("specversion"), Value::String("1.0")},
                                 {Value::String("type"), Value::String(options.type)},
                                 {Value::String("source"), Value::String(options.source)},
                                 {Value::String("id"), Value::String(options.id.empty() ? RandomId() : options.id)}};
  if (!options.subject.empty()) event.emplace_back(Value::String("subject"), Value::String(options.subject));
  if (!options.data.empty()) {
    std::optional<Value> data = ReadJsonArgument("--data", options.data);
    if (!data) return kExitUsage;
    event.emplace_back(Value::String("data"), std::move(*data));
  }
  RestCall call{"POST", "/v1/events", WriteJson(Value::Map(std::move(event))), "application/cloudevents+json"};
  return CallAndPrint(client, call, [](const Value& answer) {
    const auto holds = [&](const char* name) { return TextOf(answer.Find(name)) == "true"; };
    if (holds("duplicate")) {
      std::cout << "accepted before\n";
    } else {
      std::cout << "accepted: delivered to " << TextOf(answer.Find("delivered"))
                << (holds("kept") ? ", kept for whoever comes" : "");
      if (const Value* started = answer.Find("started"); started && started->is_list())
        for (const Value& id : started->as_list()) std::cout << ", started " << TextOf(&id);
      std::cout << "\n";
    }
  });
}

int RunSteer(const ClientOptions& client, const SteerOptions& options) {
  RestCall call{"POST",
                "/v1/instances/" + PercentEncode(options.id) + "/" + options.word + QueryOf({{"wait", options.wait}})};
  if (!options.reason.empty()) call.body = WriteJson(Value::Object({{"reason", Value::String(options.reason)}}));
  AddKey(options.idempotency_key, call);
  call.timeout_ms = TimeoutFor(options.wait);
  return CallAndPrint(client, call, [&](const Value& instance) { PrintInstance(instance, client.colour); });
}

int RunMigrate(const ClientOptions& client, const MigrateOptions& options) {
  RestCall call{"POST", "/v1/instances/" + PercentEncode(options.id) + "/migrate",
                WriteJson(Value::Object(
                    {{"version", Value::String(options.version)}, {"dryRun", Value::Bool(options.dry_run)}}))};
  AddKey(options.idempotency_key, call);
  return CallAndPrint(client, call, [&](const Value& answer) {
    if (options.dry_run)
      std::cout << TextOf(answer.Find("id")) << " can be carried over to " << TextOf(answer.Find("version")) << "\n";
    else
      PrintInstance(answer, client.colour);
  });
}

int RunIncidents(const ClientOptions& client, const IncidentsOptions& options) {
  const RestCall call{"GET", "/v1/incidents" + QueryOf({{"process", options.process},
                                                        {"instance", options.instance},
                                                        {"open", options.closed_too ? "" : "true"},
                                                        {"limit", std::to_string(options.limit)},
                                                        {"cursor", options.cursor}})};
  return CallAndPrint(client, call, [&](const Value& page) {
    std::vector<std::vector<std::string>> rows = {{"ID", "PROCESS", "STATE", "ERROR", "OPEN", "SINCE", "MESSAGE"}};
    for (const Value& item : ItemsOf(page))
      rows.push_back({TextOf(item.Find("id")), TextOf(item.Find("process")), TextOf(item.Find("state")),
                      TextOf(item.Find("error")), TextOf(item.Find("open")), TextOf(item.Find("openedAt")),
                      TextOf(item.Find("message"))});
    PrintTable(rows, std::cout);
    PrintNext(page);
  });
}

int RunTasks(const ClientOptions& client, const TasksOptions& options) {
  const RestCall call{"GET", "/v1/tasks" + QueryOf({{"process", options.process},
                                                    {"instance", options.instance},
                                                    {"state", options.state},
                                                    {"role", options.role},
                                                    {"user", options.user},
                                                    {"limit", std::to_string(options.limit)},
                                                    {"cursor", options.cursor}})};
  return CallAndPrint(client, call, [&](const Value& page) {
    std::vector<std::vector<std::string>> rows = {{"ID", "PROCESS", "STATE", "TITLE", "ASSIGNED", "OUTCOMES", "DUE"}};
    for (const Value& item : ItemsOf(page))
      rows.push_back({TextOf(item.Find("id")), TextOf(item.Find("process")), TextOf(item.Find("state")),
                      TextOf(item.Find("title")), TextOf(item.Find("assign")), TextOf(item.Find("outcomes")),
                      TextOf(item.Find("due"))});
    PrintTable(rows, std::cout);
    PrintNext(page);
  });
}

int RunComplete(const ClientOptions& client, const CompleteOptions& options) {
  std::vector<MapEntry> body;
  if (!options.outcome.empty()) body.emplace_back(Value::String("outcome"), Value::String(options.outcome));
  if (!options.by.empty()) body.emplace_back(Value::String("by"), Value::String(options.by));
  if (!options.data.empty()) {
    std::optional<Value> data = ReadJsonArgument("--data", options.data);
    if (!data) return kExitUsage;
    body.emplace_back(Value::String("data"), std::move(*data));
  }
  RestCall call{"POST", "/v1/tasks/" + PercentEncode(options.id) + "/complete" + QueryOf({{"wait", options.wait}}),
                WriteJson(Value::Map(std::move(body)))};
  call.headers.emplace_back("Idempotency-Key",
                            options.idempotency_key.empty() ? "cli-" + RandomId() : options.idempotency_key);
  call.timeout_ms = TimeoutFor(options.wait);
  return CallAndPrint(client, call, [&](const Value& instance) { PrintInstance(instance, client.colour); });
}

int RunResolve(const ClientOptions& client, const ResolveOptions& options) {
  std::vector<MapEntry> body = {{Value::String("action"), Value::String(options.action)}};
  std::vector<MapEntry> set;
  for (const std::string& assignment : options.set) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0) {
      std::cerr << "error: Expected --set NAME=JSON, but got '" << assignment << "'.\n";
      return kExitUsage;
    }
    std::optional<Value> value = ReadJsonArgument("--set", assignment.substr(equals + 1));
    if (!value) return kExitUsage;
    set.emplace_back(Value::String(assignment.substr(0, equals)), std::move(*value));
  }
  std::size_t twice = 0;
  std::optional<Value> variables = Value::TryMap(set, twice);
  if (!variables) {
    std::cerr << "error: Expected each variable once in --set, but one is there twice.\n";
    return kExitUsage;
  }
  if (!options.set.empty()) body.emplace_back(Value::String("set"), std::move(*variables));
  if (!options.output.empty()) {
    std::optional<Value> output = ReadJsonArgument("--output", options.output);
    if (!output) return kExitUsage;
    body.emplace_back(Value::String("output"), std::move(*output));
  }
  if (!options.error.empty()) body.emplace_back(Value::String("error"), Value::String(options.error));
  if (!options.by.empty()) body.emplace_back(Value::String("by"), Value::String(options.by));
  RestCall call{"POST", "/v1/incidents/" + PercentEncode(options.id) + "/resolve",
                WriteJson(Value::Map(std::move(body)))};
  AddKey(options.idempotency_key, call);
  return CallAndPrint(client, call, [&](const Value& instance) { PrintInstance(instance, client.colour); });
}

}  // namespace fermata
