// Workers that wait for jobs, in the order in which they came, and the leases that somebody wants to hear the end of.
//
// A fetch asks one shard after the other; if none has a job it waits until a commit brings one. Nothing polls.
//
// Thread-safe. Answers and callbacks run on a shard's thread or on that of the waiters, and must not block.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/runtime/jobs.h"
#include "engine/runtime/waiters.h"

namespace fermata {

// What a shard gives for a fetch.
struct LeaseGrant {
  std::vector<WorkerJob> jobs;
  bool more = false;  // it has others that could be leased now
};

// Has shard number `shard` lease jobs; answers after the commit.
using AskShard = std::function<void(int shard, const JobFetch& fetch, std::function<void(Result<LeaseGrant>)> answer)>;

class JobDesk : public std::enable_shared_from_this<JobDesk> {
 public:
  using FetchAnswer = std::function<void(Result<std::vector<WorkerJob>>)>;

  // `waiters` must outlive the desk, and the shards that `ask` reaches must answer before it goes.
  JobDesk(int shards, Waiters& waiters, AskShard ask);

  // Answers with at least one job, or with none once the time is over. Gives a number for End().
  std::int64_t Fetch(JobFetch fetch, FetchAnswer answer);
  // Answers a fetch that still waits with no job; one that a shard is leasing jobs for gets those.
  void End(std::int64_t number);
  // From now on nobody waits.
  void Stop();

  // From shards, after the commit: `count` jobs of the operation may be leased.
  void JobsAvailable(const std::string& tenant, const std::string& operation, int shard, int count);
  // There may be some at this shard: all who wait ask it.
  void MaybeAt(int shard);
  // Nobody knows which: all who wait ask again.
  void AnythingAvailable();
  // From shards: the job's lease is over, or holds for longer.
  void LeaseOver(const JobKey& key);
  void LeaseExtended(const JobKey& key, std::int64_t lease_ms);

 private:
  using Topic = std::pair<std::string, std::string>;  // tenant, operation
  struct Waiting {
    JobFetch fetch;
    FetchAnswer answer;
    bool asking = true;      // a shard is at it
    bool missed = false;     // something came in the meantime
    bool ended = false;      // its time was over in the meantime
    int next = 0, left = 0;  // the shards that are to be asked
    std::int64_t timer = 0;
  };
  struct Watch {
    std::function<void(const JobKey&)> on_over;
    std::int64_t timer = 0, armed = 0;  // `armed` tells the newest timer from those before it
  };
  using Later = std::vector<std::function<void()>>;  // what is done once the lock is let go

  static void Run(Later& later);
  void Ask(std::int64_t number);
  void WakeAll(int first, int shards);
  void Expire(const JobKey& key, std::int64_t armed);
  void OnGrant(std::int64_t number, int shard, Result<LeaseGrant> grant);
  // All of these want mutex_.
  void Leave(std::int64_t number, Result<std::vector<WorkerJob>> jobs, Later& later);
  void Wake(std::int64_t number, int first, int shards, Later& later);
  void WakeSome(const Topic& topic, int shard, int count, Later& later);
  void Arm(const JobKey& key, Watch& watch, std::int64_t lease_ms);

  const int shards_;
  Waiters& waiters_;
  const AskShard ask_;
  std::mutex mutex_;
  std::map<std::int64_t, Waiting> waiting_;           // oldest first
  std::map<Topic, std::set<std::int64_t>> by_topic_;  // of those that wait
  std::map<JobKey, Watch> watched_;
  std::atomic<std::size_t> watching_{0}, count_{0};  // so that commits need not take the lock for nobody
  std::int64_t next_number_ = 1, next_armed_ = 0;
  int next_shard_ = 0;
  bool stopped_ = false;
};

}  // namespace fermata
