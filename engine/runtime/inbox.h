// What a shard has been asked and told, in order of arrival: the only way in from other threads.
//
// Thread-safe. Bounded for what clients ask; what the engine itself must not lose (outcomes, messages) always fits, because
// the number of jobs and rows behind it is bounded elsewhere.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <iterator>
#include <mutex>
#include <vector>

namespace fermata {

template <class Item>
class Inbox {
 public:
  explicit Inbox(std::size_t requests_max) : requests_max_(requests_max) {}

  // False when full or closed: the client is told to come again.
  bool PushRequest(Item item) {
    bool sleeps;
    {
      std::lock_guard lock(mutex_);
      if (closed_ || items_.size() >= requests_max_) return false;
      items_.push_back(std::move(item));
      sleeps = sleep_ == Sleep::kForItems;
    }
    if (sleeps) arrived_.notify_one();
    return true;
  }

  void PushInternal(Item item) {
    bool sleeps;
    {
      std::lock_guard lock(mutex_);
      items_.push_back(std::move(item));
      sleeps = sleep_ == Sleep::kForItems;
    }
    if (sleeps) arrived_.notify_one();
  }

  // Puts back what was taken, in front, in its order.
  void PutBack(std::vector<Item> items) {
    std::lock_guard lock(mutex_);
    items_.insert(items_.begin(), std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()));
  }

  template <class Predicate>
  void EraseIf(Predicate predicate) {
    std::lock_guard lock(mutex_);
    std::erase_if(items_, predicate);
  }

  std::vector<Item> Take(std::size_t items_max) {
    std::vector<Item> taken;
    std::lock_guard lock(mutex_);
    std::size_t count = std::min(items_max, items_.size());
    taken.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      taken.push_back(std::move(items_.front()));
      items_.pop_front();
    }
    return taken;
  }

  // Sleeps until something arrives, Wake() is called, or `timeout_us` has passed. Only for the shard's own thread.
  void Wait(std::int64_t timeout_us) { SleepFor(timeout_us, Sleep::kForItems); }
  // The same, but what arrives does not end it: a thread that cannot take it yet is not disturbed.
  void WaitForWake(std::int64_t timeout_us) { SleepFor(timeout_us, Sleep::kForWake); }
  void Wake() {
    {
      std::lock_guard lock(mutex_);
      woken_ = true;
    }
    arrived_.notify_one();
  }

  void Close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  std::size_t size() const {
    std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  enum class Sleep { kNot, kForItems, kForWake };

  void SleepFor(std::int64_t timeout_us, Sleep sleep) {
    std::unique_lock lock(mutex_);
    sleep_ = sleep;
    arrived_.wait_for(lock, std::chrono::microseconds(timeout_us),
                      [&] { return woken_ || (sleep == Sleep::kForItems && !items_.empty()); });
    sleep_ = Sleep::kNot;
    woken_ = false;
  }

  const std::size_t requests_max_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Item> items_;
  Sleep sleep_ = Sleep::kNot;  // a signal to nobody, or to one who cannot use it, costs a switch
  bool woken_ = false;
  bool closed_ = false;
};

}  // namespace fermata
