// Answers that go on: server-sent events, kept alive by heartbeats, ended when the server stops.
//
// Thread-safe. A reader that does not keep up (more than kHttpStreamBacklogBytesMax unsent) is cut off by the HTTP server.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "api/handlers/reply.h"
#include "api/http/server.h"
#include "engine/model/value.h"

namespace fermata {

// One client that listens. A cheap copyable handle; every function may be called from any thread, also after the client has gone.
class EventStream {
 public:
  explicit EventStream(StreamHandle stream) : stream_(std::move(stream)) {}

  // One event; `id` (empty = none) is what the client gives back as Last-Event-ID. Never blocks. False: nobody listens any more.
  bool Send(std::string_view type, std::string_view id, const Value& data);
  void Close() { stream_.Close(); }
  bool closed() const { return stream_.closed(); }
  // Calls `on_closed` once when the client has gone or was cut off, not after Close(); on a thread of the server, or at once. It must not block.
  void OnClosed(std::function<void()> on_closed) { stream_.OnClosed(std::move(on_closed)); }

 private:
  StreamHandle stream_;
};

class EventStreams {
 public:
  ~EventStreams() { Stop(); }

  // Answers with the head of a stream: 200, text/event-stream. From then on a comment every kStreamHeartbeatMs.
  EventStream Open(const Reply& reply);
  // Ends all streams properly, also those to come.
  void Stop();

 private:
  void Beat();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<StreamHandle> streams_;
  bool stopped_ = false;
  std::thread heart_;  // from the first stream on
};

}  // namespace fermata
