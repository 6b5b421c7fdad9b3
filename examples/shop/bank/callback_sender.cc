#include "examples/shop/bank/callback_sender.h"

#include <algorithm>
#include <utility>

#include "examples/shop/bank/bank_store.h"
#include "examples/shop/common/secure.h"

namespace fermata::shop {
namespace {

constexpr std::chrono::milliseconds kRetryPause{300};
constexpr int kSendTimeoutMs = 5'000;

}  // namespace

CallbackSender::CallbackSender(Database& database, const std::string& shop_url, std::string key)
    : database_(database), key_(std::move(key)), shop_(shop_url), thread_([this] { Work(); }) {}

CallbackSender::~CallbackSender() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void CallbackSender::Wake() {
  {
    std::lock_guard lock(mutex_);
    has_work_ = true;
  }
  wake_.notify_all();
}

void CallbackSender::Hold(bool held) {
  {
    std::lock_guard lock(mutex_);
    newest_first_ = newest_first_ || (held_ && !held);
    held_ = held;
    has_work_ = true;
  }
  wake_.notify_all();
}

void CallbackSender::Work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (!has_work_ || held_) {
      wake_.wait(lock);
      continue;
    }
    has_work_ = false;
    const bool newest_first = std::exchange(newest_first_, false);
    lock.unlock();
    const bool sent = SendAll(newest_first);
    lock.lock();
    if (sent) continue;
    has_work_ = true;
    wake_.wait_for(lock, kRetryPause, [this] { return stopping_; });
  }
}

bool CallbackSender::SendAll(bool newest_first) {
  std::vector<Callback> callbacks;
  const RestAnswer read = database_.Transact([&](soci::session& sql) -> RestAnswer {
    callbacks = ReadCallbacks(sql);
    return {};
  });
  if (read.status != 200) return false;
  if (newest_first) std::reverse(callbacks.begin(), callbacks.end());
  bool all_taken = true;
  for (const Callback& callback : callbacks) {
    const RestReply reply = shop_.PostText(
        "/bank/callback", callback.body,
        {{"Content-Type", "application/json"}, {"X-Signature", Hmac(key_, callback.body)}}, kSendTimeoutMs);
    if (reply.status < 200 || reply.status >= 300) {
      all_taken = false;
      continue;
    }
    database_.Transact([&](soci::session& sql) -> RestAnswer {
      RemoveCallback(sql, callback.id);
      return {};
    });
  }
  return all_taken;
}

}  // namespace fermata::shop
