// A database that any earlier version made, with rows in every table it had, is brought up to date and keeps them; and the list of tables is that of the schema.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "engine/storage/postgres/migrations.h"
#include "engine/storage/postgres/postgres_tables.h"
#include "engine/storage/sqlite/migrations.h"
#include "engine/storage/sqlite/sqlite_storage.h"
#include "engine/storage/sqlite/sqlite_tables.h"
#include "tests/storage/postgres_fixture.h"
#include "tests/storage/sample_rows.h"
#include "tests/support/temp_folder.h"

namespace fermata::test {
namespace {

using testing::UnorderedElementsAreArray;

std::vector<std::string> SplitAt(const std::string& text, char divider) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, divider);)
    if (!part.empty()) parts.push_back(part);
  return parts;
}

std::string JoinedBy(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) (text += text.empty() ? "" : ", ") += word;
  return text;
}

// What a row has that was there before the columns which came later.
TableRow AsUpgraded(const TableSpec& table, TableRow row, const std::vector<std::string>& columns) {
  for (std::size_t i = 0; i < row.size(); ++i)
    if (table.columns[i].before && std::count(columns.begin(), columns.end(), table.columns[i].name) == 0)
      row[i] = *table.columns[i].before;
  return row;
}

class SqliteUpgrade : public testing::TestWithParam<int> {
 protected:
  std::string Path() const { return folder_.File("data.db"); }
  std::unique_ptr<sqlite::Connection> Connect() {
    return sqlite::Connection::Open(Path(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE).value();
  }
  static std::vector<std::string> Texts(sqlite::Connection& connection, const std::string& sql) {
    return connection.Query<std::string>(sql, [](const sqlite::Statement& row) { return row.Text(0); }).value();
  }
  TempFolder folder_;
};

TEST_P(SqliteUpgrade, KeepsWhatAnEarlierVersionWrote) {
  AllRows written;
  {
    const auto connection = Connect();
    for (const sqlite::Migration& migration : sqlite::AllMigrations()) {
      if (migration.number > GetParam()) break;
      ASSERT_TRUE(connection->Execute(migration.sql).ok());
    }
    ASSERT_TRUE(
        connection->Execute("PRAGMA application_id = 1181053549; PRAGMA user_version = " + std::to_string(GetParam()))
            .ok());
    for (const std::string& name : Texts(*connection, "SELECT name FROM sqlite_schema WHERE type = 'table'")) {
      const TableSpec& table = TableCalled(name);
      const auto columns = Texts(*connection, "SELECT name FROM pragma_table_info('" + name + "')");
      for (int number = 1; number <= 3; ++number) {
        const TableRow row = SampleRow(table, number);
        ASSERT_TRUE(connection
                        ->Execute("INSERT INTO " + name + " (" + JoinedBy(columns) + ") VALUES (" +
                                  AsSqlite(table, row, columns) + ")")
                        .ok())
            << name;
        written[name].push_back(AsUpgraded(table, row, columns));
      }
    }
  }
  ASSERT_GE(written.size(), 15u);
  ASSERT_TRUE(OpenSqlite({Path(), SqliteSync::kNone, 1}).ok());
  const AllRows read = ReadEverything(*ReadSqliteTables(Path()).value());
  for (const auto& [name, rows] : written) EXPECT_THAT(read.at(name), UnorderedElementsAreArray(rows)) << name;
}

INSTANTIATE_TEST_SUITE_P(EachVersion, SqliteUpgrade,
                         testing::Range(1, static_cast<int>(sqlite::AllMigrations().size()) + 1));

TEST_F(SqliteUpgrade, TheListOfTablesIsThatOfTheSchema) {
  ASSERT_TRUE(OpenSqlite({Path(), SqliteSync::kNone, 1}).ok());
  const auto connection = Connect();
  std::vector<std::string> known;
  for (const TableSpec& table : AllTables()) {
    known.emplace_back(table.name);
    std::vector<std::string> columns, key(table.key.begin(), table.key.end());
    for (const TableColumn& column : table.columns)
      if (!column.of_shards) columns.emplace_back(column.name);
    const std::string info = " FROM pragma_table_info('" + std::string(table.name) + "')";
    EXPECT_THAT(Texts(*connection, "SELECT name" + info), UnorderedElementsAreArray(columns)) << table.name;
    EXPECT_EQ(Texts(*connection, "SELECT name" + info + " WHERE pk > 0 ORDER BY pk"), key) << table.name;
  }
  EXPECT_THAT(known,
              UnorderedElementsAreArray(Texts(*connection, "SELECT name FROM sqlite_schema WHERE type = 'table'")));
}

class PostgresUpgrade : public PostgresServer, public testing::WithParamInterface<int> {
 protected:
  std::vector<std::string> TablesThere() {
    return SplitAt(Run("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN "
                       "('fermata_schema', 'lease', 'nodes', 'heartbeats', 'shards', 'node_counters')"),
                   '\n');
  }
  std::vector<std::string> ColumnsOf(std::string_view table) {
    return SplitAt(Run("SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND "
                       "table_name = '" +
                       std::string(table) + "' ORDER BY ordinal_position"),
                   '\n');
  }
};

TEST_P(PostgresUpgrade, KeepsWhatAnEarlierVersionWrote) {
  std::string sql = "CREATE TABLE fermata_schema (id smallint NOT NULL PRIMARY KEY, version bigint NOT NULL);";
  for (const postgres::Migration& migration : postgres::AllMigrations())
    if (migration.number <= GetParam()) sql += std::string(migration.sql) + ";";
  Run(sql + "INSERT INTO fermata_schema VALUES (1, " + std::to_string(GetParam()) + ")");
  AllRows written;
  std::string inserts;
  for (const std::string& name : TablesThere()) {
    const TableSpec& table = TableCalled(name);
    const std::vector<std::string> columns = ColumnsOf(name);
    for (int number = 1; number <= 3; ++number) {
      const TableRow row = SampleRow(table, number);
      inserts +=
          "INSERT INTO " + name + " (" + JoinedBy(columns) + ") VALUES (" + AsPostgres(table, row, columns) + ");";
      written[name].push_back(AsUpgraded(table, row, columns));
    }
  }
  Run(inserts);
  ASSERT_GE(written.size(), 15u);
  MustOpen();
  const AllRows read = WithoutShards(ReadEverything(*ReadPostgresTables(connection_).value()));
  for (const auto& [name, rows] : written) EXPECT_THAT(read.at(name), UnorderedElementsAreArray(rows)) << name;
}

INSTANTIATE_TEST_SUITE_P(EachVersion, PostgresUpgrade,
                         testing::Range(1, static_cast<int>(postgres::AllMigrations().size()) + 1));

TEST_F(PostgresUpgrade, TheListOfTablesIsThatOfTheSchema) {
  MustOpen();
  std::vector<std::string> known;
  for (const TableSpec& table : AllTables()) {
    known.emplace_back(table.name);
    std::vector<std::string> columns;
    if (table.rule != ShardRule::kNone && table.rule != ShardRule::kStored) columns.emplace_back("shard");
    for (const TableColumn& column : table.columns)
      columns.emplace_back(column.postgres_name.empty() ? column.name : column.postgres_name);
    EXPECT_THAT(ColumnsOf(table.name), UnorderedElementsAreArray(columns)) << table.name;
  }
  EXPECT_THAT(known, UnorderedElementsAreArray(TablesThere()));
}

}  // namespace
}  // namespace fermata::test
