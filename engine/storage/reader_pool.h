// A few readers for many threads.
//
// Thread-safe.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace fermata {

template <class Reader>
class ReaderPool {
 public:
  explicit ReaderPool(std::vector<std::unique_ptr<Reader>> readers) : idle_(std::move(readers)) {}

  // Calls `use` with a reader that nobody else has meanwhile; waits when all are out.
  template <class Use>
  auto With(Use use) {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [this] { return !idle_.empty(); });
    std::unique_ptr<Reader> reader = std::move(idle_.back());
    idle_.pop_back();
    lock.unlock();
    auto result = use(*reader);
    lock.lock();
    idle_.push_back(std::move(reader));
    lock.unlock();
    returned_.notify_one();
    return result;
  }

 private:
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Reader>> idle_;
};

}  // namespace fermata
