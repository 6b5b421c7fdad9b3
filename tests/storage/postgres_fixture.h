// A fresh database of the shared cluster, and ways to open and write it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "engine/storage/postgres/postgres_storage.h"
#include "tests/storage/backend.h"
#include "tests/support/postgres.h"

namespace fermata::test {

class PostgresServer : public testing::Test {
 protected:
  Result<std::unique_ptr<Storage>> Open(const std::string& node = "a") {
    PostgresOptions options;
    options.connection = connection_;
    options.node = node;
    options.readers = 2;
    return OpenPostgres(options);
  }
  std::unique_ptr<Storage> MustOpen(const std::string& node = "a") {
    Result<std::unique_ptr<Storage>> storage = Open(node);
    if (!storage) ADD_FAILURE() << storage.error().message;
    return *std::move(storage);
  }
  CommitOutcome Write(Storage& storage, std::int64_t seq) {
    return CommitAndWait(storage, BatchOf({JournalWith(IdOf(storage, 1), seq)}));
  }
  std::size_t RowsIn(Storage& storage) { return storage.ReadJournal(IdOf(storage, 1), 0, 100)->size(); }
  std::string Run(const std::string& sql) { return PostgresCluster::Shared().Run(connection_, sql); }

  const std::string connection_ = PostgresCluster::Shared().CreateDatabase();
};

}  // namespace fermata::test
