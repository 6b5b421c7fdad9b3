// Refused requests in the audit log: of one actor and action the first of a minute at once; the others are counted, and told by a row when a
// later minute has a refusal or the server stops, so that a flood does not fill the disk.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "api/security/audit_log.h"
#include "engine/base/clock.h"

namespace fermata {

class RefusalLog {
 public:
  // Both must outlive it.
  RefusalLog(AuditLog& audit, Clock& clock) : audit_(audit), clock_(clock) {}

  // `result` is the status. Never blocks; a row that cannot be written is a line of the log.
  void Note(AuditEntry entry);
  // Tells of those that are counted so far. For the end: before the log's writer stops.
  void TellCounted();

 private:
  struct Counted {
    AuditEntry entry;
    std::uint64_t more = 0;  // than the row that is written
  };
  using Minute = std::map<std::pair<std::string, std::string>, Counted>;  // by actor and action

  using Refused = std::map<std::pair<std::string, std::string>, Minute>;  // by tenant and status

  void Write(AuditEntry entry);
  void TellCounted(const Refused& past);

  AuditLog& audit_;
  Clock& clock_;
  std::mutex mutex_;
  std::int64_t minute_ = 0;
  Refused refused_;
};

}  // namespace fermata
