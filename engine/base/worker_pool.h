// The threads that look things up in storage for requests, so that the HTTP threads never wait for a disk.
//
// Thread-safe.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace fermata {

class WorkerPool {
 public:
  // At most `queue_max` tasks wait.
  WorkerPool(int threads, std::size_t queue_max);
  // Stops.
  ~WorkerPool();

  // False when the queue is full or the pool has stopped: the task is dropped. Tasks must not throw.
  [[nodiscard]] bool Post(std::function<void()> task);

  // Runs what is queued, then ends the threads. Safe to call twice.
  void Stop();

 private:
  void Run();

  const std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace fermata
