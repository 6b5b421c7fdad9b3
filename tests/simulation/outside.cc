#include "tests/simulation/outside.h"

#include <utility>

#include "engine/model/ids.h"

namespace fermata {

Outcome SimOutside::Reach(const Job& job, std::mt19937_64& random) {
  auto known = answers_.find(job.idempotency_key);
  if (known != answers_.end()) return known->second;  // the service honours the key
  Outcome outcome = JobSuccess{Value::Object({{"id", Value::String(job.idempotency_key)}})};
  if (job.operation == "charge" && random() % 8 == 0) outcome = BusinessFailure{"declined", "No.", Value()};
  if (std::holds_alternative<JobSuccess>(outcome)) effects_[job.idempotency_key] = job.operation;
  answers_[job.idempotency_key] = outcome;
  return outcome;
}

void SimExecutor::Submit(Job job, std::int64_t, Completion completion, Wanted wanted) {
  calls_.push_back({std::move(job), std::move(completion), std::move(wanted)});
}

// Whether a call may take effect although its answer is lost. Not `charge`: a cancel between two of its tries would leave nobody who knows of the effect
// (the language undoes what completed and what is in flight; a call that waits for its next try is neither).
bool SimExecutor::MayArriveUnheard(const Job& job) { return job.operation != "charge"; }

bool SimExecutor::RunOne() {
  if (calls_.empty()) return false;
  std::swap(calls_.front(), calls_[random_() % calls_.size()]);
  Call call = std::move(calls_.front());
  calls_.pop_front();
  if (call.wanted && !call.wanted()) {
    // Or it had begun before its shard went.
    if (MayArriveUnheard(call.job) && random_() % 2 == 0) outside_.Reach(call.job, random_);
    return true;
  }
  // Nor is it cut when it has taken effect and its answer went down with a node.
  const bool cannot_fail = !MayArriveUnheard(call.job) && outside_.Knows(call.job);
  if (!cannot_fail && static_cast<int>(random_() % 1'000) < faults_per_mille_) {
    if (MayArriveUnheard(call.job) && random_() % 2 == 0) outside_.Reach(call.job, random_);
    call.completion(TechnicalFailure{TechnicalError::kUnavailable, "The line is cut.", 0});
  } else {
    call.completion(outside_.Reach(call.job, random_));
  }
  return true;
}

void SimExecutor::Die() {
  for (const Call& call : calls_)
    if (MayArriveUnheard(call.job) && random_() % 2 == 0) outside_.Reach(call.job, random_);
  calls_.clear();
}

void SimExecutor::Yield(const ShardSet& shards) {
  std::erase_if(calls_, [&](const Call& call) {
    const std::optional<InstanceId> id = InstanceId::Parse(call.job.instance_id);
    return !MayArriveUnheard(call.job) && id && Contains(shards, id->shard());
  });
}

}  // namespace fermata
