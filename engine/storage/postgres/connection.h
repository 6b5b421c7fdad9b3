// A connection to PostgreSQL: the only place that calls libpq.
//
// Not thread-safe: one thread at a time.
#pragma once

#include <libpq-fe.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/storage/postgres/parameters.h"

namespace fermata::postgres {

struct ConnectSettings {
  std::string connection;  // as libpq understands it
  std::int64_t connect_timeout_ms = 0;
  std::int64_t statement_timeout_ms = 0;  // 0: none
  // So long without a byte from the server, or room to send one, and the connection is lost: its machine may hang with a kernel that lives.
  // Servers that can break a transaction off after it. 0: however long it takes.
  std::int64_t answer_timeout_ms = 0;
};

// What a query gave, in binary format.
class Rows {
 public:
  explicit Rows(PGresult* result) : result_(result) {}

  int count() const { return PQntuples(result_.get()); }
  bool IsNull(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  std::int64_t Int(int row, int column) const;  // of int2, int8 and bool
  std::string Text(int row, int column) const;  // of text and bytea
  InstanceId Id(int row, int column) const;
  std::int64_t affected() const;  // by INSERT, UPDATE or DELETE

 private:
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  std::unique_ptr<PGresult, Clear> result_;
};

// Nothing of the transaction happened, and the same may go well the next time: a deadlock, a serialization failure, a lock that took too long.
bool WorthAnotherTry(const std::string& sql_state);
// A server that became a standby, where a new connection may find the primary; a prepared query that somebody took away.
bool NeedsAnotherConnection(const std::string& sql_state);

class Connection {
 public:
  // Fails with kStorageOptionsInvalid if the string cannot be understood, else with kStorageOpenFailed.
  static Result<std::unique_ptr<Connection>> Connect(const ConnectSettings& settings);

  // One query.
  Result<Rows> Run(const Query& query);
  // Several queries with one wait; the first that fails stops the rest. Outside an explicit transaction they are one transaction,
  // unless they bring their own BEGIN and COMMIT. When the connection is lost on the way, nobody knows how much of it happened.
  Result<std::vector<Rows>> RunAll(const std::vector<Query>& queries);
  // Statements without parameters and results, divided by semicolons.
  Status Execute(const std::string& sql);

  // What other sessions have told on the channels that this connection listens to, since the last call. Does not wait.
  std::vector<std::string> TakeNotifications();
  // Readable when the server has said something, as poll() sees it; -1 if the connection was lost.
  int socket() const { return PQsocket(connection_.get()); }

  // Looks whether the server has hung up since the last query. Does not wait.
  bool Alive();
  bool lost() const { return broken_ || PQstatus(connection_.get()) != CONNECTION_OK; }
  bool in_transaction() const { return PQtransactionStatus(connection_.get()) != PQTRANS_IDLE; }
  // Of the last failure, as "23505"; empty if the connection was lost.
  const std::string& sql_state() const { return sql_state_; }

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  Connection(PGconn* connection, std::string password, std::int64_t answer_timeout_ms)
      : connection_(connection), password_(std::move(password)), answer_timeout_ms_(answer_timeout_ms) {}

  // What a result is of: a query, or the preparation of one.
  struct Sent {
    const Query* query = nullptr;
    bool preparation = false;
  };

  bool Send(const Query& query, std::vector<Sent>& sent);
  // Waits until all is sent, or until a result is there to be taken; false: it has taken too long, or the connection is lost.
  bool AwaitSent();
  bool AwaitResult();
  bool AwaitSocket(short events);
  PGresult* NextResult();
  Error Failure(const PGresult* result);
  Result<std::vector<Rows>> Receive(const std::vector<Sent>& sent);

  std::unique_ptr<PGconn, Finish> connection_;
  const std::string password_;  // never to be shown
  const std::int64_t answer_timeout_ms_;
  std::string sql_state_;
  std::map<std::string, std::string> prepared_;  // SQL -> its name at the server
  bool broken_ = false;                          // no longer in step with the server
  bool silent_ = false;                          // for too long
};

}  // namespace fermata::postgres
