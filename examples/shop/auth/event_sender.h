// Brings auth's events to the engine: what is in the outbox is sent until the engine has taken it.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "examples/shop/common/rest_client.h"

namespace fermata::shop {

class Database;

// Has a thread of its own. Thread-safe.
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
