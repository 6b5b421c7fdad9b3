// Work in bulk: the same command for every live instance that a filter finds, throttled, told of as it goes, and resumed where it was after a crash.
//
// Thread-safe. One thread works off what is under way, page by page: the tenants in turn, each at the pace of its oldest work, so none waits for
// another's to end. Each page's progress is committed before the next begins, and every command carries an idempotency key made of the work and
// the instance, so a page that is begun again acts once.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/model/command.h"
#include "engine/storage/storage.h"

namespace fermata {

class Engine;

// The other servers on the storage, as far as work in bulk has to do with them.
struct BulkPeers {
  std::function<bool()> there = [] { return false; };
  std::function<bool()> works_here = [] { return true; };  // of all servers one works
  std::function<void()> await = [] {};                     // until all know what is durable
};

struct BulkWork {
  // What each instance is asked for. ResolveIncident without a number stands for each of its open incidents.
  Command command;
  std::string action;          // as the client named it: "cancel", …
  std::string incident_error;  // only incidents with this error; empty = all
  InstanceFilter filter;       // only live instances that had started by then
  std::string reason, by;
  int per_second = 0;
  std::string idempotency_key, request_hash;  // of the request that ordered it; empty = none
};

struct BulkRefusal {
  InstanceId instance;
  Error error;
};

enum class BulkStatus { kRunning, kPaused, kStopped, kDone };
std::string_view BulkStatusName(BulkStatus status);

struct BulkView {
  std::string id;
  BulkWork work;
  BulkStatus status = BulkStatus::kRunning;
  std::int64_t created_us = 0, ended_us = 0;
  std::int64_t total = 0;                           // instances found when it was ordered
  std::int64_t visited = 0, done = 0, refused = 0;  // instances; `done` took the command, the rest had nothing to do
  std::vector<BulkRefusal> refusals;                // the first ones
  std::string cursor;                               // where it goes on
};

// What it would do now.
struct BulkTrial {
  std::int64_t total = 0, possible = 0, refused = 0;
  std::vector<BulkRefusal> refusals;  // the first ones
  bool complete = true;               // false: there are more instances than a trial looks at
};

enum class BulkOrder { kPause, kResume, kStop };

class BulkRunner {
 public:
  // All must outlive it. `commit` blocks until the batch is durable; where it fails, the batch may be there nevertheless.
  BulkRunner(Engine& engine, Clock& clock, Storage& storage, std::function<Status(Batch)> commit, BulkPeers peers = {})
      : engine_(engine), clock_(clock), storage_(storage), commit_(std::move(commit)), peers_(std::move(peers)) {}
  ~BulkRunner() { Stop(); }

  Status Load();
  void Run();
  void Stop();

  // `repeated`: this is the answer that the same request got before.
  struct Begun {
    BulkView view;
    bool repeated = false;
  };
  Result<Begun> Start(BulkWork work);
  Result<BulkTrial> Try(const BulkWork& work);
  std::vector<BulkView> All(const std::string& tenant) const;  // newest first
  Result<BulkView> Find(const std::string& tenant, const std::string& id) const;
  Result<BulkView> Steer(const std::string& tenant, const std::string& id, BulkOrder order);

 private:
  struct Page;
  // What storage has takes the place of what is in memory, if that may be something else.
  Status ReadAgainLocked();
  // Afterwards memory is read again if it failed.
  Status CommitLocked(Batch batch);
  // The commands that this instance is to get.
  Result<std::vector<Command>> CommandsFor(const BulkWork& work, const InstanceId& id);
  Result<bool> WorkPage(const BulkView& view, Page& page);
  // When a tenant's next page may begin.
  struct Pace {
    std::chrono::steady_clock::time_point next{};
    int failures = 0;  // in a row
  };
  void Loop();
  // The oldest work of the tenant whose page may begin first, and when; null if nothing is under way.
  std::pair<const BulkView*, std::chrono::steady_clock::time_point> NextUnderWay() const;
  std::optional<Result<Begun>> Remembered(const BulkWork& work) const;
  std::optional<Error> RefuseMore(const std::string& tenant) const;
  // False: its progress is not durable, and the page is to be begun again.
  bool NotePage(const std::string& id, const Page& page, bool last);
  // Changes one under `change` and makes it durable; kUnknownBulk if it is gone.
  Result<BulkView> Change(const std::string& id, const std::function<Status(BulkView&)>& change);
  Result<Begun> Begin(BulkWork work);
  Result<BulkView> SteerOnce(const std::string& tenant, const std::string& id, BulkOrder order);
  std::vector<std::string> TooOld(const std::string& tenant) const;

  Engine& engine_;
  Clock& clock_;
  Storage& storage_;
  const std::function<Status(Batch)> commit_;
  const BulkPeers peers_;
  mutable std::mutex mutex_;
  std::mutex change_mutex_;  // before mutex_: rows are committed in the order of their changes
  std::condition_variable wake_;
  std::map<std::string, BulkView> works_;  // ids grow with the time
  std::map<std::string, Pace> paces_;      // by tenant
  std::int64_t last_id_us_ = 0;
  bool stopping_ = false;
  std::atomic<bool> is_current_{true};  // whether memory has what is committed
  std::thread thread_;
};

// bulk_row.cc
std::string EncodeBulk(const BulkView& view);
Result<BulkView> DecodeBulk(const std::string& id, std::string_view bytes);

}  // namespace fermata
