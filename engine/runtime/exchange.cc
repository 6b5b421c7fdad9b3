#include "engine/runtime/exchange.h"

#include <utility>

#include "engine/base/chance.h"
#include "engine/model/limits.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/message.h"
#include "engine/runtime/replay.h"

namespace fermata {
namespace {

constexpr int kExchangeLane = 1'005;  // beside the shards' own
constexpr int kRowsAtOnce = 500;
constexpr std::int64_t kOfOrders = 0;  // `index` of an order's row

// No instance's, and of no other run of a node.
InstanceId SenderOf(const std::string& run) {
  return InstanceId::MakeDerived(0, 0, "node/" + (run.empty() ? RandomHex(16) : run));
}

Error MayHaveHappened() {
  return {kCommitUnknown,
          "Expected the server that owns the instance to answer, but it has not yet: it may have happened. Ask again."};
}

}  // namespace

Exchange::Exchange(Nodes& nodes, Storage& storage, Host host)
    : nodes_(nodes), storage_(storage), host_(std::move(host)), sender_(SenderOf(host_.run)) {}

void Exchange::Run() {
  thread_ = std::thread([this] { Loop(); });
}

void Exchange::Stop() {
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
    committed_.wait(lock, [this] { return in_flight_ == 0; });
  }
  EndAll();
  if (thread_.joinable()) thread_.join();
}

void Exchange::EndAll() {
  std::map<std::int64_t, Waiting> left;
  {
    std::lock_guard lock(mutex_);
    left = std::exchange(waiting_, {});
  }
  for (auto& [number, waiting] : left) waiting.answer(MayHaveHappened());
}

void Exchange::Send(int shard, std::string_view kind, Value order, Answer answer) {
  std::optional<Error> refused;
  std::int64_t number = 0;
  {
    std::lock_guard lock(mutex_);
    if (stopping_) {
      refused = Error{kShuttingDown, "Expected a running engine, but it is shutting down. Try again in a moment."};
    } else if (waiting_.size() >= kNodeRequestsMax) {
      refused = Error{kInboxFull, "Expected fewer than " + std::to_string(kNodeRequestsMax) +
                                      " requests that wait for other servers, but there are as many. Try again in a "
                                      "moment."};
    } else {
      number = next_++;
      waiting_.emplace(number, Waiting{std::move(answer), host_.now() + std::chrono::milliseconds(kNodeAnswerMs)});
    }
  }
  if (refused) return answer(*std::move(refused));
  Batch batch;
  batch.inbox.push_back({shard, sender_, number, kOfOrders,
                         EncodeMessage(RemoteOrder{host_.mailbox(), std::string(kind), std::move(order)})});
  Commit(std::move(batch), [this, shard, number](CommitOutcome outcome) {
    if (outcome == CommitOutcome::kCommitted) return nodes_.Tell(Hint::Kind::kInbox, std::to_string(shard));
    if (outcome == CommitOutcome::kUnknown) return Finish(number, MayHaveHappened());
    Finish(number, Error{kStorageUnavailable,
                         "Expected storage to take the change, but it did not: nothing happened. Try again."});
  });
}

// After a failure the lane takes batches again once all of its callbacks have come.
void Exchange::Commit(Batch batch, std::function<void(CommitOutcome)> done) {
  {
    std::lock_guard lock(mutex_);
    ++in_flight_;
  }
  storage_.Commit(kExchangeLane, std::move(batch), [this, done = std::move(done)](CommitOutcome outcome) {
    done(outcome);
    std::lock_guard lock(mutex_);
    poisoned_ |= outcome != CommitOutcome::kCommitted;
    if (--in_flight_ > 0) return;
    if (std::exchange(poisoned_, false)) storage_.ResetLane(kExchangeLane);
    committed_.notify_all();
  });
}

void Exchange::Finish(std::int64_t number, Result<Value> reply) {
  Answer answer;
  {
    std::lock_guard lock(mutex_);
    const auto found = waiting_.find(number);
    if (found == waiting_.end()) return;
    answer = std::move(found->second.answer);
    waiting_.erase(found);
  }
  answer(std::move(reply));
}

void Exchange::Look(int number) {
  {
    std::lock_guard lock(mutex_);
    told_.insert(number);
  }
  wake_.notify_all();
}

void Exchange::Loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait_until(lock, next_poll_, [this] { return stopping_ || !told_.empty(); });
    if (stopping_) return;
    lock.unlock();
    Turn();
    lock.lock();
  }
}

void Exchange::Turn() {
  std::set<int> told;
  {
    std::lock_guard lock(mutex_);
    told.swap(told_);
  }
  const Clock::time_point now = host_.now();
  const bool polls = now >= next_poll_;
  const ShardSet mine = host_.shards();
  ShardSet wanted = polls && host_.has_others() ? mine : ShardSet();
  for (const int number : told)
    if (number < kMailboxFirst) wanted[static_cast<std::size_t>(number)] = mine[static_cast<std::size_t>(number)];
  if (polls || told.contains(host_.mailbox())) ReadMailbox();
  // Rows that this node is at already are there, too: a shard takes each once. What cannot be read is there the next time.
  if (wanted.any()) (void)WalkInbox(storage_, wanted, host_.deliver);
  if (!polls) return;
  EndLate(now);
  if (host_.now_and_then) host_.now_and_then();
  next_poll_ = now + std::chrono::milliseconds(kNodePollMs);
}

void Exchange::ReadMailbox() {
  {
    std::lock_guard lock(mutex_);
    if (waiting_.empty()) return;  // answers that nobody waits for are found when somebody waits again
  }
  std::optional<InboxRow> after;
  while (true) {
    Result<std::vector<InboxRow>> rows = nodes_.ReadMailbox(after, kRowsAtOnce);
    if (!rows.ok() || rows->empty()) return;
    after = rows->back();
    after->bytes.clear();
    Batch batch;
    for (InboxRow& row : *rows) {
      Take(row);
      row.bytes.clear();
      batch.inbox_deleted.push_back(std::move(row));
    }
    const bool last = batch.inbox_deleted.size() < static_cast<std::size_t>(kRowsAtOnce);
    Commit(std::move(batch), [](CommitOutcome) {});  // what stays is read again, and known by nobody
    if (last) return;
  }
}

void Exchange::Take(const InboxRow& row) {
  if (row.sender != sender_) return;  // of an earlier run
  Result<Message> message = DecodeMessage(row.bytes);
  if (!message.ok()) return Finish(row.seq, message.error());
  if (auto* answer = std::get_if<RemoteAnswer>(&*message)) Finish(row.seq, std::move(answer->reply));
}

void Exchange::EndLate(Clock::time_point now) {
  std::vector<Answer> late;
  {
    std::lock_guard lock(mutex_);
    while (!waiting_.empty() && waiting_.begin()->second.ends <= now) {
      late.push_back(std::move(waiting_.begin()->second.answer));
      waiting_.erase(waiting_.begin());
    }
  }
  for (Answer& answer : late) answer(MayHaveHappened());
}

}  // namespace fermata
