// Jobs of external workers: what a worker asks for, gets and reports, and how a job's row is made.
//
// Plain data; the functions are pure but for the registry, and thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/command.h"
#include "engine/model/definition.h"
#include "engine/model/instance_state.h"
#include "engine/model/limits.h"
#include "engine/storage/storage.h"

namespace fermata {

class DefinitionRegistry;

// The timers that end a try which a worker has fetched; beside those of instance_state.h, and no part of an instance's state.
inline constexpr int kJobTimeoutSlot = -4;
inline constexpr int kUndoTimeoutSlot = -5;

struct JobKey {
  InstanceId instance;
  JobId job;
  // "<instance>-<activation>", with "-undo" behind it for an undo: the job's id in the API.
  std::string ToString() const;
  static std::optional<JobKey> Parse(std::string_view text);
  friend auto operator<=>(const JobKey&, const JobKey&) = default;
};

// One try of a call, as workers and operators see it.
struct WorkerJob {
  JobKey key;
  std::string process, state, operation;
  std::optional<std::string> business_key;
  Value input;
  std::int64_t attempt = 1;
  std::string idempotency_key, traceparent;
  std::int64_t opened_us = 0;
  std::string worker;               // who has or had it last; empty = nobody yet
  std::string lease_token;          // only for whom it was just leased to
  std::int64_t lease_until_us = 0;  // 0 = not leased
  std::int64_t ends_us = 0;         // then the try times out; 0 until it is fetched
};

// Whether the worker's key reaches to a process; absent: to all. Pure, called on any thread.
using MayTake = std::function<bool(const std::string& process)>;

// A worker wants jobs of any of these operations, the oldest first.
struct JobFetch {
  std::string tenant{kDefaultTenant};
  std::vector<std::string> operations;
  int max = 1;  // 1 to kJobsFetchedMax
  std::int64_t lease_ms = kLeaseDefaultMs;
  std::string worker{};
  std::int64_t wait_ms = 0;      // how long to wait for the first one; below 0: until EndFetch
  std::function<bool()> gone{};  // whether nobody is there any more to take them; may be absent
  // Called once for each job that is fetched when its lease is over: its outcome was taken, nobody waits for it any more, somebody else
  // has it, or the lease has lapsed. From an engine thread; must not block; may be absent.
  std::function<void(const JobKey&)> on_lease_over{};
  MayTake may_take{};
};

// What the holder of a lease says: how the job went, or (no outcome) that it needs the lease for longer.
struct JobReport {
  std::string tenant{kDefaultTenant};
  JobKey key;
  std::string lease_token;
  std::optional<Outcome> outcome;
  std::int64_t lease_ms = 0;      // from now on
  std::string idempotency_key{};  // empty = none; the lease token is one, too
  std::string request_hash{};     // of the whole request
  MayTake may_take{};             // jobs of other processes are unknown
};
struct JobReply {
  std::string status;               // of the instance after the decision; empty for an extension
  std::int64_t lease_until_us = 0;  // of an extension
  bool repeated = false;            // reported before: this is the same answer
};

struct JobQuery {
  JobFilter filter;  // `now_us` is the engine's to fill in
  std::string cursor;
};

// The definition whose manifests say how this call is carried out: the one that it began under, where a migration has come in between;
// otherwise `own`, the instance's.
DefinitionPtr CarrierOf(const DefinitionRegistry& definitions, const DefinitionPtr& own, const InstanceState& state,
                        const JobId& job);
// The operation if an external worker carries it out; null otherwise. Lives as long as the definition.
const OperationManifest* FindWorkerOperation(const Definition& carrier, std::string_view operation);
// The same for a call of an instance.
const OperationManifest* FindWorkerOperation(const DefinitionRegistry& definitions, const DefinitionPtr& own,
                                             const InstanceState& state, const JobView& job);
// Calls in flight that are for workers.
std::vector<JobView> WorkerJobsInFlight(const DefinitionRegistry& definitions, const DefinitionPtr& own,
                                        const InstanceState& state);
// The job in flight, whoever carries it out.
std::optional<JobView> FindJobInFlight(const InstanceState& state, const JobId& job);

JobRow JobRowOf(const InstanceState& state, const JobView& job, std::int64_t now_us);
// What the row does not say by its columns.
struct StoredJob {
  Value input;
  std::optional<std::string> key;
  std::string traceparent;
  std::int64_t timeout_ms = kJobTimeoutDefaultMs;
};
Result<StoredJob> DecodeJob(std::string_view bytes);
// Without the lease's token.
Result<WorkerJob> WorkerJobOf(const JobRow& row, std::int64_t now_us);
inline JobKey KeyOf(const JobRow& row) { return {row.instance, {row.activation, row.undo}}; }

// Why the job of a live instance is not in flight any more, as a whole sentence.
std::string WhyGone(const InstanceState& state, const JobId& job);
// What the manifest says against an outcome, all of it; empty = nothing.
std::vector<Error> MistakesOf(const OperationManifest& operation, const Outcome& outcome);

}  // namespace fermata
