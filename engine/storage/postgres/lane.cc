#include "engine/storage/postgres/lane.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "engine/model/limits.h"
#include "engine/storage/codes.h"
#include "engine/storage/postgres/fence.h"

namespace fermata::postgres {
namespace {

constexpr int kCommitBits = 40;  // of a mark, below the epoch's: 30 years of 1,000 a second

}  // namespace

void CommitErrors::Set(std::optional<Error> error) {
  std::lock_guard lock(mutex_);
  error_ = std::move(error);
}

std::optional<Error> CommitErrors::Get() const {
  std::lock_guard lock(mutex_);
  return error_;
}

Lane::Lane(ConnectSettings settings, std::string node, int number, CommitErrors& errors)
    : settings_(std::move(settings)),
      node_(std::move(node)),
      number_(number),
      errors_(errors),
      queue_({kPostgresGroupBatchesMax, kPostgresGroupBytesMax},
             [this](std::span<const Batch* const> group, std::int64_t epoch) { return CommitGroup(group, epoch); }) {}

CommitOutcome Lane::CommitGroup(std::span<const Batch* const> group, std::int64_t epoch) {
  const std::optional<Proof> proof = ProofOf(group, {node_, number_, (epoch << kCommitBits) + ++commits_});
  std::chrono::milliseconds pause(kPostgresReconnectFirstMs);
  bool lost = false;  // an answer got lost: from then on only the database knows, and nothing is certainly not there
  for (int tries = 1;; ++tries) {
    Try tried = lost ? AskWhetherThere(proof, epoch) : Try::kAgain;
    if (tried == Try::kAgain) tried = CommitOnce(group, proof, epoch);
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
Lane::Try Lane::CommitOnce(std::span<const Batch* const> group, const std::optional<Proof>& proof, std::int64_t epoch) {
  if (!Connect()) return Try::kAgain;
  std::vector<Query> queries = {{"BEGIN", {}}, Fence(node_, epoch)};
  AppendGroup(group, queries);
  if (proof && proof->made_by) queries.push_back(*proof->made_by);
  queries.push_back({"COMMIT", {}});
  Result<std::vector<Rows>> rows = connection_->RunAll(queries);
  if (rows) return Try::kCommitted;
  if (!connection_->lost()) return Refused(std::move(rows).error(), epoch);
  connection_.reset();
  errors_.Set(Error{kStorageCommitFailed,
                    "Expected the commit to be answered, but the connection to the database was lost.", "", ""});
  return Try::kLost;
}

// Whether the commit whose answer got lost has happened. It may still be under way: whoever gets the node's row has waited for it. What leaves
// no proof may be done again.
Lane::Try Lane::AskWhetherThere(const std::optional<Proof>& proof, std::int64_t epoch) {
  if (!Connect()) return Try::kLost;
  std::vector<Query> queries = {{"BEGIN", {}}, AwaitCommits(node_)};
  if (proof) queries.push_back(proof->query);
  queries.push_back({"COMMIT", {}});
  Result<std::vector<Rows>> rows = connection_->RunAll(queries);
  if (!rows) {
    errors_.Set(rows.error());
    connection_.reset();
    return Try::kLost;
  }
  const std::optional<std::int64_t> current = EpochIn((*rows)[1]);
  if (current != epoch) return Fenced(epoch, current);
  const Rows& found = (*rows)[2];
  const bool there = proof && found.count() > 0 && found.Text(0, 0) == proof->found;
  return there ? Try::kCommitted : Try::kAgain;
}

Lane::Try Lane::Fenced(std::int64_t epoch, std::optional<std::int64_t> current) {
  const std::string now =
      current ? "it has epoch " + std::to_string(*current) + " now" : "it is not a member of the cluster any more";
  errors_.Set(Error{kStorageFenced,
                    "Expected node '" + node_ + "' to write with epoch " + std::to_string(epoch) + ", but " + now + ".",
                    "", "Another server has its name, or has taken its shards over because it was silent."});
  return Try::kFenced;
}

// The transaction has failed at the server. A server that has been fenced may see it fail earlier, at rows of the other one.
Lane::Try Lane::Refused(Error error, std::int64_t epoch) {
  if (error.code == kStorageReadFailed) error.code = kStorageCommitFailed;
  errors_.Set(std::move(error));
  const std::string state = connection_->sql_state();
  if (connection_->in_transaction()) (void)connection_->Execute("ROLLBACK");
  if (NeedsAnotherConnection(state)) {
    connection_.reset();
    return Try::kAgain;
  }
  if (WorthAnotherTry(state)) return Try::kAgain;
  const Result<Rows> rows = connection_->Run(ReadEpoch(node_));
  if (rows && EpochIn(*rows) != epoch) return Fenced(epoch, EpochIn(*rows));
  if (state == kDividedByZero)
    errors_.Set(Error{kStorageCommitFailed,
                      "Expected each message that the commit takes to be in its inbox, but one was taken before.", "",
                      ""});
  return Try::kFailed;
}

}  // namespace fermata::postgres
