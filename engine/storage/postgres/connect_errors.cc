#include "engine/storage/postgres/connect_errors.h"

#include <array>
#include <string_view>

#include "engine/storage/codes.h"

namespace fermata::postgres {
namespace {

struct Cause {
  std::string_view words;  // of libpq or the server
  const char* hint;
};

constexpr std::array kCauses = {
    Cause{"password authentication failed", "Check user and password of the connection string."},
    Cause{"no password supplied", "Give the password: postgresql://user:PASSWORD@host/name, or a line in ~/.pgpass."},
    Cause{"no pg_hba.conf entry", "Let this user in from this machine: pg_hba.conf of the server decides."},
    Cause{"could not translate host name", "Check the host of the connection string."},
    Cause{"read-only", "This is a standby: name all hosts, and target_session_attrs=read-write."},
    Cause{"hot standby", "This is a standby: name all hosts, and target_session_attrs=read-write."},
    Cause{"too many clients", "Raise max_connections of the server, or run fewer servers."},
    Cause{"connection slots", "Raise max_connections of the server, or run fewer servers."},
    Cause{"starting up", "Wait until the database server has started."},
    Cause{"Connection refused", "Start the database server, or check host and port of the connection string."},
    Cause{"No such file or directory", "Start the database server, or check host and port of the connection string."},
    Cause{"timeout expired", "Check host and port, and that a firewall lets them through."},
};

bool Has(const std::string& text, std::string_view words) { return text.find(words) != std::string::npos; }

// What stands in quotes behind `word` where it is said not to exist.
std::optional<std::string> AbsentThing(const std::string& why, const std::string& word) {
  const std::string begin = word + " \"";
  const std::size_t from = why.find(begin);
  if (from == std::string::npos) return std::nullopt;
  const std::size_t end = why.find("\" does not exist", from);
  if (end == std::string::npos) return std::nullopt;
  return why.substr(from + begin.size(), end - from - begin.size());
}

std::string HintForCause(const std::string& why) {
  if (const std::optional<std::string> name = AbsentThing(why, "database"))
    return "Make it first: createdb " + *name + "; or check the name.";
  if (const std::optional<std::string> name = AbsentThing(why, "role"))
    return "Make the user first: createuser " + *name + "; or check the name.";
  for (const Cause& cause : kCauses)
    if (Has(why, cause.words)) return cause.hint;
  return "Check host, port, user and database, and that the server runs.";
}

}  // namespace

std::optional<Error> MistakeInUri(const std::string& connection) {
  for (const std::string_view scheme : {"postgresql://", "postgres://"}) {
    const std::size_t last = connection.rfind('@');
    if (!connection.starts_with(scheme) || last == std::string::npos || last < scheme.size()) continue;
    const std::string before = connection.substr(scheme.size(), last - scheme.size());
    if (before.find_first_of("@/?#") == std::string::npos) continue;
    return Error{kStorageOptionsInvalid,
                 "Expected a connection string like postgresql://user:password@host/name, but in front of its last @ "
                 "stands another @, a /, a ? or a #.",
                 "", "Write @ / : % ? # in a password as %40 %2F %3A %25 %3F %23."};
  }
  return std::nullopt;
}

Error NotConnected(const std::string& why) {
  // What is taken for a port may be a password whose host was forgotten: it is not quoted.
  if (Has(why, "connection option \"port\"") || Has(why, "invalid port number"))
    return {kStorageOptionsInvalid, "Expected a port in the connection string, but what stands there is none.", "",
            "Write postgresql://user:password@host:5432/name"};
  return {kStorageOpenFailed, "Expected to connect to PostgreSQL, but " + Sentence(why), "", HintForCause(why)};
}

std::string HintFor(const std::string& sql_state) {
  if (sql_state == "25006")
    return "This is a standby: name all hosts, and target_session_attrs=read-write "
           "(postgresql://user@db1,db2/name?target_session_attrs=read-write).";
  if (sql_state == "42501")
    return "Let the user make tables: GRANT CREATE, USAGE ON SCHEMA public TO the user, or make it the owner of the "
           "database.";
  return "";
}

std::string Sentence(std::string text) {
  if (!text.ends_with('?') && !text.ends_with('.') && !text.ends_with('!')) text += '.';
  return text;
}

}  // namespace fermata::postgres
