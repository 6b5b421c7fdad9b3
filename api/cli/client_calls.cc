#include "api/cli/client_calls.h"

#include <charconv>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>

#include "api/cli/exit_code.h"
#include "api/cli/terminal.h"
#include "engine/base/time.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

constexpr std::int64_t kAnswerPatienceMs = 30'000;

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

}  // namespace

int Complain(const Error& error, int exit_code) {
  std::cerr << "error " << FormatErrorCode(error.code) << ": " << error.message << "\n";
  if (!error.hint.empty()) std::cerr << "  hint: " << error.hint << "\n";
  return exit_code;
}

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

int CallAndPrint(const ClientOptions& client, const RestCall& call, const std::function<void(const Value&)>& print) {
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

void AddKey(const std::string& idempotency_key, RestCall& call) {
  if (!idempotency_key.empty()) call.headers.emplace_back("Idempotency-Key", idempotency_key);
}

void AddKeyOrChance(const std::string& idempotency_key, RestCall& call) {
  AddKey(idempotency_key.empty() ? "cli-" + RandomId() : idempotency_key, call);
}

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

std::optional<Value> ReadJsonArgument(const std::string& name, const std::string& text) {
  const std::optional<std::string> json = ReadAll(text);
  if (!json) return std::nullopt;
  Result<Value> value = ParseJson(*json);
  if (value.ok()) return std::move(*value);
  std::cerr << "error " << FormatErrorCode(value.error().code) << ": Expected JSON in " << name << ". "
            << value.error().message << "\n";
  return std::nullopt;
}

bool SplitAssignment(const std::string& argument, const std::string& text, std::string& name, std::string& value) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    std::cerr << "error: Expected " << argument << ", but got '" << text << "'.\n";
    return false;
  }
  name = text.substr(0, equals);
  value = text.substr(equals + 1);
  return true;
}

std::optional<Value> ReadAssignments(const std::string& name, const std::vector<std::string>& assignments) {
  std::vector<MapEntry> set;
  for (const std::string& assignment : assignments) {
    std::string variable, text;
    if (!SplitAssignment(name + "NAME=JSON", assignment, variable, text)) return std::nullopt;
    std::optional<Value> value = ReadJsonArgument("'" + variable + "'", text);
    if (!value) {
      std::cerr << "  hint: a text stands in quotes that the shell leaves: " << variable << "='\"...\"'\n";
      return std::nullopt;
    }
    set.emplace_back(Value::String(variable), std::move(*value));
  }
  std::size_t twice = 0;
  std::optional<Value> variables = Value::TryMap(set, twice);
  if (!variables) std::cerr << "error: Expected each variable once, but one is there twice.\n";
  return variables;
}

void JsonBody::Text(std::string_view name, const std::string& text) {
  if (!text.empty()) Put(name, Value::String(text));
}

void JsonBody::Put(std::string_view name, Value value) { entries_.emplace_back(Value::String(name), std::move(value)); }

std::string JsonBody::Json() const { return WriteJson(Object()); }

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

std::vector<Value> ItemsOf(const Value& page) {
  const Value* items = page.Find("items");
  return items && items->is_list() ? items->as_list() : std::vector<Value>();
}

void PrintPage(const Value& page, const std::vector<std::pair<std::string, std::string>>& columns) {
  std::vector<std::vector<std::string>> rows(1);
  for (const auto& [title, name] : columns) rows.front().push_back(title);
  for (const Value& item : ItemsOf(page)) {
    rows.emplace_back();
    for (const auto& [title, name] : columns) rows.back().push_back(TextOf(item.Find(name)));
  }
  PrintTable(rows, std::cout);
  PrintNext(page);
}

int CallAndPrintPage(const ClientOptions& client, std::string target,
                     std::vector<std::pair<std::string, std::string>> columns) {
  return CallAndPrint(client, {"GET", std::move(target)}, [&](const Value& page) { PrintPage(page, columns); });
}

void PrintNext(const Value& page) {
  if (const Value* next = page.Find("next"); next && next->is_string())
    std::cout << "more: --cursor " << next->as_string() << "\n";
}

}  // namespace fermata
