#include "tests/moving/engine_world.h"

#include <gtest/gtest.h>

#include <future>

#include "engine/base/time.h"

namespace fermata::test {
namespace {

constexpr const char* kStoreManifest = R"yaml(
connector: store
version: 1.0.0
kind: worker
operations:
  pack: { timeout: 1m }
)yaml";

constexpr const char* kProcesses[] = {R"yaml(
fermata: 1
process: order
version: 1.0.0
key: ${input.id}
unique: running
input: { type: object, required: [id], properties: { id: { type: string } } }
vars: { customer: "${'c-' + input.id}" }
searchable: [customer]
events: { paid: { key: "${event.data.id}" } }
states:
  waiting: { on: { paid: done }, after: { 2d: late } }
  done: { end: { how: paid } }
  late: { end: { how: late } }
)yaml",
                                      R"yaml(
fermata: 1
process: listen
version: 1.0.0
key: ${input.id}
input: { type: object, required: [id], properties: { id: { type: string } } }
events: { told: { key: "${event.data.value}" } }
states:
  waiting: { on: { told: { match: "${'v-' + input.id}", go: done } }, after: { 90d: done } }
  done: { end: {} }
)yaml",
                                      R"yaml(
fermata: 1
process: pack
version: 1.0.0
key: ${input.id}
input: { type: object, required: [id], properties: { id: { type: string } } }
states:
  packing: { call: store.pack, with: { id: "${input.id}" }, next: done }
  done: { end: {} }
)yaml",
                                      R"yaml(
fermata: 1
process: family
version: 1.0.0
input: { type: object, required: [id], properties: { id: { type: string } } }
states:
  runs: { run: order, with: { id: "${'child-' + input.id}" }, next: done }
  done: { end: {} }
)yaml",
                                      R"yaml(
fermata: 1
process: approve
version: 1.0.0
key: ${input.id}
input: { type: object, required: [id], properties: { id: { type: string } } }
states:
  asking:
    ask: Approve ${input.id}
    assign: { role: boss }
    outcomes: [agree, refuse]
    next: done
  done: { end: {} }
)yaml"};

Value InputWith(const std::string& name, const std::string& value) {
  return Value::Object({{name, Value::String(value)}});
}

// What an answer gives, from whichever thread.
template <class T>
class Awaited {
 public:
  fermata::Answer<T> Callback() {
    return [promise = promise_](Result<T> result) { promise->set_value(std::move(result)); };
  }
  Result<T> Get() { return promise_->get_future().get(); }

 private:
  std::shared_ptr<std::promise<Result<T>>> promise_ = std::make_shared<std::promise<Result<T>>>();
};

}  // namespace

void EngineWorld::Open(const OpenStorage& open, int threads) {
  Result<std::unique_ptr<Storage>> storage = open();
  ASSERT_TRUE(storage.ok()) << storage.error().message;
  storage_ = *std::move(storage);
  EngineOptions options;
  options.shard_threads = threads;
  Result<std::unique_ptr<Engine>> engine = Engine::Open(options, clock_, *storage_, executor_, {});
  ASSERT_TRUE(engine.ok()) << engine.error().message;
  engine_ = *std::move(engine);
}

void EngineWorld::Close() {
  if (engine_) engine_->Stop();
  engine_.reset();
  storage_.reset();
}

void EngineWorld::DeployAll() {
  for (const char* yaml : kProcesses) {
    const DeployOutcome outcome = engine_->Deploy({"process.yaml", yaml, {}, {{"store.yaml", kStoreManifest}}});
    ASSERT_TRUE(outcome.reply) << FormatDiagnostics(outcome.diagnostics);
  }
}

Result<StartReply> EngineWorld::TryStart(const std::string& process, const std::string& id,
                                         const std::string& idempotency_key) {
  StartRequest request;
  request.process = process;
  request.input = InputWith("id", id);
  request.idempotency_key = idempotency_key;
  request.request_hash = process + id;
  Awaited<StartReply> reply;
  engine_->Start(std::move(request), reply.Callback());
  return reply.Get();
}

InstanceId EngineWorld::Start(const std::string& process, const std::string& id) {
  const Result<StartReply> reply = TryStart(process, id);
  if (!reply.ok()) ADD_FAILURE() << reply.error().message;
  return reply.ok() ? reply->id : InstanceId();
}

EventReply EngineWorld::Publish(const std::string& type, const std::string& field, const std::string& value,
                                const std::string& event_id) {
  CloudEvent event;
  event.id = event_id;
  event.source = "tests";
  event.type = type;
  event.time = FromMicros(clock_.NowUs());
  event.data = InputWith(field, value);
  Awaited<EventReply> reply;
  engine_->Publish(std::move(event), std::string(kDefaultTenant), reply.Callback());
  Result<EventReply> got = reply.Get();
  if (!got.ok()) ADD_FAILURE() << got.error().message;
  return got.ok() ? *got : EventReply();
}

std::vector<WorkerJob> EngineWorld::Fetch(std::int64_t lease_ms) {
  JobFetch fetch;
  fetch.operations = {"store.pack"};
  fetch.max = 10;
  fetch.lease_ms = lease_ms;
  fetch.worker = "tests";
  fetch.wait_ms = 5'000;
  Awaited<std::vector<WorkerJob>> reply;
  engine_->FetchJobs(std::move(fetch), reply.Callback());
  Result<std::vector<WorkerJob>> jobs = reply.Get();
  if (!jobs.ok()) ADD_FAILURE() << jobs.error().message;
  return jobs.ok() ? *std::move(jobs) : std::vector<WorkerJob>();
}

Status EngineWorld::Complete(const WorkerJob& job) {
  JobReport report;
  report.key = job.key;
  report.lease_token = job.lease_token;
  report.outcome = JobSuccess{Value::Object({})};
  Awaited<JobReply> reply;
  engine_->Report(std::move(report), reply.Callback());
  const Result<JobReply> got = reply.Get();
  if (!got.ok()) return got.error();
  return Done{};
}

Status EngineWorld::Answer(const InstanceId& id) {
  TaskQuery query;
  query.filter.instance = id;
  const Result<Page<TaskView>> tasks = engine_->Tasks(query);
  if (!tasks.ok()) return tasks.error();
  if (tasks->items.size() != 1) return Error{ErrorCode{}, "There is no task."};
  CompleteTask answer;
  answer.activation = tasks->items.front().activation;
  answer.outcome = "agree";
  answer.data = Value::Object({});
  CommandRequest request{id, std::move(answer)};
  Awaited<CommandReply> reply;
  engine_->Send(std::move(request), reply.Callback());
  const Result<CommandReply> got = reply.Get();
  if (!got.ok()) return got.error();
  return Done{};
}

bool EngineWorld::Reaches(const InstanceId& id, const std::string& until) {
  auto reached = std::make_shared<std::promise<bool>>();
  engine_->WhenReached(id, until, 10'000, [reached](bool yes) { reached->set_value(yes); });
  return reached->get_future().get();
}

std::string EngineWorld::StatusOf(const InstanceId& id) {
  const Result<InstanceView> view = engine_->Get(id);
  return view.ok() ? view->summary.status : view.error().message;
}

}  // namespace fermata::test
