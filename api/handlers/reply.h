// The one answer of one request, counted when it is sent; that of an audited action goes out when its second row is durable.
//
// A cheap copyable handle; any thread, any time.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "api/handlers/metrics.h"
#include "api/handlers/negotiation.h"
#include "api/handlers/problems.h"
#include "api/http/server.h"
#include "api/security/access.h"
#include "api/security/audit_log.h"
#include "api/security/refusal_log.h"

namespace fermata {

// Whom the answer is for, and what the audit log is to say of it.
struct ReplyTo {
  Caller caller;
  AuditLog* audit = nullptr;       // must outlive every copy; null = the action is not audited
  RefusalLog* refusals = nullptr;  // the same; has a 403 where `audit` is null
  std::string action, target;
  Negotiation negotiation{};  // what the client has and reads
};

class Reply {
 public:
  // `metrics` must outlive every copy. `route` is the pattern.
  Reply(ResponseHandle handle, HttpMetrics& metrics, std::string method, std::string route, ReplyTo to = {});

  // Who has asked: its tenant is that of everything the handler does.
  const Caller& caller() const { return record_->to.caller; }

  // The same answer; the audit log's row tells these words after the status.
  Reply WithDetails(std::string details) const;

  void Send(HttpResponse response) const;
  void Json(int status, const Value& body, HttpHeaders headers = {}) const;
  // The head of an answer that goes on, counted now. Not for audited actions.
  StreamHandle Stream(int status, HttpHeaders headers) const;
  // Whether nobody is there any more to read it.
  bool client_gone() const { return handle_.client_gone(); }
  void Fail(const Error& error) const { Send(ProblemOf(error)); }
  void Fail(const std::vector<Error>& mistakes) const { Send(ProblemOf(mistakes)); }
  void Fail(const std::vector<Diagnostic>& diagnostics) const { Send(ProblemOf(diagnostics)); }

 private:
  struct Record {
    HttpMetrics& metrics;
    std::string method, route;
    ReplyTo to;
    std::chrono::steady_clock::time_point began;
  };
  ResponseHandle handle_;
  std::string details_;
  std::shared_ptr<const Record> record_;
};

}  // namespace fermata
