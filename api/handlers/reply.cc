#include "api/handlers/reply.h"

#include <algorithm>
#include <utility>

#include "api/security/codes.h"
#include "engine/model/json.h"

namespace fermata {

Reply::Reply(ResponseHandle handle, HttpMetrics& metrics, std::string method, std::string route, ReplyTo to)
    : handle_(std::move(handle)),
      record_(std::make_shared<const Record>(
          Record{metrics, std::move(method), std::move(route), std::move(to), std::chrono::steady_clock::now()})) {}

Reply Reply::WithDetails(std::string details) const {
  Reply reply = *this;
  reply.details_ = std::move(details);
  return reply;
}

void Reply::Send(HttpResponse response) const {
  Negotiate(record_->to.negotiation, response);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - record_->began;
  record_->metrics.Count(record_->method, record_->route, response.status, took.count());
  const ReplyTo& to = record_->to;
  if (!to.audit && to.refusals && response.status == 403)
    to.refusals->Note({to.caller.tenant, to.caller.name, to.action, to.target, "403"});
  if (!to.audit) return handle_.Send(std::move(response));
  const auto location = std::find_if(response.headers.begin(), response.headers.end(),
                                     [](const auto& header) { return header.first == "Location"; });
  const std::string& target = location == response.headers.end() ? to.target : location->second;
  // An error of the server is told at once: storage may be away.
  const bool waits = response.status < 500;
  if (!waits) handle_.Send(response);
  to.audit->Append({to.caller.tenant, to.caller.name, to.action, target,
                    std::to_string(response.status) + (details_.empty() ? "" : " " + details_)},
                   [handle = handle_, response, waits](const Status& written) {
                     if (!waits) return;
                     if (written.ok() || response.status >= 400) return handle.Send(response);
                     handle.Send(ProblemOf(
                         Error{kNotAudited, "Expected the audit log to take the action, which is done, but it did not.",
                               "", "Ask again with the same Idempotency-Key: nothing is done twice."}));
                   });
}

StreamHandle Reply::Stream(int status, HttpHeaders headers) const {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - record_->began;
  record_->metrics.Count(record_->method, record_->route, status, took.count());
  return handle_.StartStream(status, std::move(headers));
}

void Reply::Json(int status, const Value& body, HttpHeaders headers) const {
  HttpResponse response = JsonResponse(status, WriteJson(body) + "\n");
  for (auto& [name, value] : headers) response.Header(std::move(name), std::move(value));
  Send(std::move(response));
}

}  // namespace fermata
