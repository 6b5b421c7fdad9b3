// /v1/instances: starting, looking, steering.
#include <algorithm>

#include "api/handlers/access_log.h"
#include "api/handlers/command_bodies.h"
#include "api/handlers/field_reader.h"
#include "api/handlers/request_reader.h"
#include "api/handlers/routes.h"
#include "api/handlers/views.h"
#include "engine/base/hash.h"
#include "engine/base/nearest_word.h"
#include "engine/model/json.h"
#include "engine/model/limits.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

const std::vector<std::string> kStatuses = {"running",   "waiting", "suspended", "compensating",
                                            "completed", "failed",  "cancelled"};

// The same for the same request, so that an Idempotency-Key is not used for another one.
std::string HashOf(const StartRequest& request) {
  const Value parts = Value::List({Value::String(request.process), Value::String(request.version),
                                   request.key ? Value::String(*request.key) : Value::Null(), InOrder(request.input)});
  return Sha256Hex(WriteJson(parts));
}

// What is known without looking: when too many requests wait for storage, the start itself still gets its answer.
Value ViewOfStart(const StartReply& started) {
  return Value::Object({{"id", Value::String(started.id.ToString())},
                        {"process", Value::String(started.process)},
                        {"version", Value::String(started.version)},
                        {"key", started.key ? Value::String(*started.key) : Value::Null()},
                        {"status", Value::String(started.status)}});
}

void AnswerStart(const RouteContext& context, const Reply& reply, const StartReply& started, const Wait& wait) {
  HttpHeaders headers = {{"Location", "/v1/instances/" + started.id.ToString()}};
  if (started.repeated) headers.emplace_back("Idempotency-Replayed", "true");
  const bool posted = context.workers.Post(
      [context, reply, id = started.id, wait, headers] { AnswerWithInstance(context, reply, 201, id, wait, headers); });
  if (!posted) reply.Json(201, ViewOfStart(started), std::move(headers));
}

// The refusal of an input tells all that is wrong with it.
void FailStart(const RouteContext& context, const Reply& reply, const StartRequest& asked, const Error& error) {
  if (error.code != kInvalidInput) return reply.Fail(error);
  const std::vector<Error> mistakes = context.engine().MistakesOf(asked);
  return mistakes.empty() ? reply.Fail(error) : reply.Fail(mistakes);
}

void Start(const RouteContext& context, const HttpRequest& request, const Reply& reply) {
  QueryReader query(request, {"wait", "until"});
  const Wait wait = ReadWait(query);
  Result<Value> body = ReadJsonBody(request);
  if (!body.ok()) return reply.Fail(body.error());
  FieldReader fields(*body, {"process", "version", "key", "input"});
  StartRequest start;
  start.process = fields.RequiredText("process");
  start.version = fields.Text("version").value_or("");
  start.key = fields.Text("key");
  const Value* input = fields.Any("input");
  start.input = input ? *input : Value::Map({});
  std::vector<Error> mistakes = query.mistakes();
  Append(mistakes, fields.mistakes());
  start.idempotency_key = ReadIdempotencyKey(request, mistakes);
  if (!mistakes.empty()) return reply.Fail(mistakes);
  start.traceparent = TraceparentOf(request);
  start.request_hash = HashOf(start);
  start.tenant = reply.caller().tenant;
  if (!reply.caller().MayUse(start.process)) return reply.Fail(BeyondLimits(reply.caller(), start.process));
  if (const std::optional<Error> refused = RefuseWait(context, wait, start.process, start.version))
    return reply.Fail(*refused);
  StartRequest asked = start;
  context.engine().Start(std::move(start), [context, reply, wait, asked](Result<StartReply> started) {
    if (!started.ok()) return FailStart(context, reply, asked, started.error());
    AnswerStart(context, reply, *started, wait);
  });
}

void Get(const RouteContext& context, const HttpRequest& request, const std::string& id_text, const Reply& reply) {
  QueryReader query(request, {"wait", "until"});
  const Wait wait = ReadWait(query);
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  const std::optional<InstanceId> id = ReadInstanceId(id_text, reply);
  if (!id) return;
  context.Later(reply, [=] {
    if (!wait.until.empty()) {
      const Result<InstanceOwner> owner = context.engine().FindOwner(*id);
      if (!owner.ok()) return reply.Fail(owner.error());
      if (const std::optional<Error> refused = RefuseWait(context, wait, owner->process)) return reply.Fail(*refused);
    }
    AnswerWithInstance(context, reply, 200, *id, wait);
  });
}

void List(const RouteContext& context, const HttpRequest& request, const Reply& reply) {
  QueryReader query(request,
                    {"process", "status", "state", "key", "startedAfter", "startedBefore", "var.", "limit", "cursor"});
  InstanceQuery wanted;
  wanted.filter.tenant = reply.caller().tenant;
  wanted.filter.process = query.Text("process");
  wanted.filter.status = query.Text("status");
  wanted.filter.state = query.Text("state");
  wanted.filter.key = query.Text("key");
  wanted.filter.started_from_us = query.Time("startedAfter");
  wanted.filter.started_before_us = query.Time("startedBefore");
  wanted.filter.limit = query.Limit();
  wanted.cursor = query.Text("cursor").value_or("");
  wanted.filter.values = query.WithPrefix("var.");
  for (const auto& [name, value] : wanted.filter.values)
    if (!context.engine().IsSearchable(wanted.filter.process.value_or(""), name))
      query.Fail("var." + name, "Expected a variable that " +
                                    (wanted.filter.process ? "'" + *wanted.filter.process + "'" : "a process") +
                                    " declares under 'searchable', but '" + name + "' is none.");
  const std::optional<std::string>& status = wanted.filter.status;
  if (status && std::find(kStatuses.begin(), kStatuses.end(), *status) == kStatuses.end()) {
    const std::string nearest = NearestWord(*status, kStatuses);
    query.Fail(
        "status",
        "Expected a status (running, waiting, suspended, compensating, completed, failed, cancelled), but got '" +
            *status + "'.",
        nearest.empty() ? "" : "Did you mean '" + nearest + "'?");
  }
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  context.Later(reply, [=] {
    Result<Page<InstanceSummary>> page = context.engine().List(wanted);
    if (!page.ok()) return reply.Fail(page.error());
    reply.Json(200, PageView(*page));
  });
}

void History(const RouteContext& context, const HttpRequest& request, const std::string& id_text, const Reply& reply) {
  QueryReader query(request, {"limit", "cursor"});
  const int limit = query.Limit();
  const std::string cursor = query.Text("cursor").value_or("");
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  const std::optional<InstanceId> id = ReadInstanceId(id_text, reply);
  if (!id) return;
  context.Later(reply, [=] {
    Result<Page<HistoryEntry>> page = context.engine().History(*id, cursor, limit);
    if (!page.ok()) return reply.Fail(page.error());
    reply.Json(200, PageView(*page));
  });
}

// cancel, suspend and resume; answered with the instance as it is then.
void Steer(const RouteContext& context, const HttpRequest& request, const std::string& id_text, const Reply& reply,
           const std::string& word) {
  QueryReader query(request, {"wait", "until"});
  const Wait wait = ReadWait(query);
  Result<Value> body = ReadOptionalJsonBody(request);
  if (!body.ok()) return reply.Fail(body.error());
  FieldReader fields(*body, kSteeringFields);
  std::vector<Error> mistakes = query.mistakes();
  Command command = ReadSteering(word, fields, reply, mistakes);
  Append(mistakes, fields.mistakes());
  CommandRequest asked = ReadCommand(request, word, id_text, *body, mistakes);
  if (!mistakes.empty()) return reply.Fail(mistakes);
  const std::optional<InstanceId> id = ReadInstanceId(id_text, reply);
  if (!id) return;
  asked.instance = *id;
  asked.command = std::move(command);
  SendCommand(context, reply, std::move(asked), wait, [reply](const Error& error) { reply.Fail(error); });
}

}  // namespace

Command ReadSteering(std::string_view word, FieldReader& fields, const Reply& reply, std::vector<Error>& mistakes) {
  const std::string reason = fields.Text("reason").value_or(""), by = ReadBy(fields, reply, mistakes);
  if (word == "suspend") return SuspendInstance{reason, by};
  if (word == "resume") return ResumeInstance{reason, by};
  return CancelInstance{reason, by};
}

void AddInstanceRoutes(const RouteContext& context) {
  context.Add("POST", "/v1/instances", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    Start(context, request, reply);
  });
  context.Add("GET", "/v1/instances", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    List(context, request, reply);
  });
  context.Add("GET", "/v1/instances/{id}",
              [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                Get(context, request, params["id"], reply);
              });
  context.Add("GET", "/v1/instances/{id}/history",
              [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                History(context, request, params["id"], reply);
              });
  for (const std::string word : {"cancel", "suspend", "resume"})
    context.Add("POST", "/v1/instances/{id}/" + word,
                [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                  Steer(context, request, params["id"], reply, word);
                });
}

}  // namespace fermata
