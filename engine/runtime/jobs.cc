#include "engine/runtime/jobs.h"

#include <algorithm>
#include <charconv>

#include "engine/base/nearest_word.h"
#include "engine/base/quoted.h"
#include "engine/model/json.h"
#include "engine/model/json_field.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/definition_registry.h"
#include "engine/schema/schema.h"

namespace fermata {

std::string JobKey::ToString() const { return instance.ToString() + "-" + job.ToString(); }

std::optional<JobKey> JobKey::Parse(std::string_view text) {
  JobKey key;
  constexpr std::string_view kUndo = "-undo";
  if (text.ends_with(kUndo)) {
    key.job.undo = true;
    text.remove_suffix(kUndo.size());
  }
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::optional<InstanceId> id = InstanceId::Parse(text.substr(0, dash));
  const char* end = text.data() + text.size();
  const auto number = std::from_chars(text.data() + dash + 1, end, key.job.activation);
  if (!id || number.ec != std::errc() || number.ptr != end || key.job.activation < 1) return std::nullopt;
  key.instance = *id;
  return key;
}

namespace {

bool HasWorkers(const Definition& definition) {
  return std::any_of(definition.manifests.begin(), definition.manifests.end(),
                     [](const ManifestPtr& one) { return one->kind == ConnectorKind::kWorker; });
}

struct BegunCall {
  const std::string* operation = nullptr;
  const std::string* definition_hash = nullptr;
};

BegunCall FindCall(const InstanceState& state, const JobId& job) {
  if (job.undo) {
    const auto number = state.undo_index.by_activation.find(job.activation);
    if (number == state.undo_index.by_activation.end()) return {};
    const UndoRecord& record = state.undo_records.at(number->second);
    return {&record.operation, &record.definition_hash};
  }
  const JobState* call = nullptr;
  if (const auto left = state.left_jobs.find(job.activation); left != state.left_jobs.end()) call = &left->second.job;
  if (const Activation* activation = state.Find(job.activation); activation && activation->job)
    call = &*activation->job;
  return call == nullptr ? BegunCall{} : BegunCall{&call->operation, &call->definition_hash};
}

// Whether a call has begun before a migration.
bool HasEarlierCalls(const InstanceState& state) {
  const auto is_earlier = [](const std::string& hash) { return !hash.empty(); };
  for (const auto& [id, activation] : state.activations)
    if (activation.job && is_earlier(activation.job->definition_hash)) return true;
  for (const auto& [id, left] : state.left_jobs)
    if (is_earlier(left.job.definition_hash)) return true;
  return std::any_of(state.undo_index.busy.begin(), state.undo_index.busy.end(),
                     [&](std::int64_t number) { return is_earlier(state.undo_records.at(number).definition_hash); });
}

}  // namespace

DefinitionPtr CarrierOf(const DefinitionRegistry& definitions, const DefinitionPtr& own, const InstanceState& state,
                        const JobId& job) {
  const BegunCall call = FindCall(state, job);
  if (call.operation == nullptr || call.definition_hash->empty()) return own;
  DefinitionPtr carrier = definitions.FindByHash(state.process, *call.definition_hash);
  return carrier && FindOperation(carrier->manifests, *call.operation) != nullptr ? carrier : own;
}

const OperationManifest* FindWorkerOperation(const Definition& carrier, std::string_view operation) {
  const Manifest* manifest = FindManifest(carrier.manifests, operation);
  if (manifest == nullptr || manifest->kind != ConnectorKind::kWorker) return nullptr;
  return FindOperation(carrier.manifests, operation);
}

const OperationManifest* FindWorkerOperation(const DefinitionRegistry& definitions, const DefinitionPtr& own,
                                             const InstanceState& state, const JobView& job) {
  return FindWorkerOperation(*CarrierOf(definitions, own, state, job.job), job.operation);
}

std::vector<JobView> WorkerJobsInFlight(const DefinitionRegistry& definitions, const DefinitionPtr& own,
                                        const InstanceState& state) {
  if (!HasWorkers(*own) && !HasEarlierCalls(state)) return {};
  std::vector<JobView> jobs = JobsInFlight(state);
  std::erase_if(jobs, [&](const JobView& job) { return FindWorkerOperation(definitions, own, state, job) == nullptr; });
  return jobs;
}

std::optional<JobView> FindJobInFlight(const InstanceState& state, const JobId& job) {
  for (JobView& view : JobsInFlight(state))
    if (view.job == job) return std::move(view);
  return std::nullopt;
}

JobRow JobRowOf(const InstanceState& state, const JobView& job, std::int64_t now_us) {
  JobRow row;
  row.instance = state.id;
  row.activation = job.job.activation;
  row.undo = job.job.undo;
  row.tenant = state.tenant;
  row.process = state.process;
  row.state = job.state;
  row.operation = job.operation;
  row.attempt = job.attempt;
  row.opened_us = now_us;
  row.bytes = WriteJson(Value::Object({{"input", job.input},
                                       {"key", state.key ? Value::String(*state.key) : Value::Null()},
                                       {"traceparent", Value::String(state.traceparent)},
                                       {"timeoutMs", Value::Int(job.timeout_ms)}}));
  return row;
}

Result<StoredJob> DecodeJob(std::string_view bytes) {
  Result<Value> json = ParseJson(bytes);
  if (!json.ok()) return json.error();
  const Value* timeout = json->Find("timeoutMs");
  if (timeout == nullptr || timeout->kind() != ValueKind::kInt)
    return Error{kCorruptMessage, "Expected a worker's job, but its row has something else."};
  StoredJob stored;
  stored.input = field::Any(*json, "input");
  if (const Value* key = json->Find("key"); key && key->is_string()) stored.key = std::string(key->as_string());
  stored.traceparent = field::Text(*json, "traceparent");
  stored.timeout_ms = timeout->as_int();
  return stored;
}

Result<WorkerJob> WorkerJobOf(const JobRow& row, std::int64_t now_us) {
  Result<StoredJob> stored = DecodeJob(row.bytes);
  if (!stored.ok()) return stored.error();
  WorkerJob job;
  job.key = KeyOf(row);
  job.process = row.process;
  job.state = row.state;
  job.operation = row.operation;
  job.business_key = std::move(stored->key);
  job.input = std::move(stored->input);
  job.attempt = row.attempt;
  job.idempotency_key = row.instance.ToString() + "/" + job.key.job.ToString();
  job.traceparent = std::move(stored->traceparent);
  job.opened_us = row.opened_us;
  job.worker = row.worker;
  if (row.lease_until_us > now_us) job.lease_until_us = row.lease_until_us;
  job.ends_us = row.ends_us;
  return job;
}

std::string WhyGone(const InstanceState& state, const JobId& job) {
  const std::string head = "Expected a job that somebody waits for, but ";
  if (IsFinal(state.status)) return head + "its instance is " + std::string(StatusName(state.status)) + ".";
  if (job.undo) return head + "this undo's try is over.";
  const auto left = state.left_jobs.find(job.activation);
  const Activation* activation = state.Find(job.activation);
  const JobState* call = left != state.left_jobs.end()              ? &left->second.job
                         : activation != nullptr && activation->job ? &*activation->job
                                                                    : nullptr;
  if (call != nullptr && call->answered)
    return head + "it has an outcome, which is taken when the instance is resumed.";
  if (call != nullptr)
    return head + "try " + std::to_string(call->attempt) +
           " is over: it has failed or timed out, and no other has begun.";
  return head + (activation != nullptr ? "it has its outcome." : "its state was left.");
}

std::vector<Error> MistakesOf(const OperationManifest& operation, const Outcome& outcome) {
  std::vector<Error> mistakes;
  if (const auto* success = std::get_if<JobSuccess>(&outcome); success && operation.output) {
    for (SchemaViolation& violation : Validate(*operation.output, success->output))
      mistakes.push_back({kInvalidOutput, std::move(violation.message), "/output" + violation.path});
  }
  const auto* failure = std::get_if<BusinessFailure>(&outcome);
  const std::vector<std::string>& declared = operation.errors;
  if (failure && std::find(declared.begin(), declared.end(), failure->name) == declared.end()) {
    const std::string names = QuotedList(declared);
    const std::string nearest = NearestWord(failure->name, declared);
    mistakes.push_back({kUndeclaredError,
                        "Expected an error that the operation declares (" +
                            (names.empty() ? "it declares none" : names) + "), but got '" + failure->name + "'.",
                        "/error", nearest.empty() ? "" : "Did you mean '" + nearest + "'?"});
  }
  return mistakes;
}

}  // namespace fermata
