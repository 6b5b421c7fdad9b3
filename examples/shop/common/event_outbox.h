// A service's events on their way to the engine: written in the transaction of what they tell, and sent until the engine
// has taken them.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "examples/shop/common/rest_client.h"

namespace soci {
class session;
}

namespace fermata::shop {

class Database;

// The table that AddEvent() and EventSender need.
extern const char* const kOutboxTable;

// A CloudEvent of `source` ("/shop/auth") in JSON, with an id of its own.
std::string MakeEvent(const std::string& source, const std::string& type, const Value& data);
// Call it inside Transact(), and Wake() the sender afterwards.
void AddEvent(soci::session& sql, const std::string& event);

// Sends the events in the order in which they were written. Has a thread of its own. Thread-safe.
class EventSender {
 public:
  // `database` must outlive it.
  EventSender(Database& database, std::string engine_url);
  ~EventSender();

  // Something new is in the outbox.
  void Wake();

 private:
  void Work();
  // False when the engine did not take an event: the rest waits behind it, so that the order is kept.
  bool SendAll();

  Database& database_;
  RestClient engine_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool has_work_ = true;  // what a former run left
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace fermata::shop
