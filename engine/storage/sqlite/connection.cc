#include "engine/storage/sqlite/connection.h"

#include <array>
#include <cstring>

#include "engine/storage/codes.h"

namespace fermata::sqlite {
namespace {

Error MakeError(const std::string& path, int code, const char* text) {
  const std::string file = "the database file '" + path + "'";
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {kStorageFull, "Expected room on the disk for " + file + ", but it is full.", "",
              "Free some space: the server goes on by itself."};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {kStorageNotOurs, "Expected " + file + " to be a sound SQLite database, but " + text + ".", "",
              "Restore the file and its -wal file from a backup."};
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return {kStorageOpenFailed, "Expected to read and write " + file + ", but " + text + ".", "",
              "Check that the folder exists and that the server's user may write there."};
    default:
      return {kStorageReadFailed, "Expected " + file + " to answer, but " + text + " (" + std::to_string(code) + ").",
              "", ""};
  }
}

}  // namespace

void Statement::BindOne(int index, std::int64_t value) { sqlite3_bind_int64(statement_.get(), index, value); }

void Statement::BindOne(int index, std::string_view text) {
  // An empty view may have no data, and SQLite takes a null pointer for NULL.
  const char* data = text.data() == nullptr ? "" : text.data();
  sqlite3_bind_text64(statement_.get(), index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::BindOne(int index, Blob blob) {
  const char* data = blob.bytes.data() == nullptr ? "" : blob.bytes.data();
  sqlite3_bind_blob64(statement_.get(), index, data, blob.bytes.size(), SQLITE_STATIC);
}

void Statement::BindOne(int index, const InstanceId& id) {
  sqlite3_bind_blob(statement_.get(), index, id.bytes().data(), static_cast<int>(id.bytes().size()), SQLITE_STATIC);
}

void Statement::BindNull(int index) { sqlite3_bind_null(statement_.get(), index); }

int Statement::Step() { return sqlite3_step(statement_.get()); }

void Statement::Reset() { sqlite3_reset(statement_.get()); }

bool Statement::IsNull(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

std::int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string Statement::Text(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

InstanceId Statement::Id(int column) const {
  std::array<std::uint8_t, 16> bytes{};
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  if (data != nullptr && size == static_cast<int>(bytes.size())) std::memcpy(bytes.data(), data, bytes.size());
  return InstanceId::FromBytes(bytes);
}

Result<std::unique_ptr<Connection>> Connection::Open(const std::string& path, int flags) {
  sqlite3* database = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &database, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  std::unique_ptr<Connection> connection(new Connection(path, database));
  if (code != SQLITE_OK) return MakeError(path, code, sqlite3_errstr(code));
  sqlite3_busy_timeout(database, 5'000);
  return connection;
}

Status Connection::Execute(const std::string& sql) {
  if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return LastError();
  return Done{};
}

Result<std::int64_t> Connection::QueryInt(const std::string& sql) {
  Result<std::vector<std::int64_t>> rows = Query<std::int64_t>(sql, [](const Statement& row) { return row.Int(0); });
  if (!rows) return std::move(rows).error();
  return rows->empty() ? 0 : rows->front();
}

Statement* Connection::Prepare(const std::string& sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return &found->second;
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return nullptr;
  return &statements_.emplace(sql, Statement(statement)).first->second;
}

Error Connection::LastError() const { return MakeError(path_, LastCode(), sqlite3_errmsg(database_.get())); }

}  // namespace fermata::sqlite
