#include "engine/storage/sqlite/writer.h"

#include <algorithm>
#include <array>

#include "engine/storage/states_text.h"

namespace fermata::sqlite {
namespace {

constexpr const char* kDeleteTimer =
    "DELETE FROM timers WHERE due_us = ? AND instance = ? AND activation = ? AND slot = ?";
constexpr const char* kDeleteSubscription =
    "DELETE FROM subscriptions WHERE tenant = ? AND type = ? AND value = ? AND instance = ? AND activation = ?";
constexpr const char* kDeleteInbox = "DELETE FROM inbox WHERE sender = ? AND seq = ? AND position = ?";
constexpr const char* kDeleteKeptEvent =
    "DELETE FROM kept_events WHERE tenant = ? AND value = ? AND process = ? AND arrival = ?";

constexpr const char* kDeleteTask = "DELETE FROM tasks WHERE instance = ? AND activation = ?";
constexpr const char* kDeleteJob = "DELETE FROM jobs WHERE instance = ? AND activation = ? AND undo = ?";
constexpr std::array kDeleteInstance = {
    "DELETE FROM journal WHERE instance = ?", "DELETE FROM snapshots WHERE instance = ?",
    "DELETE FROM incidents WHERE instance = ?", "DELETE FROM search_values WHERE instance = ?",
    "DELETE FROM instances WHERE id = ?"};
constexpr const char* kDeleteSchedule = "DELETE FROM schedules WHERE tenant = ? AND process = ?";

constexpr const char* kPutJournal = "INSERT INTO journal (instance, seq, time_us, bytes) VALUES (?, ?, ?, ?)";
constexpr const char* kPutSnapshot = "INSERT OR REPLACE INTO snapshots (instance, seq, bytes) VALUES (?, ?, ?)";
constexpr const char* kPutInstance =
    "INSERT OR REPLACE INTO instances (id, tenant, process, version, definition_hash, key, status, live, states, "
    "error, "
    "open_incidents, parent, started_us, updated_us, ended_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr const char* kPutTimer =
    "INSERT OR REPLACE INTO timers (due_us, instance, activation, slot) VALUES (?, ?, ?, ?)";
constexpr const char* kPutIncident =
    "INSERT OR REPLACE INTO incidents (instance, number, tenant, process, state, error, message, open, opened_us, "
    "closed_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

constexpr const char* kPutTask =
    "INSERT OR REPLACE INTO tasks (instance, activation, tenant, process, state, role, assignee, due_us, opened_us, "
    "bytes, claimed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr const char* kPutJob =
    "INSERT OR REPLACE INTO jobs (instance, activation, undo, tenant, process, state, operation, attempt, opened_us, "
    "lease_until_us, lease_token, worker, ends_us, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr const char* kPutSearchValue =
    "INSERT OR REPLACE INTO search_values (instance, name, tenant, value) VALUES (?, ?, ?, ?)";
constexpr const char* kPutSchedule = "INSERT OR REPLACE INTO schedules (tenant, process, bytes) VALUES (?, ?, ?)";

constexpr const char* kPutSubscription =
    "INSERT OR REPLACE INTO subscriptions (tenant, type, value, instance, activation) VALUES (?, ?, ?, ?, ?)";
constexpr const char* kPutInbox = "INSERT OR REPLACE INTO inbox (sender, seq, position, bytes) VALUES (?, ?, ?, ?)";
constexpr const char* kPutKeptEvent =
    "INSERT OR REPLACE INTO kept_events (tenant, value, process, arrival, type, expires_us, bytes) VALUES (?, ?, ?, ?, "
    "?, ?, ?)";
constexpr const char* kPutEventIdentity =
    "INSERT OR REPLACE INTO event_identities (tenant, source, id, value, expires_us) VALUES (?, ?, ?, ?, ?)";
constexpr const char* kPutIdempotencyKey =
    "INSERT OR REPLACE INTO idempotency_keys (tenant, key, request_hash, answer, expires_us) VALUES (?, ?, ?, ?, ?)";
constexpr const char* kPutEverKey =
    "INSERT OR REPLACE INTO ever_keys (tenant, process, key, instance) VALUES (?, ?, ?, ?)";

constexpr const char* kPutDefinition =
    "INSERT INTO definitions (process, version, hash, deployed_us, bundle) VALUES (?, ?, ?, ?, ?)";
constexpr const char* kPutLiveVersion = "INSERT OR REPLACE INTO live_versions (process, hash) VALUES (?, ?)";
constexpr const char* kPutStandingOrder = "INSERT OR REPLACE INTO standing_orders (kind, id, bytes) VALUES (?, ?, ?)";
constexpr const char* kDeleteStandingOrder = "DELETE FROM standing_orders WHERE kind = ? AND id = ?";
constexpr const char* kPutDelivery =
    "INSERT OR REPLACE INTO deliveries (webhook, id, tenant, status, created_us, due_us, bytes) VALUES (?, ?, ?, ?, ?, "
    "?, ?)";
constexpr const char* kDeleteDelivery = "DELETE FROM deliveries WHERE webhook = ? AND id = ?";
constexpr const char* kPutManifest =
    "INSERT OR REPLACE INTO manifests (connector, version, deployed_us, text) VALUES (?, ?, ?, ?)";
constexpr const char* kDeleteApiKey = "DELETE FROM api_keys WHERE id = ?";
constexpr const char* kPutApiKey = "INSERT OR REPLACE INTO api_keys (id, bytes) VALUES (?, ?)";
constexpr const char* kPutAudit =
    "INSERT INTO audit (tenant, seq, time_us, actor, action, target, result, previous, hash) VALUES (?, ?, ?, ?, ?, ?, "
    "?, ?, ?)";
constexpr const char* kRaiseCounter =
    "INSERT INTO counters (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = max(value, "
    "excluded.value)";

constexpr const char* kExpireKeptEvents =
    "DELETE FROM kept_events WHERE (tenant, value, process, arrival) IN "
    "(SELECT tenant, value, process, arrival FROM kept_events WHERE expires_us <= ? LIMIT ?)";
constexpr const char* kExpireEventIdentities =
    "DELETE FROM event_identities WHERE (tenant, source, id, value) IN "
    "(SELECT tenant, source, id, value FROM event_identities WHERE expires_us <= ? LIMIT ?)";
constexpr const char* kExpireIdempotencyKeys =
    "DELETE FROM idempotency_keys WHERE (tenant, key) IN "
    "(SELECT tenant, key FROM idempotency_keys WHERE expires_us <= ? LIMIT ?)";

constexpr const char* kExpireDeliveries =
    "DELETE FROM deliveries WHERE (webhook, id) IN "
    "(SELECT webhook, id FROM deliveries WHERE status <> 'pending' AND due_us <= ? LIMIT ?)";

// Runs statements until one fails; what follows it does nothing.
class Sequence {
 public:
  explicit Sequence(Connection& connection) : connection_(connection) {}

  template <class Row, class Bind>
  void ForEach(const char* sql, const std::vector<Row>& rows, Bind bind) {
    ForEachUntil(sql, rows, bind, [] { return false; });
  }

  // The same, but a row that is not there to be deleted fails, as one does that may not be there.
  template <class Row, class Bind>
  void TakeEach(const char* sql, const std::vector<Row>& rows, Bind bind) {
    ForEachUntil(sql, rows, bind, [this] {
      const bool absent = sqlite3_changes64(connection_.handle()) == 0;
      if (absent) code_ = SQLITE_CONSTRAINT;
      return absent;
    });
  }

  template <class Row, class Bind, class Ends>
  void ForEachUntil(const char* sql, const std::vector<Row>& rows, Bind bind, Ends ends) {
    if (rows.empty() || code_ != SQLITE_DONE) return;
    Statement* statement = connection_.Prepare(sql);
    if (statement == nullptr) {
      code_ = connection_.LastCode();
      return;
    }
    for (const Row& row : rows) {
      bind(*statement, row);
      code_ = statement->Step();
      statement->Reset();
      if (code_ != SQLITE_DONE || ends()) return;
    }
  }

  template <class... Args>
  void Run(const char* sql, const Args&... args) {
    if (code_ == SQLITE_DONE) code_ = connection_.Run(sql, args...);
  }

  int code() const { return code_; }

 private:
  Connection& connection_;
  int code_ = SQLITE_DONE;
};

void WriteDeletes(Sequence& sequence, const Batch& batch) {
  sequence.ForEach(kDeleteTimer, batch.timers_deleted, [](Statement& s, const TimerRow& row) {
    s.Bind(row.due_us, row.instance, row.activation, row.slot);
  });
  sequence.ForEach(kDeleteSubscription, batch.subscriptions_deleted, [](Statement& s, const SubscriptionRow& row) {
    s.Bind(row.tenant, row.type, row.value, row.instance, row.activation);
  });
  const auto bind_inbox_key = [](Statement& s, const InboxRow& row) { s.Bind(row.sender, row.seq, row.index); };
  sequence.TakeEach(kDeleteInbox, batch.inbox_taken, bind_inbox_key);
  sequence.ForEach(kDeleteInbox, batch.inbox_deleted, bind_inbox_key);
  sequence.ForEach(kDeleteKeptEvent, batch.kept_events_deleted, [](Statement& s, const KeptEventRow& row) {
    s.Bind(row.tenant, row.value, row.process, row.order);
  });
  sequence.ForEach(kDeleteTask, batch.tasks_deleted,
                   [](Statement& s, const TaskRow& row) { s.Bind(row.instance, row.activation); });
  sequence.ForEach(kDeleteJob, batch.jobs_deleted,
                   [](Statement& s, const JobRow& row) { s.Bind(row.instance, row.activation, row.undo); });
  for (const char* sql : kDeleteInstance)
    sequence.ForEach(sql, batch.instances_deleted, [](Statement& s, const InstanceId& id) { s.Bind(id); });
  sequence.ForEach(kDeleteSchedule, batch.schedules_deleted,
                   [](Statement& s, const ScheduleRow& row) { s.Bind(row.tenant, row.process); });
}

void WriteInstances(Sequence& sequence, const Batch& batch) {
  sequence.ForEach(kPutJournal, batch.journal, [](Statement& s, const JournalRow& row) {
    s.Bind(row.instance, row.seq, row.time_us, Blob{row.bytes});
  });
  sequence.ForEach(kPutSnapshot, batch.snapshots,
                   [](Statement& s, const SnapshotRow& row) { s.Bind(row.instance, row.seq, Blob{row.bytes}); });
  std::string states;
  sequence.ForEach(kPutInstance, batch.instances, [&states](Statement& s, const InstanceRow& row) {
    states = JoinStates(row.states);
    s.Bind(row.id, row.tenant, row.process, row.version, row.definition_hash, row.key, row.status, row.live, states,
           row.error, row.open_incidents, row.parent, row.started_us, row.updated_us, row.ended_us);
  });
  sequence.ForEach(kPutTimer, batch.timers, [](Statement& s, const TimerRow& row) {
    s.Bind(row.due_us, row.instance, row.activation, row.slot);
  });
  sequence.ForEach(kPutIncident, batch.incidents, [](Statement& s, const IncidentRow& row) {
    s.Bind(row.instance, row.number, row.tenant, row.process, row.state, row.error, row.message, row.open,
           row.opened_us, row.closed_us);
  });
}

void WriteEvents(Sequence& sequence, const Batch& batch) {
  sequence.ForEach(kPutSubscription, batch.subscriptions, [](Statement& s, const SubscriptionRow& row) {
    s.Bind(row.tenant, row.type, row.value, row.instance, row.activation);
  });
  sequence.ForEach(kPutInbox, batch.inbox,
                   [](Statement& s, const InboxRow& row) { s.Bind(row.sender, row.seq, row.index, Blob{row.bytes}); });
  sequence.ForEach(kPutKeptEvent, batch.kept_events, [](Statement& s, const KeptEventRow& row) {
    s.Bind(row.tenant, row.value, row.process, row.order, row.type, row.expires_us, Blob{row.bytes});
  });
  sequence.ForEach(kPutEventIdentity, batch.event_identities, [](Statement& s, const EventIdentityRow& row) {
    s.Bind(row.tenant, row.source, row.id, row.value, row.expires_us);
  });
  sequence.ForEach(kPutIdempotencyKey, batch.idempotency_keys, [](Statement& s, const IdempotencyRow& row) {
    s.Bind(row.tenant, row.key, row.request_hash, Blob{row.answer}, row.expires_us);
  });
  sequence.ForEach(kPutEverKey, batch.ever_keys,
                   [](Statement& s, const EverKeyRow& row) { s.Bind(row.tenant, row.process, row.key, row.instance); });
}

void WriteTasks(Sequence& sequence, const Batch& batch) {
  sequence.ForEach(kPutTask, batch.tasks, [](Statement& s, const TaskRow& row) {
    s.Bind(row.instance, row.activation, row.tenant, row.process, row.state, row.role, row.user, row.due_us,
           row.opened_us, Blob{row.bytes}, row.claimed);
  });
  sequence.ForEach(kPutJob, batch.jobs, [](Statement& s, const JobRow& row) {
    s.Bind(row.instance, row.activation, row.undo, row.tenant, row.process, row.state, row.operation, row.attempt,
           row.opened_us, row.lease_until_us, row.lease_token, row.worker, row.ends_us, Blob{row.bytes});
  });
  sequence.ForEach(kPutSearchValue, batch.search_values,
                   [](Statement& s, const SearchRow& row) { s.Bind(row.instance, row.name, row.tenant, row.value); });
  sequence.ForEach(kPutSchedule, batch.schedules,
                   [](Statement& s, const ScheduleRow& row) { s.Bind(row.tenant, row.process, Blob{row.bytes}); });
}

void WriteDeliveries(Sequence& sequence, const Batch& batch) {
  sequence.ForEach(kDeleteDelivery, batch.deliveries_deleted,
                   [](Statement& s, const DeliveryRow& row) { s.Bind(row.webhook, row.id); });
  sequence.ForEach(kPutDelivery, batch.deliveries, [](Statement& s, const DeliveryRow& row) {
    s.Bind(row.webhook, row.id, row.tenant, row.status, row.created_us, row.due_us, Blob{row.bytes});
  });
}

void WriteDefinitions(Sequence& sequence, const Batch& batch) {
  sequence.ForEach(kPutDefinition, batch.definitions, [](Statement& s, const DefinitionRow& row) {
    s.Bind(row.process, row.version, row.hash, row.deployed_us, Blob{row.bundle});
  });
  sequence.ForEach(kPutLiveVersion, batch.live_versions,
                   [](Statement& s, const std::pair<std::string, std::string>& row) { s.Bind(row.first, row.second); });
  sequence.ForEach(kDeleteStandingOrder, batch.standing_orders_deleted,
                   [](Statement& s, const StandingOrderRow& row) { s.Bind(row.kind, row.id); });
  sequence.ForEach(kPutStandingOrder, batch.standing_orders,
                   [](Statement& s, const StandingOrderRow& row) { s.Bind(row.kind, row.id, Blob{row.bytes}); });
  sequence.ForEach(kPutManifest, batch.manifests, [](Statement& s, const ManifestRow& row) {
    s.Bind(row.connector, row.version, row.deployed_us, row.text);
  });
}

void WriteSecurity(Sequence& sequence, const Batch& batch) {
  sequence.ForEach(kDeleteApiKey, batch.api_keys_deleted, [](Statement& s, const std::string& id) { s.Bind(id); });
  sequence.ForEach(kPutApiKey, batch.api_keys,
                   [](Statement& s, const ApiKeyRow& row) { s.Bind(row.id, Blob{row.bytes}); });
  sequence.ForEach(kPutAudit, batch.audit, [](Statement& s, const AuditRow& row) {
    s.Bind(row.tenant, row.seq, row.time_us, row.actor, row.action, row.target, row.result, row.previous, row.hash);
  });
}

// The newest of both outlive the rows they were taken from, and need no index of theirs.
void WriteCounters(Sequence& sequence, std::span<const Batch* const> batches) {
  std::int64_t time_us = 0;
  std::int64_t kept_event_order = 0;
  for (const Batch* batch : batches) {
    for (const JournalRow& row : batch->journal) time_us = std::max(time_us, row.time_us);
    for (const KeptEventRow& row : batch->kept_events) kept_event_order = std::max(kept_event_order, row.order);
  }
  if (time_us > 0) sequence.Run(kRaiseCounter, "time_us", time_us);
  if (kept_event_order > 0) sequence.Run(kRaiseCounter, "kept_event_order", kept_event_order);
}

}  // namespace

int WriteBatches(Connection& connection, std::span<const Batch* const> batches) {
  Sequence sequence(connection);
  for (const Batch* batch : batches) {
    WriteDeletes(sequence, *batch);
    WriteInstances(sequence, *batch);
    WriteEvents(sequence, *batch);
    WriteTasks(sequence, *batch);
    WriteDeliveries(sequence, *batch);
    WriteDefinitions(sequence, *batch);
    WriteSecurity(sequence, *batch);
  }
  WriteCounters(sequence, batches);
  return sequence.code();
}

int DeleteExpired(Connection& connection, std::int64_t now_us, int limit, std::int64_t& deleted) {
  for (const char* sql : {kExpireKeptEvents, kExpireEventIdentities, kExpireIdempotencyKeys, kExpireDeliveries}) {
    const int code = connection.Run(sql, now_us, limit);
    if (code != SQLITE_DONE) return code;
    deleted += sqlite3_changes64(connection.handle());
  }
  return SQLITE_DONE;
}

}  // namespace fermata::sqlite
