#include "engine/storage/postgres/lane.h"

#include <chrono>
#include <thread>

#include "engine/model/limits.h"
#include "engine/storage/codes.h"
#include "engine/storage/postgres/writer.h"

namespace fermata::postgres {
namespace {

// Nothing of the transaction happened, and the same may go well the next time: a deadlock, a serialization failure, a lock that took too long,
// or a server that became a standby, where a new connection may find the primary.
bool WorthAnotherTry(const std::string& sql_state) {
  return sql_state == "40P01" || sql_state == "40001" || sql_state == "55P03" || sql_state == "25006";
}

}  // namespace

void CommitErrors::Set(std::optional<Error> error) {
  std::lock_guard lock(mutex_);
  error_ = std::move(error);
}

std::optional<Error> CommitErrors::Get() const {
  std::lock_guard lock(mutex_);
  return error_;
}

Lane::Lane(ConnectSettings settings, Lease lease, CommitErrors& errors)
    : settings_(std::move(settings)),
      lease_(std::move(lease)),
      errors_(errors),
      queue_({kPostgresGroupBatchesMax, kPostgresGroupBytesMax},
             [this](std::span<const Batch* const> group) { return CommitGroup(group); }) {}

CommitOutcome Lane::CommitGroup(std::span<const Batch* const> group) {
  std::chrono::milliseconds pause(kPostgresReconnectFirstMs);
  for (int tries = 1;; ++tries) {
    switch (CommitOnce(group)) {
      case Try::kCommitted:
        errors_.Set(std::nullopt);
        return CommitOutcome::kCommitted;
      case Try::kFailed:
        return CommitOutcome::kFailed;
      case Try::kUnknown:
        return CommitOutcome::kUnknown;
      case Try::kFenced:
        return CommitOutcome::kFenced;
      case Try::kAgain:
        break;
    }
    if (tries == kPostgresCommitTries) return CommitOutcome::kFailed;
    std::this_thread::sleep_for(pause);
    pause *= 2;
  }
}

Lane::Try Lane::CommitOnce(std::span<const Batch* const> group) {
  if (connection_ == nullptr) {
    Result<std::unique_ptr<Connection>> connected = Connection::Connect(settings_);
    if (!connected) {
      errors_.Set(connected.error());
      return Try::kAgain;
    }
    connection_ = *std::move(connected);
  }
  const Try written = Write(group);
  return written == Try::kCommitted ? CommitWritten() : written;
}

// Everything but the COMMIT; kCommitted means: ready for it.
Lane::Try Lane::Write(std::span<const Batch* const> group) {
  std::vector<Query> queries = {{"BEGIN", {}}, ReadLease()};
  for (const Batch* batch : group) AppendQueries(*batch, queries);
  Result<std::vector<Rows>> rows = connection_->RunAll(queries);
  if (!rows) return Refused(std::move(rows).error());

  const Lease current = LeaseIn((*rows)[1]);
  if (current.epoch == lease_.epoch) return Try::kCommitted;
  (void)connection_->Execute("ROLLBACK");
  errors_.Set(Error{kStorageFenced,
                    "Expected to own the shards with epoch " + std::to_string(lease_.epoch) + ", but '" + current.node +
                        "' has taken them over with epoch " + std::to_string(current.epoch) + ".",
                    "", "Stop one of the two servers, or give each a database of its own."});
  return Try::kFenced;
}

Lane::Try Lane::CommitWritten() {
  Status committed = connection_->Execute("COMMIT");
  if (committed) return Try::kCommitted;
  if (!connection_->lost() && !connection_->sql_state().empty()) return Refused(std::move(committed).error());
  // The answer to COMMIT got lost: it may have happened. The journal knows.
  connection_.reset();
  errors_.Set(Error{kStorageCommitFailed,
                    "Expected the commit to be answered, but the connection to the database was lost.", "", ""});
  return Try::kUnknown;
}

Lane::Try Lane::Refused(Error error) {
  if (error.code == kStorageReadFailed) error.code = kStorageCommitFailed;
  errors_.Set(std::move(error));
  const std::string state = connection_->sql_state();
  const bool lost = connection_->lost();
  if (lost || state == "25006") {
    connection_.reset();
  } else if (connection_->in_transaction()) {
    (void)connection_->Execute("ROLLBACK");
  }
  return lost || WorthAnotherTry(state) ? Try::kAgain : Try::kFailed;
}

}  // namespace fermata::postgres
