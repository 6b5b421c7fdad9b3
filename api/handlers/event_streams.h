// Answers that go on: server-sent events, kept alive by heartbeats, ended when the server stops or their caller's key or token ends.
//
// Thread-safe. A reader that does not keep up (more than kHttpStreamBacklogBytesMax unsent) is cut off by the HTTP server.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "api/handlers/reply.h"
#include "api/http/server.h"
#include "api/security/security.h"
#include "engine/model/value.h"

namespace fermata {

// One client that listens. A cheap copyable handle; every function may be called from any thread, also after the client has gone.
class EventStream {
 public:
  explicit EventStream(StreamHandle stream) : state_(std::make_shared<State>(std::move(stream))) {}

  // One event; `id` (empty = none) is what the client gives back as Last-Event-ID. Never blocks. False: nobody listens any more.
  bool Send(std::string_view type, std::string_view id, const Value& data);
  // A comment, so that nobody in between takes it for dead.
  void KeepAlive() { state_->stream.Write(":\n\n"); }
  void Close() { state_->stream.Close(); }
  // Close() by another than who writes the stream: what OnClosed() was given is called, on this thread.
  void End();
  bool closed() const { return state_->stream.closed(); }
  // Calls `on_closed` once when the client has gone or was cut off, or the stream was ended, not after Close(); on a thread of the server, or
  // at once. It must not block.
  void OnClosed(std::function<void()> on_closed);

 private:
  struct State {
    explicit State(StreamHandle handle) : stream(std::move(handle)) {}
    void TellClosed();

    StreamHandle stream;
    std::mutex mutex;
    std::function<void()> on_closed;
    bool ended = false;
  };
  std::shared_ptr<State> state_;
};

class EventStreams {
 public:
  // Says how long keys and tokens are good for, and must outlive the streams; null: nobody has to have one.
  explicit EventStreams(Security* security) : security_(security) {}
  ~EventStreams() { Stop(); }

  // Answers with the head of a stream: 200, text/event-stream. From then on a comment every kStreamHeartbeatMs.
  EventStream Open(const Reply& reply);
  // Ends the streams whose callers' keys or tokens are worthless by now. That of an expiry is not to be waited for: it happens by itself.
  void EndWorthless();
  // Ends all streams properly, also those to come.
  void Stop();

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Opened {
    EventStream stream;
    Caller caller;
  };

  void Beat();
  // Whether the caller's key or token is still good; then the heart looks again when that is over.
  bool IsGood(const Caller& caller);

  Security* const security_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Opened> streams_;
  Time look_at_ = Time::max();  // when the first key or token expires
  bool stopped_ = false;
  std::thread heart_;  // from the first stream on
};

}  // namespace fermata
