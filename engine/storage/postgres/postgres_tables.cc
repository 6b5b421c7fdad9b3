#include "engine/storage/postgres/postgres_tables.h"

#include <chrono>
#include <thread>

#include "engine/model/limits.h"
#include "engine/storage/codes.h"
#include "engine/storage/postgres/connection.h"
#include "engine/storage/postgres/fence.h"
#include "engine/storage/postgres/migrations.h"

namespace fermata {
namespace postgres {
namespace {

constexpr const char* kFindImport = "SELECT count(*) FROM counters WHERE name = 'import'";
constexpr const char* kHasSchema =
    "SELECT count(*) FROM pg_tables WHERE tablename = 'fermata_schema' AND schemaname = ANY (current_schemas(false))";
constexpr const char* kSchemaVersion = "SELECT version FROM fermata_schema WHERE id = 1";
// Read-only, so that no transaction number is taken: they tell whether anything was written.
constexpr const char* kBeginLook =
    "SET idle_in_transaction_session_timeout = 0; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr const char* kReadStamp = "SELECT txid_snapshot_xmax(txid_current_snapshot())";
constexpr const char* kReadCounterValue = "SELECT coalesce(max(value), 0)::bigint FROM counters WHERE name = $1";

constexpr std::int64_t kTablesConnectMs = 5'000;  // of one try to connect

bool HasShard(const TableSpec& table) { return table.rule != ShardRule::kNone; }
// The shard stands before the columns, unless it is one of them.
bool AddsShard(const TableSpec& table) { return HasShard(table) && table.rule != ShardRule::kStored; }

std::string_view NameOf(const TableColumn& column) {
  return column.postgres_name.empty() ? column.name : column.postgres_name;
}

Type TypeOf(const TableColumn& column) {
  if (column.of_shards) return Type::kInt2;
  switch (column.kind) {
    case CellKind::kInt:
      return Type::kInt8;
    case CellKind::kBool:
      return Type::kBool;
    case CellKind::kName:
      return Type::kText;
    case CellKind::kWord:
    case CellKind::kBytes:
      break;
  }
  return Type::kBytea;
}

std::string Listed(const std::vector<std::string>& words, const std::string& before = "") {
  std::string list;
  for (const std::string& word : words) (list += list.empty() ? "" : ", ") += before + word;
  return list;
}

std::vector<std::string> ColumnsOf(const TableSpec& table) {
  std::vector<std::string> names;
  for (const TableColumn& column : table.columns) names.emplace_back(NameOf(column));
  return names;
}

// The primary key, with the shard before it where there is one.
std::vector<std::string> KeyOf(const TableSpec& table) {
  std::vector<std::string> names;
  if (HasShard(table)) names.emplace_back("shard");
  names.insert(names.end(), table.key.begin(), table.key.end());
  return names;
}

std::vector<std::string> InstanceOrderOf(const TableSpec& table) {
  const std::string instance = table.name == "instances" ? "id" : "instance";
  std::vector<std::string> names{instance};
  for (const std::string_view column : table.key)
    if (column != instance) names.emplace_back(column);
  return names;
}

std::string Numbers(std::size_t from, std::size_t count) {
  std::string list;
  for (std::size_t i = 0; i < count; ++i) list += (i == 0 ? "$" : ", $") + std::to_string(from + i);
  return list;
}

Parameter ParameterOf(const TableColumn& column, const Cell& cell) {
  switch (TypeOf(column)) {
    case Type::kInt2:
      return Int2(static_cast<int>(IntIn(cell)));
    case Type::kInt8:
      return Int8(IntIn(cell));
    case Type::kBool:
      return {static_cast<unsigned>(Type::kBool), std::string(1, IntIn(cell) != 0 ? '\1' : '\0')};
    case Type::kText:
      return Text(TextIn(cell));
    case Type::kBytea:
      break;
  }
  return Bytea(TextIn(cell));
}

std::vector<Parameter> KeyParameters(const TableSpec& table, const TableRow& row) {
  std::vector<Parameter> parameters;
  if (HasShard(table)) parameters.push_back(Int2(ShardOf(table, row, kPostgresShards)));
  for (const std::string_view name : table.key) {
    const std::size_t at = table.At(name);
    parameters.push_back(ParameterOf(table.columns[at], row[at]));
  }
  return parameters;
}

TableRow ReadCells(const TableSpec& table, const Rows& rows, int i) {
  TableRow row;
  for (std::size_t column = 0; column < table.columns.size(); ++column) {
    const int at = static_cast<int>(column);
    const Type type = TypeOf(table.columns[column]);
    if (rows.IsNull(i, at)) {
      row.emplace_back();
    } else if (type == Type::kText || type == Type::kBytea) {
      row.emplace_back(rows.Text(i, at));
    } else {
      row.emplace_back(rows.Int(i, at));
    }
  }
  return row;
}

std::vector<TableRow> ReadAllCells(const TableSpec& table, const Rows& rows) {
  std::vector<TableRow> read;
  for (int i = 0; i < rows.count(); ++i) read.push_back(ReadCells(table, rows, i));
  return read;
}

// Page by page, each from the last row of the one before.
class KeyCursor : public TableCursor {
 public:
  KeyCursor(Connection& connection, const TableSpec& table, std::optional<TableRow> after)
      : connection_(connection), table_(table), after_(std::move(after)) {}

  Result<std::vector<TableRow>> Next(int rows_max) override {
    Query query{"SELECT " + Listed(ColumnsOf(table_)) + " FROM " + std::string(table_.name), {}};
    const std::vector<std::string> key = KeyOf(table_);
    if (after_) {
      query.sql += " WHERE (" + Listed(key) + ") > (" + Numbers(1, key.size()) + ")";
      query.parameters = KeyParameters(table_, *after_);
    }
    query.sql += " ORDER BY " + Listed(key) + " LIMIT " + std::to_string(rows_max);
    Result<Rows> rows = connection_.Run(query);
    if (!rows) return rows.error();
    std::vector<TableRow> read = ReadAllCells(table_, *rows);
    if (!read.empty()) after_ = read.back();
    return read;
  }

 private:
  Connection& connection_;
  const TableSpec& table_;
  std::optional<TableRow> after_;
};

// For an order that no index has: sorted once, by the server.
class SortedCursor : public TableCursor {
 public:
  SortedCursor(Connection& connection, const TableSpec& table, std::string name)
      : connection_(connection), table_(table), name_(std::move(name)) {}

  Result<std::vector<TableRow>> Next(int rows_max) override {
    Result<Rows> rows = connection_.Run({"FETCH " + std::to_string(rows_max) + " FROM " + name_, {}});
    if (!rows) return rows.error();
    return ReadAllCells(table_, *rows);
  }

 private:
  Connection& connection_;
  const TableSpec& table_;
  const std::string name_;
};

class DatabaseReader : public TableReader {
 public:
  DatabaseReader(std::unique_ptr<Connection> connection, std::string stamp)
      : connection_(std::move(connection)), stamp_(std::move(stamp)) {}

  Result<std::unique_ptr<TableCursor>> Open(const TableSpec& table, TableOrder order,
                                            const std::optional<TableRow>& after) override {
    FERMATA_ASSERT(!after || order == TableOrder::kKey);
    // Ids begin with their shard, so the two orders are one where the key begins with the id.
    const std::vector<std::string> by_instance = InstanceOrderOf(table);
    if (order == TableOrder::kKey || (table.rule == ShardRule::kInstance && table.key.front() == by_instance.front()))
      return std::unique_ptr<TableCursor>(std::make_unique<KeyCursor>(*connection_, table, after));
    const std::string name = "sorted_" + std::to_string(++cursors_);
    Status declared =
        connection_->Execute("DECLARE " + name + " NO SCROLL CURSOR FOR SELECT " + Listed(ColumnsOf(table)) + " FROM " +
                             std::string(table.name) + " ORDER BY " + Listed(by_instance));
    if (!declared) return declared.error();
    return std::unique_ptr<TableCursor>(std::make_unique<SortedCursor>(*connection_, table, name));
  }

  Result<std::optional<TableRow>> Find(const TableSpec& table, const TableRow& row) override {
    const std::vector<std::string> key = KeyOf(table);
    Result<Rows> rows = connection_->Run({"SELECT " + Listed(ColumnsOf(table)) + " FROM " + std::string(table.name) +
                                              " WHERE (" + Listed(key) + ") = (" + Numbers(1, key.size()) + ")",
                                          KeyParameters(table, row)});
    if (!rows) return rows.error();
    if (rows->count() == 0) return std::optional<TableRow>();
    return std::optional<TableRow>(ReadCells(table, *rows, 0));
  }

  Result<std::int64_t> Count(const TableSpec& table) override {
    Result<Rows> rows = connection_->Run({"SELECT count(*) FROM " + std::string(table.name), {}});
    if (!rows) return rows.error();
    return rows->Int(0, 0);
  }
  Result<std::string> Stamp() override { return stamp_; }
  int shard_count() const override { return kPostgresShards; }

 private:
  const std::unique_ptr<Connection> connection_;
  const std::string stamp_;
  int cursors_ = 0;
};

// One query for all rows of a change: a column an array.
Query QueryOf(const TableChange& change) {
  const TableSpec& table = *change.table;
  const bool deletes = change.kind == TableChange::Kind::kDelete;
  std::vector<std::string> names = deletes ? KeyOf(table) : ColumnsOf(table);
  if (!deletes && AddsShard(table)) names.insert(names.begin(), "shard");
  const bool shard_first = deletes ? HasShard(table) : AddsShard(table);

  std::vector<Column> columns;
  if (shard_first) columns.emplace_back(Type::kInt2);
  std::vector<std::size_t> cells;
  if (deletes) {
    for (const std::string_view name : table.key) cells.push_back(table.At(name));
  } else {
    for (std::size_t i = 0; i < table.columns.size(); ++i) cells.push_back(i);
  }
  for (const std::size_t cell : cells) columns.emplace_back(TypeOf(table.columns[cell]));

  for (const TableRow& row : change.rows) {
    std::size_t at = 0;
    if (shard_first) columns[at++].Add(ShardOf(table, row, kPostgresShards));
    for (const std::size_t cell : cells) {
      const Type type = TypeOf(table.columns[cell]);
      if (IsNull(row[cell]) && !table.columns[cell].of_shards) {
        columns[at++].Add(std::optional<std::string_view>());
      } else if (type == Type::kText || type == Type::kBytea) {
        columns[at++].Add(std::string_view(TextIn(row[cell])));
      } else {
        columns[at++].Add(IntIn(row[cell]));
      }
    }
  }

  const std::string unnest = "unnest(" + Numbers(1, columns.size()) + ")";
  Query query;
  if (deletes) {
    std::string where;
    for (const std::string& name : names) where += (where.empty() ? "t." : " AND t.") + name + " = d." + name;
    query.sql = "DELETE FROM " + std::string(table.name) + " t USING " + unnest + " AS d (" + Listed(names) +
                ") WHERE " + where;
  } else {
    query.sql = "INSERT INTO " + std::string(table.name) + " (" + Listed(names) + ") SELECT * FROM " + unnest;
    if (change.kind == TableChange::Kind::kPut) {
      std::string set;
      for (const std::string& name : ColumnsOf(table)) (set += set.empty() ? "" : ", ") += name + " = excluded." + name;
      query.sql += " ON CONFLICT (" + Listed(KeyOf(table)) + ") DO UPDATE SET " + set;
    }
  }
  for (Column& column : columns) query.parameters.push_back(std::move(column).Finish());
  return query;
}

// Fails, by dividing by zero, where a server has joined; and keeps others from beginning to until the transaction ends (they look at the version first).
constexpr const char* kAlone =
    "SELECT 1 / (1 - least(1, (SELECT count(*) FROM nodes))) FROM fermata_schema WHERE id = 1 FOR SHARE";
constexpr const char* kReadBeats = "SELECT name, beats FROM heartbeats ORDER BY name";
constexpr const char* kForgetNodes = "DELETE FROM nodes";
constexpr const char* kForgetAllBeats = "DELETE FROM heartbeats";
constexpr const char* kEmptyMailboxes = "DELETE FROM inbox WHERE shard >= $1";
constexpr const char* kFreeAllShards = "UPDATE shards SET node = '' WHERE node <> ''";

Error NotAlone(const std::string& server) {
  return {kStorageFenced, "Expected to be the only one who writes, but the server '" + server + "' uses the database.",
          "", "Stop the servers, and run the same again."};
}

// Refuses while a server lives; what dead ones have left is taken away. Takes a moment where there is something left.
Status BeAlone(Connection& connection) {
  Result<Rows> before = connection.Run({kReadBeats, {}});
  if (!before) return before.error();
  if (before->count() > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(kNodeSilentMs));
    Result<Rows> after = connection.Run({kReadBeats, {}});
    if (!after) return after.error();
    for (int i = 0; i < after->count(); ++i) {
      bool stands = false;
      for (int j = 0; j < before->count(); ++j)
        stands |= before->Text(j, 0) == after->Text(i, 0) && before->Int(j, 1) == after->Int(i, 1);
      if (!stands) return NotAlone(after->Text(i, 0));
    }
  }
  Result<std::vector<Rows>> done = connection.RunAll({{"BEGIN", {}},
                                                      {kForgetAllBeats, {}},
                                                      {kForgetNodes, {}},
                                                      {kFreeAllShards, {}},
                                                      {kEmptyMailboxes, {Int2(kMailboxFirst)}},
                                                      {"COMMIT", {}}});
  if (!done) return done.error();
  return Done{};
}

class DatabaseWriter : public TableWriter {
 public:
  explicit DatabaseWriter(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

  Status Write(const std::vector<TableChange>& changes) override {
    std::vector<Query> queries = {{"BEGIN", {}}, {kAlone, {}}};
    for (const TableChange& change : changes)
      if (!change.rows.empty()) queries.push_back(QueryOf(change));
    Result<std::vector<Rows>> rows = connection_->RunAll(queries);
    if (rows) return connection_->Execute("COMMIT");
    const bool is_alone = connection_->sql_state() != kDividedByZero;
    if (connection_->in_transaction()) (void)connection_->Execute("ROLLBACK");
    if (is_alone) return rows.error();
    Result<Rows> servers = connection_->Run({"SELECT name FROM nodes ORDER BY name", {}});
    return NotAlone(servers && servers->count() > 0 ? servers->Text(0, 0) : "?");
  }

  Result<bool> IsEmpty() override {
    for (const TableSpec& table : AllTables()) {
      Result<Rows> rows = connection_->Run({"SELECT 1::bigint FROM " + std::string(table.name) + " LIMIT 1", {}});
      if (!rows) return rows.error();
      if (rows->count() > 0) return false;
    }
    return true;
  }

  Result<std::int64_t> ReadCounter(std::string_view name) override {
    Result<Rows> rows = connection_->Run({kReadCounterValue, {Text(name)}});
    if (!rows) return rows.error();
    return rows->Int(0, 0);
  }
  int shard_count() const override { return kPostgresShards; }

 private:
  const std::unique_ptr<Connection> connection_;
};

Status CheckSchema(Connection& connection) {
  Result<Rows> there = connection.Run({kHasSchema, {}});
  if (!there) return there.error();
  if (there->Int(0, 0) == 0)
    return Error{kStorageNotOurs, "Expected a database of Fermata, but this one has no tables of it.", "",
                 "Check the name of the database, and the schema on its search_path."};
  Result<Rows> version = connection.Run({kSchemaVersion, {}});
  if (!version) return version.error();
  const std::int64_t known = static_cast<std::int64_t>(AllMigrations().size());
  const std::int64_t done = version->count() == 0 ? 0 : version->Int(0, 0);
  if (done == known) return Done{};
  const std::string expected = "Expected the database to have a schema of version " + std::to_string(known) +
                               ", but it has version " + std::to_string(done) + ".";
  if (done > known) return Error{kStorageTooNew, expected, "", "Run the newer version that has upgraded it."};
  return Error{kStorageTooOld, expected, "", "Start this version's server on it once, which brings it up to date."};
}

}  // namespace

Status CheckWhole(Connection& connection) {
  Result<Rows> begun = connection.Run({kFindImport, {}});
  if (!begun) return begun.error();
  if (begun->Int(0, 0) > 0) return HalfImported("the database");
  return Done{};
}

}  // namespace postgres

Result<std::unique_ptr<TableReader>> ReadPostgresTables(const std::string& connection) {
  Result<std::unique_ptr<postgres::Connection>> connected =
      postgres::Connection::Connect({connection, postgres::kTablesConnectMs, 0});
  if (!connected) return connected.error();
  if (Status checked = postgres::CheckSchema(**connected); !checked) return checked.error();
  if (Status begun = (*connected)->Execute(postgres::kBeginLook); !begun) return begun.error();
  // The first query of the transaction is what it sees from then on.
  Result<postgres::Rows> stamp = (*connected)->Run({postgres::kReadStamp, {}});
  if (!stamp) return stamp.error();
  if (Status whole = postgres::CheckWhole(**connected); !whole) return whole.error();
  return std::unique_ptr<TableReader>(std::make_unique<postgres::DatabaseReader>(
      *std::move(connected), "postgres:" + std::to_string(stamp->Int(0, 0))));
}

Result<std::unique_ptr<TableWriter>> WritePostgresTables(const std::string& connection) {
  Result<std::unique_ptr<postgres::Connection>> connected =
      postgres::Connection::Connect({connection, postgres::kTablesConnectMs, 0});
  if (!connected) return connected.error();
  if (Status migrated = postgres::Migrate(**connected); !migrated) return migrated.error();
  if (Status alone = postgres::BeAlone(**connected); !alone) return alone.error();
  return std::unique_ptr<TableWriter>(std::make_unique<postgres::DatabaseWriter>(*std::move(connected)));
}

}  // namespace fermata
