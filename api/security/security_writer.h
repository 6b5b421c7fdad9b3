// Commits what security has to keep, one change after the other, on a thread and a lane of its own. Rows that come while a commit is under
// way share the next one.
//
// Thread-safe. `storage` must outlive it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/storage/storage.h"

namespace fermata {

class SecurityWriter {
 public:
  explicit SecurityWriter(Storage& storage);
  ~SecurityWriter() { Stop(); }

  // Writes what is queued; what comes later is refused: kShuttingDown. Safe to call twice.
  void Stop();

  // Made on the writer's thread, after the change before it is through; an error is the answer, then nothing is written.
  using MakeBatch = std::function<Result<Batch>()>;
  // Called on the writer's thread, once the change is durable or has failed.
  using Told = std::function<void(Status)>;
  // An error: it is not taken, and nobody is told. kOverloaded while kSecurityQueueMax changes or kSecurityQueueBytesMax wait.
  [[nodiscard]] Status Post(MakeBatch make, Told done);
  // The same for rows of the audit log: neighbours in the queue share a commit, and each sees those before it as made, not yet as durable.
  // They are through or fail together, and hear of it in their order. `bytes`: of memory while it waits.
  // `begin_anew`: storage has taken what another server wrote, so what is made next must begin there.
  [[nodiscard]] Status PostShared(MakeBatch make, Told done, std::size_t bytes, std::function<void()> begin_anew = {});
  // As Post() for a batch that is there already; blocks until it is through.
  Status Write(Batch batch);

 private:
  struct Item {
    MakeBatch make;
    Told done;
    bool shared = false;
    std::size_t bytes = 0;
    std::function<void()> begin_anew{};
  };
  Status Add(Item item);
  // The first item, or all shared ones up to the first that is not.
  std::vector<Item> TakeLocked();
  void Run();
  void Commit(std::vector<Item> items);
  // What all of them make, together; `told` gets what became of each.
  static Batch Make(const std::vector<Item>& items, std::vector<Status>& told);

  Storage& storage_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> items_;
  std::size_t bytes_ = 0;  // of items_
  bool stopping_ = false;
  std::thread thread_;  // last: uses all of the above
};

}  // namespace fermata
