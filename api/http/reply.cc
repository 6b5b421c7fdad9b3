#include "api/http/reply.h"

#include <algorithm>

#include "api/http/codes.h"
#include "api/http/problem.h"

namespace fermata {

HttpReply::~HttpReply() {
  if (stage_ == Stage::kUnanswered) {
    Send(Problem(500, kHttpHandlerFailed, "Internal Server Error",
                 "Expected an answer, but the server has none for this request."));
  }
  if (stage_ == Stage::kStreaming) connection_->Abort();
}

void HttpReply::Complete(HttpResponse& response) const {
  for (const auto& [name, value] : more_headers_) {
    const bool has_own = std::any_of(response.headers.begin(), response.headers.end(),
                                     [&name = name](const auto& header) { return header.first == name; });
    if (!has_own) response.Header(name, value);
  }
}

void HttpReply::Send(HttpResponse response) {
  Stage expected = Stage::kUnanswered;
  if (!stage_.compare_exchange_strong(expected, Stage::kAnswered)) return;
  if (told_) told_(response.status);
  Complete(response);
  connection_->FinishReply(response);
}

bool HttpReply::StartStream(HttpResponse head) {
  Stage expected = Stage::kUnanswered;
  if (!stage_.compare_exchange_strong(expected, Stage::kStreaming)) return false;
  if (told_) told_(head.status);
  Complete(head);
  connection_->StartStream(head);
  return true;
}

bool HttpReply::Write(std::string_view bytes) { return stage_ == Stage::kStreaming && connection_->WriteStream(bytes); }

void HttpReply::Close() {
  Stage expected = Stage::kStreaming;
  if (stage_.compare_exchange_strong(expected, Stage::kStreamClosed)) connection_->FinishStream();
}

bool HttpReply::closed() const { return stage_ != Stage::kStreaming || !connection_->stream_open(); }

void HttpReply::OnClosed(std::function<void()> on_closed) {
  if (stage_ == Stage::kStreaming) connection_->SetStreamClosedCallback(std::move(on_closed));
}

StreamHandle::StreamHandle(std::shared_ptr<HttpReply> reply) : reply_(std::move(reply)) {}
bool StreamHandle::Write(std::string_view bytes) { return reply_->Write(bytes); }
void StreamHandle::Close() { reply_->Close(); }
bool StreamHandle::closed() const { return reply_->closed(); }
void StreamHandle::OnClosed(std::function<void()> on_closed) { reply_->OnClosed(std::move(on_closed)); }

ResponseHandle::ResponseHandle(std::shared_ptr<HttpReply> reply) : reply_(std::move(reply)) {}
void ResponseHandle::Send(HttpResponse response) const { reply_->Send(std::move(response)); }
StreamHandle ResponseHandle::StartStream(int status, std::vector<std::pair<std::string, std::string>> headers) const {
  reply_->StartStream({status, std::move(headers), {}});
  return StreamHandle(reply_);
}
void ResponseHandle::AlsoSend(std::vector<std::pair<std::string, std::string>> headers) const {
  reply_->SetMoreHeaders(std::move(headers));
}
void ResponseHandle::WhenAnswered(std::function<void(int)> told) const { reply_->WhenAnswered(std::move(told)); }
bool ResponseHandle::client_gone() const { return reply_->client_gone(); }

}  // namespace fermata
