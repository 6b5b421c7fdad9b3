#include "engine/storage/postgres/group.h"

#include <algorithm>
#include <map>
#include <utility>

#include "engine/storage/postgres/table_query.h"
#include "engine/storage/postgres/writer.h"
#include "engine/storage/states_text.h"

namespace fermata::postgres {
namespace {

constexpr const char* kPutJournal =
    "INSERT INTO journal (shard, instance, seq, time_us, bytes) SELECT * FROM unnest($1, $2, $3, $4, $5)";
constexpr const char* kPutInstances =
    "INSERT INTO instances (shard, id, tenant, process, version, definition_hash, key, status, live, states, error, "
    "open_incidents, "
    "parent, started_us, updated_us, ended_us) "
    "SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) "
    "ON CONFLICT (shard, id) DO UPDATE SET tenant = excluded.tenant, process = excluded.process, version = "
    "excluded.version, "
    "definition_hash = excluded.definition_hash, key = excluded.key, status = excluded.status, live = excluded.live, "
    "states = excluded.states, error = excluded.error, open_incidents = excluded.open_incidents, parent = "
    "excluded.parent, "
    "started_us = excluded.started_us, updated_us = excluded.updated_us, ended_us = excluded.ended_us";
constexpr const char* kRaiseCounters =
    "INSERT INTO counters (shard, name, value) SELECT * FROM unnest($1, $2, $3) "
    "ON CONFLICT (shard, name) DO UPDATE SET value = greatest(counters.value, excluded.value)";

constexpr const char* kRaiseGeneration = "UPDATE node_counters SET value = value + 1 WHERE name = $1";

// A row for each lane of a node, by the mailbox, whose number another node has once this one is gone: there are never many. One that is marked
// already, because the commit whose answer got lost was only late, divides by zero.
constexpr const char* kMark =
    "WITH marked AS (INSERT INTO node_counters (name, value) SELECT 'lane ' || mailbox || '/' || $2, $3 FROM nodes "
    "WHERE name = $1 ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE node_counters.value < "
    "excluded.value RETURNING 1) SELECT 1 / count(*) FROM marked";
constexpr const char* kFindMark =
    "SELECT value::text FROM node_counters WHERE name = (SELECT 'lane ' || mailbox || '/' || $2 FROM nodes WHERE name "
    "= $1)";

constexpr const char* kFindJournalRow = "SELECT bytes FROM journal WHERE shard = $1 AND instance = $2 AND seq = $3";
constexpr const char* kFindDefinition = "SELECT bundle FROM definitions WHERE process = $1 AND version = $2";
constexpr const char* kFindAuditRow = "SELECT hash FROM audit WHERE tenant = $1 AND seq = $2";

// Rows of the journal are only ever inserted, so those of all batches may come first.
void AppendJournal(std::span<const Batch* const> group, QueryList& list) {
  std::vector<const JournalRow*> rows;
  for (const Batch* batch : group)
    for (const JournalRow& row : batch->journal) rows.push_back(&row);
  list.Add(kPutJournal, {Type::kInt2, Type::kBytea, Type::kInt8, Type::kInt8, Type::kBytea}, rows,
           [](Table& t, const JournalRow* row) {
             t.Add(row->instance.shard(), row->instance, row->seq, row->time_us, row->bytes);
           });
}

// Only what the group leaves of an instance is written.
void AppendInstances(std::span<const Batch* const> group, QueryList& list) {
  std::map<InstanceId, const InstanceRow*> newest;
  for (const Batch* batch : group) {
    for (const InstanceId& id : batch->instances_deleted) newest.erase(id);
    for (const InstanceRow& row : batch->instances) newest[row.id] = &row;
  }
  list.Add(kPutInstances,
           {Type::kInt2, Type::kBytea, Type::kText, Type::kText, Type::kText, Type::kText, Type::kBytea, Type::kText,
            Type::kBool, Type::kBytea, Type::kBytea, Type::kInt8, Type::kBytea, Type::kInt8, Type::kInt8, Type::kInt8},
           newest, [](Table& t, const auto& entry) {
             const InstanceRow& row = *entry.second;
             t.Add(row.id.shard(), row.id, row.tenant, row.process, row.version, row.definition_hash, row.key,
                   row.status, row.live, JoinStates(row.states), row.error, row.open_incidents, row.parent,
                   row.started_us, row.updated_us, row.ended_us);
           });
}

// What outlives the rows it was taken from. The time is that of all shards, so one row a group carries it, of a shard that is this
// lane's: lanes wait for no row of each other. Ordered, as every lane takes the rows' locks.
void AppendCounters(std::span<const Batch* const> group, QueryList& list) {
  std::map<std::pair<int, std::string>, std::int64_t> newest;
  std::int64_t time_us = 0;
  std::optional<int> first;
  for (const Batch* batch : group) {
    for (const KeptEventRow& row : batch->kept_events) {
      std::int64_t& order = newest[{row.shard, "kept_event_order"}];
      order = std::max(order, row.order);
    }
    for (const JournalRow& row : batch->journal) {
      time_us = std::max(time_us, row.time_us);
      first = std::min<int>(first.value_or(row.instance.shard()), row.instance.shard());
    }
  }
  if (first) newest[{*first, "time_us"}] = time_us;
  list.Add(kRaiseCounters, {Type::kInt2, Type::kText, Type::kInt8}, newest,
           [](Table& t, const auto& entry) { t.Add(entry.first.first, entry.first.second, entry.second); });
}

std::optional<Proof> ProofOfBatch(const Batch& batch) {
  if (!batch.journal.empty()) {
    const JournalRow& row = batch.journal.front();
    return Proof{
        {kFindJournalRow, {Int2(row.instance.shard()), Bytea(row.instance), Int8(row.seq)}}, row.bytes, std::nullopt};
  }
  if (!batch.definitions.empty()) {
    const DefinitionRow& row = batch.definitions.front();
    return Proof{{kFindDefinition, {Text(row.process), Text(row.version)}}, row.bundle, std::nullopt};
  }
  if (!batch.audit.empty()) {
    const AuditRow& row = batch.audit.front();
    return Proof{{kFindAuditRow, {Text(row.tenant), Int8(row.seq)}}, row.hash, std::nullopt};
  }
  return std::nullopt;
}

bool UsesInboxes(const Batch* batch) { return !batch->inbox.empty() || !batch->inbox_taken.empty(); }

}  // namespace

void AppendGenerations(std::span<const Batch* const> group, std::vector<Query>& queries) {
  bool definitions = false, keys = false, orders = false;
  for (const Batch* batch : group) {
    definitions =
        definitions || !batch->definitions.empty() || !batch->live_versions.empty() || !batch->manifests.empty();
    keys = keys || !batch->api_keys.empty() || !batch->api_keys_deleted.empty();
    orders = orders || !batch->standing_orders.empty() || !batch->standing_orders_deleted.empty();
  }
  if (definitions) queries.push_back({kRaiseGeneration, {Text("definitions")}});
  if (keys) queries.push_back({kRaiseGeneration, {Text("keys")}});
  if (orders) queries.push_back({kRaiseGeneration, {Text("orders")}});
}

void AppendGroup(std::span<const Batch* const> group, std::vector<Query>& queries) {
  QueryList list(queries);
  AppendJournal(group, list);
  for (const Batch* batch : group) AppendQueries(*batch, queries);
  AppendInstances(group, list);
  AppendCounters(group, list);
  AppendGenerations(group, queries);
}

std::optional<Proof> ProofOf(std::span<const Batch* const> group, const CommitMark& mark) {
  for (const Batch* batch : group)
    if (std::optional<Proof> proof = ProofOfBatch(*batch)) return proof;
  if (std::none_of(group.begin(), group.end(), UsesInboxes)) return std::nullopt;
  const Parameter node = Text(mark.node), lane = Text(std::to_string(mark.lane));
  return Proof{
      {kFindMark, {node, lane}}, std::to_string(mark.number), Query{kMark, {node, lane, Int8(mark.number)}, true}};
}

}  // namespace fermata::postgres
