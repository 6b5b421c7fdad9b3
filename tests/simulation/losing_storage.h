// A storage that does what it is told and, when it is asked to, says that it has not.
//
// Single-threaded, as SimStorage is; commits are through when Commit() returns.
#pragma once

#include <utility>

#include "engine/runtime/codes.h"
#include "tests/simulation/sim_storage.h"

namespace fermata {

class LosingStorage final : public SimStorage {
 public:
  LosingStorage() : SimStorage(1, 1) {}

  bool loses_answers = false;  // commits happen, and nobody hears of it
  bool is_away = false;        // standing orders cannot be read

  void Commit(int lane, Batch batch, CommitCallback done) override {
    SimStorage::Commit(lane, std::move(batch), [](CommitOutcome) {});
    FinishOne();
    done(loses_answers ? CommitOutcome::kUnknown : CommitOutcome::kCommitted);
  }
  Result<std::vector<StandingOrderRow>> ReadStandingOrders(std::string_view kind) override {
    if (is_away) return Error{kStorageUnavailable, "Expected an answer, but there is none."};
    return SimStorage::ReadStandingOrders(kind);
  }
};

}  // namespace fermata
