// What stands behind ResponseHandle and StreamHandle: one answer that a connection is owed.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>

#include "api/http/connection.h"
#include "api/http/response.h"

namespace fermata {

// Thread-safe. Its end without an answer is a 500; its end with an open stream cuts the connection.
class HttpReply {
 public:
  explicit HttpReply(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  ~HttpReply();
  HttpReply(const HttpReply&) = delete;
  HttpReply& operator=(const HttpReply&) = delete;

  void Send(const HttpResponse& response);
  // False if the answer had been given before: then the stream is closed from the start.
  bool StartStream(const HttpResponse& head);
  bool Write(std::string_view bytes);
  void Close();
  bool closed() const;
  void OnClosed(std::function<void()> on_closed);
  bool client_gone() const { return connection_->read_closed(); }

 private:
  enum class Stage { kUnanswered, kAnswered, kStreaming, kStreamClosed };

  std::shared_ptr<Connection> connection_;
  std::atomic<Stage> stage_{Stage::kUnanswered};
};

}  // namespace fermata
