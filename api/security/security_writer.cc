#include "api/security/security_writer.h"

#include <future>

#include "engine/model/limits.h"
#include "engine/runtime/codes.h"

namespace fermata {

SecurityWriter::SecurityWriter(Storage& storage) : storage_(storage), thread_([this] { Run(); }) {}

void SecurityWriter::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void SecurityWriter::Post(Make make, Told done) {
  {
    std::lock_guard lock(mutex_);
    if (!stopping_) items_.push_back({std::move(make), std::move(done)});
  }
  wake_.notify_one();
  if (done) done(Error{kShuttingDown, "Expected a server that takes changes, but it is stopping."});
}

Status SecurityWriter::Write(Batch batch) {
  std::promise<Status> written;
  Post([&]() -> Result<Batch> { return std::move(batch); },
       [&](Status status) { written.set_value(std::move(status)); });
  return written.get_future().get();
}

void SecurityWriter::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !items_.empty(); });
    if (items_.empty()) return;
    Item item = std::move(items_.front());
    items_.pop_front();
    lock.unlock();
    Result<Batch> batch = item.make();
    item.done(batch.ok() ? Commit(*std::move(batch)) : Status(batch.error()));
    item = {};
    lock.lock();
  }
}

Status SecurityWriter::Commit(Batch batch) {
  std::promise<CommitOutcome> promise;
  storage_.Commit(kSecurityLane, std::move(batch), [&](CommitOutcome outcome) { promise.set_value(outcome); });
  if (promise.get_future().get() == CommitOutcome::kCommitted) return Done{};
  storage_.ResetLane(kSecurityLane);
  return Error{kStorageUnavailable, "Expected storage to take the change, but it did not. Try again."};
}

}  // namespace fermata
