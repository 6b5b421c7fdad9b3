#include "api/http/reply.h"

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

void HttpReply::Send(const HttpResponse& response) {
  Stage expected = Stage::kUnanswered;
  if (stage_.compare_exchange_strong(expected, Stage::kAnswered)) connection_->FinishReply(response);
}

bool HttpReply::StartStream(const HttpResponse& head) {
  Stage expected = Stage::kUnanswered;
  if (!stage_.compare_exchange_strong(expected, Stage::kStreaming)) return false;
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
void ResponseHandle::Send(HttpResponse response) const { reply_->Send(response); }
StreamHandle ResponseHandle::StartStream(int status, std::vector<std::pair<std::string, std::string>> headers) const {
  reply_->StartStream({status, std::move(headers), {}});
  return StreamHandle(reply_);
}
bool ResponseHandle::client_gone() const { return reply_->client_gone(); }

}  // namespace fermata
