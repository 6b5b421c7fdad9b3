// One lane: a thread and a connection that commit its batches in order.
//
// Thread-safe; see Storage::Commit.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "engine/storage/commit_queue.h"
#include "engine/storage/postgres/connection.h"
#include "engine/storage/postgres/group.h"

namespace fermata::postgres {

// Where lanes leave the reason of their newest failure. Thread-safe.
class CommitErrors {
 public:
  void Set(std::optional<Error> error);
  std::optional<Error> Get() const;

 private:
  mutable std::mutex mutex_;
  std::optional<Error> error_;
};

class Lane {
 public:
  // Commits as this node. `errors` must outlive the lane. Connects at the first commit.
  Lane(ConnectSettings settings, std::string node, int number, CommitErrors& errors);

  CommitQueue& queue() { return queue_; }

 private:
  // Tells more than CommitOutcome: whether it is worth another try, and that its answer got lost.
  enum class Try { kCommitted, kFailed, kFenced, kAgain, kLost };

  CommitOutcome CommitGroup(std::span<const Batch* const> group, std::int64_t epoch);
  Try CommitOnce(std::span<const Batch* const> group, const std::optional<Proof>& proof, std::int64_t epoch);
  Try AskWhetherThere(const std::optional<Proof>& proof, std::int64_t epoch);
  Try Refused(Error error, std::int64_t epoch);
  Try Fenced(std::int64_t epoch, std::optional<std::int64_t> current);
  bool Connect();

  const ConnectSettings settings_;
  const std::string node_;
  const int number_;
  CommitErrors& errors_;
  std::int64_t commits_ = 0;
  std::unique_ptr<Connection> connection_;
  CommitQueue queue_;  // last: its thread uses all of the above
};

}  // namespace fermata::postgres
