#include "engine/runtime/engine_calls.h"

#include <atomic>
#include <memory>

#include "engine/model/limits.h"
#include "engine/runtime/json_field.h"

namespace fermata {
namespace {

using field::Text;

constexpr std::int64_t kCancelWaitMs = 30LL * 24 * 3600 * 1000;  // an undo may stand as an incident for long

InstanceQuery LiveByKey(const Value& input) {
  InstanceQuery query;
  query.filter.process = Text(input, "process");
  query.filter.key = Text(input, "key");
  query.filter.limit = kPageItemsMax;
  return query;
}

TechnicalFailure Unavailable(const Error& error) { return {TechnicalError::kUnavailable, error.message, 0}; }

}  // namespace

void EngineCalls::Run(const Job& job, JobExecutor::Completion completion) {
  if (job.operation == "cancel") return Cancel(job, std::move(completion));
  if (job.operation == "find") return Find(job, std::move(completion));
  completion(TechnicalFailure{TechnicalError::kUnavailable,
                              "Expected engine.cancel or engine.find, but got engine." + job.operation + ".", 0});
}

void EngineCalls::Find(const Job& job, JobExecutor::Completion completion) {
  Result<Page<InstanceSummary>> page = engine_.List(LiveByKey(job.input));
  if (!page.ok()) return completion(Unavailable(page.error()));
  std::vector<Value> found;
  for (const InstanceSummary& instance : page->items) {
    std::vector<Value> states;
    for (const std::string& state : instance.states) states.push_back(Value::String(state));
    found.push_back(Value::Object({{"id", Value::String(instance.id.ToString())},
                                   {"status", Value::String(instance.status)},
                                   {"states", Value::List(std::move(states))}}));
  }
  completion(JobSuccess{Value::List(std::move(found))});
}

void EngineCalls::Cancel(const Job& job, JobExecutor::Completion completion) {
  InstanceQuery query = LiveByKey(job.input);
  query.filter.live = true;
  Result<Page<InstanceSummary>> page = engine_.List(query);
  if (!page.ok()) return completion(Unavailable(page.error()));
  for (const InstanceSummary& instance : page->items)
    if (IsAncestor(instance.id.ToString(), job.instance_id))
      return completion(BusinessFailure{
          "own-ancestor", "Expected another instance, but this one descends from " + instance.id.ToString() + ".",
          Value()});
  if (page->items.empty()) return completion(JobSuccess{Value::Object({{"cancelled", Value::Int(0)}})});

  struct Pending {
    std::atomic<std::size_t> left;
    std::atomic<bool> failed{false};
    std::int64_t count;
    JobExecutor::Completion completion;
  };
  auto pending = std::make_shared<Pending>();
  pending->left = page->items.size();
  pending->count = static_cast<std::int64_t>(page->items.size());
  pending->completion = std::move(completion);
  auto one_less = [pending](bool ended) {
    if (!ended) pending->failed = true;
    if (--pending->left > 0) return;
    if (pending->failed)
      pending->completion(TechnicalFailure{TechnicalError::kUnavailable,
                                           "Expected every instance to be cancelled, but not all are through yet.", 0});
    else
      pending->completion(JobSuccess{Value::Object({{"cancelled", Value::Int(pending->count)}})});
  };
  std::string reason = Text(job.input, "reason");
  for (const InstanceSummary& instance : page->items) {
    engine_.Send(instance.id, CancelInstance{reason}, [](Result<std::string>) {});
    engine_.WhenReached(instance.id, "", kCancelWaitMs, one_less);
  }
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
