// The only door to persistence.
//
// One writer per lane hands over batches and goes on; the storage makes each batch one transaction (or merges several into one) with full sync,
// and tells when it is durable. Reads see every commit that was reported before them, never one that was not durable.
//
// Thread-safe. Reads block the calling thread and may be called from any; Commit never blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/ids.h"
#include "engine/storage/shard_set.h"

namespace fermata {

// ---- rows: what is stored; times are microseconds since the epoch; payloads are opaque bytes made by engine/codec ----

// All events of one decision. Primary key (instance, seq); seq counts an instance's rows from 1 without a gap:
// inserting one that is there already fails the batch (a second fence against two writers).
struct JournalRow {
  InstanceId instance;
  std::int64_t seq = 0;
  std::int64_t time_us = 0;
  std::string bytes;
};

// A cache of the journal up to and with `seq`; one per instance, the newest.
struct SnapshotRow {
  InstanceId instance;
  std::int64_t seq = 0;
  std::string bytes;
};

// What lists and filters look at. One per instance; written when one of its columns changes.
struct InstanceRow {
  InstanceId id;
  std::string tenant;
  std::string process;
  std::string version;
  std::string definition_hash;
  std::optional<std::string> key;  // then the id's shard is HomeShard(tenant, key)
  std::string status;              // the seven words of language.md 5
  bool live = true;                // not completed, failed or cancelled
  std::vector<std::string>
      states;         // active states, outer ones first; empty while it runs (they change too often to be kept here)
  std::string error;  // name, when failed
  std::int64_t open_incidents = 0;
  std::optional<InstanceId> parent;
  std::int64_t started_us = 0;
  std::int64_t updated_us = 0;
  std::int64_t ended_us = 0;  // 0 while live
  friend bool operator==(const InstanceRow&, const InstanceRow&) = default;
};

// The whole row is its primary key: a timer is moved by deleting one row and putting another.
struct TimerRow {
  InstanceId instance;
  std::int64_t activation = 0;
  std::int64_t slot = 0;
  std::int64_t due_us = 0;
  friend bool operator==(const TimerRow&, const TimerRow&) = default;
};

// Waits by `match`: events of `type` with key `value` go to this activation's instance. Lives on the shard of (tenant, value).
struct SubscriptionRow {
  int shard = 0;
  std::string tenant, type, value;
  InstanceId instance;
  std::int64_t activation = 0;
  friend bool operator==(const SubscriptionRow&, const SubscriptionRow&) = default;
};

// A command for an instance of `shard`, or a message that may start one. Put by the sender's commit, taken by the receiver's.
struct InboxRow {
  int shard = 0;      // the receiver's; or a node's mailbox (nodes.h)
  InstanceId sender;  // (sender, seq, index) is the primary key and the order of delivery per sender
  std::int64_t seq = 0;
  std::int64_t index = 0;
  std::string bytes;
};

// An event that matched no live instance yet: one copy a process and value. Lives on the shard of (tenant, value).
struct KeptEventRow {
  int shard = 0;
  std::string tenant, process, value;
  std::int64_t order = 0;  // of arrival, growing within the shard
  std::string type;
  std::int64_t expires_us = 0;
  std::string bytes;
};

// (tenant, source, id, value) was accepted. Remembered until expires_us. Lives on the shard of (tenant, value).
struct EventIdentityRow {
  int shard = 0;
  std::string tenant, source, id, value;
  std::int64_t expires_us = 0;
};

// The answer that a request with this Idempotency-Key got.
struct IdempotencyRow {
  int shard = 0;
  std::string tenant, key;
  std::string request_hash;
  std::string answer;
  std::int64_t expires_us = 0;
};

// For `unique: ever`: the key is taken for good, beyond the instance's retention. Lives on the shard of (tenant, key).
struct EverKeyRow {
  int shard = 0;
  std::string tenant, process, key;
  InstanceId instance;
};

struct IncidentRow {
  InstanceId instance;
  std::int64_t number = 0;
  std::string tenant, process, state;
  std::string error, message;  // name and text
  bool open = true;
  std::int64_t opened_us = 0;
  std::int64_t closed_us = 0;
  friend bool operator==(const IncidentRow&, const IncidentRow&) = default;
};

// An open human task; deleted when it is closed. (instance, activation) is the primary key.
struct TaskRow {
  InstanceId instance;
  std::int64_t activation = 0;
  std::string tenant, process, state;
  std::string role, user;                                          // whom it is assigned to; empty = nobody
  std::int64_t due_us = std::numeric_limits<std::int64_t>::max();  // lists are in this order; those without come last
  std::int64_t opened_us = 0;
  std::string bytes;
  std::string claimed{};  // by whom; empty = nobody
  friend bool operator==(const TaskRow&, const TaskRow&) = default;
};

// One try of a call that an external worker carries out: put by the commit that dispatches it, deleted by the one that takes its outcome or
// withdraws it. (instance, activation, undo) is the primary key: another try replaces the row.
struct JobRow {
  InstanceId instance;
  std::int64_t activation = 0;
  bool undo = false;
  std::string tenant, process, state, operation;  // connector.operation
  std::int64_t attempt = 1;
  std::int64_t opened_us = 0;
  std::int64_t lease_until_us = 0;  // 0 = this try was not fetched yet; in the past: the lease has lapsed
  std::string lease_token, worker;  // of the newest lease
  std::int64_t ends_us = 0;         // then the try times out; 0 until it is fetched
  std::string bytes;
  friend bool operator==(const JobRow&, const JobRow&) = default;
};

// A variable of an instance that its process declares as searchable, as text. (instance, name) is the primary key.
struct SearchRow {
  InstanceId instance;
  std::string name, tenant, value;
  friend bool operator==(const SearchRow&, const SearchRow&) = default;
};

// Where the schedule of a process stands. Lives on the shard of (tenant, process).
struct ScheduleRow {
  int shard = 0;
  std::string tenant, process;
  std::string bytes;
  friend bool operator==(const ScheduleRow&, const ScheduleRow&) = default;
};

// One immutable bundle: the YAML, its schemas and the manifests it was checked against (bytes made by runtime/).
struct DefinitionRow {
  std::string process, version, hash;
  std::int64_t deployed_us = 0;
  std::string bundle;
};

// A connector's manifest given over REST (kind http or worker).
struct ManifestRow {
  std::string connector, version;
  std::int64_t deployed_us = 0;
  std::string text;
};

// An API key without its secret; `bytes` are made by api/security. There are few: they are read all at once.
struct ApiKeyRow {
  std::string id;
  std::string bytes;
  friend bool operator==(const ApiKeyRow&, const ApiKeyRow&) = default;
};

// One action in a tenant's audit log. (tenant, seq) is the primary key; seq counts a tenant's rows from 1 without a gap:
// inserting one that is there already fails the batch. `hash` is over the other columns, `previous` is the hash of the row before.
struct AuditRow {
  std::string tenant;
  std::int64_t seq = 0;
  std::int64_t time_us = 0;
  std::string actor, action, target, result;
  std::string previous, hash;
  friend bool operator==(const AuditRow&, const AuditRow&) = default;
};

// What an operator has ordered and stands until it is through or taken back: a pause, work in bulk. (kind, id) is the primary key; `bytes`
// are made by runtime/. There are few.
struct StandingOrderRow {
  std::string kind, id;
  std::string bytes;
  friend bool operator==(const StandingOrderRow&, const StandingOrderRow&) = default;
};

// An event for a webhook: put by the commit of what it tells, replaced after each try to send it. (webhook, id) is the primary key.
struct DeliveryRow {
  int shard = 0;  // of the instance that it tells of
  std::string webhook, id;
  std::string tenant;
  std::string status;  // pending, delivered, failed
  std::int64_t created_us = 0;
  std::int64_t due_us =
      0;  // of the next try; once it is not pending any more: when the row is forgotten (DeleteExpired)
  std::string bytes;
  friend bool operator==(const DeliveryRow&, const DeliveryRow&) = default;
};

// ---- writing ----

// All of it or nothing. Puts replace a row with the same primary key (journal rows and definitions may not exist); deletes of absent rows are no errors.
// Within one batch a row is named at most once per table.
struct Batch {
  std::vector<JournalRow> journal;
  std::vector<SnapshotRow> snapshots;
  std::vector<InstanceRow> instances;
  std::vector<TimerRow> timers;
  std::vector<TimerRow> timers_deleted;  // due_us is that of the row to delete
  std::vector<SubscriptionRow> subscriptions;
  std::vector<SubscriptionRow> subscriptions_deleted;
  std::vector<InboxRow> inbox;
  std::vector<InboxRow> inbox_deleted;  // bytes empty
  std::vector<InboxRow>
      inbox_taken;  // deleted as well; one that is absent fails the batch: nothing is taken twice. Bytes empty
  std::vector<KeptEventRow> kept_events;
  std::vector<KeptEventRow> kept_events_deleted;  // bytes empty
  std::vector<EventIdentityRow> event_identities;
  std::vector<IdempotencyRow> idempotency_keys;
  std::vector<EverKeyRow> ever_keys;
  std::vector<IncidentRow> incidents;
  std::vector<TaskRow> tasks;
  std::vector<TaskRow> tasks_deleted;  // only the primary key counts
  std::vector<JobRow> jobs;
  std::vector<JobRow> jobs_deleted;  // only the primary key counts
  std::vector<SearchRow> search_values;
  std::vector<InstanceId>
      instances_deleted;  // with their journals, snapshots, incidents and search values; keys taken for ever stay
  std::vector<ScheduleRow> schedules;
  std::vector<ScheduleRow> schedules_deleted;  // bytes empty
  std::vector<DefinitionRow> definitions;
  std::vector<std::pair<std::string, std::string>> live_versions;  // process -> hash that new starts take
  std::vector<ManifestRow> manifests;
  std::vector<ApiKeyRow> api_keys;
  std::vector<std::string> api_keys_deleted;  // ids
  std::vector<AuditRow> audit;
  std::vector<StandingOrderRow> standing_orders;
  std::vector<StandingOrderRow> standing_orders_deleted;  // only the primary key counts
  std::vector<DeliveryRow> deliveries{};
  std::vector<DeliveryRow> deliveries_deleted{};  // only shard and primary key count

  bool empty() const;
  std::size_t Bytes() const;  // of payloads, roughly
};

enum class CommitOutcome {
  kCommitted,  // durable
  kFailed,     // certainly not there, nothing of it
  kUnknown,    // the connection was lost at COMMIT: the journal knows. The caller reloads.
  kFenced,     // another node has taken over: this one must stop writing
};
using CommitCallback = std::function<void(CommitOutcome)>;

// ---- reading ----

struct StoredInstance {
  InstanceRow row;
  std::optional<SnapshotRow> snapshot;
  std::vector<JournalRow> tail;  // after the snapshot, in order
};

// Open incidents that have all of this in common.
struct IncidentCount {
  std::string tenant, process, state;
  std::int64_t count = 0;
  friend bool operator==(const IncidentCount&, const IncidentCount&) = default;
};

struct InstanceFilter {
  std::string tenant{kDefaultTenant};
  std::optional<std::string> process;
  std::optional<std::string> status;
  std::optional<std::string> state;  // an active state's name; only live instances have any
  std::optional<std::string> key;
  std::vector<std::pair<std::string, std::string>>
      values;  // searchable variables and what they are, as text; all must hold
  std::optional<std::int64_t> started_from_us, started_before_us;
  std::optional<bool> live;
  // Newest first; only those before this id (exclusive) in the order (started_us, id) descending.
  std::optional<std::pair<std::int64_t, InstanceId>> before;
  int limit = 50;
};

// Instances of this version that ended at that time or before it.
struct EndedFilter {
  std::string process, version;
  std::int64_t ended_by_us = 0;
  std::optional<std::pair<std::int64_t, InstanceId>> after{};  // ascending (ended_us, id)
  int limit = 50;
};

struct IncidentFilter {
  std::string tenant{kDefaultTenant};
  std::optional<std::string> process;
  std::optional<InstanceId> instance;
  std::optional<bool> open;
  std::optional<std::pair<InstanceId, std::int64_t>> after;  // ascending (instance, number)
  int limit = 50;
};

// Where a page of tasks ended: ascending (due_us, instance, activation).
struct TaskPlace {
  std::int64_t due_us = 0;
  InstanceId instance;
  std::int64_t activation = 0;
};

struct TaskFilter {
  std::string tenant{kDefaultTenant};
  std::optional<std::string> process, state, role, user;
  std::optional<InstanceId> instance;
  std::optional<TaskPlace> after;
  int limit = 50;
  std::optional<std::string> assignee{};  // claimed by this user, or assigned to them
  // Claimed by nobody, and assigned to one of these roles or users, or to nobody; empty = whatever.
  std::vector<std::string> candidates{};
};

// Open tasks that have all of this in common.
struct TaskCount {
  std::string process, state, role;
  bool mine = false;     // claimed by the user that was asked for, or assigned to them
  bool free = false;     // claimed by nobody and assigned to no user
  bool overdue = false;  // its due time has passed
  std::int64_t count = 0;
  friend bool operator==(const TaskCount&, const TaskCount&) = default;
};

// Where a page of jobs ended: ascending (opened_us, instance, activation, undo).
struct JobPlace {
  std::int64_t opened_us = 0;
  InstanceId instance;
  std::int64_t activation = 0;
  bool undo = false;
};

struct JobFilter {
  std::string tenant{kDefaultTenant};
  std::optional<std::string> operation, process;
  std::optional<InstanceId> instance;
  std::optional<bool> leased;  // at `now_us`
  std::int64_t now_us = 0;
  std::optional<JobPlace> after;
  int limit = 50;
};

// Jobs that a worker may fetch at `now_us`: never leased, or with a lapsed lease.
struct JobsWanted {
  std::string tenant{kDefaultTenant};
  std::string operation;
  std::int64_t now_us = 0;
  ShardSet of = AllShards();
  int limit = 1;
};

struct JobCount {
  std::string tenant, operation;
  std::int64_t available = 0, leased = 0;
  std::int64_t oldest_us = 0;  // when the oldest of them was put
  friend bool operator==(const JobCount&, const JobCount&) = default;
};

struct DeliveryFilter {
  std::string webhook;
  std::optional<std::string> status{};
  // Newest first; only those before this one (exclusive) in the order (created_us, id) descending.
  std::optional<std::pair<std::int64_t, std::string>> before{};
  int limit = 50;
};

// Deliveries that have this in common.
struct DeliveryCount {
  std::string webhook, status;
  std::int64_t count = 0;
  std::int64_t oldest_us = 0;  // when the oldest of them was put
  friend bool operator==(const DeliveryCount&, const DeliveryCount&) = default;
};

struct StorageInfo {
  std::string name;  // "memory", "sqlite", "postgres"
  std::string sync;  // "full", "none"
  int shard_count = 1;
};

class Nodes;

class Storage {
 public:
  virtual ~Storage() = default;
  virtual StorageInfo Info() const = 0;
  // Those that share the storage; null if nobody can. Lives as long as the storage.
  virtual Nodes* nodes() { return nullptr; }

  // Hands a batch over. Batches of one lane become durable in the order in which they were handed over; after one that did not commit,
  // every later batch of the lane that was handed over before ResetLane() gets kFailed too. `done` is called once, from a storage thread, and must not block.
  virtual void Commit(int lane, Batch batch, CommitCallback done) = 0;
  // Makes the lane usable again after a failure, once all of its callbacks have come.
  virtual void ResetLane(int lane) = 0;
  // Why the newest commit that did not succeed did not; nullopt when one succeeded after it. For logs and /readyz.
  virtual std::optional<Error> LastCommitError() const { return std::nullopt; }

  // Succeeds once no commit of this node whose outcome was kUnknown can still be under way: before that, reads may be older than what it
  // writes.
  virtual Status AwaitCommits() { return Done{}; }

  virtual Result<std::optional<StoredInstance>> LoadInstance(const InstanceId& id) = 0;
  // Those of these that are there, in one turn to the database where it has turns: some dozens.
  virtual Result<std::vector<StoredInstance>> LoadInstances(std::span<const InstanceId> ids) {
    std::vector<StoredInstance> all;
    for (const InstanceId& id : ids) {
      Result<std::optional<StoredInstance>> stored = LoadInstance(id);
      if (!stored.ok()) return stored.error();
      if (stored->has_value()) all.push_back(**std::move(stored));
    }
    return all;
  }
  virtual Result<std::vector<JournalRow>> ReadJournal(const InstanceId& id, std::int64_t after_seq, int limit) = 0;
  virtual Result<std::vector<InstanceRow>> ListInstances(const InstanceFilter& filter) = 0;
  // Live instances with this business key; of every process if `process` is empty.
  virtual Result<std::vector<InstanceRow>> FindLiveByKey(std::string_view tenant, std::string_view process,
                                                         std::string_view key) = 0;
  virtual Result<std::optional<EverKeyRow>> FindEverKey(std::string_view tenant, std::string_view process,
                                                        std::string_view key) = 0;
  virtual Result<std::vector<SubscriptionRow>> FindSubscriptions(std::string_view tenant, std::string_view type,
                                                                 std::string_view value) = 0;
  // Oldest first, expired ones too (the caller looks at expires_us).
  virtual Result<std::vector<KeptEventRow>> FindKeptEvents(std::string_view tenant, std::string_view process,
                                                           std::string_view value) = 0;
  // Of every process: for a new `match` subscription.
  virtual Result<std::vector<KeptEventRow>> FindKeptEventsOfType(std::string_view tenant, std::string_view type,
                                                                 std::string_view value) = 0;
  virtual Result<std::optional<EventIdentityRow>> FindEventIdentity(std::string_view tenant, std::string_view source,
                                                                    std::string_view id, std::string_view value) = 0;
  virtual Result<std::optional<IdempotencyRow>> FindIdempotencyKey(std::string_view tenant, std::string_view key) = 0;
  virtual Result<std::vector<IncidentRow>> ListIncidents(const IncidentFilter& filter) = 0;
  // By (tenant, process, state); at most `limit` of them.
  virtual Result<std::vector<IncidentCount>> CountIncidents(int limit) = 0;
  virtual Result<std::vector<TaskRow>> ListTasks(const TaskFilter& filter) = 0;
  // By (process, state, role, mine, free, overdue). `user` may be empty: then none is theirs.
  virtual Result<std::vector<TaskCount>> CountTasks(std::string_view tenant, std::string_view user,
                                                    std::int64_t now_us) = 0;
  virtual Result<std::vector<JobRow>> ListJobs(const JobFilter& filter) = 0;
  virtual Result<std::optional<JobRow>> FindJob(const InstanceId& instance, std::int64_t activation, bool undo) = 0;
  // Lapsed ones first, in the order in which they lapsed; then the oldest.
  virtual Result<std::vector<JobRow>> FindAvailableJobs(const JobsWanted& wanted) = 0;
  // When the next lease of this operation lapses; 0 if there is none after `now_us`.
  virtual Result<std::int64_t> NextLeaseEnd(std::string_view tenant, std::string_view operation,
                                            std::int64_t now_us) = 0;
  // By (tenant, operation).
  virtual Result<std::vector<JobCount>> CountJobs(std::int64_t now_us) = 0;

  // For recovery and the timer queue; pages by key, of some shards.
  // Live instances whose status is running or compensating: the ones that may have jobs in flight.
  virtual Result<std::vector<InstanceId>> ListBusyInstances(const ShardSet& of, const InstanceId& after, int limit) = 0;
  // Instances of one version that have ended, by (ended_us, id).
  virtual Result<std::vector<InstanceRow>> ReadEndedInstances(const EndedFilter& filter) = 0;
  // Live instances, by (tenant, started_us, id); after this one.
  virtual Result<std::vector<InstanceRow>> ReadLiveInstances(const std::optional<InstanceRow>& after, int limit) = 0;
  virtual Result<std::vector<TimerRow>> ReadTimers(const ShardSet& of, std::int64_t due_before_us,
                                                   const std::optional<TimerRow>& after,
                                                   int limit) = 0;  // by (due, instance, activation, slot)
  virtual Result<std::vector<InboxRow>> ReadInbox(const ShardSet& of, const std::optional<InboxRow>& after,
                                                  int limit) = 0;  // by (sender, seq, index)
  virtual Result<std::vector<ScheduleRow>> ReadSchedules() = 0;    // by (tenant, process)
  // The highest ever put in them, 0 if none.
  virtual Result<std::int64_t> LastKeptEventOrder(const ShardSet& of) = 0;
  // Of the newest journal row ever put, of any shard, 0 if none: time never runs backwards across a restart.
  virtual Result<std::int64_t> LastTimeUs() = 0;

  virtual Result<std::vector<DefinitionRow>> ReadDefinitions() = 0;
  virtual Result<std::vector<std::pair<std::string, std::string>>> ReadLiveVersions() = 0;
  virtual Result<std::vector<ManifestRow>> ReadManifests() = 0;

  virtual Result<std::vector<ApiKeyRow>> ReadApiKeys() = 0;  // by id
  virtual Result<std::vector<AuditRow>> ReadAudit(std::string_view tenant, std::int64_t after_seq,
                                                  int limit) = 0;  // by seq
  virtual Result<std::vector<AuditRow>> ReadAuditHeads() = 0;      // the last row of each tenant, by tenant

  virtual Result<std::vector<StandingOrderRow>> ReadStandingOrders(std::string_view kind) = 0;  // by id

  virtual Result<std::vector<DeliveryRow>> ListDeliveries(const DeliveryFilter& filter) = 0;
  virtual Result<std::optional<DeliveryRow>> FindDelivery(int shard, std::string_view webhook, std::string_view id) = 0;
  // Those of this status that are due before that time, by (due_us, id).
  virtual Result<std::vector<DeliveryRow>> ReadDeliveries(const ShardSet& of, std::string_view webhook,
                                                          std::string_view status, std::int64_t due_before_us,
                                                          int limit) = 0;
  virtual Result<std::vector<DeliveryCount>> CountDeliveries() = 0;  // by (webhook, status)

  // Deletes at most `limit` expired kept events, identities, idempotency keys and deliveries that are over, each. Gives how many went.
  virtual Result<std::int64_t> DeleteExpired(std::int64_t now_us, int limit) = 0;
  // Gives a little of the room that deleted rows have left back to the disk, between two commits. False: there is not enough left to be worth it, or others
  // see to it (a database server does).
  virtual Result<bool> ReturnSpace() { return false; }
};

}  // namespace fermata
