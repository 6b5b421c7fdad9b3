// Brings the bank's callbacks to the shop, signed; what the shop has not taken is sent again.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "examples/shop/common/rest_client.h"

namespace fermata::shop {

class Database;

// Has a thread of its own. Thread-safe.
class CallbackSender {
 public:
  // `database` must outlive it. Callbacks go to `shop_url`/bank/callback; `key` is the secret that both sides know.
  CallbackSender(Database& database, const std::string& shop_url, std::string key);
  ~CallbackSender();

  // Something new is there.
  void Wake();
  // While it is held nothing goes out; afterwards the newest goes first, once.
  void Hold(bool held);

 private:
  void Work();
  // False when the shop did not take one.
  bool SendAll(bool newest_first);

  Database& database_;
  const std::string key_;
  RestClient shop_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool has_work_ = true;  // what a former run left
  bool held_ = false, newest_first_ = false, stopping_ = false;
  std::thread thread_;
};

}  // namespace fermata::shop
