#include "connectors/host/host.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "connectors/host/token_bucket.h"
#include "engine/base/log.h"
#include "engine/base/trace_context.h"

namespace fermata {
namespace {

using Clock = std::chrono::steady_clock;

struct Try {
  Job job;
  std::int64_t timeout_ms = 0;
  JobExecutor::Completion completion;
  JobExecutor::Wanted wanted;
  std::shared_ptr<Connector> connector{};
};

// The jobs of one operation that have not begun, and what it may do at once.
struct OperationQueue {
  OperationQueue(int concurrency, double per_second) : concurrency_max(concurrency), bucket(per_second) {}

  bool CanRun() const { return !waiting.empty() && running < concurrency_max; }

  int concurrency_max;
  TokenBucket bucket;
  bool held = false;  // by its rate, when somebody looked last
  int running = 0;
  std::deque<Try> waiting;
};

Outcome RunOnce(Connector& connector, const Job& job) {
  try {
    return connector.Run(job);
  } catch (...) {
    // The text of a stranger's exception may hold anything, secrets too.
    return TechnicalFailure{TechnicalError::kInternal, "Expected an outcome of " + job.connector + "." + job.operation +
                                                           ", but the connector threw an exception."};
  }
}

// Its name is the process's own word; what a service says may hold anything.
std::string NameOf(const Outcome& outcome) {
  if (const auto* refused = std::get_if<BusinessFailure>(&outcome)) return refused->name;
  if (const auto* failed = std::get_if<TechnicalFailure>(&outcome))
    return std::string(TechnicalErrorName(failed->error));
  return "";
}

void Tell(const Job& job, const Outcome& outcome, std::chrono::milliseconds took) {
  const bool failed = std::holds_alternative<TechnicalFailure>(outcome);
  const LogLevel level = failed ? LogLevel::kInfo : LogLevel::kDebug;
  if (!IsLogged(level)) return;
  const TraceContext trace = ParseTraceparent(job.traceparent);
  Log(level, failed ? "A call has failed." : "A call is done.",
      {{"trace_id", trace.trace_id},
       {"span_id", trace.span_id},
       {"instance", job.instance_id},
       {"process", job.process},
       {"state", job.state},
       {"connector", job.connector},
       {"operation", job.operation},
       {"attempt", job.attempt},
       {"error", NameOf(outcome)},
       {"milliseconds", took.count()}});
}

}  // namespace

class ConnectorHost::Pool {
 public:
  Pool(ConnectorRegistry& registry, ConnectorHostOptions options) : registry_(registry), options_(options) {
    FERMATA_ASSERT(options_.threads_max >= 1 && options_.concurrency_default >= 1);
  }

  void Submit(Try attempt) {
    Result<ConnectorRegistry::Entry> entry = registry_.ForCall(attempt.job.connector, attempt.job.manifest);
    if (!entry.ok()) return attempt.completion(TechnicalFailure{TechnicalError::kUnavailable, entry.error().message});
    const OperationManifest* operation = entry->manifest ? entry->manifest->Find(attempt.job.operation) : nullptr;
    if (operation == nullptr) {
      const std::string name = attempt.job.connector + "." + attempt.job.operation;
      return attempt.completion(
          TechnicalFailure{TechnicalError::kUnavailable,
                           "Expected a connector with the operation " + name + ", but there is none here."});
    }
    attempt.connector = std::move(entry->connector);
    bool wakes;
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
      ++in_flight_;
      ++queued_;
      QueueOf(attempt.job, entry->number, operation->limits).waiting.push_back(std::move(attempt));
      // Not `idle_ == 0`: a thread that was woken for the job before counts as idle until it really runs.
      if (queued_ > idle_ && threads_.size() < static_cast<std::size_t>(options_.threads_max))
        threads_.emplace_back([this] { Work(); });
      wakes = MayWake();
    }
    // Outside the lock, or the thread that wakes would meet it at once.
    if (wakes) wake_.notify_one();
  }

  std::size_t InFlight() const {
    std::lock_guard lock(mutex_);
    return in_flight_;
  }

  void Stop() {
    std::vector<std::thread> threads;
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      for (auto& [name, queue] : queues_) {
        in_flight_ -= queue.waiting.size();
        queue.waiting.clear();
      }
      queued_ = 0;
      threads.swap(threads_);
      wake_.notify_all();
    }
    for (std::thread& thread : threads) thread.join();
  }

 private:
  // Of one manifest's operation, for limits are the manifest's. Where a built-in connector is replaced, the newest counts; the bucket
  // starts full when the rate changes.
  OperationQueue& QueueOf(const Job& job, std::int64_t number, const OperationLimits& limits) {
    const int share = std::max(1, options_.threads_max * 3 / 4);
    const int concurrency = std::min(share, limits.concurrency > 0 ? limits.concurrency : options_.concurrency_default);
    std::string name = job.connector + "." + job.operation;
    if (number != 0) name += "#" + std::to_string(number);
    auto [found, added] = queues_.try_emplace(std::move(name), concurrency, limits.per_second);
    OperationQueue& queue = found->second;
    queue.concurrency_max = concurrency;
    if (queue.bucket.per_second() != limits.per_second) queue.bucket = TokenBucket(limits.per_second);
    return queue;
  }

  // One thread is woken at a time, and wakes the next one when it has found a job and there are more: short jobs are done by
  // few threads, long ones get as many as they need.
  bool MayWake() {
    if (idle_ == 0 || waking_) return false;
    waking_ = true;
    return true;
  }

  bool HasReady() const {
    for (const auto& [name, queue] : queues_)
      if (queue.CanRun() && !(queue.held && timed_ > 0)) return true;
    return false;
  }

  void Work() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      Clock::time_point wake_at = Clock::time_point::max();
      if (OperationQueue* queue = NextReady(wake_at)) {
        RunNext(*queue, lock);
        continue;
      }
      ++idle_;
      if (wake_at == Clock::time_point::max()) {
        wake_.wait(lock);
      } else {
        ++timed_;
        wake_.wait_until(lock, wake_at);
        --timed_;
      }
      --idle_;
      waking_ = false;
    }
  }

  // Goes round from the operation after the one that was served last. If all that wait are held back by their rate,
  // `wake_at` is when the first of them may go on.
  OperationQueue* NextReady(Clock::time_point& wake_at) {
    const Clock::time_point now = Clock::now();
    auto candidate = queues_.upper_bound(served_last_);
    for (std::size_t seen = 0; seen < queues_.size(); ++seen, ++candidate) {
      if (candidate == queues_.end()) candidate = queues_.begin();
      OperationQueue& queue = candidate->second;
      if (!queue.CanRun()) continue;
      queue.held = !queue.bucket.TryTake(now);
      if (queue.held) {
        wake_at = std::min(wake_at, queue.bucket.NextAt(now));
        continue;
      }
      served_last_ = candidate->first;
      return &queue;
    }
    return nullptr;
  }

  // Queues are never erased, so `queue` outlives the unlocked part.
  void RunNext(OperationQueue& queue, std::unique_lock<std::mutex>& lock) {
    Try attempt = std::move(queue.waiting.front());
    queue.waiting.pop_front();
    --queued_;
    ++queue.running;
    const bool wakes = queued_ > 0 && HasReady() && MayWake();
    lock.unlock();
    if (wakes) wake_.notify_one();
    if (!attempt.wanted || attempt.wanted()) Run(attempt);
    attempt = Try{};
    lock.lock();
    --queue.running;
    --in_flight_;
  }

  static void Run(Try& attempt) {
    const Clock::time_point began = Clock::now();
    attempt.job.deadline = began + std::chrono::milliseconds(attempt.timeout_ms);
    Outcome outcome = RunOnce(*attempt.connector, attempt.job);
    Tell(attempt.job, outcome, std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began));
    attempt.completion(std::move(outcome));
  }

  ConnectorRegistry& registry_;
  const ConnectorHostOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  // Ordered by name; its size is bounded by the operations of the manifests.
  std::map<std::string, OperationQueue, std::less<>> queues_;
  std::string served_last_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;       // threads that wait for a job
  std::size_t timed_ = 0;      // of these, those that wait for a rate to let one through
  bool waking_ = false;        // one of these was woken and has not looked yet
  std::size_t queued_ = 0;     // jobs that have not begun
  std::size_t in_flight_ = 0;  // these and the running ones
  bool stopping_ = false;
};

ConnectorHost::ConnectorHost(ConnectorRegistry& registry, ConnectorHostOptions options)
    : pool_(std::make_unique<Pool>(registry, options)) {}

ConnectorHost::~ConnectorHost() { Stop(); }

void ConnectorHost::Submit(Job job, std::int64_t timeout_ms, Completion completion, Wanted wanted) {
  pool_->Submit(Try{std::move(job), timeout_ms, std::move(completion), std::move(wanted)});
}

std::size_t ConnectorHost::InFlight() const { return pool_->InFlight(); }

void ConnectorHost::Stop() { pool_->Stop(); }

}  // namespace fermata
