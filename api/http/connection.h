// One client's connection: its framer, the request being answered, and what its socket has not taken yet.
//
// Owns a dup() of the accepted socket, so that the file descriptor's number cannot be given to another client while an answer is still owed here.
// Thread-safe: worker threads bring bytes, any thread answers, the attendant flushes and times out. One request at a time is with the handler;
// pipelined ones wait for its answer.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "api/http/message.h"
#include "api/http/request_framer.h"
#include "api/http/server.h"

namespace fermata {

class Attendant;
class Connection;

// What the connections of one server share. Outlives the server as long as a handle is kept.
struct ServerContext {
  HttpServerOptions options;
  HttpHandler handler;
  std::shared_ptr<Attendant> attendant;
  std::atomic<bool> stopping{false};
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // Takes `fd`.
  Connection(int fd, std::string peer, std::shared_ptr<ServerContext> context);
  ~Connection();

  // From the worker thread.
  void OnBytes(std::string_view bytes);
  void OnReadClosed();
  // Answers and closes, instead of reading anything.
  void Refuse(const HttpResponse& response);

  // From the attendant's thread.
  void Flush();  // the socket takes bytes again
  void Pump();   // goes on with what is buffered
  void CheckDeadline(std::int64_t now_ms);
  // Ends it at once, from any thread.
  void Abort();
  // For Stop(): closes what owes no answer. True if an answer is still owed.
  bool CloseIfIdle();

  // From replies, on any thread.
  void FinishReply(const HttpResponse& response);
  void StartStream(const HttpResponse& head);
  bool WriteStream(std::string_view bytes);
  void FinishStream();
  bool stream_open() const;
  bool read_closed() const;
  void SetStreamClosedCallback(std::function<void()> on_closed);

  int fd_for_polling() const { return fd_; }  // stable; the attendant calls it under its own lock
  std::uint64_t id() const { return id_; }

 private:
  enum class State { kOpen, kLingering, kClosed };
  enum class Owed { kNothing, kAnswer, kStream };

  // All of these want mutex_.
  void Send(std::string_view bytes);
  void AnswerError(const HttpResponse& response);
  void EndAnswer(AfterAnswer after);
  void SettleAfterWriting();
  void BeginLinger();
  void CloseLocked();
  void SetDeadline();
  std::function<void()> TakeCallbackIfGone();
  void Dispatch(std::unique_lock<std::mutex>& lock);
  bool StepLocked(std::unique_lock<std::mutex>& lock);

  const std::uint64_t id_;
  const int fd_;
  const std::string peer_;
  const std::shared_ptr<ServerContext> context_;

  mutable std::mutex mutex_;
  State state_ = State::kOpen;
  Owed owed_ = Owed::kNothing;
  RequestFramer framer_;
  std::string backlog_;  // not taken by the socket yet
  std::size_t backlog_sent_ = 0;
  bool watching_ = false;  // the attendant waits for the socket to take more
  bool pumping_ = false;   // a thread is in Pump()
  bool read_closed_ = false;
  bool drop_input_ = false;   // nothing that arrives from now on is read
  bool close_after_ = false;  // once the backlog is gone
  bool keep_alive_ = true;    // of the request that is owed an answer
  BodyOf body_of_ = BodyOf::kGet;
  StreamFraming stream_framing_ = StreamFraming::kChunked;
  std::function<void()> on_stream_closed_;
  FramerPhase timed_phase_ = FramerPhase::kHead;
  std::int64_t deadline_ms_ = 0;  // steady clock; 0: none
};

std::int64_t SteadyMillis();

}  // namespace fermata
