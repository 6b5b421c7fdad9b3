#include "tests/integration/support/recording_service.h"

#include <gtest/gtest.h>

#include "engine/model/json.h"

namespace fermata::test {
namespace {

std::string Text(const Value& value, std::string_view name) {
  const Value* text = value.Find(name);
  return text && text->is_string() ? std::string(text->as_string()) : "";
}

}  // namespace

RecordingService::RecordingService() {
  HttpServerOptions options;
  server_ = std::make_unique<HttpServer>(
      options, [this](const HttpRequest& request, ResponseHandle response) { response.Send(Note(request)); });
  Result<int> port = server_->Start();
  EXPECT_TRUE(port.ok());
  port_ = port.ok() ? *port : 0;
}

RecordingService::~RecordingService() { server_->Stop(); }

std::string RecordingService::Manifest() const {
  return "connector: recorder\n"
         "version: 1.0.0\n"
         "kind: http\n"
         "http:\n"
         "  url: http://127.0.0.1:" +
         std::to_string(port_) +
         "\n"
         "operations:\n"
         "  note:\n"
         "    input: { type: object, required: [work, step], properties: { work: { type: string }, step: { type: "
         "string } } }\n"
         "    output: { type: object, required: [count], properties: { count: { type: integer } } }\n"
         "    errors: [refused]\n"
         "    timeout: 5s\n"
         "    retry: { attempts: 100, first: 50ms, factor: 1 }\n"
         "    http:\n"
         "      method: POST\n"
         "      url: /note\n"
         "      body: ${input}\n"
         "      errors:\n"
         "        - { status: 409, error: refused }\n"
         "  once:\n"
         "    input: { type: object }\n"
         "    timeout: 5s\n"
         "    http: { method: POST, url: /note, body: \"${input}\" }\n";
}

void RecordingService::Repair() {
  std::lock_guard lock(mutex_);
  repaired_ = true;
}

HttpResponse RecordingService::Note(const HttpRequest& request) {
  Result<Value> body = ParseJson(request.body);
  const std::string* key = request.FindHeader("idempotency-key");
  if (!body.ok() || !key) return JsonResponse(400, "{}");
  const std::string work = Text(*body, "work"), step = Text(*body, "step");
  std::lock_guard lock(mutex_);
  ++requests_;
  const std::string* traceparent = request.FindHeader("traceparent");
  traces_[{work, step}].push_back(traceparent ? *traceparent : "");
  if (work.starts_with("fail-")) return JsonResponse(409, "{}");
  if (work.starts_with("down-") && !repaired_) return JsonResponse(503, "{}");
  const auto [answer, is_new] = answers_.try_emplace(*key);
  if (is_new) {
    keys_[{work, step}].insert(*key);
    answer->second = R"({"count":)" + std::to_string(answers_.size()) + "}";
  }
  return JsonResponse(200, answer->second);
}

std::set<std::string> RecordingService::KeysOf(const std::string& work, const std::string& step) {
  std::lock_guard lock(mutex_);
  const auto found = keys_.find({work, step});
  return found == keys_.end() ? std::set<std::string>() : found->second;
}

std::vector<std::string> RecordingService::TracesOf(const std::string& work, const std::string& step) {
  std::lock_guard lock(mutex_);
  return traces_[{work, step}];
}

int RecordingService::requests() {
  std::lock_guard lock(mutex_);
  return requests_;
}

int RecordingService::effects() {
  std::lock_guard lock(mutex_);
  return static_cast<int>(answers_.size());
}

std::string ChainProcess(const std::string& name, int steps) {
  std::string yaml = "fermata: 1\nprocess: " + name + "\nversion: 1.0.0\nstates:\n";
  for (int i = 1; i <= steps; ++i) {
    const std::string step = std::to_string(i);
    yaml += "  step-" + step + ":\n    call: recorder.note\n    with: { work: \"${input.work}\", step: \"" + step +
            "\" }\n    save: result" + step + "\n    next: " + (i == steps ? "done" : "step-" + std::to_string(i + 1)) +
            "\n";
  }
  return yaml + "  done: { end: { count: \"${result" + std::to_string(steps) + ".count}\" } }\n";
}

}  // namespace fermata::test
