// A connection to the file and its prepared statements: the only place that calls sqlite3.
//
// Not thread-safe: one thread at a time. Statements must not outlive their connection.
#pragma once

#include <sqlite3.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/ids.h"

namespace fermata::sqlite {

// Bytes to bind as BLOB; strings are bound as TEXT.
struct Blob {
  std::string_view bytes;
};

class Statement {
 public:
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  // Begins anew with these parameters, which must live until the statement is reset or bound again.
  template <class... Args>
  void Bind(const Args&... args) {
    Reset();
    [[maybe_unused]] int index = 0;
    (BindOne(++index, args), ...);
  }
  void BindOne(int index, std::int64_t value);
  void BindOne(int index, int value) { BindOne(index, std::int64_t{value}); }
  // A template, so that a pointer is not taken for a bool.
  template <std::same_as<bool> Bool>
  void BindOne(int index, Bool value) {
    BindOne(index, std::int64_t{value});
  }
  void BindOne(int index, std::string_view text);
  void BindOne(int index, const std::string& text) { BindOne(index, std::string_view(text)); }
  void BindOne(int index, const char* text) { BindOne(index, std::string_view(text)); }
  void BindOne(int index, Blob blob);
  void BindOne(int index, const InstanceId& id);
  template <class T>
  void BindOne(int index, const std::optional<T>& value) {
    value ? BindOne(index, *value) : BindNull(index);
  }
  void BindNull(int index);

  // SQLITE_ROW, SQLITE_DONE or an error.
  int Step();
  void Reset();

  // Columns of the row of the last Step().
  bool IsNull(int column) const;
  std::int64_t Int(int column) const;
  std::string Text(int column) const;  // also of a blob
  InstanceId Id(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Connection {
 public:
  // `flags` as for sqlite3_open_v2.
  static Result<std::unique_ptr<Connection>> Open(const std::string& path, int flags);

  // Runs SQL without parameters and results.
  Status Execute(const std::string& sql);
  Result<std::int64_t> QueryInt(const std::string& sql);

  // The statement for this SQL, prepared once; nullptr if that fails (LastError says why).
  Statement* Prepare(const std::string& sql);

  // Binds and runs a statement that gives no rows: SQLITE_DONE or an error code.
  template <class... Args>
  int Run(const std::string& sql, const Args&... args) {
    Statement* statement = Prepare(sql);
    return statement == nullptr ? LastCode() : Run(*statement, args...);
  }
  template <class... Args>
  int Run(Statement& statement, const Args&... args) {
    statement.Bind(args...);
    const int code = statement.Step();
    statement.Reset();
    return code;
  }

  // Every row of a query, made by `read`.
  template <class Row, class... Args>
  Result<std::vector<Row>> Query(const std::string& sql, Row (*read)(const Statement&), const Args&... args) {
    Statement* statement = Prepare(sql);
    if (statement == nullptr) return LastError();
    statement->Bind(args...);
    return Collect(*statement, read);
  }
  // The same for a statement whose parameters are bound already.
  template <class Row>
  Result<std::vector<Row>> Collect(Statement& statement, Row (*read)(const Statement&)) {
    std::vector<Row> rows;
    int code = statement.Step();
    for (; code == SQLITE_ROW; code = statement.Step()) rows.push_back(read(statement));
    std::optional<Error> error;
    if (code != SQLITE_DONE) error = LastError();
    statement.Reset();
    if (error) return *std::move(error);
    return rows;
  }

  bool in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }
  int LastCode() const { return sqlite3_extended_errcode(database_.get()); }
  // What went wrong last, as a person should read it.
  Error LastError() const;
  sqlite3* handle() { return database_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };

  Connection(std::string path, sqlite3* database) : path_(std::move(path)), database_(database) {}

  const std::string path_;
  std::unique_ptr<sqlite3, Close> database_;
  std::unordered_map<std::string, Statement> statements_;  // after database_: they go first
};

}  // namespace fermata::sqlite
