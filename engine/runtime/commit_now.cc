#include "engine/runtime/commit_now.h"

#include <future>
#include <utility>

#include "engine/runtime/codes.h"

namespace fermata {

CommitOutcome CommitAndWait(Storage& storage, int lane, Batch batch) {
  std::promise<CommitOutcome> promise;
  storage.Commit(lane, std::move(batch), [&](CommitOutcome outcome) { promise.set_value(outcome); });
  const CommitOutcome outcome = promise.get_future().get();
  if (outcome != CommitOutcome::kCommitted) storage.ResetLane(lane);
  return outcome;
}

Status CommitNow(Storage& storage, int lane, Batch batch) {
  return StatusOf(CommitAndWait(storage, lane, std::move(batch)));
}

Status StatusOf(CommitOutcome outcome) {
  if (outcome == CommitOutcome::kCommitted) return Done{};
  if (outcome == CommitOutcome::kUnknown)
    return Error{kStorageUnavailable,
                 "Expected storage to take the change, but the answer got lost: it may have taken it. Look before you "
                 "try again."};
  return Error{kStorageUnavailable, "Expected storage to take the change, but it did not. Try again."};
}

}  // namespace fermata
