#include "engine/storage/sqlite/migrations.h"

#include "engine/storage/codes.h"

namespace fermata::sqlite {
namespace {

// Tells our files from other programs' (PRAGMA application_id): "Ferm".
constexpr std::int64_t kApplicationId = 0x4665726d;

// docs/storage.md explains each table. Keys are ordered so that what is busy lies together: ids and due times grow with the time.
constexpr const char* kMigration1 = R"sql(
CREATE TABLE journal (
  instance BLOB NOT NULL, seq INTEGER NOT NULL, time_us INTEGER NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (instance, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshots (
  instance BLOB NOT NULL PRIMARY KEY, seq INTEGER NOT NULL, bytes BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE instances (
  id BLOB NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, process TEXT NOT NULL, version TEXT NOT NULL,
  definition_hash TEXT NOT NULL, key TEXT, status TEXT NOT NULL, live INTEGER NOT NULL, states TEXT NOT NULL,
  error TEXT NOT NULL, open_incidents INTEGER NOT NULL, parent BLOB,
  started_us INTEGER NOT NULL, updated_us INTEGER NOT NULL, ended_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX instances_by_start ON instances (tenant, started_us, id);
CREATE INDEX instances_by_key ON instances (tenant, key, live) WHERE key IS NOT NULL;
CREATE INDEX instances_live ON instances (tenant, started_us, id) WHERE live = 1;
CREATE INDEX instances_busy ON instances (id) WHERE status IN ('running', 'compensating');
CREATE INDEX instances_ended_badly ON instances (tenant, started_us, id) WHERE status IN ('failed', 'cancelled');

CREATE TABLE timers (
  due_us INTEGER NOT NULL, instance BLOB NOT NULL, activation INTEGER NOT NULL, slot INTEGER NOT NULL,
  PRIMARY KEY (due_us, instance, activation, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE subscriptions (
  tenant TEXT NOT NULL, type TEXT NOT NULL, value TEXT NOT NULL, instance BLOB NOT NULL, activation INTEGER NOT NULL,
  PRIMARY KEY (tenant, type, value, instance, activation)
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
  sender BLOB NOT NULL, seq INTEGER NOT NULL, position INTEGER NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (sender, seq, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE kept_events (
  tenant TEXT NOT NULL, value TEXT NOT NULL, process TEXT NOT NULL, arrival INTEGER NOT NULL,
  type TEXT NOT NULL, expires_us INTEGER NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (tenant, value, process, arrival)
) STRICT, WITHOUT ROWID;
CREATE INDEX kept_events_by_expiry ON kept_events (expires_us);

CREATE TABLE event_identities (
  tenant TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL, expires_us INTEGER NOT NULL,
  PRIMARY KEY (tenant, source, id, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_identities_by_expiry ON event_identities (expires_us);

CREATE TABLE idempotency_keys (
  tenant TEXT NOT NULL, key TEXT NOT NULL, request_hash TEXT NOT NULL, answer BLOB NOT NULL, expires_us INTEGER NOT NULL,
  PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_us);

CREATE TABLE ever_keys (
  tenant TEXT NOT NULL, process TEXT NOT NULL, key TEXT NOT NULL, instance BLOB NOT NULL,
  PRIMARY KEY (tenant, process, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE incidents (
  instance BLOB NOT NULL, number INTEGER NOT NULL, tenant TEXT NOT NULL, process TEXT NOT NULL, state TEXT NOT NULL,
  error TEXT NOT NULL, message TEXT NOT NULL, open INTEGER NOT NULL, opened_us INTEGER NOT NULL, closed_us INTEGER NOT NULL,
  PRIMARY KEY (instance, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX incidents_open ON incidents (tenant, instance, number) WHERE open = 1;

CREATE TABLE definitions (
  process TEXT NOT NULL, version TEXT NOT NULL, hash TEXT NOT NULL, deployed_us INTEGER NOT NULL, bundle BLOB NOT NULL,
  PRIMARY KEY (process, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE live_versions (process TEXT NOT NULL PRIMARY KEY, hash TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE manifests (
  connector TEXT NOT NULL, version TEXT NOT NULL, deployed_us INTEGER NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY (connector, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
)sql";

constexpr const char* kMigration2 = R"sql(
CREATE TABLE tasks (
  instance BLOB NOT NULL, activation INTEGER NOT NULL, tenant TEXT NOT NULL, process TEXT NOT NULL, state TEXT NOT NULL,
  role TEXT NOT NULL, assignee TEXT NOT NULL, due_us INTEGER NOT NULL, opened_us INTEGER NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (instance, activation)
) STRICT, WITHOUT ROWID;
CREATE INDEX tasks_by_due ON tasks (tenant, due_us, instance, activation);

CREATE TABLE schedules (
  tenant TEXT NOT NULL, process TEXT NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (tenant, process)
) STRICT, WITHOUT ROWID;
)sql";

constexpr const char* kMigration3 = R"sql(
CREATE TABLE search_values (
  instance BLOB NOT NULL, name TEXT NOT NULL, tenant TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (instance, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX search_values_by_value ON search_values (tenant, name, value, instance);
)sql";

constexpr const char* kMigration4 = R"sql(
CREATE TABLE api_keys (id TEXT NOT NULL PRIMARY KEY, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  tenant TEXT NOT NULL, seq INTEGER NOT NULL, time_us INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
  target TEXT NOT NULL, result TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL,
  PRIMARY KEY (tenant, seq)
) STRICT, WITHOUT ROWID;
)sql";

constexpr const char* kMigration5 = R"sql(
CREATE TABLE jobs (
  instance BLOB NOT NULL, activation INTEGER NOT NULL, undo INTEGER NOT NULL, tenant TEXT NOT NULL, process TEXT NOT NULL,
  state TEXT NOT NULL, operation TEXT NOT NULL, attempt INTEGER NOT NULL, opened_us INTEGER NOT NULL,
  lease_until_us INTEGER NOT NULL, lease_token TEXT NOT NULL, worker TEXT NOT NULL, ends_us INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (instance, activation, undo)
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_by_age ON jobs (tenant, opened_us, instance, activation, undo);
CREATE INDEX jobs_never_leased ON jobs (tenant, operation, opened_us, instance) WHERE lease_until_us = 0;
CREATE INDEX jobs_leased ON jobs (tenant, operation, lease_until_us, instance) WHERE lease_until_us > 0;

ALTER TABLE tasks ADD COLUMN claimed TEXT NOT NULL DEFAULT '';
)sql";

constexpr const char* kMigration6 = R"sql(
CREATE TABLE standing_orders (
  kind TEXT NOT NULL, id TEXT NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
)sql";

constexpr const char* kMigration7 = R"sql(
CREATE TABLE deliveries (
  webhook TEXT NOT NULL, id TEXT NOT NULL, tenant TEXT NOT NULL, status TEXT NOT NULL, created_us INTEGER NOT NULL,
  due_us INTEGER NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (webhook, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_by_age ON deliveries (webhook, created_us, id);
CREATE INDEX deliveries_by_due ON deliveries (webhook, status, due_us, id, created_us);
CREATE INDEX deliveries_over ON deliveries (due_us) WHERE status <> 'pending';
)sql";

constexpr const char* kMigration8 = R"sql(
CREATE INDEX instances_ended ON instances (process, version, ended_us, id) WHERE live = 0;
)sql";

constexpr Migration kMigrations[] = {
    {1, kMigration1}, {2, kMigration2}, {3, kMigration3}, {4, kMigration4},
    {5, kMigration5}, {6, kMigration6}, {7, kMigration7}, {8, kMigration8},
};

Error NotOurs(const std::string& path) {
  return {kStorageNotOurs, "Expected '" + path + "' to be a database of Fermata, but another program made it.", "",
          "Give another path, or move the file away."};
}

Status RunMigration(Connection& connection, const Migration& migration) {
  const std::string number = std::to_string(migration.number);
  const std::string id = std::to_string(kApplicationId);
  Status done = connection.Execute("BEGIN IMMEDIATE;" + std::string(migration.sql) + "PRAGMA user_version = " + number +
                                   ";PRAGMA application_id = " + id + ";COMMIT;");
  if (!done && connection.in_transaction()) (void)connection.Execute("ROLLBACK");
  return done;
}

}  // namespace

std::span<const Migration> AllMigrations() { return kMigrations; }

Status CheckOurs(Connection& connection, const std::string& path) {
  const Result<std::int64_t> done = connection.QueryInt("PRAGMA user_version");
  if (!done) return done.error();
  const Result<std::int64_t> application = connection.QueryInt("PRAGMA application_id");
  if (!application) return application.error();
  const Result<std::int64_t> tables = connection.QueryInt("SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables.error();

  const bool fresh = *done == 0 && *application == 0 && *tables == 0;
  if (!fresh && *application != kApplicationId) return NotOurs(path);
  const std::int64_t known = static_cast<std::int64_t>(AllMigrations().size());
  if (*done > known) {
    return Error{kStorageTooNew,
                 "Expected '" + path + "' to have a schema of at most version " + std::to_string(known) +
                     ", but it has version " + std::to_string(*done) + ".",
                 "",
                 "A newer Fermata wrote this file. Run that version, or restore the backup made before the upgrade."};
  }
  return Done{};
}

Status Migrate(Connection& connection) {
  const Result<std::int64_t> done = connection.QueryInt("PRAGMA user_version");
  if (!done) return done.error();
  for (const Migration& migration : AllMigrations()) {
    if (migration.number <= *done) continue;
    Status ran = RunMigration(connection, migration);
    if (!ran) return ran;
  }
  return Done{};
}

}  // namespace fermata::sqlite
