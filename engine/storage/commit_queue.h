// One thread that commits what others hand over: the ordering, merging and failing of lanes that every storage promises.
//
// Thread-safe. Whatever waits when the thread is free becomes one group, and so one transaction; groups grow with the load by themselves.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <span>
#include <thread>
#include <vector>

#include "engine/storage/storage.h"

namespace fermata {

struct CommitQueueOptions {
  std::size_t group_batches_max = 1;  // merged into one transaction
  std::size_t group_bytes_max = 0;    // of payloads; a group has at least one batch
};

class CommitQueue {
 public:
  // Makes the batches one transaction, in their order. They were all handed over under this epoch. Called from the queue's thread only.
  using CommitGroup = std::function<CommitOutcome(std::span<const Batch* const> group, std::int64_t epoch)>;

  CommitQueue(CommitQueueOptions options, CommitGroup commit);
  // Commits what was handed over, calls every callback, then ends the thread. Nothing may be handed over any more.
  ~CommitQueue();

  // As Storage::Commit and Storage::ResetLane. If a merged group fails, its batches are tried again one by one,
  // so that one lane's failure is not another's. `epoch` is the node's (nodes.h) when the batch is handed over.
  void Commit(int lane, Batch batch, CommitCallback done, std::int64_t epoch = 0);
  void ResetLane(int lane);

  // Runs `task` on the queue's thread between two groups, soon.
  void Post(std::function<void()> task);
  // Runs `task` on the queue's thread between two groups, and waits for it. Not from a callback.
  void Run(const std::function<void()>& task);

 private:
  struct Pending {
    int lane = 0;
    Batch batch;
    CommitCallback done;
    std::int64_t epoch = 0;
    CommitOutcome outcome = CommitOutcome::kFailed;
  };
  struct Task {
    const std::function<void()>* run = nullptr;
    bool finished = false;
  };

  void Loop();
  std::vector<Pending> TakeGroup();  // with mutex_ held
  void CommitTaken(std::vector<Pending>& group);
  void CommitOneByOne(std::span<Pending*> group);
  bool Poisoned(int lane);
  void Poison(int lane);

  const CommitQueueOptions options_;
  const CommitGroup commit_;

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable task_finished_;
  std::vector<Pending> waiting_;
  std::vector<Task*> tasks_;
  std::vector<std::function<void()>> posted_;
  std::set<int> poisoned_;
  bool stopping_ = false;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace fermata
