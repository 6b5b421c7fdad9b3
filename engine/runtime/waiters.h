// Who waits for an instance to get somewhere: `?wait=`. Woken by commits, never by polling.
//
// Thread-safe. Callbacks run on the waiter thread (deadlines) or on a shard's thread (commits) and must not block.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "engine/model/ids.h"

namespace fermata {

// What a commit did to an instance, as far as waiters care.
struct Progress {
  InstanceId instance;
  std::string status;
  bool final = false;
  std::vector<std::string> entered;  // states, also those left again
};

class Waiters {
 public:
  using Callback = std::function<void(bool reached)>;

  Waiters();
  ~Waiters();  // calls back all that are left, with false

  // `until`: empty = final; a status; or a state's name.
  // Register first, then look at storage, and Reach() if it is there already: so no commit slips between.
  std::int64_t Add(const InstanceId& instance, std::string until, std::int64_t timeout_ms, Callback callback);
  // Calls the waiter back, if it still waits.
  void Finish(std::int64_t waiter, bool reached);
  void Notify(const Progress& progress);
  // The instances that somebody waits for.
  std::vector<InstanceId> Instances();
  struct Wish {
    std::int64_t waiter = 0;
    std::string until;
  };
  std::vector<Wish> WishesFor(const InstanceId& instance);
  // Cheap enough to ask for each commit.
  bool Any() const { return count_.load() > 0; }

  static bool Reached(const Progress& progress, const std::string& until);

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  struct Waiter {
    InstanceId instance;
    std::string until;
    TimePoint deadline;
    Callback callback;
  };

  void Run();
  // Removes it; the caller calls back outside the lock.
  Callback TakeLocked(std::int64_t waiter);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_map<std::int64_t, Waiter> waiters_;
  std::unordered_multimap<InstanceId, std::int64_t, InstanceIdHash> by_instance_;
  std::multimap<TimePoint, std::int64_t> by_deadline_;
  std::atomic<std::size_t> count_{0};
  std::int64_t next_ = 1;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace fermata
