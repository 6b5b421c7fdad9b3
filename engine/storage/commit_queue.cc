#include "engine/storage/commit_queue.h"

#include <iterator>
#include <utility>

namespace fermata {

CommitQueue::CommitQueue(CommitQueueOptions options, CommitGroup commit)
    : options_(options), commit_(std::move(commit)), thread_([this] { Loop(); }) {}

CommitQueue::~CommitQueue() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_one();
  thread_.join();
}

void CommitQueue::Commit(int lane, Batch batch, CommitCallback done, std::int64_t epoch) {
  {
    std::lock_guard lock(mutex_);
    FERMATA_ASSERT(!stopping_);
    waiting_.push_back({lane, std::move(batch), std::move(done), epoch});
  }
  work_.notify_one();
}

void CommitQueue::ResetLane(int lane) {
  std::lock_guard lock(mutex_);
  poisoned_.erase(lane);
}

void CommitQueue::Post(std::function<void()> task) {
  {
    std::lock_guard lock(mutex_);
    FERMATA_ASSERT(!stopping_);
    posted_.push_back(std::move(task));
  }
  work_.notify_one();
}

void CommitQueue::Run(const std::function<void()>& task) {
  Task entry{&task};
  std::unique_lock lock(mutex_);
  FERMATA_ASSERT(!stopping_);
  tasks_.push_back(&entry);
  work_.notify_one();
  task_finished_.wait(lock, [&] { return entry.finished; });
}

void CommitQueue::Loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait(lock, [this] { return stopping_ || !waiting_.empty() || !tasks_.empty() || !posted_.empty(); });
    if (waiting_.empty() && tasks_.empty() && posted_.empty()) return;

    std::vector<Task*> tasks = std::exchange(tasks_, {});
    const std::vector<std::function<void()>> posted = std::exchange(posted_, {});
    std::vector<Pending> group = TakeGroup();
    lock.unlock();
    for (Task* task : tasks) (*task->run)();
    for (const std::function<void()>& task : posted) task();
    CommitTaken(group);
    group.clear();  // frees payloads without the lock
    lock.lock();
    for (Task* task : tasks) task->finished = true;
    if (!tasks.empty()) task_finished_.notify_all();
  }
}

std::vector<CommitQueue::Pending> CommitQueue::TakeGroup() {
  std::size_t count = 0;
  std::size_t bytes = 0;
  while (count < waiting_.size() && count < options_.group_batches_max) {
    bytes += waiting_[count].batch.Bytes();
    const bool fits = bytes <= options_.group_bytes_max && waiting_[count].epoch == waiting_[0].epoch;
    if (count > 0 && !fits) break;
    ++count;
  }
  if (count == waiting_.size()) return std::exchange(waiting_, {});

  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<Pending> group(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  return group;
}

void CommitQueue::CommitTaken(std::vector<Pending>& group) {
  std::vector<Pending*> usable;
  std::vector<const Batch*> batches;
  for (Pending& pending : group) {
    if (Poisoned(pending.lane)) continue;  // its outcome is kFailed from the start
    usable.push_back(&pending);
    batches.push_back(&pending.batch);
  }

  if (!usable.empty()) {
    const CommitOutcome outcome = commit_(batches, usable.front()->epoch);
    if (outcome == CommitOutcome::kFailed && usable.size() > 1) {
      CommitOneByOne(usable);
    } else {
      for (Pending* pending : usable) pending->outcome = outcome;
    }
  }

  // Poisoned first: a callback may be quick to hand over the next batch.
  for (const Pending& pending : group) {
    if (pending.outcome != CommitOutcome::kCommitted) Poison(pending.lane);
  }
  for (Pending& pending : group) pending.done(pending.outcome);
}

void CommitQueue::CommitOneByOne(std::span<Pending*> group) {
  for (Pending* pending : group) {
    if (Poisoned(pending->lane)) continue;
    const Batch* const batch = &pending->batch;
    pending->outcome = commit_({&batch, 1}, pending->epoch);
    if (pending->outcome != CommitOutcome::kCommitted) Poison(pending->lane);
  }
}

bool CommitQueue::Poisoned(int lane) {
  std::lock_guard lock(mutex_);
  return poisoned_.contains(lane);
}

void CommitQueue::Poison(int lane) {
  std::lock_guard lock(mutex_);
  poisoned_.insert(lane);
}

}  // namespace fermata
