#include "api/handlers/event_streams.h"

#include <chrono>

#include "engine/model/json.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

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
  return stream_.Write(event);
}

EventStream EventStreams::Open(const Reply& reply) {
  // Proxies would wait for a whole page of events.
  StreamHandle stream = reply.Stream(200, {{"Content-Type", "text/event-stream"}, {"X-Accel-Buffering", "no"}});
  bool stopped = false;
  {
    std::lock_guard lock(mutex_);
    stopped = stopped_;
    if (!stopped) {
      streams_.push_back(stream);
      if (!heart_.joinable()) heart_ = std::thread([this] { Beat(); });
    }
  }
  if (stopped) stream.Close();
  return EventStream(std::move(stream));
}

void EventStreams::Beat() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    changed_.wait_for(lock, std::chrono::milliseconds(kStreamHeartbeatMs), [this] { return stopped_; });
    if (stopped_) return;
    std::vector<StreamHandle> streams = streams_;
    lock.unlock();
    for (StreamHandle& stream : streams) stream.Write(":\n\n");
    lock.lock();
    std::erase_if(streams_, [](const StreamHandle& stream) { return stream.closed(); });
  }
}

void EventStreams::Stop() {
  std::vector<StreamHandle> streams;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    streams.swap(streams_);
  }
  changed_.notify_all();
  for (StreamHandle& stream : streams) stream.Close();
  if (heart_.joinable()) heart_.join();
}

}  // namespace fermata
