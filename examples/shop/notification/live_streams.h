// Pages that are open now and hear at once what is for their customer, by server-sent events.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace fermata {
class StreamHandle;
}

namespace fermata::shop {

// A stream that has nothing to say gets a comment now and then, so that nobody on the way takes it for dead, and a page
// that has gone is noticed. Thread-safe.
class LiveStreams {
 public:
  explicit LiveStreams(std::chrono::milliseconds heartbeat = std::chrono::seconds(15));
  ~LiveStreams();  // ends them

  // Ends the customer's oldest one if there are too many.
  void Add(const std::string& customer, const StreamHandle& stream);
  // To every page of the customer; those that have gone are forgotten.
  void Publish(const std::string& customer, const std::string& event);

 private:
  void Beat();

  const std::chrono::milliseconds heartbeat_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::string, std::vector<StreamHandle>> streams_;
  bool stopping_ = false;
  std::thread thread_;
};

// One event as it goes over the wire. `data` has no line ends.
std::string ServerSentEvent(long long id, const std::string& type, const std::string& data);

}  // namespace fermata::shop
