#include "engine/storage/postgres/writer.h"

#include <array>
#include <utility>

#include "engine/model/limits.h"
#include "engine/storage/postgres/table_query.h"

namespace fermata::postgres {
namespace {

constexpr const char* kDeleteTimers =
    "DELETE FROM timers t USING unnest($1, $2, $3, $4, $5) AS d (shard, due_us, instance, activation, slot) WHERE "
    "t.shard = d.shard "
    "AND t.due_us = d.due_us AND t.instance = d.instance AND t.activation = d.activation AND t.slot = d.slot";
constexpr const char* kDeleteSubscriptions =
    "DELETE FROM subscriptions t USING unnest($1, $2, $3, $4, $5, $6) AS d (shard, tenant, type, value, instance, "
    "activation) "
    "WHERE t.shard = d.shard AND t.tenant = d.tenant AND t.type = d.type AND t.value = d.value AND t.instance = "
    "d.instance "
    "AND t.activation = d.activation";
constexpr const char* kDeleteInbox =
    "DELETE FROM inbox t USING unnest($1, $2, $3, $4) AS d (shard, sender, seq, position) "
    "WHERE t.shard = d.shard AND t.sender = d.sender AND t.seq = d.seq AND t.position = d.position";
// One that is not there divides by zero.
constexpr const char* kTakeInbox =
    "WITH taken AS (DELETE FROM inbox t USING unnest($1, $2, $3, $4) AS d (shard, sender, seq, position) "
    "WHERE t.shard = d.shard AND t.sender = d.sender AND t.seq = d.seq AND t.position = d.position RETURNING 1) "
    "SELECT 1 / (count(*) = cardinality($3))::int FROM taken";
constexpr const char* kDeleteKeptEvents =
    "DELETE FROM kept_events t USING unnest($1, $2, $3, $4, $5) AS d (shard, tenant, value, process, arrival) "
    "WHERE t.shard = d.shard AND t.tenant = d.tenant AND t.value = d.value AND t.process = d.process AND t.arrival = "
    "d.arrival";

constexpr const char* kDeleteTasks =
    "DELETE FROM tasks t USING unnest($1, $2, $3) AS d (shard, instance, activation) "
    "WHERE t.shard = d.shard AND t.instance = d.instance AND t.activation = d.activation";
constexpr const char* kDeleteJobs =
    "DELETE FROM jobs t USING unnest($1, $2, $3, $4) AS d (shard, instance, activation, undo) "
    "WHERE t.shard = d.shard AND t.instance = d.instance AND t.activation = d.activation AND t.undo = d.undo";
#define FERMATA_DELETE_OF_INSTANCES(table, column)                    \
  "DELETE FROM " table                                                \
  " t USING unnest($1, $2) AS d (shard, id) WHERE t.shard = d.shard " \
  "AND t." column " = d.id"
constexpr std::array kDeleteInstances = {
    FERMATA_DELETE_OF_INSTANCES("journal", "instance"), FERMATA_DELETE_OF_INSTANCES("snapshots", "instance"),
    FERMATA_DELETE_OF_INSTANCES("incidents", "instance"), FERMATA_DELETE_OF_INSTANCES("search_values", "instance"),
    FERMATA_DELETE_OF_INSTANCES("instances", "id")};
constexpr const char* kDeleteSchedules =
    "DELETE FROM schedules t USING unnest($1, $2, $3) AS d (shard, tenant, process) "
    "WHERE t.shard = d.shard AND t.tenant = d.tenant AND t.process = d.process";

constexpr const char* kPutSnapshots =
    "INSERT INTO snapshots (shard, instance, seq, bytes) SELECT * FROM unnest($1, $2, $3, $4) "
    "ON CONFLICT (shard, instance) DO UPDATE SET seq = excluded.seq, bytes = excluded.bytes";
constexpr const char* kPutTimers =
    "INSERT INTO timers (shard, due_us, instance, activation, slot) SELECT * FROM unnest($1, $2, $3, $4, $5) ON "
    "CONFLICT DO NOTHING";
constexpr const char* kPutIncidents =
    "INSERT INTO incidents (shard, instance, number, tenant, process, state, error, message, open, opened_us, "
    "closed_us) "
    "SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (shard, instance, number) DO "
    "UPDATE SET "
    "tenant = excluded.tenant, process = excluded.process, state = excluded.state, error = excluded.error, "
    "message = excluded.message, open = excluded.open, opened_us = excluded.opened_us, closed_us = excluded.closed_us";

constexpr const char* kPutTasks =
    "INSERT INTO tasks (shard, instance, activation, tenant, process, state, role, assignee, due_us, opened_us, bytes, "
    "claimed) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (shard, instance, "
    "activation) DO "
    "UPDATE SET tenant = excluded.tenant, process = excluded.process, state = excluded.state, role = excluded.role, "
    "assignee = excluded.assignee, due_us = excluded.due_us, opened_us = excluded.opened_us, bytes = excluded.bytes, "
    "claimed = excluded.claimed";
constexpr const char* kPutJobs =
    "INSERT INTO jobs (shard, instance, activation, undo, tenant, process, state, operation, attempt, opened_us, "
    "lease_until_us, lease_token, worker, ends_us, bytes) "
    "SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (shard, "
    "instance, activation, undo) DO UPDATE SET tenant = excluded.tenant, process = excluded.process, state = "
    "excluded.state, operation = excluded.operation, attempt = excluded.attempt, opened_us = excluded.opened_us, "
    "lease_until_us = excluded.lease_until_us, lease_token = excluded.lease_token, worker = excluded.worker, ends_us = "
    "excluded.ends_us, bytes = excluded.bytes";
constexpr const char* kPutSearchValues =
    "INSERT INTO search_values (shard, instance, name, tenant, value) SELECT * FROM unnest($1, $2, $3, $4, $5) "
    "ON CONFLICT (shard, instance, name) DO UPDATE SET tenant = excluded.tenant, value = excluded.value";
constexpr const char* kPutSchedules =
    "INSERT INTO schedules (shard, tenant, process, bytes) SELECT * FROM unnest($1, $2, $3, $4) "
    "ON CONFLICT (shard, tenant, process) DO UPDATE SET bytes = excluded.bytes";

constexpr const char* kPutSubscriptions =
    "INSERT INTO subscriptions (shard, tenant, type, value, instance, activation) SELECT * FROM unnest($1, $2, $3, $4, "
    "$5, $6) "
    "ON CONFLICT DO NOTHING";
constexpr const char* kPutInbox =
    "INSERT INTO inbox (shard, sender, seq, position, bytes) SELECT * FROM unnest($1, $2, $3, $4, $5) "
    "ON CONFLICT (shard, sender, seq, position) DO UPDATE SET bytes = excluded.bytes";
constexpr const char* kPutKeptEvents =
    "INSERT INTO kept_events (shard, tenant, value, process, arrival, type, expires_us, bytes) "
    "SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (shard, tenant, value, process, arrival) DO "
    "UPDATE SET "
    "type = excluded.type, expires_us = excluded.expires_us, bytes = excluded.bytes";
constexpr const char* kPutEventIdentities =
    "INSERT INTO event_identities (shard, tenant, source, id, value, expires_us) SELECT * FROM unnest($1, $2, $3, $4, "
    "$5, $6) "
    "ON CONFLICT (shard, tenant, source, id, value) DO UPDATE SET expires_us = excluded.expires_us";
constexpr const char* kPutIdempotencyKeys =
    "INSERT INTO idempotency_keys (shard, tenant, key, owner, request_hash, answer, expires_us) "
    "SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (shard, tenant, key) DO UPDATE SET owner = "
    "excluded.owner, "
    "request_hash = excluded.request_hash, answer = excluded.answer, expires_us = excluded.expires_us";
constexpr const char* kPutEverKeys =
    "INSERT INTO ever_keys (shard, tenant, process, key, instance) SELECT * FROM unnest($1, $2, $3, $4, $5) "
    "ON CONFLICT (shard, tenant, process, key) DO UPDATE SET instance = excluded.instance";

constexpr const char* kPutDefinitions =
    "INSERT INTO definitions (process, version, hash, deployed_us, bundle) SELECT * FROM unnest($1, $2, $3, $4, $5)";
constexpr const char* kPutLiveVersions =
    "INSERT INTO live_versions (process, hash) SELECT * FROM unnest($1, $2) ON CONFLICT (process) DO UPDATE SET hash = "
    "excluded.hash";
constexpr const char* kPutManifests =
    "INSERT INTO manifests (connector, version, deployed_us, manifest) SELECT * FROM unnest($1, $2, $3, $4) "
    "ON CONFLICT (connector, version) DO UPDATE SET deployed_us = excluded.deployed_us, manifest = excluded.manifest";
constexpr const char* kDeleteStandingOrders =
    "DELETE FROM standing_orders t USING unnest($1, $2) AS d (kind, id) WHERE t.kind = d.kind AND t.id = d.id";
constexpr const char* kPutStandingOrders =
    "INSERT INTO standing_orders (kind, id, bytes) SELECT * FROM unnest($1, $2, $3) "
    "ON CONFLICT (kind, id) DO UPDATE SET bytes = excluded.bytes";
constexpr const char* kDeleteDeliveries =
    "DELETE FROM deliveries t USING unnest($1, $2, $3) AS d (shard, webhook, id) WHERE t.shard = d.shard AND t.webhook "
    "= d.webhook AND t.id = d.id";
constexpr const char* kPutDeliveries =
    "INSERT INTO deliveries (shard, webhook, id, tenant, status, created_us, due_us, bytes) "
    "SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (shard, webhook, id) DO UPDATE SET tenant = "
    "excluded.tenant, status = excluded.status, created_us = excluded.created_us, due_us = excluded.due_us, bytes = "
    "excluded.bytes";
constexpr const char* kDeleteApiKeys = "DELETE FROM api_keys t USING unnest($1) AS d (id) WHERE t.id = d.id";
constexpr const char* kPutApiKeys =
    "INSERT INTO api_keys (id, bytes) SELECT * FROM unnest($1, $2) ON CONFLICT (id) DO UPDATE SET bytes = "
    "excluded.bytes";
constexpr const char* kPutAudit =
    "INSERT INTO audit (tenant, seq, time_us, actor, action, target, result, previous, hash) "
    "SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)";

constexpr const char* kExpireKeptEvents =
    "DELETE FROM kept_events WHERE (shard, tenant, value, process, arrival) IN "
    "(SELECT shard, tenant, value, process, arrival FROM kept_events WHERE expires_us <= $1 LIMIT $2)";
constexpr const char* kExpireEventIdentities =
    "DELETE FROM event_identities WHERE (shard, tenant, source, id, value) IN "
    "(SELECT shard, tenant, source, id, value FROM event_identities WHERE expires_us <= $1 LIMIT $2)";
constexpr const char* kExpireIdempotencyKeys =
    "DELETE FROM idempotency_keys WHERE (shard, tenant, key) IN "
    "(SELECT shard, tenant, key FROM idempotency_keys WHERE expires_us <= $1 LIMIT $2)";

constexpr const char* kExpireDeliveries =
    "DELETE FROM deliveries WHERE (shard, webhook, id) IN "
    "(SELECT shard, webhook, id FROM deliveries WHERE status <> 'pending' AND due_us <= $1 LIMIT $2)";

// Whoever answers a node that goes may do so just after its mailbox was emptied.
constexpr const char* kEmptyMailboxesOfNobody =
    "DELETE FROM inbox WHERE (shard, sender, seq, position) IN (SELECT shard, sender, seq, position FROM inbox WHERE "
    "shard >= $1 AND shard NOT IN (SELECT mailbox FROM nodes) LIMIT $2)";

constexpr Type kBool = Type::kBool;
constexpr Type kBytea = Type::kBytea;
constexpr Type kInt2 = Type::kInt2;
constexpr Type kInt8 = Type::kInt8;
constexpr Type kText = Type::kText;

void AppendDeletes(QueryList& list, const Batch& batch) {
  list.Add(kDeleteTimers, {kInt2, kInt8, kBytea, kInt8, kInt8}, batch.timers_deleted,
           [](Table& t, const TimerRow& row) {
             t.Add(row.instance.shard(), row.due_us, row.instance, row.activation, row.slot);
           });
  list.Add(kDeleteSubscriptions, {kInt2, kText, kBytea, kBytea, kBytea, kInt8}, batch.subscriptions_deleted,
           [](Table& t, const SubscriptionRow& row) {
             t.Add(row.shard, row.tenant, row.type, row.value, row.instance, row.activation);
           });
  const auto add_inbox_key = [](Table& t, const InboxRow& row) { t.Add(row.shard, row.sender, row.seq, row.index); };
  list.Add(kTakeInbox, {kInt2, kBytea, kInt8, kInt8}, batch.inbox_taken, add_inbox_key);
  list.Add(kDeleteInbox, {kInt2, kBytea, kInt8, kInt8}, batch.inbox_deleted, add_inbox_key);
  list.Add(kDeleteKeptEvents, {kInt2, kText, kBytea, kText, kInt8}, batch.kept_events_deleted,
           [](Table& t, const KeptEventRow& row) { t.Add(row.shard, row.tenant, row.value, row.process, row.order); });
  list.Add(kDeleteTasks, {kInt2, kBytea, kInt8}, batch.tasks_deleted,
           [](Table& t, const TaskRow& row) { t.Add(row.instance.shard(), row.instance, row.activation); });
  list.Add(kDeleteJobs, {kInt2, kBytea, kInt8, kBool}, batch.jobs_deleted,
           [](Table& t, const JobRow& row) { t.Add(row.instance.shard(), row.instance, row.activation, row.undo); });
  for (const char* sql : kDeleteInstances)
    list.Add(sql, {kInt2, kBytea}, batch.instances_deleted,
             [](Table& t, const InstanceId& id) { t.Add(id.shard(), id); });
  list.Add(kDeleteSchedules, {kInt2, kText, kText}, batch.schedules_deleted,
           [](Table& t, const ScheduleRow& row) { t.Add(row.shard, row.tenant, row.process); });
}

void AppendInstances(QueryList& list, const Batch& batch) {
  list.Add(kPutSnapshots, {kInt2, kBytea, kInt8, kBytea}, batch.snapshots,
           [](Table& t, const SnapshotRow& row) { t.Add(row.instance.shard(), row.instance, row.seq, row.bytes); });
  list.Add(kPutTimers, {kInt2, kInt8, kBytea, kInt8, kInt8}, batch.timers, [](Table& t, const TimerRow& row) {
    t.Add(row.instance.shard(), row.due_us, row.instance, row.activation, row.slot);
  });
  list.Add(kPutIncidents, {kInt2, kBytea, kInt8, kText, kText, kText, kBytea, kBytea, kBool, kInt8, kInt8},
           batch.incidents, [](Table& t, const IncidentRow& row) {
             t.Add(row.instance.shard(), row.instance, row.number, row.tenant, row.process, row.state, row.error,
                   row.message, row.open, row.opened_us, row.closed_us);
           });
}

void AppendEvents(QueryList& list, const Batch& batch) {
  list.Add(kPutSubscriptions, {kInt2, kText, kBytea, kBytea, kBytea, kInt8}, batch.subscriptions,
           [](Table& t, const SubscriptionRow& row) {
             t.Add(row.shard, row.tenant, row.type, row.value, row.instance, row.activation);
           });
  list.Add(kPutInbox, {kInt2, kBytea, kInt8, kInt8, kBytea}, batch.inbox,
           [](Table& t, const InboxRow& row) { t.Add(row.shard, row.sender, row.seq, row.index, row.bytes); });
  list.Add(kPutKeptEvents, {kInt2, kText, kBytea, kText, kInt8, kBytea, kInt8, kBytea}, batch.kept_events,
           [](Table& t, const KeptEventRow& row) {
             t.Add(row.shard, row.tenant, row.value, row.process, row.order, row.type, row.expires_us, row.bytes);
           });
  list.Add(kPutEventIdentities, {kInt2, kText, kBytea, kBytea, kBytea, kInt8}, batch.event_identities,
           [](Table& t, const EventIdentityRow& row) {
             t.Add(row.shard, row.tenant, row.source, row.id, row.value, row.expires_us);
           });
  list.Add(kPutIdempotencyKeys, {kInt2, kText, kBytea, kInt2, kText, kBytea, kInt8}, batch.idempotency_keys,
           [](Table& t, const IdempotencyRow& row) {
             // Found by the request's key alone, so stored by its own shard and not by that of the instance it started.
             t.Add(HomeShard(row.tenant, row.key, kPostgresShards), row.tenant, row.key, row.shard, row.request_hash,
                   row.answer, row.expires_us);
           });
  list.Add(kPutEverKeys, {kInt2, kText, kText, kBytea, kBytea}, batch.ever_keys,
           [](Table& t, const EverKeyRow& row) { t.Add(row.shard, row.tenant, row.process, row.key, row.instance); });
}

void AppendTasks(QueryList& list, const Batch& batch) {
  list.Add(kPutTasks, {kInt2, kBytea, kInt8, kText, kText, kText, kBytea, kBytea, kInt8, kInt8, kBytea, kBytea},
           batch.tasks, [](Table& t, const TaskRow& row) {
             t.Add(row.instance.shard(), row.instance, row.activation, row.tenant, row.process, row.state, row.role,
                   row.user, row.due_us, row.opened_us, row.bytes, row.claimed);
           });
  list.Add(kPutJobs,
           {kInt2, kBytea, kInt8, kBool, kText, kText, kText, kText, kInt8, kInt8, kInt8, kText, kBytea, kInt8, kBytea},
           batch.jobs, [](Table& t, const JobRow& row) {
             t.Add(row.instance.shard(), row.instance, row.activation, row.undo, row.tenant, row.process, row.state,
                   row.operation, row.attempt, row.opened_us, row.lease_until_us, row.lease_token, row.worker,
                   row.ends_us, row.bytes);
           });
  list.Add(kPutSearchValues, {kInt2, kBytea, kText, kText, kBytea}, batch.search_values,
           [](Table& t, const SearchRow& row) {
             t.Add(row.instance.shard(), row.instance, row.name, row.tenant, row.value);
           });
  list.Add(kPutSchedules, {kInt2, kText, kText, kBytea}, batch.schedules,
           [](Table& t, const ScheduleRow& row) { t.Add(row.shard, row.tenant, row.process, row.bytes); });
}

void AppendDefinitions(QueryList& list, const Batch& batch) {
  list.Add(kPutDefinitions, {kText, kText, kText, kInt8, kBytea}, batch.definitions,
           [](Table& t, const DefinitionRow& row) {
             t.Add(row.process, row.version, row.hash, row.deployed_us, row.bundle);
           });
  list.Add(kPutLiveVersions, {kText, kText}, batch.live_versions,
           [](Table& t, const std::pair<std::string, std::string>& row) { t.Add(row.first, row.second); });
  list.Add(kDeleteStandingOrders, {kText, kBytea}, batch.standing_orders_deleted,
           [](Table& t, const StandingOrderRow& row) { t.Add(row.kind, row.id); });
  list.Add(kPutStandingOrders, {kText, kBytea, kBytea}, batch.standing_orders,
           [](Table& t, const StandingOrderRow& row) { t.Add(row.kind, row.id, row.bytes); });
  list.Add(kPutManifests, {kText, kText, kInt8, kBytea}, batch.manifests,
           [](Table& t, const ManifestRow& row) { t.Add(row.connector, row.version, row.deployed_us, row.text); });
}

void AppendDeliveries(QueryList& list, const Batch& batch) {
  list.Add(kDeleteDeliveries, {kInt2, kText, kText}, batch.deliveries_deleted,
           [](Table& t, const DeliveryRow& row) { t.Add(row.shard, row.webhook, row.id); });
  list.Add(kPutDeliveries, {kInt2, kText, kText, kText, kText, kInt8, kInt8, kBytea}, batch.deliveries,
           [](Table& t, const DeliveryRow& row) {
             t.Add(row.shard, row.webhook, row.id, row.tenant, row.status, row.created_us, row.due_us, row.bytes);
           });
}

void AppendSecurity(QueryList& list, const Batch& batch) {
  list.Add(kDeleteApiKeys, {kText}, batch.api_keys_deleted, [](Table& t, const std::string& id) { t.Add(id); });
  list.Add(kPutApiKeys, {kText, kBytea}, batch.api_keys,
           [](Table& t, const ApiKeyRow& row) { t.Add(row.id, row.bytes); });
  list.Add(kPutAudit, {kText, kInt8, kInt8, kBytea, kText, kBytea, kText, kText, kText}, batch.audit,
           [](Table& t, const AuditRow& row) {
             t.Add(row.tenant, row.seq, row.time_us, row.actor, row.action, row.target, row.result, row.previous,
                   row.hash);
           });
}

}  // namespace

void AppendQueries(const Batch& batch, std::vector<Query>& queries) {
  QueryList list(queries);
  AppendDeletes(list, batch);
  AppendInstances(list, batch);
  AppendEvents(list, batch);
  AppendTasks(list, batch);
  AppendDeliveries(list, batch);
  AppendDefinitions(list, batch);
  AppendSecurity(list, batch);
}

std::vector<Query> ExpiryQueries(std::int64_t now_us, int limit) {
  std::vector<Query> queries;
  for (const char* sql : {kExpireKeptEvents, kExpireEventIdentities, kExpireIdempotencyKeys, kExpireDeliveries}) {
    queries.push_back({sql, {Int8(now_us), Int8(limit)}});
  }
  queries.push_back({kEmptyMailboxesOfNobody, {Int2(kMailboxFirst), Int8(limit)}});
  return queries;
}

}  // namespace fermata::postgres
