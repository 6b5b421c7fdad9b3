#include "api/security/security_writer.h"

#include <future>

#include "engine/model/limits.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/commit_now.h"

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
    item.done(batch.ok() ? CommitNow(storage_, kSecurityLane, *std::move(batch)) : Status(batch.error()));
    item = {};
    lock.lock();
  }
}

}  // namespace fermata
