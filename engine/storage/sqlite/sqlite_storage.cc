#include "engine/storage/sqlite/sqlite_storage.h"

#include <mutex>

#include "engine/model/limits.h"
#include "engine/storage/codes.h"
#include "engine/storage/commit_queue.h"
#include "engine/storage/pooled_reads.h"
#include "engine/storage/sqlite/checkpointer.h"
#include "engine/storage/sqlite/database_file.h"
#include "engine/storage/sqlite/file_lock.h"
#include "engine/storage/sqlite/log_room.h"
#include "engine/storage/sqlite/migrations.h"
#include "engine/storage/sqlite/reader.h"
#include "engine/storage/sqlite/space.h"
#include "engine/storage/sqlite/sqlite_tables.h"
#include "engine/storage/sqlite/writer.h"

namespace fermata {
namespace {

using sqlite::Connection;
using sqlite::Reader;

struct Parts {
  sqlite::FileLock lock;
  std::unique_ptr<Connection> writer;
  std::unique_ptr<Connection> checkpoints;
  std::vector<std::unique_ptr<Reader>> readers;
};

// After these nothing of the transaction can appear, whatever happens next. A failed sync leaves pages in the log that may be found after a crash.
bool CertainlyNotCommitted(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_FULL:
    case SQLITE_CONSTRAINT:
    case SQLITE_NOMEM:
      return true;
    default:
      return code == SQLITE_IOERR_WRITE;
  }
}

class SqliteStorage : public PooledReads<Reader> {
 public:
  SqliteStorage(const SqliteOptions& options, Parts parts)
      : sync_(options.sync),
        lock_(std::move(parts.lock)),
        writer_(std::move(parts.writer)),
        readers_(std::move(parts.readers)),
        checkpointer_(*writer_, std::move(parts.checkpoints)),
        queue_({kSqliteGroupBatchesMax, kSqliteGroupBytesMax},
               [this](std::span<const Batch* const> group, std::int64_t) { return CommitGroup(group); }) {}

  StorageInfo Info() const override { return {"sqlite", sync_ == SqliteSync::kFull ? "full" : "none", 1}; }

  void Commit(int lane, Batch batch, CommitCallback done) override {
    queue_.Commit(lane, std::move(batch), std::move(done));
  }
  void ResetLane(int lane) override { queue_.ResetLane(lane); }
  std::optional<Error> LastCommitError() const override {
    std::lock_guard lock(error_mutex_);
    return commit_error_;
  }

  Result<std::int64_t> DeleteExpired(std::int64_t now_us, int limit) override {
    std::int64_t deleted = 0;
    std::optional<Error> error;
    queue_.Run([&] {
      const auto work = [&] { return sqlite::DeleteExpired(*writer_, now_us, limit, deleted); };
      if (Transact(work) != CommitOutcome::kCommitted) error = LastCommitError();
    });
    if (error) return *error;
    return deleted;
  }

  Result<bool> ReturnSpace() override {
    Result<bool> more = false;
    queue_.Run([&] {
      more = sqlite::ReturnPages(*writer_);
      checkpointer_.AfterCommit();
    });
    return more;
  }

 private:
  ReaderPool<Reader>& readers() override { return readers_; }

  CommitOutcome CommitGroup(std::span<const Batch* const> group) {
    const CommitOutcome outcome = Transact([&] { return sqlite::WriteBatches(*writer_, group); });
    checkpointer_.AfterCommit();
    return outcome;
  }

  // On the queue's thread.
  template <class Work>
  CommitOutcome Transact(Work work) {
    int code = writer_->Run("BEGIN IMMEDIATE");
    if (code != SQLITE_DONE) return Failed(CommitOutcome::kFailed);
    code = work();
    if (code != SQLITE_DONE) return Failed(CommitOutcome::kFailed);
    code = writer_->Run("COMMIT");
    if (code != SQLITE_DONE)
      return Failed(CertainlyNotCommitted(code) ? CommitOutcome::kFailed : CommitOutcome::kUnknown);
    std::lock_guard lock(error_mutex_);
    commit_error_.reset();
    return CommitOutcome::kCommitted;
  }

  CommitOutcome Failed(CommitOutcome outcome) {
    Error error = writer_->LastError();
    if (error.code == kStorageReadFailed) error.code = kStorageCommitFailed;
    if (writer_->in_transaction()) writer_->Run("ROLLBACK");
    std::lock_guard lock(error_mutex_);
    commit_error_ = std::move(error);
    return outcome;
  }

  const SqliteSync sync_;
  const sqlite::FileLock lock_;
  const std::unique_ptr<Connection> writer_;
  ReaderPool<Reader> readers_;
  sqlite::Checkpointer checkpointer_;
  mutable std::mutex error_mutex_;
  std::optional<Error> commit_error_;
  CommitQueue queue_;  // last: its thread uses all of the above
};

Result<std::unique_ptr<Connection>> OpenConnection(const std::string& path, int flags, const std::string& pragmas) {
  Result<std::unique_ptr<Connection>> connection = Connection::Open(path, flags);
  if (!connection) return connection;
  Status set = (*connection)->Execute(pragmas);
  if (!set) return set.error();
  return connection;
}

Result<Parts> OpenParts(const SqliteOptions& options, const std::string& path) {
  Result<sqlite::FileLock> lock = sqlite::FileLock::Acquire(path);
  if (!lock) return lock.error();
  Status made = sqlite::MakeFile(path);
  if (!made) return made.error();

  const std::string sync = options.sync == SqliteSync::kFull ? "FULL" : "OFF";
  const std::string writing =
      sqlite::FileSettings() + ";PRAGMA synchronous = " + sync +
      ";PRAGMA wal_autocheckpoint = 0;PRAGMA journal_size_limit = " + std::to_string(kSqliteLogBytesKept) +
      ";PRAGMA cache_size = -" + std::to_string(kSqliteWriterCacheKib);
  Result<std::unique_ptr<Connection>> writer = Connection::Open(path, SQLITE_OPEN_READWRITE);
  if (!writer) return writer.error();
  Status ours = sqlite::CheckOurs(**writer, path);
  if (!ours) return ours.error();
  Status set = (*writer)->Execute(writing);
  if (!set) return set.error();
  Status migrated = sqlite::Migrate(**writer);
  if (!migrated) return migrated.error();
  Status whole = sqlite::CheckWhole(**writer, path);
  if (!whole) return whole.error();
  sqlite::LetPagesReturn(**writer);
  if (options.sync == SqliteSync::kFull) sqlite::ReserveLog(**writer, kSqliteLogBytesReserved);

  Result<std::unique_ptr<Connection>> checkpoints =
      OpenConnection(path, SQLITE_OPEN_READWRITE, "PRAGMA wal_autocheckpoint = 0;PRAGMA synchronous = " + sync);
  if (!checkpoints) return checkpoints.error();
  Parts parts{*std::move(lock), *std::move(writer), *std::move(checkpoints), {}};
  for (int i = 0; i < options.readers; ++i) {
    const std::string reading = "PRAGMA query_only = 1;PRAGMA cache_size = -" + std::to_string(kSqliteReaderCacheKib);
    Result<std::unique_ptr<Connection>> reader = OpenConnection(path, SQLITE_OPEN_READONLY, reading);
    if (!reader) return reader.error();
    parts.readers.push_back(std::make_unique<Reader>(*std::move(reader)));
  }
  return parts;
}

}  // namespace

Result<std::unique_ptr<Storage>> OpenSqlite(const SqliteOptions& options) {
  FERMATA_ASSERT(options.readers > 0);
  const Result<std::string> path = sqlite::ResolvePath(options.path);
  if (!path) return path.error();
  Result<Parts> parts = OpenParts(options, *path);
  if (!parts) return parts.error();
  return std::unique_ptr<Storage>(std::make_unique<SqliteStorage>(options, *std::move(parts)));
}

}  // namespace fermata
