// What clients do: deploy, start, look, send.
#include "api/cli/client_commands.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "api/cli/client_calls.h"
#include "api/cli/codes.h"
#include "api/cli/exit_code.h"
#include "api/cli/process_files.h"
#include "api/cli/terminal.h"
#include "engine/base/percent.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

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
  AddKeyOrChance(options.idempotency_key, call);
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
    std::string name, value;
    if (!SplitAssignment("--var NAME=VALUE", var, name, value)) return kExitUsage;
    query.emplace_back("var." + name, value);
  }
  const RestCall call{"GET", "/v1/instances" + QueryOf(query)};
  return CallAndPrint(client, call, [](const Value& page) {
    PrintPage(page, {{"ID", "id"},
                     {"PROCESS", "process"},
                     {"VERSION", "version"},
                     {"KEY", "key"},
                     {"STATUS", "status"},
                     {"STATES", "states"},
                     {"STARTED", "startedAt"}});
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

}  // namespace fermata
