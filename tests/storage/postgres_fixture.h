// A fresh database of the shared cluster, and ways to open and write it.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>

#include "engine/storage/postgres/connection.h"
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
  std::unique_ptr<postgres::Connection> Connect() {
    return postgres::Connection::Connect({connection_, 5'000, 0}).value();
  }
  // The commit is handed over; its outcome comes later.
  std::future<CommitOutcome> Begin(Storage& storage, Batch batch) {
    auto outcome = std::make_shared<std::promise<CommitOutcome>>();
    storage.Commit(0, std::move(batch), [outcome](CommitOutcome how) { outcome->set_value(how); });
    return outcome->get_future();
  }
  // Until so many sessions of this database wait for a lock.
  void AwaitWaiting(int sessions) {
    const std::string count =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while (Run(count) != std::to_string(sessions)) {
    }
  }
  void KillSessions() {
    Run("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
        "pg_backend_pid()");
  }
  std::string Run(const std::string& sql) { return PostgresCluster::Shared().Run(connection_, sql); }

  const std::string connection_ = PostgresCluster::Shared().CreateDatabase();
};

}  // namespace fermata::test
