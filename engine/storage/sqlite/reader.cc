#include "engine/storage/sqlite/reader.h"

#include <limits>
#include <variant>

#include "engine/storage/states_text.h"

namespace fermata::sqlite {
namespace {

#define FERMATA_INSTANCE_COLUMNS                                                                              \
  "id, tenant, process, version, definition_hash, key, status, live, states, error, open_incidents, parent, " \
  "started_us, updated_us, ended_us"
#define FERMATA_KEPT_EVENT_COLUMNS "tenant, process, value, arrival, type, expires_us, bytes"

constexpr const char* kLoadRow = "SELECT " FERMATA_INSTANCE_COLUMNS " FROM instances WHERE id = ?";
constexpr const char* kLoadSnapshot = "SELECT instance, seq, bytes FROM snapshots WHERE instance = ?";
constexpr const char* kReadJournal =
    "SELECT instance, seq, time_us, bytes FROM journal WHERE instance = ? AND seq > ? ORDER BY seq LIMIT ?";
constexpr const char* kFindLiveByKey =
    "SELECT " FERMATA_INSTANCE_COLUMNS
    " FROM instances WHERE tenant = ?1 AND key = ?2 AND live = 1 AND (?3 = '' OR process = ?3) ORDER BY id";
constexpr const char* kFindEverKey =
    "SELECT tenant, process, key, instance FROM ever_keys WHERE tenant = ? AND process = ? AND key = ?";
constexpr const char* kFindSubscriptions =
    "SELECT tenant, type, value, instance, activation FROM subscriptions WHERE tenant = ? AND type = ? AND value = ? "
    "ORDER BY instance, activation";
constexpr const char* kFindKeptEvents =
    "SELECT " FERMATA_KEPT_EVENT_COLUMNS
    " FROM kept_events WHERE tenant = ? AND value = ? AND process = ? ORDER BY arrival";
constexpr const char* kFindKeptEventsOfType =
    "SELECT " FERMATA_KEPT_EVENT_COLUMNS
    " FROM kept_events WHERE tenant = ? AND value = ? AND type = ? ORDER BY arrival, process";
constexpr const char* kFindEventIdentity =
    "SELECT tenant, source, id, value, expires_us FROM event_identities WHERE tenant = ? AND source = ? AND id = ? AND "
    "value = ?";
constexpr const char* kFindIdempotencyKey =
    "SELECT tenant, key, request_hash, answer, expires_us FROM idempotency_keys WHERE tenant = ? AND key = ?";
constexpr const char* kListBusy =
    "SELECT id FROM instances WHERE status IN ('running', 'compensating') AND id > ? ORDER BY id LIMIT ?";
// Both bounds of the time are bounds of the index; few rows have one time.
constexpr const char* kReadEndedInstances = "SELECT " FERMATA_INSTANCE_COLUMNS
                                            " FROM instances WHERE live = 0 AND process = ?1 AND version = ?2 AND "
                                            "ended_us BETWEEN ?3 AND ?4 AND (ended_us > ?3 "
                                            "OR id > ?5) ORDER BY ended_us, id LIMIT ?6";
constexpr const char* kReadLiveInstances =
    "SELECT " FERMATA_INSTANCE_COLUMNS
    " FROM instances WHERE live = 1 AND (tenant, started_us, id) > (?, ?, ?) ORDER BY tenant, started_us, id LIMIT ?";
constexpr const char* kReadStandingOrders = "SELECT kind, id, bytes FROM standing_orders WHERE kind = ? ORDER BY id";
// The one value is looked up, then its instances: left alone, SQLite would walk all of them in the order that is wanted.
constexpr const char* kSelectByValue =
    "SELECT " FERMATA_INSTANCE_COLUMNS
    " FROM (SELECT instance FROM search_values WHERE tenant = ? AND name = ? AND value = ?) CROSS JOIN instances ON id "
    "= instance";
constexpr const char* kReadTimers =
    "SELECT due_us, instance, activation, slot FROM timers WHERE due_us < ? AND (due_us, instance, activation, slot) > "
    "(?, ?, ?, ?) ORDER BY due_us, instance, activation, slot LIMIT ?";
constexpr const char* kReadInbox =
    "SELECT sender, seq, position, bytes FROM inbox WHERE (sender, seq, position) > (?, ?, ?) "
    "ORDER BY sender, seq, position LIMIT ?";
constexpr const char* kCountTasks =
    "SELECT process, state, role, ?2 <> '' AND ?2 IN (claimed, assignee), claimed = '' AND assignee = '', due_us < ?3, "
    "count(*) FROM tasks WHERE tenant = ?1 GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6";
constexpr const char* kReadSchedules = "SELECT tenant, process, bytes FROM schedules ORDER BY tenant, process";
constexpr const char* kReadCounter = "SELECT value FROM counters WHERE name = ?";
constexpr const char* kReadDefinitions =
    "SELECT process, version, hash, deployed_us, bundle FROM definitions ORDER BY process, version";
constexpr const char* kReadLiveVersions = "SELECT process, hash FROM live_versions ORDER BY process";
constexpr const char* kReadManifests =
    "SELECT connector, version, deployed_us, text FROM manifests ORDER BY connector, version";
constexpr const char* kReadApiKeys = "SELECT id, bytes FROM api_keys ORDER BY id";
#define FERMATA_AUDIT_COLUMNS "tenant, seq, time_us, actor, action, target, result, previous, hash"
constexpr const char* kReadAudit =
    "SELECT " FERMATA_AUDIT_COLUMNS " FROM audit WHERE tenant = ? AND seq > ? ORDER BY seq LIMIT ?";
constexpr const char* kReadAuditHeads =
    "SELECT " FERMATA_AUDIT_COLUMNS
    " FROM audit WHERE (tenant, seq) IN (SELECT tenant, max(seq) FROM audit GROUP BY tenant) ORDER BY tenant";

InstanceRow ReadInstanceRow(const Statement& row) {
  InstanceRow instance{row.Id(0),   row.Text(1),  row.Text(2), row.Text(3),
                       row.Text(4), std::nullopt, row.Text(6), row.Int(7) != 0};
  if (!row.IsNull(5)) instance.key = row.Text(5);
  instance.states = SplitStates(row.Text(8));
  instance.error = row.Text(9);
  instance.open_incidents = row.Int(10);
  if (!row.IsNull(11)) instance.parent = row.Id(11);
  instance.started_us = row.Int(12);
  instance.updated_us = row.Int(13);
  instance.ended_us = row.Int(14);
  return instance;
}

JournalRow ReadJournalRow(const Statement& row) { return {row.Id(0), row.Int(1), row.Int(2), row.Text(3)}; }

KeptEventRow ReadKeptEventRow(const Statement& row) {
  return {0, row.Text(0), row.Text(1), row.Text(2), row.Int(3), row.Text(4), row.Int(5), row.Text(6)};
}

IncidentRow ReadIncidentRow(const Statement& row) {
  return {row.Id(0),   row.Int(1),  row.Text(2),     row.Text(3), row.Text(4),
          row.Text(5), row.Text(6), row.Int(7) != 0, row.Int(8),  row.Int(9)};
}

TaskRow ReadTaskRow(const Statement& row) {
  return {row.Id(0),   row.Int(1), row.Text(2), row.Text(3), row.Text(4), row.Text(5),
          row.Text(6), row.Int(7), row.Int(8),  row.Text(9), row.Text(10)};
}

AuditRow ReadAuditRow(const Statement& row) {
  return {row.Text(0), row.Int(1),  row.Int(2),  row.Text(3), row.Text(4),
          row.Text(5), row.Text(6), row.Text(7), row.Text(8)};
}

template <class Row>
Result<std::optional<Row>> First(Result<std::vector<Row>> rows) {
  if (!rows) return std::move(rows).error();
  if (rows->empty()) return std::optional<Row>();
  return std::optional<Row>(std::move(rows->front()));
}

// A query whose conditions depend on a filter. Values are bound, never written into the text.
class FilteredQuery {
 public:
  using Value = std::variant<std::int64_t, std::string_view, InstanceId>;

  explicit FilteredQuery(std::string select) : sql_(std::move(select)) {}

  void Where(const char* condition) { sql_ += std::exchange(first_, false) ? " WHERE " : " AND ", sql_ += condition; }
  template <class... Values>
  void Where(const char* condition, Values... values) {
    Where(condition);
    (values_.push_back(Value(values)), ...);
  }
  // Of what stands before the conditions.
  template <class... Values>
  void Bind(Values... values) {
    (values_.push_back(Value(values)), ...);
  }
  void End(const char* order, int limit) {
    sql_ += order;
    values_.push_back(Value(std::int64_t{limit}));
  }

  template <class Row>
  Result<std::vector<Row>> Run(Connection& connection, Row (*read)(const Statement&)) const {
    Statement* statement = connection.Prepare(sql_);
    if (statement == nullptr) return connection.LastError();
    statement->Reset();
    int index = 0;
    for (const Value& value : values_) {
      std::visit([&](const auto& one) { statement->BindOne(++index, one); }, value);
    }
    return connection.Collect(*statement, read);
  }

 private:
  std::string sql_;
  std::vector<Value> values_;
  bool first_ = true;
};

// Conditions that let a partial index be used; they follow from the others.
void AddIndexHints(FilteredQuery& query, const InstanceFilter& filter) {
  if (!filter.status || filter.status == "completed") return;
  const bool ended_badly = filter.status == "failed" || filter.status == "cancelled";
  query.Where(ended_badly ? "status IN ('failed', 'cancelled')" : "live = 1");
}

}  // namespace

Result<std::optional<StoredInstance>> Reader::LoadInstance(const InstanceId& id) {
  if (connection_->Run("BEGIN") != SQLITE_DONE) return connection_->LastError();  // one moment for the three queries
  Result<std::optional<StoredInstance>> loaded = LoadInTransaction(id);
  connection_->Run("COMMIT");
  return loaded;
}

Result<std::optional<StoredInstance>> Reader::LoadInTransaction(const InstanceId& id) {
  Result<std::vector<InstanceRow>> row = connection_->Query(kLoadRow, ReadInstanceRow, id);
  if (!row) return row.error();
  if (row->empty()) return std::optional<StoredInstance>();
  const auto read_snapshot = [](const Statement& s) { return SnapshotRow{s.Id(0), s.Int(1), s.Text(2)}; };
  Result<std::optional<SnapshotRow>> snapshot =
      First(connection_->Query<SnapshotRow>(kLoadSnapshot, read_snapshot, id));
  if (!snapshot) return snapshot.error();
  const std::int64_t after_seq = *snapshot ? (*snapshot)->seq : 0;
  Result<std::vector<JournalRow>> tail = ReadJournal(id, after_seq, std::numeric_limits<int>::max());
  if (!tail) return tail.error();
  return std::optional(StoredInstance{std::move(row->front()), *std::move(snapshot), *std::move(tail)});
}

Result<std::vector<JournalRow>> Reader::ReadJournal(const InstanceId& id, std::int64_t after_seq, int limit) {
  return connection_->Query(kReadJournal, ReadJournalRow, id, after_seq, limit);
}

Result<std::vector<InstanceRow>> Reader::ListInstances(const InstanceFilter& filter) {
  // Left alone, SQLite would rather walk all instances in the order that is wanted than look a key up and sort.
  const bool by_value = !filter.key && !filter.values.empty();
  FilteredQuery query(filter.key ? "SELECT " FERMATA_INSTANCE_COLUMNS " FROM instances INDEXED BY instances_by_key"
                      : by_value ? kSelectByValue
                                 : "SELECT " FERMATA_INSTANCE_COLUMNS " FROM instances");
  if (by_value)
    query.Bind(std::string_view(filter.tenant), std::string_view(filter.values[0].first),
               std::string_view(filter.values[0].second));
  for (const auto& [name, value] : filter.values)
    query.Where("EXISTS (SELECT 1 FROM search_values s WHERE s.instance = id AND s.name = ? AND s.value = ?)",
                std::string_view(name), std::string_view(value));
  std::string state;
  query.Where("tenant = ?", std::string_view(filter.tenant));
  if (filter.process) query.Where("process = ?", std::string_view(*filter.process));
  if (filter.status) query.Where("status = ?", std::string_view(*filter.status));
  if (filter.key) query.Where("key = ?", std::string_view(*filter.key));
  if (filter.live) query.Where(*filter.live ? "live = 1" : "live = 0");
  if (filter.state) {
    state = "\n" + *filter.state + "\n";
    query.Where("live = 1");
    query.Where("instr(states, ?) > 0", std::string_view(state));
  }
  if (filter.started_from_us) query.Where("started_us >= ?", *filter.started_from_us);
  if (filter.started_before_us) query.Where("started_us < ?", *filter.started_before_us);
  if (filter.before) query.Where("(started_us, id) < (?, ?)", filter.before->first, filter.before->second);
  AddIndexHints(query, filter);
  query.End(" ORDER BY started_us DESC, id DESC LIMIT ?", filter.limit);
  return query.Run(*connection_, ReadInstanceRow);
}

Result<std::vector<InstanceRow>> Reader::FindLiveByKey(std::string_view tenant, std::string_view process,
                                                       std::string_view key) {
  return connection_->Query(kFindLiveByKey, ReadInstanceRow, tenant, key, process);
}

Result<std::optional<EverKeyRow>> Reader::FindEverKey(std::string_view tenant, std::string_view process,
                                                      std::string_view key) {
  const auto read = [](const Statement& s) { return EverKeyRow{0, s.Text(0), s.Text(1), s.Text(2), s.Id(3)}; };
  return First(connection_->Query<EverKeyRow>(kFindEverKey, read, tenant, process, key));
}

Result<std::vector<SubscriptionRow>> Reader::FindSubscriptions(std::string_view tenant, std::string_view type,
                                                               std::string_view value) {
  const auto read = [](const Statement& s) {
    return SubscriptionRow{0, s.Text(0), s.Text(1), s.Text(2), s.Id(3), s.Int(4)};
  };
  return connection_->Query<SubscriptionRow>(kFindSubscriptions, read, tenant, type, value);
}

Result<std::vector<KeptEventRow>> Reader::FindKeptEvents(std::string_view tenant, std::string_view process,
                                                         std::string_view value) {
  return connection_->Query(kFindKeptEvents, ReadKeptEventRow, tenant, value, process);
}

Result<std::vector<KeptEventRow>> Reader::FindKeptEventsOfType(std::string_view tenant, std::string_view type,
                                                               std::string_view value) {
  return connection_->Query(kFindKeptEventsOfType, ReadKeptEventRow, tenant, value, type);
}

Result<std::optional<EventIdentityRow>> Reader::FindEventIdentity(std::string_view tenant, std::string_view source,
                                                                  std::string_view id, std::string_view value) {
  const auto read = [](const Statement& s) {
    return EventIdentityRow{0, s.Text(0), s.Text(1), s.Text(2), s.Text(3), s.Int(4)};
  };
  return First(connection_->Query<EventIdentityRow>(kFindEventIdentity, read, tenant, source, id, value));
}

Result<std::optional<IdempotencyRow>> Reader::FindIdempotencyKey(std::string_view tenant, std::string_view key) {
  const auto read = [](const Statement& s) {
    return IdempotencyRow{0, s.Text(0), s.Text(1), s.Text(2), s.Text(3), s.Int(4)};
  };
  return First(connection_->Query<IdempotencyRow>(kFindIdempotencyKey, read, tenant, key));
}

Result<std::vector<IncidentRow>> Reader::ListIncidents(const IncidentFilter& filter) {
  FilteredQuery query(
      "SELECT instance, number, tenant, process, state, error, message, open, opened_us, closed_us FROM incidents");
  query.Where("tenant = ?", std::string_view(filter.tenant));
  if (filter.process) query.Where("process = ?", std::string_view(*filter.process));
  if (filter.instance) query.Where("instance = ?", *filter.instance);
  if (filter.open) query.Where(*filter.open ? "open = 1" : "open = 0");
  if (filter.after) query.Where("(instance, number) > (?, ?)", filter.after->first, filter.after->second);
  query.End(" ORDER BY instance, number LIMIT ?", filter.limit);
  return query.Run(*connection_, ReadIncidentRow);
}

Result<std::vector<IncidentCount>> Reader::CountIncidents(int limit) {
  const auto read = [](const Statement& s) { return IncidentCount{s.Text(0), s.Text(1), s.Text(2), s.Int(3)}; };
  return connection_->Query<IncidentCount>(
      "SELECT tenant, process, state, count(*) FROM incidents WHERE open = 1 GROUP BY tenant, process, state ORDER BY "
      "tenant, process, state LIMIT ?1",
      read, limit);
}

Result<std::vector<TaskRow>> Reader::ListTasks(const TaskFilter& filter) {
  FilteredQuery query(
      "SELECT instance, activation, tenant, process, state, role, assignee, due_us, opened_us, bytes, claimed FROM "
      "tasks");
  query.Where("tenant = ?", std::string_view(filter.tenant));
  if (filter.process) query.Where("process = ?", std::string_view(*filter.process));
  if (filter.state) query.Where("state = ?", std::string_view(*filter.state));
  if (filter.role) query.Where("role = ?", std::string_view(*filter.role));
  if (filter.user) query.Where("assignee = ?", std::string_view(*filter.user));
  if (filter.assignee) query.Where("? IN (claimed, assignee)", std::string_view(*filter.assignee));
  if (!filter.candidates.empty()) {
    std::string condition = "claimed = '' AND ((role = '' AND assignee = '')";
    for (std::size_t i = 0; i < filter.candidates.size(); ++i) condition += " OR ? IN (role, assignee)";
    query.Where((condition + ")").c_str());
    for (const std::string& word : filter.candidates) query.Bind(std::string_view(word));
  }
  if (filter.instance) query.Where("instance = ?", *filter.instance);
  if (filter.after)
    query.Where("(due_us, instance, activation) > (?, ?, ?)", filter.after->due_us, filter.after->instance,
                filter.after->activation);
  query.End(" ORDER BY due_us, instance, activation LIMIT ?", filter.limit);
  return query.Run(*connection_, ReadTaskRow);
}

Result<std::vector<TaskCount>> Reader::CountTasks(std::string_view tenant, std::string_view user, std::int64_t now_us) {
  const auto read = [](const Statement& s) {
    return TaskCount{s.Text(0), s.Text(1), s.Text(2), s.Int(3) != 0, s.Int(4) != 0, s.Int(5) != 0, s.Int(6)};
  };
  return connection_->Query<TaskCount>(kCountTasks, read, tenant, user, now_us);
}

Result<std::vector<ScheduleRow>> Reader::ReadSchedules() {
  const auto read = [](const Statement& s) { return ScheduleRow{0, s.Text(0), s.Text(1), s.Text(2)}; };
  return connection_->Query<ScheduleRow>(kReadSchedules, read);
}

Result<std::vector<InstanceId>> Reader::ListBusyInstances(const ShardSet& of, const InstanceId& after, int limit) {
  if (!of[kTheShard]) return std::vector<InstanceId>();
  const auto read = [](const Statement& s) { return s.Id(0); };
  return connection_->Query<InstanceId>(kListBusy, read, after, limit);
}

Result<std::vector<InstanceRow>> Reader::ReadEndedInstances(const EndedFilter& filter) {
  constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
  const auto& [after_us, after] = filter.after.value_or(std::pair(kLowest, InstanceId()));
  return connection_->Query(kReadEndedInstances, ReadInstanceRow, std::string_view(filter.process),
                            std::string_view(filter.version), after_us, filter.ended_by_us, after, filter.limit);
}

Result<std::vector<InstanceRow>> Reader::ReadLiveInstances(const std::optional<InstanceRow>& after, int limit) {
  const InstanceRow from = after.value_or(InstanceRow());
  return connection_->Query(kReadLiveInstances, ReadInstanceRow, std::string_view(from.tenant), from.started_us,
                            from.id, limit);
}

Result<std::vector<StandingOrderRow>> Reader::ReadStandingOrders(std::string_view kind) {
  const auto read = [](const Statement& s) { return StandingOrderRow{s.Text(0), s.Text(1), s.Text(2)}; };
  return connection_->Query<StandingOrderRow>(kReadStandingOrders, read, kind);
}

Result<std::vector<TimerRow>> Reader::ReadTimers(const ShardSet& of, std::int64_t due_before_us,
                                                 const std::optional<TimerRow>& after, int limit) {
  if (!of[kTheShard]) return std::vector<TimerRow>();
  const auto read = [](const Statement& s) { return TimerRow{s.Id(1), s.Int(2), s.Int(3), s.Int(0)}; };
  constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
  const TimerRow from = after.value_or(TimerRow{InstanceId(), kLowest, kLowest, kLowest});
  return connection_->Query<TimerRow>(kReadTimers, read, due_before_us, from.due_us, from.instance, from.activation,
                                      from.slot, limit);
}

Result<std::vector<InboxRow>> Reader::ReadInbox(const ShardSet& of, const std::optional<InboxRow>& after, int limit) {
  if (!of[kTheShard]) return std::vector<InboxRow>();
  const auto read = [](const Statement& s) { return InboxRow{0, s.Id(0), s.Int(1), s.Int(2), s.Text(3)}; };
  const InboxRow from = after.value_or(InboxRow{0, InstanceId(), std::numeric_limits<std::int64_t>::min(), 0, ""});
  return connection_->Query<InboxRow>(kReadInbox, read, from.sender, from.seq, from.index, limit);
}

Result<std::int64_t> Reader::ReadCounter(std::string_view name, const ShardSet& of) {
  if (!of[kTheShard]) return 0;
  const auto read = [](const Statement& s) { return s.Int(0); };
  Result<std::vector<std::int64_t>> rows = connection_->Query<std::int64_t>(kReadCounter, read, name);
  if (!rows) return rows.error();
  return rows->empty() ? 0 : rows->front();
}

Result<std::vector<DefinitionRow>> Reader::ReadDefinitions() {
  const auto read = [](const Statement& s) {
    return DefinitionRow{s.Text(0), s.Text(1), s.Text(2), s.Int(3), s.Text(4)};
  };
  return connection_->Query<DefinitionRow>(kReadDefinitions, read);
}

Result<std::vector<std::pair<std::string, std::string>>> Reader::ReadLiveVersions() {
  const auto read = [](const Statement& s) { return std::pair(s.Text(0), s.Text(1)); };
  return connection_->Query<std::pair<std::string, std::string>>(kReadLiveVersions, read);
}

Result<std::vector<ManifestRow>> Reader::ReadManifests() {
  const auto read = [](const Statement& s) { return ManifestRow{s.Text(0), s.Text(1), s.Int(2), s.Text(3)}; };
  return connection_->Query<ManifestRow>(kReadManifests, read);
}

Result<std::vector<ApiKeyRow>> Reader::ReadApiKeys() {
  const auto read = [](const Statement& s) { return ApiKeyRow{s.Text(0), s.Text(1)}; };
  return connection_->Query<ApiKeyRow>(kReadApiKeys, read);
}

Result<std::vector<AuditRow>> Reader::ReadAudit(std::string_view tenant, std::int64_t after_seq, int limit) {
  return connection_->Query(kReadAudit, ReadAuditRow, tenant, after_seq, limit);
}

Result<std::vector<AuditRow>> Reader::ReadAuditHeads() { return connection_->Query(kReadAuditHeads, ReadAuditRow); }

}  // namespace fermata::sqlite
