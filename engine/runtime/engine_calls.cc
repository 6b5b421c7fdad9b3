#include "engine/runtime/engine_calls.h"

#include <atomic>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "engine/model/json_field.h"
#include "engine/model/limits.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

using field::Text;

constexpr std::int64_t kCancelWaitMs = 30LL * 24 * 3600 * 1000;  // an undo may stand as an incident for long

// Every page of them, of the tenant whose instance calls.
Result<std::vector<InstanceSummary>> FindByKey(CalledEngine& engine, const Job& job, std::optional<bool> live) {
  const std::optional<InstanceId> caller = InstanceId::Parse(job.instance_id);
  Result<InstanceOwner> owner = engine.FindOwner(caller.value_or(InstanceId()));
  if (!owner.ok()) return owner.error();
  const Value& input = job.input;
  InstanceQuery query;
  query.filter.tenant = owner->tenant;
  query.filter.process = Text(input, "process");
  query.filter.key = Text(input, "key");
  query.filter.live = live;
  query.filter.limit = kPageItemsMax;
  std::vector<InstanceSummary> found;
  do {
    Result<Page<InstanceSummary>> page = engine.List(query);
    if (!page.ok()) return page.error();
    std::move(page->items.begin(), page->items.end(), std::back_inserter(found));
    if (found.size() > kEngineCallInstancesMax)
      return Error{kInvalidInput, "Expected at most " + std::to_string(kEngineCallInstancesMax) +
                                      " instances with the key '" + *query.filter.key + "', but there are more."};
    query.cursor = std::move(page->next_cursor);
  } while (!query.cursor.empty());
  return found;
}

TechnicalFailure Unavailable(const Error& error) { return {TechnicalError::kUnavailable, error.message, 0}; }

TechnicalFailure NotThroughYet() {
  return {TechnicalError::kUnavailable, "Expected every instance to be cancelled, but not all are through yet.", 0};
}

}  // namespace

// One engine.cancel: completes once, with the first failure or when every instance has ended.
class EngineCalls::Cancelling {
 public:
  Cancelling(std::size_t count, JobExecutor::Completion completion)
      : count_(count), left_(count), completion_(std::move(completion)) {}

  void OneEnded() {
    if (--left_ > 0) return;
    Complete(JobSuccess{Value::Object({{"cancelled", Value::Int(static_cast<std::int64_t>(count_))}})});
  }
  // Does not wait for the others: their undo may take long, and this one should be tried again soon.
  void Fail(TechnicalFailure failure) { Complete(std::move(failure)); }

 private:
  void Complete(Outcome outcome) {
    if (!completed_.exchange(true)) completion_(std::move(outcome));
  }

  const std::size_t count_;
  std::atomic<std::size_t> left_;
  std::atomic<bool> completed_{false};
  const JobExecutor::Completion completion_;
};

EngineCalls::EngineCalls(CalledEngine& engine) : engine_(engine), reads_(1, kJobsInFlightMax) {}

void EngineCalls::Run(Job job, JobExecutor::Completion completion) {
  if (reads_.Post([this, job = std::move(job), completion] { RunNow(job, completion); })) return;
  completion(TechnicalFailure{TechnicalError::kUnavailable,
                              "Expected fewer calls of the engine by its own processes, but there are too many.", 0});
}

void EngineCalls::RunNow(const Job& job, JobExecutor::Completion completion) {
  if (job.operation == "cancel") return Cancel(job, std::move(completion));
  if (job.operation == "find") return Find(job, std::move(completion));
  completion(TechnicalFailure{TechnicalError::kUnavailable,
                              "Expected engine.cancel or engine.find, but got engine." + job.operation + ".", 0});
}

void EngineCalls::Find(const Job& job, JobExecutor::Completion completion) {
  Result<std::vector<InstanceSummary>> instances = FindByKey(engine_, job, std::nullopt);
  if (!instances.ok()) return completion(Unavailable(instances.error()));
  std::vector<Value> found;
  for (const InstanceSummary& instance : *instances) {
    found.push_back(Value::Object({{"id", Value::String(instance.id.ToString())},
                                   {"status", Value::String(instance.status)},
                                   {"states", field::ListOf(instance.states)}}));
  }
  completion(JobSuccess{Value::List(std::move(found))});
}

void EngineCalls::Cancel(const Job& job, JobExecutor::Completion completion) {
  Result<std::vector<InstanceSummary>> instances = FindByKey(engine_, job, true);
  if (!instances.ok()) return completion(Unavailable(instances.error()));
  for (const InstanceSummary& instance : *instances)
    if (IsAncestor(instance.id.ToString(), job.instance_id))
      return completion(BusinessFailure{
          "own-ancestor", "Expected another instance, but this one descends from " + instance.id.ToString() + ".",
          Value()});
  if (instances->empty()) return completion(JobSuccess{Value::Object({{"cancelled", Value::Int(0)}})});
  auto cancelling = std::make_shared<Cancelling>(instances->size(), std::move(completion));
  const std::string reason = Text(job.input, "reason");
  for (const InstanceSummary& instance : *instances) {
    engine_.Send({instance.id, CancelInstance{reason}},
                 [this, id = instance.id, cancelling](Result<CommandReply> sent) {
                   // Its retention may be over since it was listed.
                   if (!sent.ok() && sent.error().code == kUnknownInstance) return cancelling->OneEnded();
                   // What the status forbids has ended by itself.
                   if (!sent.ok() && sent.error().code != kStatusForbids)
                     return cancelling->Fail(Unavailable(sent.error()));
                   if (!reads_.Post([this, id, cancelling] { AwaitEnd(id, cancelling); }))
                     cancelling->Fail(NotThroughYet());
                 });
  }
}

void EngineCalls::AwaitEnd(const InstanceId& id, const std::shared_ptr<Cancelling>& cancelling) {
  engine_.WhenReached(id, "", kCancelWaitMs, [cancelling](bool ended) {
    if (ended) return cancelling->OneEnded();
    cancelling->Fail(NotThroughYet());
  });
}

bool EngineCalls::IsAncestor(const std::string& candidate, const std::string& of) {
  std::optional<InstanceId> id = InstanceId::Parse(of);
  for (int depth = 0; id && depth < kStateNestingMax * 4; ++depth) {
    if (id->ToString() == candidate) return true;
    Result<InstanceView> view = engine_.Get(*id);
    if (!view.ok()) return false;
    id = view->summary.parent;
  }
  return false;
}

}  // namespace fermata
