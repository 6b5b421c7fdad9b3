// Pages that are open now and hear at once what is for their customer, by server-sent events.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace fermata {
class StreamHandle;
}

namespace fermata::shop {

// Thread-safe.
class LiveStreams {
 public:
  LiveStreams();
  ~LiveStreams();  // ends them

  // Ends the customer's oldest one if there are too many.
  void Add(const std::string& customer, const StreamHandle& stream);
  // To every page of the customer; those that have gone are forgotten.
  void Publish(const std::string& customer, const std::string& event);

 private:
  std::mutex mutex_;
  std::map<std::string, std::vector<StreamHandle>> streams_;
};

// One event as it goes over the wire. `data` has no line ends.
std::string ServerSentEvent(long long id, const std::string& type, const std::string& data);

}  // namespace fermata::shop
