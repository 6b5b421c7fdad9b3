// /v1/jobs: what external workers fetch and report, and what operators see of it.
#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>

#include "api/handlers/field_reader.h"
#include "api/handlers/job_stream.h"
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

// "30s"; nullopt when it is none or out of bounds.
std::optional<std::int64_t> ParseLease(const std::string& text) {
  const std::optional<Duration> span = ParseTimerSpan(text);
  if (!span || ToMillis(*span) < kLeaseMsMin || ToMillis(*span) > kLeaseMsMax) return std::nullopt;
  return ToMillis(*span);
}

std::string WrongLease(const std::string& text) {
  return "Expected a lease of 1s to 24h, like 30s, but got '" + text + "'.";
}

std::int64_t ReadLease(FieldReader& fields) {
  const std::optional<std::string> text = fields.Text("lease");
  if (!text) return kLeaseDefaultMs;
  const std::optional<std::int64_t> lease_ms = ParseLease(*text);
  if (!lease_ms) fields.Fail("lease", WrongLease(*text));
  return lease_ms.value_or(kLeaseDefaultMs);
}

// What is wrong with an operation's name, as far as it can be known: its connector may be deployed later.
std::optional<Error> WrongOperation(const std::vector<ConnectorInfo>& connectors, const std::string& operation) {
  const std::size_t dot = operation.find('.');
  if (dot == 0 || dot == std::string::npos || dot + 1 == operation.size())
    return Error{kWrongField, "Expected an operation as connector.operation, but got '" + operation + "'."};
  const std::string connector = operation.substr(0, dot);
  const auto known = std::find_if(connectors.begin(), connectors.end(),
                                  [&](const ConnectorInfo& info) { return info.manifest->connector == connector; });
  if (known == connectors.end()) return std::nullopt;
  if (known->manifest->kind != ConnectorKind::kWorker)
    return Error{kWrongField, "Expected an operation of a connector of kind worker, but '" + connector +
                                  "' is carried out by the server itself."};
  if (known->manifest->Find(operation.substr(dot + 1))) return std::nullopt;
  std::vector<std::string> names;
  for (const OperationManifest& one : known->manifest->operations) names.push_back(connector + "." + one.name);
  const std::string nearest = NearestWord(operation, names);
  return Error{kWrongField, "Expected an operation of '" + connector + "', but it has none called '" + operation + "'.",
               "", nearest.empty() ? "" : "Did you mean '" + nearest + "'?"};
}

// `path_of` gives the place of the n-th in the request.
void CheckOperations(const RouteContext& context, const std::vector<std::string>& operations, const auto& path_of,
                     std::vector<Error>& mistakes) {
  if (operations.empty() || operations.size() > static_cast<std::size_t>(kOperationsFetchedMax))
    mistakes.push_back({kWrongField,
                        "Expected 1 to " + std::to_string(kOperationsFetchedMax) + " operations, but got " +
                            std::to_string(operations.size()) + ".",
                        path_of(-1)});
  const std::vector<ConnectorInfo> connectors = context.engine().Connectors();
  for (std::size_t i = 0; i < operations.size(); ++i) {
    std::optional<Error> wrong = WrongOperation(connectors, operations[i]);
    if (!wrong) continue;
    wrong->path = path_of(static_cast<int>(i));
    mistakes.push_back(std::move(*wrong));
  }
}

std::vector<std::string> ReadOperations(FieldReader& fields) {
  std::vector<std::string> operations;
  const Value* list = fields.Any("operations");
  if (!list) {
    fields.Fail("operations", "Expected the field 'operations', but it is missing.");
    return operations;
  }
  if (!list->is_list()) {
    fields.Fail("operations",
                "Expected 'operations' to be a list, but it is " + std::string(JsonKindName(*list)) + ".");
    return operations;
  }
  for (const Value& one : list->as_list()) {
    if (one.is_string())
      operations.emplace_back(one.as_string());
    else
      fields.Fail("operations",
                  "Expected operations like store.pack, but one is " + std::string(JsonKindName(one)) + ".");
  }
  return operations;
}

// Whoever is limited to processes works on no others.
MayTake LimitOf(const Caller& caller) {
  if (caller.processes.empty()) return {};
  return [caller](const std::string& process) { return caller.MayUse(process); };
}

// An answer that may be held back, until there are jobs or the server stops.
struct Poll {
  std::atomic<std::int64_t> number{0};
  std::function<void()> end;
};

void Fetch(const RouteContext& context, const HttpRequest& request, const Reply& reply) {
  QueryReader query(request, {"wait"});
  JobFetch fetch;
  fetch.wait_ms = query.WaitMs("wait");
  Result<Value> body = ReadJsonBody(request);
  if (!body.ok()) return reply.Fail(body.error());
  FieldReader fields(*body, {"operations", "max", "lease", "worker"});
  fetch.tenant = reply.caller().tenant;
  fetch.may_take = LimitOf(reply.caller());
  fetch.operations = ReadOperations(fields);
  fetch.lease_ms = ReadLease(fields);
  fetch.worker = fields.Text("worker").value_or("");
  const std::int64_t max = fields.Integer("max").value_or(1);
  if (max < 1 || max > kJobsFetchedMax)
    fields.Fail("max", "Expected 'max' to be 1 to " + std::to_string(kJobsFetchedMax) + ", but got " +
                           std::to_string(max) + ".");
  if (fetch.worker.size() > kKeyBytesMax)
    fields.Fail("worker", "Expected a name of at most " + std::to_string(kKeyBytesMax) + " bytes, but it is longer.");
  std::vector<Error> mistakes = query.mistakes();
  Append(mistakes, fields.mistakes());
  if (mistakes.empty())
    CheckOperations(
        context, fetch.operations,
        [](int at) { return at < 0 ? std::string("/operations") : "/operations/" + std::to_string(at); }, mistakes);
  if (!mistakes.empty()) return reply.Fail(mistakes);
  fetch.max = static_cast<int>(max);
  // Whose key ended while it waited gets no job any more.
  fetch.gone = [reply, security = context.services.security] {
    return reply.client_gone() || (security && security->GoodForUs(reply.caller()) == 0);
  };
  const auto poll = std::make_shared<Poll>();
  Engine& engine = context.engine();
  poll->end = context.waits.Add([&engine, poll] { engine.EndFetch(poll->number); });
  poll->number = engine.FetchJobs(std::move(fetch), [reply, poll](Result<std::vector<WorkerJob>> jobs) {
    poll->end();
    if (!jobs.ok()) return reply.Fail(jobs.error());
    std::vector<Value> views;
    for (const WorkerJob& job : *jobs) views.push_back(LeasedView(job));
    reply.Json(200, Value::Object({{"jobs", Value::List(std::move(views))}}));
  });
}

void Stream(const RouteContext& context, const HttpRequest& request, const Reply& reply) {
  QueryReader query(request, {"operations", "worker", "lease", "max"});
  JobFetch fetch;
  fetch.tenant = reply.caller().tenant;
  fetch.may_take = LimitOf(reply.caller());
  fetch.worker = query.Text("worker").value_or("");
  const std::string lease = query.Text("lease").value_or("30s"), max = query.Text("max").value_or("1");
  if (const std::optional<std::int64_t> lease_ms = ParseLease(lease))
    fetch.lease_ms = *lease_ms;
  else
    query.Fail("lease", WrongLease(lease));
  const auto [end, error] = std::from_chars(max.data(), max.data() + max.size(), fetch.max);
  if (error != std::errc() || end != max.data() + max.size() || fetch.max < 1 || fetch.max > kStreamOutstandingMax)
    query.Fail("max",
               "Expected 'max' to be 1 to " + std::to_string(kStreamOutstandingMax) + ", but got '" + max + "'.");
  fetch.operations = query.Words("operations");
  std::vector<Error> mistakes = query.mistakes();
  if (mistakes.empty()) {
    CheckOperations(
        context, fetch.operations, [](int) { return std::string("?operations"); }, mistakes);
    for (Error& mistake : mistakes) mistake.code = kWrongParameter;
  }
  if (!mistakes.empty()) return reply.Fail(mistakes);
  JobStream::Begin(context.engine(), context.streams.Open(reply), std::move(fetch));
}

void List(const RouteContext& context, const HttpRequest& request, const Reply& reply) {
  QueryReader query(request, {"operation", "process", "instance", "state", "limit", "cursor"});
  JobQuery wanted;
  wanted.filter.tenant = reply.caller().tenant;
  wanted.filter.operation = query.Text("operation");
  wanted.filter.process = query.Text("process");
  wanted.filter.instance = query.Instance("instance");
  wanted.filter.limit = query.Limit();
  wanted.cursor = query.Text("cursor").value_or("");
  const std::optional<std::string> state = query.Text("state");
  if (state) wanted.filter.leased = *state == "leased";
  if (state && *state != "leased" && *state != "available")
    query.Fail("state", "Expected 'state' to be available or leased, but got '" + *state + "'.");
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  context.Later(reply, [=] {
    Result<Page<WorkerJob>> page = context.engine().Jobs(wanted);
    if (!page.ok()) return reply.Fail(page.error());
    reply.Json(200, PageView(*page));
  });
}

// How a job went, out of the body of `fail`.
std::optional<Outcome> ReadFailure(FieldReader& fields) {
  constexpr std::array kTechnical = {TechnicalError::kUnavailable, TechnicalError::kTimeout,
                                     TechnicalError::kInvalidResponse, TechnicalError::kInternal};
  const std::optional<std::string> error = fields.Text("error"), technical = fields.Text("technical"),
                                   after = fields.Text("retryAfter");
  const std::string message = fields.Text("message").value_or("");
  const Value* data = fields.Any("data");
  if (error.has_value() == technical.has_value()) {
    fields.Fail(error ? "technical" : "error",
                std::string("Expected either 'error' (a business error of the manifest) or 'technical', but ") +
                    (error ? "both are there." : "neither is there."));
    return std::nullopt;
  }
  if (error) {
    if (after) fields.Fail("retryAfter", "Expected 'retryAfter' with 'technical' only, but it stands beside 'error'.");
    return BusinessFailure{*error, message, data ? *data : Value()};
  }
  TechnicalFailure failure{TechnicalError::kInternal, message, 0, data ? *data : Value()};
  const auto known = std::find_if(kTechnical.begin(), kTechnical.end(),
                                  [&](TechnicalError one) { return TechnicalErrorName(one) == *technical; });
  if (known == kTechnical.end())
    fields.Fail("technical",
                "Expected unavailable, timeout, invalid-response or internal, but got '" + *technical + "'.");
  else
    failure.error = *known;
  if (after) {
    const std::optional<Duration> span = ParseTimerSpan(*after);
    if (!span || ToMillis(*span) > kRetryAfterMsMax)
      fields.Fail("retryAfter", "Expected a span of at most 1h, like 10s, but got '" + *after + "'.");
    else
      failure.retry_after_ms = ToMillis(*span);
  }
  return failure;
}

void Get(const RouteContext& context, const HttpRequest& request, const std::string& name, const Reply& reply) {
  const QueryReader query(request, {});
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  const Error unknown{kUnknownJob, "Expected the id of a job, but none is called '" + name + "'."};
  const std::optional<JobKey> key = JobKey::Parse(name);
  if (!key) return reply.Fail(unknown);
  context.Later(reply, [=] {
    const Caller& caller = reply.caller();
    const Result<InstanceOwner> owner = context.engine().FindOwner(key->instance);
    if (!owner.ok() || !caller.MayUse(owner->process))
      return reply.Fail(owner.ok() || owner.error().code == kUnknownInstance ? unknown : owner.error());
    const Result<WorkerJob> job = context.engine().FindJob(caller.tenant, *key);
    if (!job.ok()) return reply.Fail(job.error());
    reply.Json(200, ViewOf(*job));
  });
}

Value ReportView(const JobKey& key, const JobReply& done) {
  if (done.lease_until_us != 0)
    return Value::Object({{"id", Value::String(key.ToString())}, {"leaseUntil", TimeValue(done.lease_until_us)}});
  return Value::Object({{"id", Value::String(key.ToString())},
                        {"instance", Value::String(key.instance.ToString())},
                        {"status", Value::String(done.status)}});
}

// The refusal of an outcome tells all that is wrong with it.
void FailReport(const RouteContext& context, const Reply& reply, const JobReport& report, const Error& error) {
  if (error.code != kInvalidOutput) return reply.Fail(error);
  context.Later(reply, [=] {
    const std::vector<Error> mistakes = context.engine().MistakesOf(report);
    return mistakes.empty() ? reply.Fail(error) : reply.Fail(mistakes);
  });
}

// extend, complete and fail.
void Report(const RouteContext& context, const HttpRequest& request, const std::string& name, const Reply& reply,
            const std::string& word) {
  const QueryReader query(request, {});
  Result<Value> body = ReadJsonBody(request);
  if (!body.ok()) return reply.Fail(body.error());
  std::vector<std::string> known = {"leaseToken"};
  if (word == "extend") known.push_back("lease");
  if (word == "complete") known.push_back("output");
  if (word == "fail") known.insert(known.end(), {"error", "technical", "message", "data", "retryAfter"});
  FieldReader fields(*body, known);
  JobReport report;
  report.tenant = reply.caller().tenant;
  report.may_take = LimitOf(reply.caller());
  report.lease_token = fields.RequiredText("leaseToken");
  if (word == "extend") report.lease_ms = ReadLease(fields);
  if (word == "complete") {
    const Value* output = fields.Any("output");
    report.outcome = JobSuccess{output ? *output : Value()};
  }
  if (word == "fail") report.outcome = ReadFailure(fields);
  std::vector<Error> mistakes = query.mistakes();
  Append(mistakes, fields.mistakes());
  const CommandRequest asked = ReadCommand(request, word + " job", name, *body, mistakes);
  report.idempotency_key = asked.idempotency_key;
  report.request_hash = asked.request_hash;
  if (!mistakes.empty()) return reply.Fail(mistakes);
  const std::optional<JobKey> key = JobKey::Parse(name);
  if (!key) return reply.Fail(Error{kUnknownJob, "Expected the id of a job, but none is called '" + name + "'."});
  report.key = *key;
  context.engine().Report(report, [=](Result<JobReply> done) {
    if (!done.ok()) return FailReport(context, reply, report, done.error());
    HttpHeaders headers;
    if (done->repeated) headers.emplace_back("Idempotency-Replayed", "true");
    reply.Json(200, ReportView(*key, *done), std::move(headers));
  });
}

}  // namespace

void AddJobRoutes(const RouteContext& context) {
  context.Add("GET", "/v1/jobs/{id}", [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
    Get(context, request, params["id"], reply);
  });
  context.Add("GET", "/v1/jobs", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    List(context, request, reply);
  });
  context.Add("POST", "/v1/jobs/fetch", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    Fetch(context, request, reply);
  });
  context.Add("GET", "/v1/jobs/stream", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    Stream(context, request, reply);
  });
  for (const std::string word : {"extend", "complete", "fail"})
    context.Add("POST", "/v1/jobs/{id}/" + word,
                [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                  Report(context, request, params["id"], reply, word);
                });
}

}  // namespace fermata
