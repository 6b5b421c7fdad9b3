#include "api/security/security_writer.h"

#include <future>
#include <iterator>
#include <string>
#include <utility>

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

Status SecurityWriter::Add(Item item) {
  std::lock_guard lock(mutex_);
  if (stopping_) return Error{kShuttingDown, "Expected a server that takes changes, but it is stopping."};
  if (items_.size() >= kSecurityQueueMax || bytes_ + item.bytes > kSecurityQueueBytesMax)
    return Error{kOverloaded, "Expected room for another change, but " + std::to_string(items_.size()) +
                                  " wait for storage already. Try again in a moment."};
  bytes_ += item.bytes;
  items_.push_back(std::move(item));
  wake_.notify_one();
  return Done{};
}

Status SecurityWriter::Post(MakeBatch make, Told done) { return Add({std::move(make), std::move(done)}); }

Status SecurityWriter::PostShared(MakeBatch make, Told done, std::size_t bytes, std::function<void()> begin_anew) {
  return Add({std::move(make), std::move(done), true, bytes, std::move(begin_anew)});
}

Status SecurityWriter::Write(Batch batch) {
  std::promise<Status> written;
  Status posted =
      Post([&]() -> Result<Batch> { return batch; }, [&](Status status) { written.set_value(std::move(status)); });
  return posted.ok() ? written.get_future().get() : posted;
}

std::vector<SecurityWriter::Item> SecurityWriter::TakeLocked() {
  std::vector<Item> taken;
  do {
    taken.push_back(std::move(items_.front()));
    items_.pop_front();
    bytes_ -= taken.back().bytes;
  } while (taken.back().shared && taken.size() < kSecurityGroupMax && !items_.empty() && items_.front().shared);
  return taken;
}

void SecurityWriter::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !items_.empty(); });
    if (items_.empty()) return;
    std::vector<Item> items = TakeLocked();
    lock.unlock();
    Commit(std::move(items));
    lock.lock();
  }
}

void SecurityWriter::Commit(std::vector<Item> items) {
  std::vector<Status> told;
  constexpr int kTries = 20;
  CommitOutcome outcome = CommitOutcome::kCommitted;
  for (int tries = 1;; ++tries) {
    told.clear();
    Batch all = Make(items, told);
    if (!all.empty()) outcome = CommitAndWait(storage_, kSecurityLane, std::move(all));
    // Where other servers write, too, one of them may have been faster: then it is made anew, on what that one wrote.
    if (outcome != CommitOutcome::kFailed || storage_.nodes() == nullptr || tries == kTries) break;
    for (const Item& item : items)
      if (item.begin_anew) item.begin_anew();
  }
  for (std::size_t i = 0; i < items.size(); ++i) items[i].done(told[i].ok() ? StatusOf(outcome) : told[i]);
}

Batch SecurityWriter::Make(const std::vector<Item>& items, std::vector<Status>& told) {
  Batch all;
  for (const Item& item : items) {
    Result<Batch> made = item.make();
    told.push_back(made.ok() ? Status(Done{}) : Status(made.error()));
    if (!made.ok()) continue;
    if (item.shared)
      std::move(made->audit.begin(), made->audit.end(), std::back_inserter(all.audit));
    else
      all = *std::move(made);
  }
  return all;
}

}  // namespace fermata
