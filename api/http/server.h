// The HTTP/1.1 server: strict framing in, answers out, from any thread and at any time.
//
// Pistache accepts, polls and owns the worker threads; everything that a client can see is ours (README.md says why).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "api/http/request.h"
#include "api/http/response.h"
#include "engine/base/result.h"
#include "engine/model/limits.h"

namespace fermata {

struct HttpServerOptions {
  std::string host = "127.0.0.1";  // an IPv4 or IPv6 address, or a name
  int port = 0;                    // 0: a free one, given back by Start()
  int threads = 2;                 // 1 to 64
  std::int64_t header_timeout_ms =
      kHttpHeaderTimeoutMs;  // from the first byte of a request (or the connection) to the end of its head; then 408
  std::int64_t body_timeout_ms = kHttpBodyTimeoutMs;  // from there to the end of its body; then 408
  std::int64_t idle_timeout_ms = kHttpIdleTimeoutMs;  // between two requests; then the connection is closed
  std::int64_t write_timeout_ms =
      kHttpWriteTimeoutMs;                        // a client that takes no byte of its answer for so long is dropped
  std::int64_t stop_grace_ms = kHttpStopGraceMs;  // Stop() waits so long for answers that are still owed
  std::size_t body_bytes_max = kHttpBodyBytesMax;
  std::size_t stream_backlog_bytes_max = kHttpStreamBacklogBytesMax;  // beyond it a slow reader of a stream is dropped
  int connections_max = kHttpConnectionsMax;                          // beyond it: 503 and closed
};

class HttpReply;

// A body that is written piece by piece (server-sent events, exports). A cheap copyable handle; every function may be called from any thread,
// also after the client or the server has gone.
class StreamHandle {
 public:
  explicit StreamHandle(std::shared_ptr<HttpReply> reply);

  // Never blocks. False: the stream is closed (client gone, too slow, or Close()); nothing more will arrive.
  bool Write(std::string_view bytes);
  // Ends the body properly. Nothing happens the second time. Dropping the last handle without it cuts the connection, so that the client sees an incomplete body.
  void Close();
  bool closed() const;
  // Calls `on_closed` once when the stream ends otherwise than by Close(): on a thread of the server, or at once if that has happened already. It must not block.
  void OnClosed(std::function<void()> on_closed);

 private:
  std::shared_ptr<HttpReply> reply_;
};

// The answer that is owed for one request. A cheap copyable handle; every function may be called from any thread, now or later,
// also after the client or the server has gone: then nothing happens. If the last copy is dropped unanswered, the client gets 500.
class ResponseHandle {
 public:
  explicit ResponseHandle(std::shared_ptr<HttpReply> reply);

  // The first Send or StartStream counts; later ones do nothing. Never blocks: what the socket does not take is sent by the server's own thread.
  void Send(HttpResponse response) const;
  // Headers of whatever answer is given, unless it has its own of the same name. Only by the handler that got the handle, before it gives a copy away.
  void AlsoSend(std::vector<std::pair<std::string, std::string>> headers) const;
  // `told` is called once with the status, from whatever thread answers, before the answer goes out; it must not block. Under the same rule as AlsoSend; another one
  // takes its place.
  void WhenAnswered(std::function<void(int status)> told) const;
  // Sends the head; `headers` as in HttpResponse.
  StreamHandle StartStream(int status, std::vector<std::pair<std::string, std::string>> headers) const;
  // Whether the client has stopped sending (it closed or half-closed). Answer nevertheless: a half-closed client still reads.
  bool client_gone() const;

 private:
  std::shared_ptr<HttpReply> reply_;
};

// Called on a worker thread, or on the server's own thread for a request that was pipelined behind a slow one; several at a time, one per connection.
// Must not block: hand slow work over and answer later. The request is valid during the call only. What it throws becomes a 500 without its text.
using HttpHandler = std::function<void(const HttpRequest&, ResponseHandle)>;

class HttpServer {
 public:
  HttpServer(HttpServerOptions options, HttpHandler handler);
  ~HttpServer();  // stops
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Binds, listens and answers from now on; gives the port. Fails with kHttpCannotListen. Once only.
  // SIGPIPE is ignored in the whole process from here on.
  Result<int> Start();

  // Refuses new connections, closes idle ones and streams, waits up to stop_grace_ms for answers that are owed, then cuts the rest. No handler runs after it.
  // Idempotent; not to be called from a handler.
  void Stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fermata
