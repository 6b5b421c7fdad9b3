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
constexpr std::size_t kOrdersOfShardMax =
    1'000;  // that wait for their answers: a thread that hangs leaves room for the rest
constexpr std::size_t kGivenUpMax = 10 * kNodeRequestsMax;  // while storage does not answer
constexpr int kQuietPolls = 10;  // a node that is alone polls so often yet, and then so much more seldom

// No instance's, and of no other run of a node.
InstanceId SenderOf(const std::string& run) {
  return InstanceId::MakeDerived(0, 0, "node/" + (run.empty() ? RandomHex(16) : run));
}

Error MayHaveHappened() {
  return {kCommitUnknown,
          "Expected the server that owns the instance to answer, but it has not yet: it may have happened. Ask again."};
}

Error NotTaken() {
  return {kInboxFull,
          "Expected the server that owns the instance to take the request, but it did not in time: nothing happened. "
          "Try again in a moment."};
}

}  // namespace

Exchange::Exchange(Nodes& nodes, Storage& storage, Host host)
    : nodes_(nodes), storage_(storage), host_(std::move(host)), sender_(SenderOf(host_.run)) {}

void Exchange::Run() {
  thread_ = std::thread([this] { Loop(); });
}

void Exchange::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();  // first: it may hand over commits
  {
    std::unique_lock lock(mutex_);
    committed_.wait(lock, [this] { return in_flight_ == 0; });
  }
  EndAll();
  (void)Withdraw();
}

void Exchange::EndAll() {
  std::vector<Waiting> left;
  {
    std::lock_guard lock(mutex_);
    while (!waiting_.empty()) left.push_back(GiveUp(waiting_.begin()));
  }
  for (Waiting& waiting : left) waiting.answer(MayHaveHappened());
}

// With the lock held: nobody waits for its answer any more.
void Exchange::GiveUp(int shard, std::int64_t number) {
  if (given_up_.size() < kGivenUpMax) given_up_.push_back({shard, sender_, number, kOfOrders, ""});
}

Exchange::Waiting Exchange::GiveUp(Place at) {
  GiveUp(at->second.shard, at->first);
  return Remove(at);
}

Exchange::Waiting Exchange::Remove(Place at) {
  Waiting waiting = std::move(at->second);
  waiting_.erase(at);
  if (--waiting_for_[waiting.shard] == 0) waiting_for_.erase(waiting.shard);
  return waiting;
}

// With the lock held.
std::optional<Error> Exchange::Refusal(int shard) {
  if (stopping_)
    return Error{kShuttingDown, "Expected a running engine, but it is shutting down. Try again in a moment."};
  const auto for_shard = waiting_for_.find(shard);
  const bool full = for_shard != waiting_for_.end() && for_shard->second >= kOrdersOfShardMax;
  if (waiting_.size() < kNodeRequestsMax && !full) return std::nullopt;
  const std::size_t most = full ? kOrdersOfShardMax : kNodeRequestsMax;
  return Error{kInboxFull, "Expected fewer than " + std::to_string(most) +
                               " requests that wait for other servers, but there are as many. Try again in a moment."};
}

void Exchange::Send(int shard, std::string_view kind, Value order, Answer answer) {
  std::optional<Error> refused;
  std::int64_t number = 0;
  {
    std::lock_guard lock(mutex_);
    refused = Refusal(shard);
    if (!refused) {
      number = next_++;
      waiting_.emplace(number,
                       Waiting{shard, std::move(answer), host_.now() + std::chrono::milliseconds(kNodeAnswerMs)});
      waiting_for_[shard] += 1;
      ++in_flight_;  // under this lock: who stops waits for it
    }
  }
  if (refused) return answer(*std::move(refused));
  Batch batch;
  batch.inbox.push_back({shard, sender_, number, kOfOrders,
                         EncodeMessage(RemoteOrder{host_.mailbox(), std::string(kind), std::move(order)})});
  HandOver(std::move(batch), [this, shard, number](CommitOutcome outcome) {
    if (outcome == CommitOutcome::kCommitted) return Committed(shard, number);
    if (outcome == CommitOutcome::kUnknown) return Finish(number, MayHaveHappened());
    Finish(number, Error{kStorageUnavailable,
                         "Expected storage to take the change, but it did not: nothing happened. Try again."});
  });
}

void Exchange::Committed(int shard, std::int64_t number) {
  {
    std::lock_guard lock(mutex_);
    if (!waiting_.contains(number)) return GiveUp(shard, number);  // it came too late
  }
  if (host_.shards()[static_cast<std::size_t>(shard)]) return Look(shard);  // it has come here meanwhile
  nodes_.Tell(Hint::Kind::kInbox, std::to_string(shard));
}

// After a failure the lane takes batches again once all of its callbacks have come.
void Exchange::HandOver(Batch batch, std::function<void(CommitOutcome)> done) {
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
    answer = Remove(found).answer;
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
  ShardSet wanted = polls && IsTimeToPoll() ? mine : ShardSet();
  for (const int number : told)
    if (number < kMailboxFirst) wanted[static_cast<std::size_t>(number)] = mine[static_cast<std::size_t>(number)];
  if (polls || told.contains(host_.mailbox())) ReadMailbox();
  if (wanted.any()) left_ = ReadShards(wanted) || (left_ && !polls);
  if (!polls) return;
  EndLate(now);
  if (host_.now_and_then) host_.now_and_then();
  next_poll_ = now + std::chrono::milliseconds(kNodePollMs);
}

// Who is alone tells itself, but a row of a node that has just gone may have missed the recovery of its shard.
bool Exchange::IsTimeToPoll() {
  if (left_ || host_.has_others()) quiet_polls_ = 0;
  return ++quiet_polls_ <= kQuietPolls || quiet_polls_ % kQuietPolls == 0;
}

// Whether some were left in storage, because their thread has many already. What cannot be read is there the next time.
bool Exchange::ReadShards(const ShardSet& wanted) {
  ShardSet with_room;
  for (std::size_t shard = 0; shard < wanted.size(); ++shard)
    with_room[shard] = wanted[shard] && host_.has_room(static_cast<int>(shard));
  if (with_room.none()) return true;
  // Rows that this node is at already are there, too: their threads know them. All end at the first that finds no room: what one sender has sent
  // stays in its order.
  const Result<bool> full = WalkInboxUntil(storage_, with_room, [this](InboxRow row) {
    if (!host_.has_room(row.shard)) return false;
    host_.deliver(std::move(row));
    return true;
  });
  return with_room != wanted || !full.ok() || *full;
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
    {
      std::lock_guard lock(mutex_);
      ++in_flight_;
    }
    HandOver(std::move(batch), [](CommitOutcome) {});  // what stays is read again, and known by nobody
    if (last) return;
  }
}

void Exchange::Take(const InboxRow& row) {
  if (row.sender != sender_) return;  // of an earlier run
  Result<Message> message = DecodeMessage(row.bytes);
  if (!message.ok()) return Finish(row.seq, message.error());
  if (auto* answer = std::get_if<RemoteAnswer>(&*message)) Finish(row.seq, std::move(answer->reply));
}

// Of those that are late nothing happens any more, or it may have happened.
void Exchange::EndLate(Clock::time_point now) {
  std::map<std::int64_t, Waiting> late;
  {
    std::lock_guard lock(mutex_);
    while (!waiting_.empty() && waiting_.begin()->second.ends <= now) {
      const std::int64_t number = waiting_.begin()->first;
      late.emplace(number, GiveUp(waiting_.begin()));
    }
  }
  for (const InboxRow& row : Withdraw()) {
    const auto found = late.find(row.seq);
    if (found == late.end()) continue;
    found->second.answer(NotTaken());
    late.erase(found);
  }
  for (auto& [number, waiting] : late) waiting.answer(MayHaveHappened());
}

// Gives those that were there yet. What fails is tried again.
std::vector<InboxRow> Exchange::Withdraw() {
  std::vector<InboxRow> rows;
  {
    std::lock_guard lock(mutex_);
    rows = std::exchange(given_up_, {});
  }
  if (rows.empty()) return {};
  Result<std::vector<InboxRow>> withdrawn = nodes_.Withdraw(rows);
  if (withdrawn.ok()) return *std::move(withdrawn);
  std::lock_guard lock(mutex_);
  given_up_.insert(given_up_.end(), rows.begin(), rows.end());
  return {};
}

}  // namespace fermata
