#include "engine/storage/postgres/lane.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "engine/model/limits.h"
#include "engine/storage/codes.h"
#include "engine/storage/postgres/writer.h"

namespace fermata::postgres {
namespace {

// Nothing of the transaction happened, and the same may go well the next time: a deadlock, a serialization failure, a lock that took too long.
bool WorthAnotherTry(const std::string& sql_state) {
  return sql_state == "40P01" || sql_state == "40001" || sql_state == "55P03";
}

// A server that became a standby, where a new connection may find the primary; a prepared query that somebody took away.
bool NeedsAnotherConnection(const std::string& sql_state) { return sql_state == "25006" || sql_state == "26000"; }

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
  bool lost = false;  // an answer got lost: from then on only the database knows, and nothing is certainly not there
  for (int tries = 1;; ++tries) {
    Try tried = lost ? AskWhetherThere(group) : Try::kAgain;
    if (tried == Try::kAgain) tried = CommitOnce(group);
    lost |= tried == Try::kLost;
    switch (tried) {
      case Try::kCommitted:
        errors_.Set(std::nullopt);
        return CommitOutcome::kCommitted;
      case Try::kFenced:
        return CommitOutcome::kFenced;
      case Try::kFailed:
        if (!lost) return CommitOutcome::kFailed;
        break;
      case Try::kLost:
      case Try::kAgain:
        break;
    }
    if (tries == kPostgresCommitTries) return lost ? CommitOutcome::kUnknown : CommitOutcome::kFailed;
    std::this_thread::sleep_for(pause);
    pause *= 2;
  }
}

bool Lane::Connect() {
  if (connection_ != nullptr && connection_->Alive()) return true;
  connection_.reset();
  Result<std::unique_ptr<Connection>> connected = Connection::Connect(settings_);
  if (!connected) {
    errors_.Set(connected.error());
    return false;
  }
  connection_ = *std::move(connected);
  return true;
}

// All of it in one turn: a commit costs one wait, however far away the database is.
Lane::Try Lane::CommitOnce(std::span<const Batch* const> group) {
  if (!Connect()) return Try::kAgain;
  std::vector<Query> queries = {{"BEGIN", {}}, Fence(lease_)};
  for (const Batch* batch : group) AppendQueries(*batch, queries);
  queries.push_back({"COMMIT", {}});
  Result<std::vector<Rows>> rows = connection_->RunAll(queries);
  if (rows) return Try::kCommitted;
  if (!connection_->lost()) return Refused(std::move(rows).error());
  connection_.reset();
  errors_.Set(Error{kStorageCommitFailed,
                    "Expected the commit to be answered, but the connection to the database was lost.", "", ""});
  return Try::kLost;
}

// Whether the commit whose answer got lost has happened. It may still be under way: whoever gets the lease has waited for it. What leaves
// no proof only puts and deletes, which may be done again.
Lane::Try Lane::AskWhetherThere(std::span<const Batch* const> group) {
  if (!Connect()) return Try::kLost;
  std::vector<Query> queries = {{"BEGIN", {}}, AwaitCommits()};
  std::optional<Proof> proof;
  for (const Batch* batch : group)
    if (!proof) proof = ProofOf(*batch);
  if (proof) queries.push_back(proof->query);
  queries.push_back({"COMMIT", {}});
  Result<std::vector<Rows>> rows = connection_->RunAll(queries);
  if (!rows) {
    errors_.Set(rows.error());
    connection_.reset();
    return Try::kLost;
  }
  const Lease current = LeaseIn((*rows)[1]);
  if (current.epoch != lease_.epoch) return FencedBy(current);
  const Rows& found = (*rows)[2];
  const bool there = proof && found.count() > 0 && found.Text(0, 0) == proof->found;
  return there ? Try::kCommitted : Try::kAgain;
}

Lane::Try Lane::FencedBy(const Lease& current) {
  errors_.Set(Error{kStorageFenced,
                    "Expected to own the shards with epoch " + std::to_string(lease_.epoch) + ", but '" + current.node +
                        "' has taken them over with epoch " + std::to_string(current.epoch) + ".",
                    "", "Stop one of the two servers, or give each a database of its own."});
  return Try::kFenced;
}

// The transaction has failed at the server. A server that has been fenced may see it fail earlier, at rows of the other one.
Lane::Try Lane::Refused(Error error) {
  if (error.code == kStorageReadFailed) error.code = kStorageCommitFailed;
  errors_.Set(std::move(error));
  const std::string state = connection_->sql_state();
  if (connection_->in_transaction()) (void)connection_->Execute("ROLLBACK");
  if (NeedsAnotherConnection(state)) {
    connection_.reset();
    return Try::kAgain;
  }
  if (WorthAnotherTry(state)) return Try::kAgain;
  const Result<Rows> rows = connection_->Run(ReadLease());
  if (rows && LeaseIn(*rows).epoch != lease_.epoch) return FencedBy(LeaseIn(*rows));
  return Try::kFailed;
}

}  // namespace fermata::postgres
