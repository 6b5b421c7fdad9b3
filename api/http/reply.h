// What stands behind ResponseHandle and StreamHandle: one answer that a connection is owed.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "api/http/connection.h"
#include "api/http/request.h"
#include "api/http/response.h"

namespace fermata {

// Thread-safe. Its end without an answer is a 500; its end with an open stream cuts the connection.
class HttpReply {
 public:
  explicit HttpReply(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  ~HttpReply();
  HttpReply(const HttpReply&) = delete;
  HttpReply& operator=(const HttpReply&) = delete;

  // Stand in the answer's head beside what the answer has itself; before anybody may answer.
  void SetMoreHeaders(HttpHeaders headers) { more_headers_ = std::move(headers); }
  // Called once with the status, before the answer (or a stream's head) goes out; before anybody may answer. Another one takes its place.
  void WhenAnswered(std::function<void(int)> told) { told_ = std::move(told); }
  void Send(HttpResponse response);
  // False if the answer had been given before: then the stream is closed from the start.
  bool StartStream(HttpResponse head);
  bool Write(std::string_view bytes);
  void Close();
  bool closed() const;
  void OnClosed(std::function<void()> on_closed);
  bool client_gone() const { return connection_->read_closed(); }

 private:
  enum class Stage { kUnanswered, kAnswered, kStreaming, kStreamClosed };

  void Complete(HttpResponse& response) const;

  std::shared_ptr<Connection> connection_;
  HttpHeaders more_headers_;
  std::function<void(int)> told_;
  std::atomic<Stage> stage_{Stage::kUnanswered};
};

}  // namespace fermata
