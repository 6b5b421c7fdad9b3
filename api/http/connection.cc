#include "api/http/connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "api/http/attendant.h"
#include "api/http/codes.h"
#include "api/http/problem.h"
#include "api/http/reply.h"

namespace fermata {
namespace {

std::uint64_t NextId() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

std::int64_t SteadyMillis() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Connection::Connection(int fd, std::string peer, std::shared_ptr<ServerContext> context)
    : id_(NextId()),
      fd_(fd),
      peer_(std::move(peer)),
      context_(std::move(context)),
      framer_(context_->options.body_bytes_max) {
  deadline_ms_ = SteadyMillis() + context_->options.header_timeout_ms;
}

Connection::~Connection() { ::close(fd_); }

// ---- bytes in ----

void Connection::OnBytes(std::string_view bytes) {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::kOpen || drop_input_) return;
    if (owed_ != Owed::kNothing && framer_.buffered() + bytes.size() > kHttpPipelineBytesMax) {
      drop_input_ = true;  // the answer that is owed will say "Connection: close"
      return;
    }
    framer_.Feed(bytes);
  }
  Pump();
}

void Connection::OnReadClosed() {
  std::function<void()> gone;
  {
    const std::lock_guard lock(mutex_);
    read_closed_ = true;
    // A stream's reader that stops sending has gone; for one answer it may be a client that has said all it has to say.
    if (owed_ == Owed::kStream || state_ == State::kLingering) CloseLocked();
    gone = TakeCallbackIfGone();
  }
  if (gone) gone();
  Pump();
}

void Connection::Refuse(const HttpResponse& response) {
  const std::lock_guard lock(mutex_);
  if (state_ == State::kOpen) AnswerError(response);
}

void Connection::Pump() {
  std::unique_lock lock(mutex_);
  if (pumping_) return;
  pumping_ = true;
  while (StepLocked(lock)) {
  }
  pumping_ = false;
}

// One request at most. False: there is nothing to do now.
bool Connection::StepLocked(std::unique_lock<std::mutex>& lock) {
  if (state_ != State::kOpen || owed_ != Owed::kNothing || close_after_ || !backlog_.empty()) return false;
  switch (framer_.Next()) {
    case FramerState::kRequest:
      Dispatch(lock);
      return true;
    case FramerState::kError: {
      const FramingError& error = framer_.error();
      AnswerError(Problem(error.status, error.code, ReasonPhrase(error.status), error.detail));
      return false;
    }
    case FramerState::kNeedMore:
      if (read_closed_) {
        CloseLocked();
        return false;
      }
      if (framer_.TakeContinueWanted()) Send("HTTP/1.1 100 Continue\r\n\r\n");
      SetDeadline();
      return false;
  }
  return false;
}

void Connection::Dispatch(std::unique_lock<std::mutex>& lock) {
  FramedRequest framed = framer_.Take();
  framed.request.peer = peer_;
  owed_ = Owed::kAnswer;
  keep_alive_ = framed.keep_alive;
  body_of_ = framed.request.method == "HEAD" ? BodyOf::kHead : BodyOf::kGet;
  stream_framing_ = framed.http_1_0 ? StreamFraming::kUntilClose : StreamFraming::kChunked;
  deadline_ms_ = 0;
  timed_phase_ = FramerPhase::kIdle;
  lock.unlock();
  {
    ResponseHandle handle(std::make_shared<HttpReply>(shared_from_this()));
    try {
      context_->handler(framed.request, handle);
    } catch (...) {  // whatever it is; its text is not for the client
      handle.Send(Problem(500, kHttpHandlerFailed, "Internal Server Error",
                          "Expected an answer, but the server failed on this request."));
    }
  }
  lock.lock();
}

// ---- answers out ----

void Connection::FinishReply(const HttpResponse& response) {
  const std::lock_guard lock(mutex_);
  if (owed_ != Owed::kAnswer) return;
  const bool keep = keep_alive_ && !drop_input_ && !context_->stopping.load(std::memory_order_relaxed);
  const AfterAnswer after = keep ? AfterAnswer::kKeepOpen : AfterAnswer::kClose;
  if (state_ == State::kOpen) Send(WriteMessage(response, after, body_of_));
  EndAnswer(after);
}

void Connection::StartStream(const HttpResponse& head) {
  const std::lock_guard lock(mutex_);
  if (state_ != State::kOpen || read_closed_) return CloseLocked();
  owed_ = Owed::kStream;
  Send(WriteStreamHead(head, stream_framing_));
}

bool Connection::WriteStream(std::string_view bytes) {
  std::function<void()> gone;
  bool sent = false;
  {
    const std::lock_guard lock(mutex_);
    if (owed_ != Owed::kStream || state_ != State::kOpen) return false;
    if (bytes.empty() || body_of_ == BodyOf::kHead) return true;  // an empty chunk would end the body
    if (backlog_.size() - backlog_sent_ + bytes.size() > context_->options.stream_backlog_bytes_max) {
      CloseLocked();
    } else {
      Send(stream_framing_ == StreamFraming::kChunked ? WriteChunk(bytes) : std::string(bytes));
    }
    sent = state_ == State::kOpen;
    gone = TakeCallbackIfGone();
  }
  if (gone) gone();
  return sent;
}

void Connection::FinishStream() {
  std::function<void()> dropped;  // destroyed outside the lock
  const std::lock_guard lock(mutex_);
  if (owed_ != Owed::kStream) return;
  dropped = std::exchange(on_stream_closed_, nullptr);
  if (state_ == State::kOpen && stream_framing_ == StreamFraming::kChunked && body_of_ == BodyOf::kGet)
    Send("0\r\n\r\n");
  EndAnswer(AfterAnswer::kClose);
}

bool Connection::stream_open() const {
  const std::lock_guard lock(mutex_);
  return owed_ == Owed::kStream && state_ == State::kOpen;
}

bool Connection::read_closed() const {
  const std::lock_guard lock(mutex_);
  return read_closed_ || state_ == State::kClosed;
}

void Connection::SetStreamClosedCallback(std::function<void()> on_closed) {
  std::function<void()> gone;
  {
    const std::lock_guard lock(mutex_);
    on_stream_closed_ = std::move(on_closed);
    gone = TakeCallbackIfGone();
  }
  if (gone) gone();
}

// Sends what the socket takes; the attendant sends the rest.
void Connection::Send(std::string_view bytes) {
  if (state_ == State::kClosed) return;
  if (backlog_.empty()) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
      if (sent < 0) return CloseLocked();
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    if (bytes.empty()) return;
    deadline_ms_ = SteadyMillis() + context_->options.write_timeout_ms;
  }
  backlog_.append(bytes);
  if (!std::exchange(watching_, true)) context_->attendant->WatchWritable(id_, fd_);
}

void Connection::Flush() {
  std::function<void()> gone;
  {
    const std::lock_guard lock(mutex_);
    while (state_ != State::kClosed && backlog_sent_ < backlog_.size()) {
      const ssize_t sent =
          ::send(fd_, backlog_.data() + backlog_sent_, backlog_.size() - backlog_sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
      if (sent < 0) {
        CloseLocked();
      } else {
        backlog_sent_ += static_cast<std::size_t>(sent);
        deadline_ms_ = SteadyMillis() + context_->options.write_timeout_ms;
      }
    }
    if (state_ != State::kClosed && backlog_sent_ == backlog_.size()) SettleAfterWriting();
    if (backlog_sent_ > kHttpStreamBacklogBytesMax) {
      backlog_.erase(0, backlog_sent_);
      backlog_sent_ = 0;
    }
    gone = TakeCallbackIfGone();
  }
  if (gone) gone();
  Pump();
}

void Connection::SettleAfterWriting() {
  std::string().swap(backlog_);
  backlog_sent_ = 0;
  if (std::exchange(watching_, false)) context_->attendant->UnwatchWritable(fd_);
  deadline_ms_ = 0;
  if (close_after_) return BeginLinger();
  if (owed_ == Owed::kNothing) SetDeadline();
}

void Connection::AnswerError(const HttpResponse& response) {
  drop_input_ = true;
  Send(WriteMessage(response, AfterAnswer::kClose, BodyOf::kGet));
  EndAnswer(AfterAnswer::kClose);
}

void Connection::EndAnswer(AfterAnswer after) {
  owed_ = Owed::kNothing;
  if (state_ != State::kOpen) return;
  if (after == AfterAnswer::kClose) {
    close_after_ = drop_input_ = true;
    if (backlog_.empty()) BeginLinger();
    return;
  }
  if (!backlog_.empty()) return;  // Flush() goes on
  timed_phase_ = FramerPhase::kIdle;
  deadline_ms_ = SteadyMillis() + context_->options.idle_timeout_ms;
  if (!pumping_ && (framer_.buffered() > 0 || read_closed_)) context_->attendant->PumpLater(id_);
}

// Says that nothing follows and waits a little for the client to read it: closing at once while it still sends would reset the
// connection and destroy the answer on its way.
void Connection::BeginLinger() {
  if (read_closed_) return CloseLocked();
  state_ = State::kLingering;
  ::shutdown(fd_, SHUT_WR);
  deadline_ms_ = SteadyMillis() + kHttpLingerMs;
}

void Connection::CloseLocked() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  if (std::exchange(watching_, false)) context_->attendant->UnwatchWritable(fd_);
  std::string().swap(backlog_);
  backlog_sent_ = 0;
  deadline_ms_ = 0;
  ::shutdown(fd_, SHUT_RDWR);  // wakes the worker, which closes its own descriptor
  context_->attendant->Remove(id_);
}

std::function<void()> Connection::TakeCallbackIfGone() {
  if (state_ != State::kClosed) return nullptr;
  return std::exchange(on_stream_closed_, nullptr);
}

// ---- time ----

// Called when the framer waits for bytes: each phase has one span from its beginning, which dripping bytes do not extend.
void Connection::SetDeadline() {
  const FramerPhase phase = framer_.phase();
  if (deadline_ms_ != 0 && phase == timed_phase_) return;
  // The first request's head has been timed since the connection was made.
  const HttpServerOptions& options = context_->options;
  if (timed_phase_ == FramerPhase::kHead && phase == FramerPhase::kIdle && deadline_ms_ != 0) return;
  timed_phase_ = phase;
  const std::int64_t span_ms = phase == FramerPhase::kIdle   ? options.idle_timeout_ms
                               : phase == FramerPhase::kHead ? options.header_timeout_ms
                                                             : options.body_timeout_ms;
  deadline_ms_ = SteadyMillis() + span_ms;
}

void Connection::CheckDeadline(std::int64_t now_ms) {
  std::function<void()> gone;
  {
    const std::lock_guard lock(mutex_);
    if (deadline_ms_ == 0 || now_ms < deadline_ms_) return;
    const bool reading = state_ == State::kOpen && owed_ == Owed::kNothing && backlog_.empty();
    if (reading && timed_phase_ != FramerPhase::kIdle) {
      AnswerError(Problem(408, kHttpRequestTimeout, "Request Timeout",
                          "Expected a whole request in time, but a part of it is missing."));
    } else {
      CloseLocked();
    }
    gone = TakeCallbackIfGone();
  }
  if (gone) gone();
}

void Connection::Abort() {
  std::function<void()> gone;
  {
    const std::lock_guard lock(mutex_);
    CloseLocked();
    gone = TakeCallbackIfGone();
  }
  if (gone) gone();
}

bool Connection::CloseIfIdle() {
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::kClosed) return false;
    if (owed_ == Owed::kAnswer || !backlog_.empty() || state_ == State::kLingering) return true;
  }
  Abort();
  return false;
}

}  // namespace fermata
