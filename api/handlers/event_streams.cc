#include "api/handlers/event_streams.h"

#include <algorithm>
#include <utility>

#include "engine/model/json.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

using std::chrono::steady_clock;

// A field of an event stands on one line.
std::string OneLine(std::string_view text) {
  std::string line(text);
  for (char& c : line)
    if (c == '\n' || c == '\r') c = ' ';
  return line;
}

}  // namespace

bool EventStream::Send(std::string_view type, std::string_view id, const Value& data) {
  std::string event = "event: " + OneLine(type) + "\n";
  if (!id.empty()) event += "id: " + OneLine(id) + "\n";
  event += "data: " + WriteJson(data) + "\n\n";
  return state_->stream.Write(event);
}

void EventStream::State::TellClosed() {
  std::function<void()> tell;
  {
    std::lock_guard lock(mutex);
    tell = std::exchange(on_closed, nullptr);
  }
  if (tell) tell();
}

void EventStream::End() {
  {
    std::lock_guard lock(state_->mutex);
    state_->ended = true;
  }
  state_->stream.Close();
  state_->TellClosed();
}

void EventStream::OnClosed(std::function<void()> on_closed) {
  bool ended = false;
  {
    std::lock_guard lock(state_->mutex);
    state_->on_closed = std::move(on_closed);
    ended = state_->ended;
  }
  if (ended) return state_->TellClosed();
  // Weak: the connection keeps what it is given, and the state keeps the connection.
  state_->stream.OnClosed([weak = std::weak_ptr<State>(state_)] {
    if (const auto state = weak.lock()) state->TellClosed();
  });
}

EventStream EventStreams::Open(const Reply& reply) {
  // Proxies would wait for a whole page of events.
  EventStream stream(reply.Stream(200, {{"Content-Type", "text/event-stream"}, {"X-Accel-Buffering", "no"}}));
  bool good = false;
  {
    std::lock_guard lock(mutex_);
    // Revoked since the request was let in: who revoked it has not seen this stream.
    good = !stopped_ && IsGood(reply.caller());
    if (good) {
      streams_.push_back({stream, reply.caller()});
      if (!heart_.joinable()) heart_ = std::thread([this] { Beat(); });
    }
  }
  changed_.notify_all();
  if (!good) stream.End();
  return stream;
}

bool EventStreams::IsGood(const Caller& caller) {
  const std::int64_t left_us = security_ ? security_->GoodForUs(caller) : kStreamHeartbeatMs * 1'000;
  // Each beat looks, too.
  if (left_us > 0 && left_us < kStreamHeartbeatMs * 1'000)
    look_at_ = std::min(look_at_, steady_clock::now() + std::chrono::microseconds(left_us));
  return left_us > 0;
}

void EventStreams::EndWorthless() {
  std::vector<EventStream> worthless;
  {
    std::lock_guard lock(mutex_);
    look_at_ = Time::max();
    std::erase_if(streams_, [&](const Opened& opened) {
      if (opened.stream.closed()) return true;
      if (IsGood(opened.caller)) return false;
      worthless.push_back(opened.stream);
      return true;
    });
  }
  for (EventStream& stream : worthless) stream.End();
}

void EventStreams::Beat() {
  Time beat_at = steady_clock::now() + std::chrono::milliseconds(kStreamHeartbeatMs);
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    changed_.wait_until(lock, std::min(beat_at, look_at_));
    if (stopped_) return;
    std::vector<Opened> streams;
    if (steady_clock::now() >= beat_at) {
      streams = streams_;
      beat_at = steady_clock::now() + std::chrono::milliseconds(kStreamHeartbeatMs);
    }
    lock.unlock();
    EndWorthless();
    for (Opened& opened : streams) opened.stream.KeepAlive();
    lock.lock();
  }
}

void EventStreams::Stop() {
  std::vector<Opened> streams;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    streams.swap(streams_);
  }
  changed_.notify_all();
  for (Opened& opened : streams) opened.stream.Close();
  if (heart_.joinable()) heart_.join();
}

}  // namespace fermata
