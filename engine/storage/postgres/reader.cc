#include "engine/storage/postgres/reader.h"

#include <limits>
#include <utility>

#include "engine/model/limits.h"
#include "engine/storage/postgres/fence.h"
#include "engine/storage/postgres/writer.h"
#include "engine/storage/states_text.h"

namespace fermata::postgres {
namespace {

#define FERMATA_INSTANCE_COLUMNS                                                                              \
  "id, tenant, process, version, definition_hash, key, status, live, states, error, open_incidents, parent, " \
  "started_us, updated_us, ended_us"

constexpr const char* kBeginReading = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr const char* kLoadRow = "SELECT " FERMATA_INSTANCE_COLUMNS " FROM instances WHERE shard = $1 AND id = $2";
constexpr const char* kLoadSnapshot = "SELECT instance, seq, bytes FROM snapshots WHERE shard = $1 AND instance = $2";
constexpr const char* kLoadTail =
    "SELECT instance, seq, time_us, bytes FROM journal WHERE shard = $1 AND instance = $2 AND seq > "
    "coalesce((SELECT seq FROM snapshots WHERE shard = $1 AND instance = $2), 0) ORDER BY seq";
constexpr const char* kReadJournal =
    "SELECT instance, seq, time_us, bytes FROM journal WHERE shard = $1 AND instance = $2 AND seq > $3 ORDER BY seq "
    "LIMIT $4";
constexpr const char* kFindLiveByKey = "SELECT " FERMATA_INSTANCE_COLUMNS
                                       " FROM instances WHERE shard IN ($1, $5) AND tenant = $2 AND key = $3 AND live "
                                       "AND ($4 = '' OR process = $4) ORDER BY "
                                       "id";
constexpr const char* kHasGuests = "SELECT count(*) FROM counters WHERE name = 'guests' AND value > 0";
constexpr const char* kFindEverKey =
    "SELECT shard, tenant, process, key, instance FROM ever_keys WHERE shard = $1 AND tenant = $2 AND process = $3 AND "
    "key = $4";
constexpr const char* kFindIdempotencyKey =
    "SELECT owner, tenant, key, request_hash, answer, expires_us FROM idempotency_keys WHERE shard = $1 AND tenant = "
    "$2 AND key = $3";
constexpr const char* kListIncidents =
    "SELECT instance, number, tenant, process, state, error, message, open, opened_us, closed_us FROM incidents";
constexpr const char* kListBusy =
    "SELECT id FROM instances WHERE status IN ('running', 'compensating') AND (shard, id) > ($1, $2){of} ORDER BY "
    "shard, id LIMIT $3";
// Both bounds of the time are bounds of the index; few rows have one time.
constexpr const char* kReadEndedInstances = "SELECT " FERMATA_INSTANCE_COLUMNS
                                            " FROM instances WHERE NOT live AND process = $1 AND version = $2 AND "
                                            "ended_us BETWEEN $3 AND $4 AND (ended_us > $3 "
                                            "OR id > $5) ORDER BY ended_us, id LIMIT $6";
constexpr const char* kReadLiveInstances =
    "SELECT " FERMATA_INSTANCE_COLUMNS
    " FROM instances WHERE live AND (tenant, started_us, id) > ($1, $2, $3) ORDER BY tenant, started_us, id LIMIT $4";
constexpr const char* kReadTimers =
    "SELECT due_us, instance, activation, slot FROM timers WHERE due_us < $1 AND (due_us, instance, activation, slot) "
    "> "
    "($2, $3, $4, $5){of} ORDER BY due_us, instance, activation, slot LIMIT $6";
constexpr const char* kReadInbox =
    "SELECT shard, sender, seq, position, bytes FROM inbox WHERE shard < $5 AND (sender, seq, position) > ($1, $2, "
    "$3){of} "
    "ORDER BY sender, seq, position LIMIT $4";
constexpr const char* kReadMailbox =
    "SELECT shard, sender, seq, position, bytes FROM inbox WHERE shard = $1 AND (sender, seq, position) > ($2, $3, $4) "
    "ORDER BY sender, seq, position LIMIT $5";
constexpr const char* kListTasks =
    "SELECT instance, activation, tenant, process, state, role, assignee, due_us, opened_us, bytes, claimed FROM tasks";
constexpr const char* kCountTasks =
    "SELECT process, state, role, $2 <> ''::bytea AND $2 IN (claimed, assignee), claimed = '' AND assignee = '', "
    "due_us < $3, count(*) FROM tasks WHERE tenant = $1 GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6";

// Before every row, whatever the sign of its numbers.
constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();

const InboxRow kFirstInboxRow{0, InstanceId(), kLowest, kLowest, ""};

InboxRow ReadInboxRow(const Rows& rows, int i) {
  return {static_cast<int>(rows.Int(i, 0)), rows.Id(i, 1), rows.Int(i, 2), rows.Int(i, 3), rows.Text(i, 4)};
}

InstanceRow ReadInstanceRow(const Rows& rows, int i) {
  InstanceRow instance{rows.Id(i, 0),   rows.Text(i, 1), rows.Text(i, 2), rows.Text(i, 3),
                       rows.Text(i, 4), std::nullopt,    rows.Text(i, 6), rows.Int(i, 7) != 0};
  if (!rows.IsNull(i, 5)) instance.key = rows.Text(i, 5);
  instance.states = SplitStates(rows.Text(i, 8));
  instance.error = rows.Text(i, 9);
  instance.open_incidents = rows.Int(i, 10);
  if (!rows.IsNull(i, 11)) instance.parent = rows.Id(i, 11);
  instance.started_us = rows.Int(i, 12);
  instance.updated_us = rows.Int(i, 13);
  instance.ended_us = rows.Int(i, 14);
  return instance;
}

JournalRow ReadJournalRow(const Rows& rows, int i) {
  return {rows.Id(i, 0), rows.Int(i, 1), rows.Int(i, 2), rows.Text(i, 3)};
}

IncidentRow ReadIncidentRow(const Rows& rows, int i) {
  return {rows.Id(i, 0),   rows.Int(i, 1),  rows.Text(i, 2),     rows.Text(i, 3), rows.Text(i, 4),
          rows.Text(i, 5), rows.Text(i, 6), rows.Int(i, 7) != 0, rows.Int(i, 8),  rows.Int(i, 9)};
}

TaskRow ReadTaskRow(const Rows& rows, int i) {
  return {rows.Id(i, 0),   rows.Int(i, 1), rows.Text(i, 2), rows.Text(i, 3), rows.Text(i, 4), rows.Text(i, 5),
          rows.Text(i, 6), rows.Int(i, 7), rows.Int(i, 8),  rows.Text(i, 9), rows.Text(i, 10)};
}

Parameter Home(std::string_view tenant, std::string_view word) {
  return Int2(HomeShard(tenant, word, kPostgresShards));
}

// A query whose conditions depend on a filter; each '?' becomes the next numbered parameter.
class FilteredQuery {
 public:
  explicit FilteredQuery(const char* select) : query_{select, {}} {}

  template <class... Parameters>
  void Where(const char* condition, Parameters... parameters) {
    query_.sql += std::exchange(first_, false) ? " WHERE " : " AND ";
    Append(condition, {std::move(parameters)...});
  }
  void WhereAll(const std::string& condition, std::vector<Parameter> parameters) {
    query_.sql += std::exchange(first_, false) ? " WHERE " : " AND ";
    Append(condition, std::move(parameters));
  }
  Query End(const char* order, int limit) && {
    Append(order, {Int8(limit)});
    return std::move(query_);
  }

 private:
  void Append(std::string_view text, std::vector<Parameter> parameters) {
    std::size_t next = 0;
    for (const char c : text) {
      if (c != '?') {
        query_.sql += c;
        continue;
      }
      query_.parameters.push_back(std::move(parameters.at(next++)));
      query_.sql += "$" + std::to_string(query_.parameters.size());
    }
  }

  Query query_;
  bool first_ = true;
};

// Conditions that let a partial index be used; they follow from the others.
void AddIndexHints(FilteredQuery& query, const InstanceFilter& filter) {
  if (!filter.status || filter.status == "completed") return;
  const bool ended_badly = filter.status == "failed" || filter.status == "cancelled";
  query.Where(ended_badly ? "status IN ('failed', 'cancelled')" : "live");
}

}  // namespace

Query Reader::Of(const ShardSet& of, Query query) {
  constexpr std::string_view kPlace = "{of}";
  std::string condition;
  if (!of.all()) {
    query.parameters.push_back(Int2s(of));
    condition = " AND shard = ANY($" + std::to_string(query.parameters.size()) + ")";
  }
  query.sql.replace(query.sql.find(kPlace), kPlace.size(), condition);
  return query;
}

// Whether ids of shard 0 may belong to any key: they come from a storage of one shard (engine/storage/tables.h). What cannot be connected fails at the query.
bool Reader::HasGuests() {
  if (!connection_) (void)Connect();
  return has_guests_;
}

// Where else instances with this key may be.
Parameter Reader::Guests(std::string_view tenant, std::string_view key) {
  return HasGuests() ? Int2(0) : Home(tenant, key);
}

Status Reader::Connect() {
  Result<std::unique_ptr<Connection>> connected = Connection::Connect(settings_);
  if (!connected) return connected.error();
  Result<Rows> guests = (*connected)->Run({kHasGuests, {}});
  if (!guests) return guests.error();
  has_guests_ = guests->Int(0, 0) > 0;
  connection_ = *std::move(connected);
  return Done{};
}

Result<std::vector<Rows>> Reader::RunAll(const std::vector<Query>& queries) {
  const bool fresh = connection_ == nullptr;
  if (fresh)
    if (Status connected = Connect(); !connected) return connected.error();
  Result<std::vector<Rows>> rows = connection_->RunAll(queries);
  if (rows) return rows;
  if (connection_->lost() || NeedsAnotherConnection(connection_->sql_state())) {
    connection_.reset();
    return fresh ? std::move(rows) : RunAll(queries);
  }
  if (connection_->in_transaction()) (void)connection_->Execute("ROLLBACK");
  return rows;
}

Result<std::optional<StoredInstance>> Reader::LoadInstance(const InstanceId& id) {
  Result<std::vector<StoredInstance>> stored = LoadInstances({&id, 1});
  if (!stored) return std::move(stored).error();
  if (stored->empty()) return std::optional<StoredInstance>();
  return std::optional(std::move(stored->front()));
}

Result<std::vector<StoredInstance>> Reader::LoadInstances(std::span<const InstanceId> ids) {
  std::vector<Query> queries = {{kBeginReading, {}}};
  for (const InstanceId& id : ids)
    for (const char* sql : {kLoadRow, kLoadSnapshot, kLoadTail})
      queries.push_back({sql, {Int2(id.shard()), Bytea(id)}, true});
  queries.push_back({"COMMIT", {}});
  Result<std::vector<Rows>> all = RunAll(queries);
  if (!all) return all.error();
  std::vector<StoredInstance> loaded;
  for (std::size_t at = 1; at + 3 < all->size(); at += 3) {
    const Rows& row = (*all)[at];
    const Rows& snapshot = (*all)[at + 1];
    const Rows& tail = (*all)[at + 2];
    if (row.count() == 0) continue;
    StoredInstance stored{ReadInstanceRow(row, 0), std::nullopt, {}};
    if (snapshot.count() > 0) stored.snapshot = {snapshot.Id(0, 0), snapshot.Int(0, 1), snapshot.Text(0, 2)};
    for (int i = 0; i < tail.count(); ++i) stored.tail.push_back(ReadJournalRow(tail, i));
    loaded.push_back(std::move(stored));
  }
  return loaded;
}

Status Reader::AwaitCommits(const std::string& node) {
  Result<std::vector<Rows>> rows = RunAll({{"BEGIN", {}}, postgres::AwaitCommits(node), {"COMMIT", {}}});
  if (!rows) return rows.error();
  return Done{};
}

Result<std::vector<JournalRow>> Reader::ReadJournal(const InstanceId& id, std::int64_t after_seq, int limit) {
  return Read({kReadJournal, {Int2(id.shard()), Bytea(id), Int8(after_seq), Int8(limit)}}, ReadJournalRow);
}

Result<std::vector<InstanceRow>> Reader::ListInstances(const InstanceFilter& filter) {
  FilteredQuery query("SELECT " FERMATA_INSTANCE_COLUMNS " FROM instances");
  query.Where("tenant = ?", Text(filter.tenant));
  if (filter.process) query.Where("process = ?", Text(*filter.process));
  if (filter.status) query.Where("status = ?", Text(*filter.status));
  AddIndexHints(query, filter);
  if (filter.key)
    query.Where("shard IN (?, ?) AND key = ?", Home(filter.tenant, *filter.key), Guests(filter.tenant, *filter.key),
                Bytea(*filter.key));
  for (const auto& [name, value] : filter.values)
    query.Where("id IN (SELECT instance FROM search_values WHERE tenant = ? AND name = ? AND value = ?)",
                Text(filter.tenant), Text(name), Bytea(value));
  if (filter.live) query.Where(*filter.live ? "live" : "NOT live");
  if (filter.state) query.Where("live AND position(? in states) > 0", Bytea("\n" + *filter.state + "\n"));
  if (filter.started_from_us) query.Where("started_us >= ?", Int8(*filter.started_from_us));
  if (filter.started_before_us) query.Where("started_us < ?", Int8(*filter.started_before_us));
  if (filter.before) query.Where("(started_us, id) < (?, ?)", Int8(filter.before->first), Bytea(filter.before->second));
  return Read(std::move(query).End(" ORDER BY started_us DESC, id DESC LIMIT ?", filter.limit), ReadInstanceRow);
}

Result<std::vector<InstanceRow>> Reader::FindLiveByKey(std::string_view tenant, std::string_view process,
                                                       std::string_view key) {
  return Read({kFindLiveByKey, {Home(tenant, key), Text(tenant), Bytea(key), Text(process), Guests(tenant, key)}},
              ReadInstanceRow);
}

Result<std::optional<EverKeyRow>> Reader::FindEverKey(std::string_view tenant, std::string_view process,
                                                      std::string_view key) {
  const auto read = [](const Rows& rows, int i) {
    return EverKeyRow{static_cast<int>(rows.Int(i, 0)), rows.Text(i, 1), rows.Text(i, 2), rows.Text(i, 3),
                      rows.Id(i, 4)};
  };
  return ReadFirst<EverKeyRow>({kFindEverKey, {Home(tenant, key), Text(tenant), Text(process), Bytea(key)}}, read);
}

Result<std::optional<IdempotencyRow>> Reader::FindIdempotencyKey(std::string_view tenant, std::string_view key) {
  const auto read = [](const Rows& rows, int i) {
    return IdempotencyRow{static_cast<int>(rows.Int(i, 0)),
                          rows.Text(i, 1),
                          rows.Text(i, 2),
                          rows.Text(i, 3),
                          rows.Text(i, 4),
                          rows.Int(i, 5)};
  };
  return ReadFirst<IdempotencyRow>({kFindIdempotencyKey, {Home(tenant, key), Text(tenant), Bytea(key)}}, read);
}

Result<std::vector<IncidentRow>> Reader::ListIncidents(const IncidentFilter& filter) {
  FilteredQuery query(kListIncidents);
  query.Where("tenant = ?", Text(filter.tenant));
  if (filter.process) query.Where("process = ?", Text(*filter.process));
  if (filter.instance)
    query.Where("shard = ? AND instance = ?", Int2(filter.instance->shard()), Bytea(*filter.instance));
  if (filter.open) query.Where(*filter.open ? "open" : "NOT open");
  if (filter.after) {
    query.Where("(shard, instance, number) > (?, ?, ?)", Int2(filter.after->first.shard()), Bytea(filter.after->first),
                Int8(filter.after->second));
  }
  // An id begins with its shard, so this is the order of (instance, number).
  return Read(std::move(query).End(" ORDER BY shard, instance, number LIMIT ?", filter.limit), ReadIncidentRow);
}

Result<std::vector<IncidentCount>> Reader::CountIncidents(int limit) {
  const auto read = [](const Rows& rows, int i) {
    return IncidentCount{rows.Text(i, 0), rows.Text(i, 1), rows.Text(i, 2), rows.Int(i, 3)};
  };
  return Read<IncidentCount>({"SELECT tenant, process, state, count(*) FROM incidents WHERE open GROUP BY tenant, "
                              "process, state ORDER BY tenant, process, state LIMIT $1",
                              {Int8(limit)}},
                             read);
}

Result<std::vector<TaskRow>> Reader::ListTasks(const TaskFilter& filter) {
  FilteredQuery query(kListTasks);
  query.Where("tenant = ?", Text(filter.tenant));
  if (filter.process) query.Where("process = ?", Text(*filter.process));
  if (filter.state) query.Where("state = ?", Text(*filter.state));
  if (filter.role) query.Where("role = ?", Bytea(*filter.role));
  if (filter.user) query.Where("assignee = ?", Bytea(*filter.user));
  if (filter.assignee) query.Where("? IN (claimed, assignee)", Bytea(*filter.assignee));
  if (!filter.candidates.empty()) {
    std::vector<Parameter> words;
    std::string condition = "claimed = '' AND ((role = '' AND assignee = '')";
    for (const std::string& word : filter.candidates) {
      condition += " OR ? IN (role, assignee)";
      words.push_back(Bytea(word));
    }
    query.WhereAll(condition + ")", std::move(words));
  }
  if (filter.instance)
    query.Where("shard = ? AND instance = ?", Int2(filter.instance->shard()), Bytea(*filter.instance));
  if (filter.after)
    query.Where("(due_us, instance, activation) > (?, ?, ?)", Int8(filter.after->due_us), Bytea(filter.after->instance),
                Int8(filter.after->activation));
  return Read(std::move(query).End(" ORDER BY due_us, instance, activation LIMIT ?", filter.limit), ReadTaskRow);
}

Result<std::vector<TaskCount>> Reader::CountTasks(std::string_view tenant, std::string_view user, std::int64_t now_us) {
  const auto read = [](const Rows& rows, int i) {
    return TaskCount{rows.Text(i, 0),     rows.Text(i, 1),     rows.Text(i, 2), rows.Int(i, 3) != 0,
                     rows.Int(i, 4) != 0, rows.Int(i, 5) != 0, rows.Int(i, 6)};
  };
  return Read<TaskCount>({kCountTasks, {Text(tenant), Bytea(user), Int8(now_us)}}, read);
}

Result<std::vector<InstanceId>> Reader::ListBusyInstances(const ShardSet& of, const InstanceId& after, int limit) {
  const auto read = [](const Rows& rows, int i) { return rows.Id(i, 0); };
  return Read<InstanceId>(Of(of, {kListBusy, {Int2(after.shard()), Bytea(after), Int8(limit)}}), read);
}

Result<std::vector<InstanceRow>> Reader::ReadEndedInstances(const EndedFilter& filter) {
  const auto& [after_us, after] = filter.after.value_or(std::pair(kLowest, InstanceId()));
  return Read({kReadEndedInstances,
               {Text(filter.process), Text(filter.version), Int8(after_us), Int8(filter.ended_by_us), Bytea(after),
                Int8(filter.limit)}},
              ReadInstanceRow);
}

Result<std::vector<InstanceRow>> Reader::ReadLiveInstances(const std::optional<InstanceRow>& after, int limit) {
  const InstanceRow from = after.value_or(InstanceRow());
  return Read({kReadLiveInstances, {Text(from.tenant), Int8(from.started_us), Bytea(from.id), Int8(limit)}},
              ReadInstanceRow);
}

Result<std::vector<TimerRow>> Reader::ReadTimers(const ShardSet& of, std::int64_t due_before_us,
                                                 const std::optional<TimerRow>& after, int limit) {
  const auto read = [](const Rows& rows, int i) {
    return TimerRow{rows.Id(i, 1), rows.Int(i, 2), rows.Int(i, 3), rows.Int(i, 0)};
  };
  const TimerRow from = after.value_or(TimerRow{InstanceId(), kLowest, kLowest, kLowest});
  const Query query{kReadTimers,
                    {Int8(due_before_us), Int8(from.due_us), Bytea(from.instance), Int8(from.activation),
                     Int8(from.slot), Int8(limit)}};
  return Read<TimerRow>(Of(of, query), read);
}

Result<std::vector<InboxRow>> Reader::ReadInbox(const ShardSet& of, const std::optional<InboxRow>& after, int limit) {
  const InboxRow from = after.value_or(kFirstInboxRow);
  const Query query{kReadInbox,
                    {Bytea(from.sender), Int8(from.seq), Int8(from.index), Int8(limit), Int2(kMailboxFirst)}};
  return Read(Of(of, query), ReadInboxRow);
}

Result<std::vector<InboxRow>> Reader::ReadMailbox(int mailbox, const std::optional<InboxRow>& after, int limit) {
  const InboxRow from = after.value_or(kFirstInboxRow);
  const Query query{kReadMailbox, {Int2(mailbox), Bytea(from.sender), Int8(from.seq), Int8(from.index), Int8(limit)}};
  return Read(query, ReadInboxRow);
}

Result<std::int64_t> Reader::DeleteExpired(const Query& fence, std::int64_t now_us, int limit) {
  std::vector<Query> queries = ExpiryQueries(now_us, limit);
  queries.insert(queries.begin(), fence);  // what is sent together is one transaction
  Result<std::vector<Rows>> all = RunAll(queries);
  if (!all) return all.error();
  std::int64_t deleted = 0;
  for (std::size_t i = 1; i < all->size(); ++i) deleted += (*all)[i].affected();
  return deleted;
}

}  // namespace fermata::postgres
