// What people did to the system: rows that are added and never changed, each with the hash of the row before, so that a
// change, a gap or a row put in between shows. Every tenant has a chain of its own.
//
// A row's hash is SHA-256 over the JSON list [tenant, seq, time, actor, action, target, result, previous]; `previous` of the first is empty.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api/security/security_writer.h"
#include "engine/base/clock.h"
#include "engine/storage/storage.h"

namespace fermata {

// The result of an action's first row, which is durable before anything is done. The second has the status of the answer; where it is
// missing, the server ended in between (or still works on it), and whether the action is done only its object can tell.
inline constexpr const char* kAuditAsked = "asked";

struct AuditEntry {
  std::string tenant, actor, action, target, result;
};

// What is left out stands for everything.
struct AuditQuery {
  std::string tenant;
  std::optional<std::string> actor, action;
  std::optional<std::int64_t> since_us, until_us;
  std::optional<std::int64_t> before_seq;
  int limit = 1;
};
struct AuditFound {
  std::vector<AuditRow> rows;        // the newest first
  std::optional<std::int64_t> next;  // before which to go on; the rest may hold nothing that fits
};

// Thread-safe. All three must outlive it.
class AuditLog {
 public:
  AuditLog(Storage& storage, SecurityWriter& writer, Clock& clock)
      : storage_(storage), writer_(writer), clock_(clock) {}

  // Never blocks; `done` is called when the row is durable or could not be written, from another thread, and must not block. Where the writer
  // has no room or has stopped, it is called at once. Rows that come while a commit is under way share the next.
  void Append(AuditEntry entry, std::function<void(Status)> done);

  // At most `limit` rows before `before_seq`, the newest first; the newest of all without it. Reads storage.
  Result<std::vector<AuditRow>> Page(const std::string& tenant, std::optional<std::int64_t> before_seq, int limit);
  // Looks at kAuditRowsSearchedMax rows, until it has enough. Reads storage.
  Result<AuditFound> Find(const AuditQuery& query);

 private:
  Result<Batch> MakeRow(const AuditEntry& entry);

  Storage& storage_;
  SecurityWriter& writer_;
  Clock& clock_;
  // Of the writer's thread: the last row of each tenant; nullopt when storage must be asked.
  std::optional<std::map<std::string, std::pair<std::int64_t, std::string>>> heads_;
};

std::string HashOf(const AuditRow& row);

// Holds the rows of one tenant against each other, in their order.
class AuditChecker {
 public:
  // Why this row is broken, if it is: the first that does not fit.
  std::optional<std::string> Add(const AuditRow& row);
  std::int64_t rows() const { return rows_; }
  const std::string& head() const { return previous_; }

 private:
  std::int64_t rows_ = 0;
  std::string previous_;
};

}  // namespace fermata
