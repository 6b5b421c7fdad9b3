// Commits what security has to keep, one change after the other, on a thread and a lane of its own.
//
// Thread-safe. `storage` must outlive it.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "engine/storage/storage.h"

namespace fermata {

class SecurityWriter {
 public:
  explicit SecurityWriter(Storage& storage);
  ~SecurityWriter() { Stop(); }

  // Writes what is queued; what comes later is refused. Safe to call twice.
  void Stop();

  // Made on the writer's thread, after the change before it is through; an error is the answer, then nothing is written.
  using Make = std::function<Result<Batch>()>;
  // Called on the writer's thread, once the change is durable or has failed.
  using Told = std::function<void(Status)>;
  void Post(Make make, Told done);
  // The same for a batch that is there already; blocks until it is through.
  Status Write(Batch batch);

 private:
  struct Item {
    Make make;
    Told done;
  };
  void Run();

  Storage& storage_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> items_;
  bool stopping_ = false;
  std::thread thread_;  // last: uses all of the above
};

}  // namespace fermata
