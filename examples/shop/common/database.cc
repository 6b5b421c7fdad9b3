#include "examples/shop/common/database.h"

#include <soci/postgresql/soci-postgresql.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "engine/base/clock.h"
#include "engine/base/hash.h"
#include "engine/base/time.h"
#include "engine/model/json.h"

namespace fermata::shop {
namespace {

constexpr ErrorCode kDatabaseUnavailable{7030};
constexpr std::size_t kPostgresConnections = 4;
constexpr int kTransactionTries = 3;

void ReplaceAll(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// Of Once().
constexpr const char* kIdempotencyTables[] = {
    "create table if not exists idempotency (idempotency_key varchar(1024) primary key, request_hash varchar(64) not "
    "null, status integer not null, answer text not null, created_dt {time} not null)",
    "create index if not exists idempotency_age on idempotency (created_dt)",
};
// More than one comes with each key, so that those of a busy time go, too.
constexpr int kForgottenAtOnce = 4;

constexpr std::string_view kColumn = "{column} ";
constexpr std::string_view kSqlite = "sqlite://";

bool IsPostgres(const std::string& url) { return !url.starts_with(kSqlite); }

void Connect(soci::session& sql, const std::string& url, const std::string& service) {
  if (IsPostgres(url)) {
    sql.open(soci::postgresql, url);
    // "Already there" is no news.
    sql << "set client_min_messages to warning";
    sql << "set timezone to 'UTC'";
    // Two services that start together may both create it.
    sql << "select pg_advisory_lock(4711)";
    sql << "create schema if not exists " + service;
    sql << "select pg_advisory_unlock(4711)";
    sql << "set search_path to " + service;
    return;
  }
  const std::string folder = url.substr(kSqlite.size());
  sql.open(soci::sqlite3, "db=" + folder + "/" + service + ".db timeout=10");
  sql << "pragma journal_mode=wal";
  sql << "pragma synchronous=full";
}

// `column` is "TABLE NAME TYPE".
void AddColumn(soci::session& sql, const std::string& column) {
  const std::size_t name_at = column.find(' ') + 1, type_at = column.find(' ', name_at);
  const std::string table = column.substr(0, name_at - 1), name = column.substr(name_at, type_at - name_at);
  if (sql.get_backend_name() == "postgresql") {
    sql << "alter table " + table + " add column if not exists " + column.substr(name_at);
    return;
  }
  int there = 0;
  sql << "select count(*) from pragma_table_info('" + table + "') where name = '" + name + "'", soci::into(there);
  if (there == 0) sql << "alter table " + table + " add column " + column.substr(name_at);
}

}  // namespace

Result<std::unique_ptr<Database>> Database::Open(const std::string& url, const std::string& service,
                                                 const std::vector<std::string>& tables) {
  try {
    const bool postgres = IsPostgres(url);
    // SQLite has one writer at a time anyway; one connection never meets a lock.
    const std::size_t connections = postgres ? kPostgresConnections : 1;
    std::unique_ptr<Database> database(new Database(connections));
    for (std::size_t i = 0; i < connections; ++i) Connect(database->pool_.at(i), url, service);
    soci::session sql(database->pool_);
    // One transaction: with a disk write a table a start would take a second.
    soci::transaction transaction(sql);
    std::vector<std::string> all(std::begin(kIdempotencyTables), std::end(kIdempotencyTables));
    all.insert(all.end(), tables.begin(), tables.end());
    for (std::string& table : all) {
      ReplaceAll(table, "{id}", postgres ? "bigserial primary key" : "integer primary key autoincrement");
      ReplaceAll(table, "{time}", postgres ? "timestamp with time zone" : "text");
      ReplaceAll(table, "{view}", postgres ? "create or replace view" : "create view if not exists");
      ReplaceAll(table, "{flag}", postgres ? "boolean" : "integer");
      if (table.starts_with(kColumn))
        AddColumn(sql, table.substr(kColumn.size()));
      else
        sql << table;
    }
    transaction.commit();
    return database;
  } catch (const soci::soci_error& error) {
    return Error{
        .code = kDatabaseUnavailable,
        .message = "Expected the database of the service " + service + " to open, but: " + error.get_error_message()};
  }
}

RestAnswer Database::Transact(const std::function<RestAnswer(soci::session&)>& work) {
  for (int attempt = 1; attempt <= kTransactionTries; ++attempt) {
    soci::session sql(pool_);
    try {
      soci::transaction transaction(sql);
      RestAnswer answer = work(sql);
      transaction.commit();
      return answer;
    } catch (const soci::soci_error&) {
      try {
        if (sql.get_backend_name() == "postgresql" && !sql.is_connected()) sql.reconnect();
      } catch (const soci::soci_error&) {
        // Still down: the next try or the answer says so.
      }
    }
  }
  return Refusal(503, "The database is not available");
}

RestAnswer Once(soci::session& sql, const RestRequest& request, const std::function<RestAnswer()>& effect) {
  if (request.idempotency_key.empty()) return Refusal(400, "The header Idempotency-Key should be provided");
  const std::string hash = Sha256Hex(request.method + " " + request.path + "\n" + request.body_text);
  std::string known_hash, known_answer;
  int known_status = 0;
  sql << "select request_hash, status, answer from idempotency where idempotency_key = :key", soci::into(known_hash),
      soci::into(known_status), soci::into(known_answer), soci::use(request.idempotency_key);
  if (sql.got_data()) {
    if (known_hash != hash) return Refusal(409, "The Idempotency-Key was used for another request");
    Result<Value> body = ParseJson(known_answer);
    return {known_status, body.ok() ? *std::move(body) : Value()};
  }
  RestAnswer answer = effect();
  if (answer.status >= 500) return answer;
  const std::string text = WriteJson(answer.body), now = NowText();
  sql << "insert into idempotency (idempotency_key, request_hash, status, answer, created_dt) values (:key, :hash, "
         ":status, :answer, :now)",
      soci::use(request.idempotency_key), soci::use(hash), soci::use(answer.status), soci::use(text), soci::use(now);
  const std::string old = TextAfterSeconds(-kKeyLifeSeconds);
  sql << "delete from idempotency where idempotency_key in (select idempotency_key from idempotency where created_dt < "
         ":old order by created_dt limit :limit)",
      soci::use(old), soci::use(kForgottenAtOnce);
  return answer;
}

std::string NowText() { return TextAfterSeconds(0); }

std::string TextAfterSeconds(std::int64_t seconds) { return TimeText(SystemClock(), seconds); }

std::string TimeOfDatabase(std::string text) {
  // PostgreSQL: "2026-11-21 16:44:57+00"
  if (text.size() > 10 && text[10] == ' ') text[10] = 'T';
  if (text.ends_with("+00")) text.replace(text.size() - 3, 3, "Z");
  return text;
}

std::string TimeText(Clock& clock, std::int64_t seconds) {
  return FormatTimestamp(FromMicros((clock.NowUs() / 1'000'000 + seconds) * 1'000'000));
}

}  // namespace fermata::shop
