#include "engine/storage/sqlite/sqlite_tables.h"

#include <sys/stat.h>

#include <filesystem>

#include "engine/model/limits.h"
#include "engine/storage/codes.h"
#include "engine/storage/sqlite/connection.h"
#include "engine/storage/sqlite/database_file.h"
#include "engine/storage/sqlite/file_lock.h"
#include "engine/storage/sqlite/migrations.h"
#include "engine/storage/sqlite/space.h"

namespace fermata {
namespace sqlite {
namespace {

constexpr const char* kFindImport = "SELECT count(*) FROM counters WHERE name = 'import'";

bool IsStored(const TableColumn& column) { return !column.of_shards; }

// "a, b, c" of the columns that the file has.
std::string ColumnList(const TableSpec& table) {
  std::string list;
  for (const TableColumn& column : table.columns)
    if (IsStored(column)) (list += list.empty() ? "" : ", ") += column.name;
  return list;
}

std::string Joined(const std::vector<std::string_view>& words) {
  std::string list;
  for (const std::string_view word : words) (list += list.empty() ? "" : ", ") += word;
  return list;
}

std::string Questions(std::size_t count) {
  std::string list;
  for (std::size_t i = 0; i < count; ++i) list += i == 0 ? "?" : ", ?";
  return list;
}

std::vector<std::string_view> OrderOf(const TableSpec& table, TableOrder order) {
  if (order == TableOrder::kKey) return table.key;
  const std::string_view instance = table.name == "instances" ? "id" : "instance";
  std::vector<std::string_view> columns{instance};
  for (const std::string_view column : table.key)
    if (column != instance) columns.push_back(column);
  return columns;
}

void BindCell(Statement& statement, int index, CellKind kind, const Cell& cell) {
  if (IsNull(cell)) {
    statement.BindNull(index);
  } else if (kind == CellKind::kInt || kind == CellKind::kBool) {
    statement.BindOne(index, IntIn(cell));
  } else if (kind == CellKind::kBytes) {
    statement.BindOne(index, Blob{TextIn(cell)});
  } else {
    statement.BindOne(index, std::string_view(TextIn(cell)));
  }
}

void BindKey(Statement& statement, const TableSpec& table, const TableRow& row) {
  statement.Reset();
  int index = 0;
  for (const std::string_view name : table.key) {
    const std::size_t at = table.At(name);
    BindCell(statement, ++index, table.columns[at].kind, row[at]);
  }
}

TableRow ReadCells(const TableSpec& table, const Statement& statement) {
  TableRow row;
  int index = 0;
  for (const TableColumn& column : table.columns) {
    const int at = IsStored(column) ? index++ : -1;
    if (at < 0 || statement.IsNull(at)) {
      row.emplace_back();
    } else if (column.kind == CellKind::kInt || column.kind == CellKind::kBool) {
      row.emplace_back(statement.Int(at));
    } else {
      row.emplace_back(statement.Text(at));
    }
  }
  return row;
}

// A statement of its own, so that two cursors may walk over one table.
Result<Statement> PrepareAnew(Connection& connection, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(connection.handle(), sql.c_str(), static_cast<int>(sql.size()), &statement, nullptr) !=
      SQLITE_OK)
    return connection.LastError();
  return Statement(statement);
}

class FileCursor : public TableCursor {
 public:
  FileCursor(Connection& connection, const TableSpec& table, Statement statement, std::optional<TableRow> after)
      : connection_(connection), table_(table), statement_(std::move(statement)), after_(std::move(after)) {
    if (after_) BindKey(statement_, table_, *after_);
  }

  Result<std::vector<TableRow>> Next(int rows_max) override {
    std::vector<TableRow> rows;
    while (!ended_ && static_cast<int>(rows.size()) < rows_max) {
      const int code = statement_.Step();
      if (code == SQLITE_ROW) {
        rows.push_back(ReadCells(table_, statement_));
      } else if (code == SQLITE_DONE) {
        ended_ = true;
      } else {
        return connection_.LastError();
      }
    }
    return rows;
  }

 private:
  Connection& connection_;
  const TableSpec& table_;
  Statement statement_;
  const std::optional<TableRow> after_;  // what is bound must live as long as the statement
  bool ended_ = false;
};

class FileReader : public TableReader {
 public:
  FileReader(std::unique_ptr<Connection> connection, std::string stamp)
      : connection_(std::move(connection)), stamp_(std::move(stamp)) {}

  Result<std::unique_ptr<TableCursor>> Open(const TableSpec& table, TableOrder order,
                                            const std::optional<TableRow>& after) override {
    FERMATA_ASSERT(!after || order == TableOrder::kKey);
    std::string sql = "SELECT " + ColumnList(table) + " FROM " + std::string(table.name);
    if (after) sql += " WHERE (" + Joined(table.key) + ") > (" + Questions(table.key.size()) + ")";
    Result<Statement> statement = PrepareAnew(*connection_, sql + " ORDER BY " + Joined(OrderOf(table, order)));
    if (!statement) return statement.error();
    return std::unique_ptr<TableCursor>(
        std::make_unique<FileCursor>(*connection_, table, *std::move(statement), after));
  }

  Result<std::optional<TableRow>> Find(const TableSpec& table, const TableRow& row) override {
    Statement* statement =
        connection_->Prepare("SELECT " + ColumnList(table) + " FROM " + std::string(table.name) + " WHERE (" +
                             Joined(table.key) + ") = (" + Questions(table.key.size()) + ")");
    if (statement == nullptr) return connection_->LastError();
    BindKey(*statement, table, row);
    const int code = statement->Step();
    std::optional<TableRow> found;
    if (code == SQLITE_ROW) found = ReadCells(table, *statement);
    const bool good = code == SQLITE_ROW || code == SQLITE_DONE;
    std::optional<Error> error;
    if (!good) error = connection_->LastError();
    statement->Reset();
    if (error) return *error;
    return found;
  }

  Result<std::int64_t> Count(const TableSpec& table) override {
    return connection_->QueryInt("SELECT count(*) FROM " + std::string(table.name));
  }
  Result<std::string> Stamp() override { return stamp_; }
  int shard_count() const override { return 1; }

 private:
  const std::unique_ptr<Connection> connection_;
  const std::string stamp_;
};

class FileWriter : public TableWriter {
 public:
  FileWriter(FileLock lock, std::unique_ptr<Connection> connection)
      : lock_(std::move(lock)), connection_(std::move(connection)) {}

  Status Write(const std::vector<TableChange>& changes) override {
    if (Status begun = connection_->Execute("BEGIN IMMEDIATE"); !begun) return begun;
    for (const TableChange& change : changes) {
      if (Status done = Apply(change); !done) {
        (void)connection_->Execute("ROLLBACK");
        return done;
      }
    }
    Status committed = connection_->Execute("COMMIT");
    if (!committed && connection_->in_transaction()) (void)connection_->Execute("ROLLBACK");
    return committed;
  }

  Result<bool> IsEmpty() override {
    for (const TableSpec& table : AllTables()) {
      Result<std::int64_t> rows =
          connection_->QueryInt("SELECT count(*) FROM (SELECT 1 FROM " + std::string(table.name) + " LIMIT 1)");
      if (!rows) return rows.error();
      if (*rows > 0) return false;
    }
    return true;
  }

  Result<std::int64_t> ReadCounter(std::string_view name) override {
    Result<std::vector<std::int64_t>> values = connection_->Query<std::int64_t>(
        "SELECT value FROM counters WHERE name = ?", [](const Statement& row) { return row.Int(0); }, name);
    if (!values) return values.error();
    return values->empty() ? 0 : values->front();
  }
  int shard_count() const override { return 1; }

 private:
  Status Apply(const TableChange& change) {
    const TableSpec& table = *change.table;
    const bool deletes = change.kind == TableChange::Kind::kDelete;
    std::size_t stored = 0;
    for (const TableColumn& column : table.columns) stored += IsStored(column) ? 1 : 0;
    const std::string name(table.name);
    const std::string sql =
        deletes ? "DELETE FROM " + name + " WHERE (" + Joined(table.key) + ") = (" + Questions(table.key.size()) + ")"
                : std::string(change.kind == TableChange::Kind::kPut ? "INSERT OR REPLACE" : "INSERT") + " INTO " +
                      name + " (" + ColumnList(table) + ") VALUES (" + Questions(stored) + ")";
    Statement* statement = connection_->Prepare(sql);
    if (statement == nullptr) return connection_->LastError();
    for (const TableRow& row : change.rows) {
      deletes ? BindKey(*statement, table, row) : BindRow(*statement, table, row);
      const int code = statement->Step();
      std::optional<Error> error;
      if (code != SQLITE_DONE) error = connection_->LastError();
      statement->Reset();
      if (error) return *error;
    }
    return Done{};
  }

  static void BindRow(Statement& statement, const TableSpec& table, const TableRow& row) {
    statement.Reset();
    int index = 0;
    for (std::size_t i = 0; i < table.columns.size(); ++i)
      if (IsStored(table.columns[i])) BindCell(statement, ++index, table.columns[i].kind, row[i]);
  }

  const FileLock lock_;
  const std::unique_ptr<Connection> connection_;
};

// Another text as soon as the file or its log was written.
std::string StampOf(const std::string& path) {
  std::string stamp = "sqlite";
  for (const std::string& file : {path, path + "-wal"}) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0 || status.st_size == 0) continue;
    stamp += ":" + std::to_string(status.st_size) + "@" + std::to_string(status.st_mtim.tv_sec) + "." +
             std::to_string(status.st_mtim.tv_nsec);
  }
  return stamp;
}

Status CheckSchema(Connection& connection, const std::string& path) {
  if (Status ours = CheckOurs(connection, path); !ours) return ours;
  const Result<std::int64_t> version = connection.QueryInt("PRAGMA user_version");
  if (!version) return version.error();
  const std::size_t known = AllMigrations().size();
  if (*version == static_cast<std::int64_t>(known)) return Done{};
  return Error{kStorageTooOld,
               "Expected '" + path + "' to have a schema of version " + std::to_string(known) +
                   ", but it has version " + std::to_string(*version) + ".",
               "", "Start this version's server on it once, which brings it up to date."};
}

}  // namespace

Status CheckWhole(Connection& connection, const std::string& path) {
  const Result<std::int64_t> begun = connection.QueryInt(kFindImport);
  if (!begun) return begun.error();
  if (*begun > 0) return HalfImported("'" + path + "'");
  return Done{};
}

}  // namespace sqlite

Result<std::unique_ptr<TableReader>> ReadSqliteTables(const std::string& path) {
  std::error_code error;
  const bool there = std::filesystem::is_regular_file(path, error);
  if (error && error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory)
    return Error{kStorageOpenFailed, "Expected to read the database file '" + path + "', but " + error.message() + ".",
                 "", "Run it as the user that the server runs as."};
  if (!there)
    return Error{kStorageOpenFailed, "Expected a database file at '" + path + "', but there is none.", "",
                 "Give the folder that 'fermata serve' has in --data."};
  const std::string stamp = sqlite::StampOf(path);
  Result<std::unique_ptr<sqlite::Connection>> connection = sqlite::Connection::Open(path, SQLITE_OPEN_READONLY);
  if (!connection) return connection.error();
  if (Status checked = sqlite::CheckSchema(**connection, path); !checked) return checked.error();
  // The first read of the transaction is what it sees from then on.
  if (Status begun = (*connection)->Execute("PRAGMA query_only = 1; BEGIN; SELECT count(*) FROM counters"); !begun)
    return begun.error();
  if (Status whole = sqlite::CheckWhole(**connection, path); !whole) return whole.error();
  return std::unique_ptr<TableReader>(std::make_unique<sqlite::FileReader>(*std::move(connection), stamp));
}

Result<std::unique_ptr<TableWriter>> WriteSqliteTables(const std::string& path) {
  const Result<std::string> resolved = sqlite::ResolvePath(path);
  if (!resolved) return resolved.error();
  Result<sqlite::FileLock> lock = sqlite::FileLock::Acquire(*resolved);
  if (!lock) return lock.error();
  if (Status made = sqlite::MakeFile(*resolved); !made) return made.error();
  Result<std::unique_ptr<sqlite::Connection>> connection = sqlite::Connection::Open(*resolved, SQLITE_OPEN_READWRITE);
  if (!connection) return connection.error();
  if (Status ours = sqlite::CheckOurs(**connection, *resolved); !ours) return ours.error();
  const std::string settings = sqlite::FileSettings() + ";PRAGMA synchronous = FULL;PRAGMA cache_size = -" +
                               std::to_string(kSqliteWriterCacheKib);
  if (Status set = (*connection)->Execute(settings); !set) return set.error();
  if (Status migrated = sqlite::Migrate(**connection); !migrated) return migrated.error();
  return std::unique_ptr<TableWriter>(std::make_unique<sqlite::FileWriter>(*std::move(lock), *std::move(connection)));
}

}  // namespace fermata
