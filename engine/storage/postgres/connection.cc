#include "engine/storage/postgres/connection.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "engine/model/limits.h"
#include "engine/storage/codes.h"
#include "engine/storage/postgres/connect_errors.h"
#include "engine/storage/postgres/postgres_storage.h"

namespace fermata::postgres {
namespace {

constexpr int kBinary = 1;
constexpr int kServerVersionMin = 130'000;
constexpr int kTransactionTimeoutFrom = 170'000;

// One line, without the password.
std::string Readable(std::string text, const std::string& password) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '.')) text.pop_back();
  for (char& c : text) c = c == '\n' || c == '\t' ? ' ' : c;
  if (password.empty()) return text;
  for (std::size_t at = text.find(password); at != std::string::npos; at = text.find(password, at + 3)) {
    text.replace(at, password.size(), "***");
  }
  return text;
}

// nullopt if libpq does not understand the string. Its own message may quote a password, so it is not passed on.
std::optional<std::string> PasswordIn(const std::string& connection) {
  PQconninfoOption* options = PQconninfoParse(connection.c_str(), nullptr);
  if (options == nullptr) return std::nullopt;
  std::string password;
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (std::string_view(option->keyword) == "password" && option->val != nullptr) password = option->val;
  }
  PQconninfoFree(options);
  return password;
}

PGconn* Open(const ConnectSettings& settings) {
  const std::string timeout_s = std::to_string(std::max<std::int64_t>(1, settings.connect_timeout_ms / 1'000));
  // What stands before the string are defaults that it may change.
  const char* const keywords[] = {"connect_timeout",
                                  "tcp_user_timeout",
                                  "keepalives_idle",
                                  "keepalives_interval",
                                  "keepalives_count",
                                  "fallback_application_name",
                                  "dbname",
                                  "client_encoding",
                                  nullptr};
  const char* const values[] = {timeout_s.c_str(),           "15000", "10",   "5", "3", "fermata",
                                settings.connection.c_str(), "UTF8",  nullptr};
  return PQconnectdbParams(keywords, values, 1);
}

std::string SessionSettings(const ConnectSettings& settings, int server_version) {
  // A node that is frozen while it sends is not idle: older servers keep its locks until TCP gives up.
  const bool bounded = server_version >= kTransactionTimeoutFrom && settings.answer_timeout_ms > 0;
  return "SET idle_in_transaction_session_timeout = " + std::to_string(kPostgresIdleInTransactionMs) +
         ";SET lock_timeout = " + std::to_string(kPostgresLockTimeoutMs) +
         ";SET statement_timeout = " + std::to_string(settings.statement_timeout_ms) +
         (bounded ? ";SET transaction_timeout = " + std::to_string(settings.answer_timeout_ms) : std::string()) +
         ";SET default_transaction_isolation = 'read committed'";
}

}  // namespace

bool WorthAnotherTry(const std::string& sql_state) {
  return sql_state == "40P01" || sql_state == "40001" || sql_state == "55P03";
}

bool NeedsAnotherConnection(const std::string& sql_state) { return sql_state == "25006" || sql_state == "26000"; }

std::int64_t Rows::Int(int row, int column) const {
  const char* data = PQgetvalue(result_.get(), row, column);
  const int size = PQgetlength(result_.get(), row, column);
  std::uint64_t value = size > 0 && (data[0] & 0x80) != 0 && size > 1 ? ~std::uint64_t{0} : 0;
  for (int i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(data[i]);
  return static_cast<std::int64_t>(value);
}

std::string Rows::Text(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

InstanceId Rows::Id(int row, int column) const {
  std::array<std::uint8_t, 16> bytes{};
  if (PQgetlength(result_.get(), row, column) == static_cast<int>(bytes.size())) {
    std::memcpy(bytes.data(), PQgetvalue(result_.get(), row, column), bytes.size());
  }
  return InstanceId::FromBytes(bytes);
}

std::int64_t Rows::affected() const { return std::atoll(PQcmdTuples(result_.get())); }

Result<std::unique_ptr<Connection>> Connection::Connect(const ConnectSettings& settings) {
  if (std::optional<Error> mistake = MistakeInUri(settings.connection)) return *std::move(mistake);
  const std::optional<std::string> password = PasswordIn(settings.connection);
  if (!password) {
    return Error{
        kStorageOptionsInvalid, "Expected a connection string of PostgreSQL, but this one cannot be understood.", "",
        "Write it as \"host=db.example dbname=fermata user=fermata\" or \"postgresql://fermata@db.example/fermata\"."};
  }
  std::unique_ptr<Connection> connection(new Connection(Open(settings), *password, settings.answer_timeout_ms));
  PGconn* handle = connection->connection_.get();
  if (connection->lost()) {
    return NotConnected(Readable(PQerrorMessage(handle), *password));
  }
  PQsetNoticeProcessor(
      handle, [](void*, const char*) {}, nullptr);
  if (PQserverVersion(handle) < kServerVersionMin) {
    return Error{kStorageOpenFailed,
                 "Expected PostgreSQL 13 or newer, but the server has version " +
                     std::to_string(PQserverVersion(handle) / 10'000) + ".",
                 "", ""};
  }
  if (PQsetnonblocking(handle, 1) != 0) return connection->Failure(nullptr);
  Status set = connection->Execute(SessionSettings(settings, PQserverVersion(handle)));
  if (!set) return set.error();
  return connection;
}

Result<Rows> Connection::Run(const Query& query) {
  Result<std::vector<Rows>> all = RunAll({query});
  if (!all) return std::move(all).error();
  return std::move(all->front());
}

Result<std::vector<Rows>> Connection::RunAll(const std::vector<Query>& queries) {
  broken_ = PQenterPipelineMode(connection_.get()) != 1;
  if (broken_) return Failure(nullptr);
  std::vector<Sent> sent;
  bool all_sent = true;
  for (const Query& query : queries) all_sent = all_sent && Send(query, sent);
  all_sent = all_sent && PQpipelineSync(connection_.get()) == 1 && AwaitSent();
  broken_ = !all_sent;
  Result<std::vector<Rows>> rows = all_sent ? Receive(sent) : Failure(nullptr);
  PQexitPipelineMode(connection_.get());
  return rows;
}

bool Connection::Send(const Query& query, std::vector<Sent>& sent) {
  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> lengths;
  for (const Parameter& parameter : query.parameters) {
    types.push_back(parameter.type);
    values.push_back(parameter.bytes ? parameter.bytes->data() : nullptr);
    lengths.push_back(parameter.bytes ? static_cast<int>(parameter.bytes->size()) : 0);
  }
  const std::vector<int> formats(types.size(), kBinary);
  const int count = static_cast<int>(types.size());
  const char* sql = query.sql.c_str();
  sent.push_back({&query, false});
  if (!query.again)
    return PQsendQueryParams(connection_.get(), sql, count, types.data(), values.data(), lengths.data(), formats.data(),
                             kBinary) == 1;

  const auto [known, is_new] = prepared_.try_emplace(query.sql, "q" + std::to_string(prepared_.size()));
  const char* name = known->second.c_str();
  if (is_new) {
    sent.insert(sent.end() - 1, {&query, true});
    if (PQsendPrepare(connection_.get(), name, sql, count, types.data()) != 1) return false;
  }
  return PQsendQueryPrepared(connection_.get(), name, count, values.data(), lengths.data(), formats.data(), kBinary) ==
         1;
}

// For one step: while bytes come and go, a query takes as long as it takes.
bool Connection::AwaitSocket(short events) {
  const auto ends = std::chrono::steady_clock::now() + std::chrono::milliseconds(answer_timeout_ms_);
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(ends - std::chrono::steady_clock::now());
    const int wait_ms = answer_timeout_ms_ == 0 ? -1 : static_cast<int>(std::max<std::int64_t>(left.count(), 0));
    pollfd socket{PQsocket(connection_.get()), events, 0};
    const int ready = socket.fd < 0 ? 1 : ::poll(&socket, 1, wait_ms);  // what is closed has nothing to wait for
    if (ready > 0) return true;
    silent_ = ready == 0;
    if (silent_ || errno != EINTR) return false;
  }
}

bool Connection::AwaitSent() {
  // The server may wait until its answers are taken before it reads on.
  for (int left = PQflush(connection_.get()); left != 0; left = PQflush(connection_.get()))
    if (left < 0 || !AwaitSocket(POLLIN | POLLOUT) || PQconsumeInput(connection_.get()) != 1) return false;
  return true;
}

bool Connection::AwaitResult() {
  while (PQisBusy(connection_.get()) == 1)
    if (!AwaitSocket(POLLIN) || PQconsumeInput(connection_.get()) != 1) return false;
  return true;
}

// Null: there is none, between two queries and when the connection is lost.
PGresult* Connection::NextResult() {
  if (!broken_) broken_ = !AwaitResult();
  return silent_ ? nullptr : PQgetResult(connection_.get());
}

// Reads up to the synchronisation point, whatever fails on the way: the connection must be usable after it.
Result<std::vector<Rows>> Connection::Receive(const std::vector<Sent>& sent) {
  std::vector<Rows> all;
  std::optional<Error> error;
  bool synchronised = false;
  std::size_t answered = 0;
  for (int nothing = 0; !synchronised && nothing < 2;) {
    PGresult* result = NextResult();
    nothing =
        result == nullptr ? nothing + 1 : 0;  // once between two queries; again and again when the server has gone
    if (result == nullptr) continue;
    Rows rows(result);
    const ExecStatusType status = PQresultStatus(result);
    synchronised = status == PGRES_PIPELINE_SYNC;
    if (synchronised || answered == sent.size()) continue;
    const Sent& of = sent[answered++];
    const bool done = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
    if (!done && of.preparation) prepared_.erase(of.query->sql);
    if (done && !of.preparation) all.push_back(std::move(rows));
    if (!done && !error && status != PGRES_PIPELINE_ABORTED) error = Failure(result);
  }
  broken_ = !synchronised;
  if (!error && answered < sent.size()) error = Failure(nullptr);
  if (error) return *std::move(error);
  return all;
}

bool Connection::Alive() {
  // A server that ends a session says so first: the end itself is read after what it said.
  for (int reads = 0; reads < 2; ++reads)
    if (PQconsumeInput(connection_.get()) != 1) return false;
  return !lost();
}

std::vector<std::string> Connection::TakeNotifications() {
  std::vector<std::string> told;
  broken_ = broken_ || PQconsumeInput(connection_.get()) != 1;
  while (PGnotify* notification = PQnotifies(connection_.get())) {
    if (notification->be_pid != PQbackendPID(connection_.get())) told.emplace_back(notification->extra);
    PQfreemem(notification);
  }
  return told;
}

Status Connection::Execute(const std::string& sql) {
  broken_ |= PQsendQuery(connection_.get(), sql.c_str()) != 1 || !AwaitSent();
  if (broken_) return Failure(nullptr);
  std::optional<Error> error;
  while (PGresult* result = NextResult()) {
    const Rows owner(result);
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && !error) error = Failure(result);
  }
  if (!error && broken_) error = Failure(nullptr);
  if (error) return *std::move(error);
  return Done{};
}

Error Connection::Failure(const PGresult* result) {
  const char* state = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* text = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  sql_state_ = state == nullptr ? "" : state;
  const std::string why = text != nullptr ? text
                          : silent_       ? "it was silent for " + std::to_string(answer_timeout_ms_) + " ms"
                                          : PQerrorMessage(connection_.get());
  const bool full = sql_state_ == "53100";
  return {full ? kStorageFull : kStorageReadFailed,
          "Expected the database to answer, but " + Sentence(Readable(why, password_)), "", HintFor(sql_state_)};
}

}  // namespace fermata::postgres

namespace fermata {

std::string PostgresNameOf(const std::string& connection) {
  PQconninfoOption* options = PQconninfoParse(connection.c_str(), nullptr);
  if (options == nullptr) return "a PostgreSQL database";
  std::map<std::string_view, std::string> given;
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option)
    if (option->val != nullptr) given[option->keyword] = option->val;
  PQconninfoFree(options);
  const std::string host = given["host"].empty() ? given["hostaddr"] : given["host"];
  std::string name = given["dbname"].empty() ? "a PostgreSQL database" : "database '" + given["dbname"] + "'";
  if (!host.empty()) name += " at " + host;
  const bool has_port = given["port"].find_first_not_of(',') != std::string::npos;  // a list of hosts has one of commas
  if (has_port) name += " port " + given["port"];
  return name;
}

}  // namespace fermata
