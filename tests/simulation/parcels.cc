#include "tests/simulation/parcels.h"

#include <gtest/gtest.h>

#include "engine/codec/codec.h"

namespace fermata {
namespace {

struct Parcel {
  std::string lease;         // of the worker that packed it
  bool is_finished = false;  // its state's work completed; otherwise the state had been left by then
  bool is_noted = false;     // how it is undone
  int unpacked = 0;
};

std::string LeaseIn(const Value& value) {
  const Value* lease = value.is_map() ? value.Find("lease") : nullptr;
  return lease != nullptr && lease->is_string() ? std::string(lease->as_string()) : std::string();
}

// As one instance's journal tells it, by the activation that packed.
class ParcelBook {
 public:
  void Read(const std::vector<JournalEvent>& events) {
    for (const JournalEvent& event : events) {
      if (const auto* done = std::get_if<WorkCompleted>(&event.body); done && !LeaseIn(done->output).empty()) {
        parcels_[done->activation].is_finished = true;
        parcels_[done->activation].lease = LeaseIn(done->output);
      }
      if (const auto* noted = std::get_if<UndoRegistered>(&event.body)) Note(noted->record);
      if (const auto* undone = std::get_if<UndoSucceeded>(&event.body))
        parcels_[activations_.at(undone->number)].unpacked += 1;
    }
  }
  const std::map<ActivationId, Parcel>& parcels() const { return parcels_; }
  // Null if it packed nothing.
  const Parcel* Find(ActivationId activation) const {
    const auto found = parcels_.find(activation);
    return found == parcels_.end() ? nullptr : &found->second;
  }

 private:
  void Note(const UndoRecord& record) {
    activations_.emplace(record.number, record.activation);
    Parcel& parcel = parcels_[record.activation];
    EXPECT_FALSE(parcel.is_noted) << "two undos of one parcel";
    parcel.is_noted = true;
    if (parcel.lease.empty()) parcel.lease = LeaseIn(record.input);
    EXPECT_EQ(parcel.lease, LeaseIn(record.input)) << "another parcel would be unpacked";
  }

  std::map<ActivationId, Parcel> parcels_;
  std::map<std::int64_t, ActivationId> activations_;  // by the undo's number
};

ParcelBook BookOf(const memory::Tables& tables, const InstanceId& id) {
  ParcelBook book;
  for (const JournalRow& row : tables.ReadJournal(id, 0, 1'000'000)) {
    const Result<std::vector<JournalEvent>> events = DecodeEvents(row.bytes);
    EXPECT_TRUE(events.ok());
    if (events.ok()) book.Read(*events);
  }
  return book;
}

}  // namespace

int VerifyParcels(const memory::Tables& tables, const std::map<JobKey, std::set<std::string>>& finished) {
  std::map<InstanceId, ParcelBook> books;
  int unpacked = 0;
  InstanceFilter all;
  all.process = "parcel";
  all.limit = 1'000'000;
  for (const InstanceRow& row : tables.ListInstances(all)) {
    const ParcelBook& book = books.emplace(row.id, BookOf(tables, row.id)).first->second;
    for (const auto& [activation, parcel] : book.parcels()) {
      SCOPED_TRACE(row.status + " parcel of " + row.id.ToString() + ", activation " + std::to_string(activation));
      EXPECT_TRUE(parcel.is_noted) << "nobody could have unpacked it";
      // Of an instance that is completed only what was packed for a state that had been left.
      const bool stays = row.status == "completed" && parcel.is_finished;
      EXPECT_EQ(parcel.unpacked, stays ? 0 : 1);
      unpacked += parcel.unpacked;
    }
  }
  for (const auto& [key, leases] : finished) {
    const auto book = books.find(key.instance);
    const Parcel* parcel = book == books.end() ? nullptr : book->second.Find(key.job.activation);
    if (parcel == nullptr) {
      ADD_FAILURE() << key.ToString() << " was finished, and nobody knows of it";
    } else if (key.job.undo) {
      EXPECT_EQ(parcel->unpacked, 1) << key.ToString();
    } else {
      EXPECT_EQ(leases.count(parcel->lease), 1u) << key.ToString();
    }
  }
  return unpacked;
}

}  // namespace fermata
