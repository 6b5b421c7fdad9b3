#include "examples/shop/notification/live_streams.h"

#include "api/http/server.h"

namespace fermata::shop {

namespace {

constexpr std::size_t kStreamsPerCustomerMax = 8;

}  // namespace

LiveStreams::LiveStreams(std::chrono::milliseconds heartbeat) : heartbeat_(heartbeat), thread_([this] { Beat(); }) {}

LiveStreams::~LiveStreams() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  for (auto& [customer, streams] : streams_)
    for (StreamHandle& stream : streams) stream.Close();
}

void LiveStreams::Add(const std::string& customer, const StreamHandle& stream) {
  std::lock_guard lock(mutex_);
  std::vector<StreamHandle>& streams = streams_[customer];
  std::erase_if(streams, [](const StreamHandle& open) { return open.closed(); });
  if (streams.size() >= kStreamsPerCustomerMax) {
    streams.front().Close();
    streams.erase(streams.begin());
  }
  streams.push_back(stream);
}

void LiveStreams::Publish(const std::string& customer, const std::string& event) {
  std::lock_guard lock(mutex_);
  const auto found = streams_.find(customer);
  if (found == streams_.end()) return;
  std::erase_if(found->second, [&](StreamHandle& stream) { return !stream.Write(event); });
  if (found->second.empty()) streams_.erase(found);
}

void LiveStreams::Beat() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, heartbeat_, [this] { return stopping_; }))
    for (auto customer = streams_.begin(); customer != streams_.end();) {
      std::erase_if(customer->second, [](StreamHandle& stream) { return !stream.Write(": still here\n\n"); });
      customer = customer->second.empty() ? streams_.erase(customer) : std::next(customer);
    }
}

std::string ServerSentEvent(long long id, const std::string& type, const std::string& data) {
  return "id: " + std::to_string(id) + "\nevent: " + type + "\ndata: " + data + "\n\n";
}

}  // namespace fermata::shop
