#include "engine/runtime/job_desk.h"

#include <algorithm>

#include "engine/runtime/codes.h"

namespace fermata {

JobDesk::JobDesk(int shards, Waiters& waiters, AskShard ask)
    : shards_(shards), waiters_(waiters), ask_(std::move(ask)) {}

void JobDesk::Run(Later& later) {
  for (std::function<void()>& step : later) step();
}

std::int64_t JobDesk::Fetch(JobFetch fetch, FetchAnswer answer) {
  std::int64_t number = 0;
  std::optional<Error> refused;
  const std::int64_t wait_ms = fetch.wait_ms;
  {
    std::lock_guard lock(mutex_);
    if (stopped_) {
      refused = Error{kShuttingDown, "Expected a running engine, but it is shutting down."};
    } else if (waiting_.size() >= kFetchesWaitingMax) {
      refused = Error{kTooManyFetches, "Expected fewer than " + std::to_string(kFetchesWaitingMax) +
                                           " requests that wait for jobs, but there are as many already."};
    } else {
      number = next_number_++;
      for (const std::string& operation : fetch.operations) by_topic_[{fetch.tenant, operation}].insert(number);
      Waiting& waiting = waiting_[number];
      waiting.fetch = std::move(fetch);
      waiting.answer = std::move(answer);
      waiting.next = next_shard_;
      next_shard_ = (next_shard_ + 1) % shards_;
      waiting.left = shards_;
      waiting.ended = wait_ms == 0;
      count_ = waiting_.size();
    }
  }
  if (refused) {
    answer(*std::move(refused));
    return 0;
  }
  if (wait_ms > 0) {
    const std::int64_t timer = waiters_.Add(InstanceId(), "", wait_ms, [desk = weak_from_this(), number](bool) {
      if (auto here = desk.lock()) here->End(number);
    });
    std::lock_guard lock(mutex_);
    if (auto found = waiting_.find(number); found != waiting_.end()) found->second.timer = timer;
  }
  Ask(number);
  return number;
}

// Hands the fetch to the next shard that it has to ask. Who is gone leaves, and what they were woken for is for others.
void JobDesk::Ask(std::int64_t number) {
  int shard = 0;
  JobFetch fetch;
  Later later;
  {
    std::lock_guard lock(mutex_);
    auto found = waiting_.find(number);
    if (found == waiting_.end()) return;
    Waiting& waiting = found->second;
    shard = waiting.next;
    waiting.next = (waiting.next + 1) % shards_;
    waiting.left -= 1;
    fetch = waiting.fetch;
    if (fetch.gone && fetch.gone()) {
      Leave(number, std::vector<WorkerJob>(), later);
      for (const std::string& operation : fetch.operations) WakeSome({fetch.tenant, operation}, shard, 1, later);
    }
  }
  if (!later.empty()) return Run(later);
  ask_(shard, fetch, [desk = weak_from_this(), number, shard](Result<LeaseGrant> grant) {
    if (auto here = desk.lock()) here->OnGrant(number, shard, std::move(grant));
  });
}

void JobDesk::OnGrant(std::int64_t number, int shard, Result<LeaseGrant> grant) {
  Later later;
  {
    std::lock_guard lock(mutex_);
    auto found = waiting_.find(number);
    if (found == waiting_.end()) return;
    Waiting& waiting = found->second;
    if (!grant.ok()) {
      Leave(number, grant.error(), later);
    } else if (!grant->jobs.empty()) {
      const JobFetch& fetch = waiting.fetch;
      if (fetch.on_lease_over)
        for (const WorkerJob& job : grant->jobs)
          Arm(job.key, watched_[job.key] = {fetch.on_lease_over, 0, 0}, fetch.lease_ms);
      watching_ = watched_.size();
      const std::vector<std::string> operations = fetch.operations;
      const std::string tenant = fetch.tenant;
      Leave(number, std::move(grant->jobs), later);
      if (grant->more)
        for (const std::string& operation : operations) WakeSome({tenant, operation}, shard, 1, later);
    } else if (waiting.left > 0) {
      later.push_back([this, number] { Ask(number); });
    } else if (waiting.missed) {
      waiting.missed = false;
      Wake(number, shard, shards_, later);
    } else if (waiting.ended) {
      Leave(number, std::vector<WorkerJob>(), later);
    } else {
      waiting.asking = false;
    }
  }
  Run(later);
}

void JobDesk::Wake(std::int64_t number, int first, int shards, Later& later) {
  Waiting& waiting = waiting_.at(number);
  waiting.asking = true;
  waiting.next = first;
  waiting.left = shards;
  later.push_back([this, number] { Ask(number); });
}

void JobDesk::Leave(std::int64_t number, Result<std::vector<WorkerJob>> jobs, Later& later) {
  auto found = waiting_.find(number);
  const JobFetch& fetch = found->second.fetch;
  for (const std::string& operation : fetch.operations) {
    auto topic = by_topic_.find({fetch.tenant, operation});
    if (topic == by_topic_.end()) continue;  // named twice
    topic->second.erase(number);
    if (topic->second.empty()) by_topic_.erase(topic);
  }
  later.push_back(
      [this, answer = std::move(found->second.answer), timer = found->second.timer, jobs = std::move(jobs)]() mutable {
        if (timer != 0) waiters_.Finish(timer, false);
        answer(std::move(jobs));
      });
  waiting_.erase(found);
  count_ = waiting_.size();
}

void JobDesk::End(std::int64_t number) {
  Later later;
  {
    std::lock_guard lock(mutex_);
    auto found = waiting_.find(number);
    if (found == waiting_.end()) return;
    if (found->second.asking)
      found->second.ended = true;
    else
      Leave(number, std::vector<WorkerJob>(), later);
  }
  Run(later);
}

void JobDesk::Stop() {
  Later later;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    while (!waiting_.empty())
      Leave(waiting_.begin()->first, Error{kShuttingDown, "Expected a running engine, but it is shutting down."},
            later);
    watched_.clear();
  }
  Run(later);
}

// The first of those that wait for the topic, until the jobs are spoken for; and whoever may find that these are none of theirs.
void JobDesk::WakeSome(const Topic& topic, int shard, int count, Later& later) {
  auto found = by_topic_.find(topic);
  if (found == by_topic_.end()) return;
  std::vector<std::int64_t> gone;
  for (std::int64_t number : found->second) {
    Waiting& waiting = waiting_.at(number);
    if (waiting.asking) {
      waiting.missed = true;
    } else if (waiting.fetch.gone && waiting.fetch.gone()) {
      gone.push_back(number);
    } else if (count > 0 || waiting.fetch.may_take) {
      if (!waiting.fetch.may_take) count -= waiting.fetch.max;
      Wake(number, shard, 1, later);
    }
  }
  for (std::int64_t number : gone) Leave(number, std::vector<WorkerJob>(), later);
}

void JobDesk::JobsAvailable(const std::string& tenant, const std::string& operation, int shard, int count) {
  if (count_ == 0) return;
  Later later;
  {
    std::lock_guard lock(mutex_);
    WakeSome({tenant, operation}, shard, count, later);
  }
  Run(later);
}

void JobDesk::AnythingAvailable() { WakeAll(0, shards_); }

void JobDesk::MaybeAt(int shard) { WakeAll(shard, 1); }

void JobDesk::WakeAll(int first, int shards) {
  if (count_ == 0) return;
  Later later;
  {
    std::lock_guard lock(mutex_);
    for (auto& [number, waiting] : waiting_) {
      if (waiting.asking)
        waiting.missed = true;
      else
        Wake(number, first, shards, later);
    }
  }
  Run(later);
}

void JobDesk::Arm(const JobKey& key, Watch& watch, std::int64_t lease_ms) {
  watch.armed = ++next_armed_;
  watch.timer = waiters_.Add(InstanceId(), "", lease_ms, [desk = weak_from_this(), key, armed = watch.armed](bool) {
    if (auto here = desk.lock()) here->Expire(key, armed);
  });
}

void JobDesk::Expire(const JobKey& key, std::int64_t armed) {
  {
    std::lock_guard lock(mutex_);
    auto found = watched_.find(key);
    if (found == watched_.end() || found->second.armed != armed) return;
  }
  LeaseOver(key);
}

void JobDesk::LeaseOver(const JobKey& key) {
  if (watching_ == 0) return;
  Watch watch;
  {
    std::lock_guard lock(mutex_);
    auto found = watched_.find(key);
    if (found == watched_.end()) return;
    watch = std::move(found->second);
    watched_.erase(found);
    watching_ = watched_.size();
  }
  waiters_.Finish(watch.timer, false);
  watch.on_over(key);
}

void JobDesk::LeaseExtended(const JobKey& key, std::int64_t lease_ms) {
  if (watching_ == 0) return;
  std::int64_t old = 0;
  {
    std::lock_guard lock(mutex_);
    auto found = watched_.find(key);
    if (found == watched_.end()) return;
    old = found->second.timer;
    Arm(key, found->second, lease_ms);
  }
  waiters_.Finish(old, false);
}

}  // namespace fermata
