// The fixture of the conformance suite: a fresh, open storage of each kind.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/storage/backend.h"

namespace fermata::test {

class StorageTest : public testing::TestWithParam<BackendKind> {
 protected:
  StorageTest() : backend_(MakeBackend(GetParam())) { Reopen(); }

  void Reopen() {
    storage_.reset();
    Result<std::unique_ptr<Storage>> opened = backend_->Open();
    if (!opened) ADD_FAILURE() << opened.error().message;
    storage_ = *std::move(opened);
  }
  Storage& storage() { return *storage_; }
  Backend& backend() { return *backend_; }

  // Commits on lane 0 and expects that to succeed.
  void Put(Batch batch) { ASSERT_EQ(CommitAndWait(*storage_, std::move(batch)), CommitOutcome::kCommitted); }
  InstanceId Id(int number) const { return IdOf(*storage_, number); }
  InstanceId IdFor(int number, std::string_view key) const { return IdOfKey(*storage_, number, key); }
  int Shard(std::string_view word) const { return ShardOf(*storage_, word); }
  std::vector<std::string> Payloads(const InstanceId& id) {
    std::vector<std::string> payloads;
    const std::vector<JournalRow> rows = storage_->ReadJournal(id, 0, 1'000).value();
    for (const JournalRow& row : rows) payloads.push_back(row.bytes);
    return payloads;
  }

 private:
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Storage> storage_;
};

// Once in each file of tests that use the fixture (or one derived from it).
#define FERMATA_FOR_EACH_STORAGE(Fixture)                                                            \
  INSTANTIATE_TEST_SUITE_P(Memory, Fixture, testing::Values(::fermata::test::BackendKind::kMemory)); \
  INSTANTIATE_TEST_SUITE_P(Sqlite, Fixture, testing::Values(::fermata::test::BackendKind::kSqlite)); \
  INSTANTIATE_TEST_SUITE_P(Postgres, Fixture, testing::Values(::fermata::test::BackendKind::kPostgres))

}  // namespace fermata::test
