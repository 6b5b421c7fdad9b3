#include "engine/storage/postgres/postgres_storage.h"

#include <map>
#include <mutex>

#include "engine/model/limits.h"
#include "engine/storage/postgres/lane.h"
#include "engine/storage/postgres/lease.h"
#include "engine/storage/postgres/migrations.h"
#include "engine/storage/postgres/reader.h"
#include "engine/storage/reader_pool.h"

namespace fermata {
namespace {

using postgres::Connection;
using postgres::ConnectSettings;
using postgres::Lane;
using postgres::Lease;
using postgres::Reader;

std::vector<std::unique_ptr<Reader>> MakeReaders(const ConnectSettings& settings, int count) {
  std::vector<std::unique_ptr<Reader>> readers;
  for (int i = 0; i < count; ++i) readers.push_back(std::make_unique<Reader>(settings));
  return readers;
}

ConnectSettings SettingsOf(const PostgresOptions& options, std::int64_t statement_timeout_ms) {
  return {options.connection, options.connect_timeout_ms, statement_timeout_ms};
}

class PostgresStorage : public Storage {
 public:
  PostgresStorage(const PostgresOptions& options, Lease lease, std::string sync)
      : commit_settings_(SettingsOf(options, 0)),
        lease_(std::move(lease)),
        sync_(std::move(sync)),
        readers_(MakeReaders(SettingsOf(options, options.statement_timeout_ms), options.readers)) {}

  StorageInfo Info() const override { return {"postgres", sync_, kPostgresShards}; }

  void Commit(int lane, Batch batch, CommitCallback done) override {
    LaneOf(lane).queue().Commit(lane, std::move(batch), std::move(done));
  }
  void ResetLane(int lane) override { LaneOf(lane).queue().ResetLane(lane); }
  std::optional<Error> LastCommitError() const override { return errors_.Get(); }

  Result<std::optional<StoredInstance>> LoadInstance(const InstanceId& id) override {
    return readers_.With([&](Reader& reader) { return reader.LoadInstance(id); });
  }
  Result<std::vector<JournalRow>> ReadJournal(const InstanceId& id, std::int64_t after_seq, int limit) override {
    return readers_.With([&](Reader& reader) { return reader.ReadJournal(id, after_seq, limit); });
  }
  Result<std::vector<InstanceRow>> ListInstances(const InstanceFilter& filter) override {
    return readers_.With([&](Reader& reader) { return reader.ListInstances(filter); });
  }
  Result<std::vector<InstanceRow>> FindLiveByKey(std::string_view tenant, std::string_view process,
                                                 std::string_view key) override {
    return readers_.With([&](Reader& reader) { return reader.FindLiveByKey(tenant, process, key); });
  }
  Result<std::optional<EverKeyRow>> FindEverKey(std::string_view tenant, std::string_view process,
                                                std::string_view key) override {
    return readers_.With([&](Reader& reader) { return reader.FindEverKey(tenant, process, key); });
  }
  Result<std::vector<SubscriptionRow>> FindSubscriptions(std::string_view tenant, std::string_view type,
                                                         std::string_view value) override {
    return readers_.With([&](Reader& reader) { return reader.FindSubscriptions(tenant, type, value); });
  }
  Result<std::vector<KeptEventRow>> FindKeptEvents(std::string_view tenant, std::string_view process,
                                                   std::string_view value) override {
    return readers_.With([&](Reader& reader) { return reader.FindKeptEvents(tenant, process, value); });
  }
  Result<std::vector<KeptEventRow>> FindKeptEventsOfType(std::string_view tenant, std::string_view type,
                                                         std::string_view value) override {
    return readers_.With([&](Reader& reader) { return reader.FindKeptEventsOfType(tenant, type, value); });
  }
  Result<std::optional<EventIdentityRow>> FindEventIdentity(std::string_view tenant, std::string_view source,
                                                            std::string_view id, std::string_view value) override {
    return readers_.With([&](Reader& reader) { return reader.FindEventIdentity(tenant, source, id, value); });
  }
  Result<std::optional<IdempotencyRow>> FindIdempotencyKey(std::string_view tenant, std::string_view key) override {
    return readers_.With([&](Reader& reader) { return reader.FindIdempotencyKey(tenant, key); });
  }
  Result<std::vector<IncidentRow>> ListIncidents(const IncidentFilter& filter) override {
    return readers_.With([&](Reader& reader) { return reader.ListIncidents(filter); });
  }

  Result<std::vector<TaskRow>> ListTasks(const TaskFilter& filter) override {
    return readers_.With([&](Reader& reader) { return reader.ListTasks(filter); });
  }
  Result<std::vector<ScheduleRow>> ReadSchedules() override {
    return readers_.With([](Reader& reader) { return reader.ReadSchedules(); });
  }
  Result<std::vector<InstanceId>> ListBusyInstances(const InstanceId& after, int limit) override {
    return readers_.With([&](Reader& reader) { return reader.ListBusyInstances(after, limit); });
  }
  Result<std::vector<TimerRow>> ReadTimers(std::int64_t due_before_us, const std::optional<TimerRow>& after,
                                           int limit) override {
    return readers_.With([&](Reader& reader) { return reader.ReadTimers(due_before_us, after, limit); });
  }
  Result<std::vector<InboxRow>> ReadInbox(const std::optional<InboxRow>& after, int limit) override {
    return readers_.With([&](Reader& reader) { return reader.ReadInbox(after, limit); });
  }
  Result<std::int64_t> LastKeptEventOrder() override {
    return readers_.With([](Reader& reader) { return reader.ReadCounter("kept_event_order"); });
  }
  Result<std::int64_t> LastTimeUs() override {
    return readers_.With([](Reader& reader) { return reader.ReadCounter("time_us"); });
  }

  Result<std::vector<DefinitionRow>> ReadDefinitions() override {
    return readers_.With([](Reader& reader) { return reader.ReadDefinitions(); });
  }
  Result<std::vector<std::pair<std::string, std::string>>> ReadLiveVersions() override {
    return readers_.With([](Reader& reader) { return reader.ReadLiveVersions(); });
  }
  Result<std::vector<ManifestRow>> ReadManifests() override {
    return readers_.With([](Reader& reader) { return reader.ReadManifests(); });
  }

  Result<std::int64_t> DeleteExpired(std::int64_t now_us, int limit) override {
    return readers_.With([&](Reader& reader) { return reader.DeleteExpired(now_us, limit); });
  }

 private:
  Lane& LaneOf(int number) {
    std::lock_guard lock(lanes_mutex_);
    std::unique_ptr<Lane>& lane = lanes_[number];
    if (lane == nullptr) lane = std::make_unique<Lane>(commit_settings_, lease_, errors_);
    return *lane;
  }

  const ConnectSettings commit_settings_;
  const Lease lease_;
  const std::string sync_;
  ReaderPool<Reader> readers_;
  postgres::CommitErrors errors_;
  std::mutex lanes_mutex_;
  std::map<int, std::unique_ptr<Lane>> lanes_;  // last: their threads use the rest
};

// "full" if what is committed survives a power cut of the database's machine.
Result<std::string> SyncOf(Connection& connection) {
  Result<postgres::Rows> rows =
      connection.Run({"SELECT current_setting('fsync'), current_setting('synchronous_commit')", {}});
  if (!rows) return rows.error();
  const bool full = rows->Text(0, 0) == "on" && rows->Text(0, 1) != "off";
  return std::string(full ? "full" : "none");
}

}  // namespace

Result<std::unique_ptr<Storage>> OpenPostgres(const PostgresOptions& options) {
  FERMATA_ASSERT(options.readers > 0);
  Result<std::unique_ptr<Connection>> connection = Connection::Connect(SettingsOf(options, 0));
  if (!connection) return connection.error();
  Status migrated = postgres::Migrate(**connection);
  if (!migrated) return migrated.error();
  Result<Lease> lease = postgres::TakeOver(**connection, options.node);
  if (!lease) return lease.error();
  Result<std::string> sync = SyncOf(**connection);
  if (!sync) return sync.error();
  return std::unique_ptr<Storage>(std::make_unique<PostgresStorage>(options, *std::move(lease), *std::move(sync)));
}

}  // namespace fermata
