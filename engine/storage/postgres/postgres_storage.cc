#include "engine/storage/postgres/postgres_storage.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "engine/model/limits.h"
#include "engine/storage/pooled_reads.h"
#include "engine/storage/postgres/fence.h"
#include "engine/storage/postgres/lane.h"
#include "engine/storage/postgres/migrations.h"
#include "engine/storage/postgres/postgres_nodes.h"
#include "engine/storage/postgres/postgres_tables.h"
#include "engine/storage/postgres/reader.h"

namespace fermata {
namespace {

using postgres::Connection;
using postgres::ConnectSettings;
using postgres::Lane;
using postgres::PostgresNodes;
using postgres::Reader;

std::vector<std::unique_ptr<Reader>> MakeReaders(const ConnectSettings& settings, int count) {
  std::vector<std::unique_ptr<Reader>> readers;
  for (int i = 0; i < count; ++i) readers.push_back(std::make_unique<Reader>(settings));
  return readers;
}

ConnectSettings SettingsOf(const PostgresOptions& options, std::int64_t statement_timeout_ms) {
  // Who gives a statement up says so when its time is over.
  const std::int64_t given_up_ms = statement_timeout_ms + options.connect_timeout_ms;
  const std::int64_t answer_ms = options.answer_timeout_ms;
  return {options.connection, options.connect_timeout_ms, statement_timeout_ms,
          statement_timeout_ms == 0 ? answer_ms : std::min(answer_ms, given_up_ms)};
}

class PostgresStorage : public PooledReads<Reader> {
 public:
  PostgresStorage(const PostgresOptions& options, std::string sync)
      : commit_settings_(SettingsOf(options, 0)),
        node_(options.node),
        sync_(std::move(sync)),
        readers_(MakeReaders(SettingsOf(options, options.statement_timeout_ms), options.readers)),
        nodes_(SettingsOf(options, options.statement_timeout_ms), node_, readers_) {}

  Status Join() { return nodes_.JoinFirst(); }

  StorageInfo Info() const override { return {"postgres", sync_, kPostgresShards}; }

  Nodes* nodes() override { return &nodes_; }

  void Commit(int lane, Batch batch, CommitCallback done) override {
    LaneOf(lane).queue().Commit(lane, std::move(batch), std::move(done), nodes_.epoch());
  }
  void ResetLane(int lane) override { LaneOf(lane).queue().ResetLane(lane); }
  std::optional<Error> LastCommitError() const override { return errors_.Get(); }
  Status AwaitCommits() override {
    return readers_.With([&](Reader& reader) { return reader.AwaitCommits(node_); });
  }
  Result<std::vector<StoredInstance>> LoadInstances(std::span<const InstanceId> ids) override {
    return readers_.With([&](Reader& reader) { return reader.LoadInstances(ids); });
  }

  Result<std::int64_t> DeleteExpired(std::int64_t now_us, int limit) override {
    const std::int64_t epoch = nodes_.epoch();
    return readers_.With(
        [&](Reader& reader) { return reader.DeleteExpired(postgres::Fence(node_, epoch), now_us, limit); });
  }

 private:
  ReaderPool<Reader>& readers() override { return readers_; }

  Lane& LaneOf(int number) {
    std::lock_guard lock(lanes_mutex_);
    std::unique_ptr<Lane>& lane = lanes_[number];
    if (lane == nullptr) lane = std::make_unique<Lane>(commit_settings_, node_, number, errors_);
    return *lane;
  }

  const ConnectSettings commit_settings_;
  const std::string node_;
  const std::string sync_;
  ReaderPool<Reader> readers_;
  PostgresNodes nodes_;
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
  // Bringing a large schema up to date may take long.
  ConnectSettings settings = SettingsOf(options, 0);
  settings.answer_timeout_ms = 0;
  Result<std::unique_ptr<Connection>> connection = Connection::Connect(settings);
  if (!connection) return connection.error();
  // Another server may be at it, too.
  if (Status patient = (*connection)->Execute("SET lock_timeout = 0"); !patient) return patient.error();
  Status migrated = postgres::Migrate(**connection);
  if (!migrated) return migrated.error();
  Status whole = postgres::CheckWhole(**connection);
  if (!whole) return whole.error();
  Result<std::string> sync = SyncOf(**connection);
  if (!sync) return sync.error();
  auto storage = std::make_unique<PostgresStorage>(options, *std::move(sync));
  Status joined = storage->Join();
  if (!joined) return joined.error();
  return std::unique_ptr<Storage>(std::move(storage));
}

}  // namespace fermata
