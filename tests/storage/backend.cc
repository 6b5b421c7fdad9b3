#include "tests/storage/backend.h"

#include <future>

#include "engine/storage/memory/memory_storage.h"
#include "engine/storage/postgres/postgres_storage.h"
#include "engine/storage/sqlite/sqlite_storage.h"
#include "tests/support/postgres.h"
#include "tests/support/temp_folder.h"

namespace fermata::test {
namespace {

class MemoryBackend : public Backend {
 public:
  Result<std::unique_ptr<Storage>> Open() override { return MakeMemoryStorage(); }
  bool durable() const override { return false; }
};

class SqliteBackend : public Backend {
 public:
  Result<std::unique_ptr<Storage>> Open() override {
    return OpenSqlite({folder_.File("data.db"), SqliteSync::kFull, 2});
  }
  bool durable() const override { return true; }

 private:
  TempFolder folder_;
};

class PostgresBackend : public Backend {
 public:
  Result<std::unique_ptr<Storage>> Open() override {
    PostgresOptions options;
    options.connection = connection_;
    options.readers = 2;
    return OpenPostgres(options);
  }
  bool durable() const override { return true; }

 private:
  const std::string connection_ = PostgresCluster::Shared().CreateDatabase();
};

constexpr std::int64_t kStartMs = 1'700'000'000'000;

}  // namespace

std::unique_ptr<Backend> MakeBackend(BackendKind kind) {
  switch (kind) {
    case BackendKind::kMemory:
      return std::make_unique<MemoryBackend>();
    case BackendKind::kSqlite:
      return std::make_unique<SqliteBackend>();
    case BackendKind::kPostgres:
      return std::make_unique<PostgresBackend>();
  }
  return nullptr;
}

CommitOutcome CommitAndWait(Storage& storage, Batch batch, int lane) {
  std::promise<CommitOutcome> outcome;
  storage.Commit(lane, std::move(batch), [&](CommitOutcome o) { outcome.set_value(o); });
  return outcome.get_future().get();
}

InstanceId IdOf(const Storage& storage, int number) {
  const int shard = storage.Info().shard_count > 1 ? 7 : 0;
  return InstanceId::Make(static_cast<std::uint8_t>(shard), kStartMs + number, static_cast<std::uint64_t>(number), 1);
}

InstanceId IdOfKey(const Storage& storage, int number, std::string_view key) {
  const auto shard = static_cast<std::uint8_t>(ShardOf(storage, key));
  return InstanceId::Make(shard, kStartMs + number, static_cast<std::uint64_t>(number), 2);
}

int ShardOf(const Storage& storage, std::string_view word) {
  return HomeShard(kDefaultTenant, word, storage.Info().shard_count);
}

InstanceRow InstanceWith(const InstanceId& id, const std::string& status) {
  InstanceRow row;
  row.id = id;
  row.tenant = kDefaultTenant;
  row.process = "signup";
  row.version = "1.2.0";
  row.definition_hash = "abc";
  row.status = status;
  row.live = status == "running" || status == "waiting" || status == "suspended" || status == "compensating";
  row.started_us = id.epoch_ms() * 1'000;
  row.updated_us = row.started_us + 5;
  if (!row.live) row.ended_us = row.updated_us;
  return row;
}

JournalRow JournalWith(const InstanceId& id, std::int64_t seq, std::string bytes) {
  return {id, seq, id.epoch_ms() * 1'000 + seq, std::move(bytes)};
}

Batch BatchOf(std::vector<JournalRow> journal) {
  Batch batch;
  batch.journal = std::move(journal);
  return batch;
}

KeptEventRow KeptWith(const Storage& storage, const std::string& process, const std::string& type,
                      const std::string& value, std::int64_t order) {
  return {ShardOf(storage, value),       std::string(kDefaultTenant), process, value, order, type, 500 + order,
          "data" + std::to_string(order)};
}

std::string AllBytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  return bytes;
}

const std::string kHardText = std::string("a\0b'\"\\\n%_ ", 10) + "ключ 鍵 🔑";

}  // namespace fermata::test
