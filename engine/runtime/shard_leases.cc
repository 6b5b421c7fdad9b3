// A shard thread and the logical shards that come and go: nothing of one that goes is in memory any more when another node may have it.
#include <algorithm>
#include <utility>

#include "engine/core/decide.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/replay.h"
#include "engine/runtime/shard.h"

namespace fermata {
namespace {

constexpr std::int64_t kOrderTrustedUs = 1'000'000;

}  // namespace

void ShardRouter::Deliver(InboxRow row) {
  Shard& receiver = OwnerOf(row.shard);
  receiver.PostMessage(std::move(row));
}

void ShardRouter::Forward(ShardItem /*order*/) {}  // without other nodes there is nobody to take it

// ---- from other threads ----

void Shard::Gain(const ShardSet& shards) { PostTransfer({Transfer::Kind::kGain, shards, nullptr}); }

void Shard::Give(const ShardSet& shards, std::function<void()> done) {
  PostTransfer({Transfer::Kind::kGive, shards, std::move(done)});
}

void Shard::GiveUp(std::function<void()> done) {
  PostTransfer({Transfer::Kind::kGiveUp, AllShards(), std::move(done)});
}

void Shard::PostTransfer(Transfer transfer) {
  {
    std::lock_guard lock(finished_mutex_);
    transfers_.push_back(std::move(transfer));
  }
  inbox_.Wake();
}

// ---- on its own ----

ShardSet Shard::OfThisThread(const ShardSet& shards) const {
  if (options_.count == 1) return shards;
  ShardSet mine;
  for (std::size_t shard = static_cast<std::size_t>(options_.index); shard < shards.size();
       shard += static_cast<std::size_t>(options_.count))
    mine[shard] = shards[shard];
  return mine;
}

// True while it has to wait for a commit before the next batch.
bool Shard::TakeTransfers() {
  while (true) {
    std::optional<Transfer::Kind> next;
    {
      std::lock_guard lock(finished_mutex_);
      if (!transfers_.empty()) next = transfers_.front().kind;
    }
    if (next && failed_ && KnowsFlights()) EndFlights();
    gives_ = next && *next != Transfer::Kind::kGain && !flights_.empty();
    if (next == Transfer::Kind::kGive && !gives_) gives_ = !AwaitUnknown();
    if (!next || gives_) return gives_;
    Transfer transfer;
    {
      std::lock_guard lock(finished_mutex_);
      transfer = std::move(transfers_.front());
      transfers_.pop_front();
    }
    CarryOut(transfer);
  }
}

void Shard::CarryOut(Transfer& transfer) {
  const ShardSet shards = OfThisThread(transfer.shards);
  if (transfer.kind == Transfer::Kind::kGain) {
    owned_ |= shards;
    // After a failure recovery reads them with the rest.
    if (!failed_ && !BeginRecovery(shards).ok()) failed_ = true;
    return;
  }
  LetShardsGo(shards);
  if (transfer.kind == Transfer::Kind::kGiveUp) {
    services_.storage.ResetLane(options_.index);
    fenced_ = failed_ = unsure_ = false;  // who expelled this node has waited for its commits
    healthy_ = true;
  }
  if (transfer.done) transfer.done();
}

void Shard::LetShardsGo(const ShardSet& shards) {
  owned_ &= ~shards;
  for (std::size_t shard = 0; shard < shards.size(); ++shard)
    if (shards[shard]) ++turns_[shard];
  DropMessages(shards);  // the next owner takes them, and what stayed would be taken again when the shards come back
  const auto goes = [&](const InstanceId& id) { return shards[id.shard()]; };
  cache_.DropIf(goes);
  timers_.DropIf(goes);
  std::erase_if(schedules_, [&](const auto& schedule) {
    return shards[static_cast<std::size_t>(HomeShardOf(std::string(kDefaultTenant), schedule.first))];
  });
  const std::size_t held = std::erase_if(held_, goes);
  services_.counters.instances_held.fetch_sub(held, std::memory_order_relaxed);
  std::erase_if(submitted_, [&](const auto& ticket) { return goes(std::get<0>(ticket)); });
  std::erase_if(postponed_, goes);
  for (Recovery& recovery : recoveries_) recovery.shards &= ~shards;
  std::erase_if(recoveries_, [](const Recovery& recovery) { return recovery.shards.none(); });
  windows_.clear();
  PublishGauges();
}

// Whose the item is; nothing where it is of no single shard.
std::optional<int> Shard::ShardOf(const ShardItem& item) const {
  if (const auto* start = std::get_if<StartOrder>(&item)) return start->logical_shard;
  if (const auto* order = std::get_if<InstanceOrder>(&item)) return order->request.instance.shard();
  if (const auto* outcome = std::get_if<JobOutcome>(&item)) return outcome->instance.shard();
  if (const auto* message = std::get_if<MessageArrived>(&item)) return message->row.shard;
  if (const auto* timer = std::get_if<TimerFell>(&item)) return timer->timer.instance.shard();
  if (const auto* report = std::get_if<ReportOrder>(&item)) return report->report.key.instance.shard();
  if (const auto* missing = std::get_if<JobsMissing>(&item)) return missing->instance.shard();
  if (const auto* suspect = std::get_if<AuditSuspect>(&item)) return suspect->instance.shard();
  const std::string tenant(kDefaultTenant);
  if (const auto* changed = std::get_if<ScheduleChanged>(&item)) return HomeShardOf(tenant, changed->process);
  if (const auto* fell = std::get_if<ScheduleFell>(&item)) return HomeShardOf(tenant, fell->process);
  if (const auto* event = std::get_if<EventOrder>(&item)) return HomeOf(event->message, shard_count_);
  return std::nullopt;
}

// Who asked withdraws an order that waits for too long. Most do not wait; one that has is looked for, or its batch would fail with it.
bool Shard::WasWithdrawn(const MessageArrived& order) {
  if (services_.clock.NowUs() - order.since_us < kOrderTrustedUs) return false;
  InboxRow before = order.row;
  before.bytes.clear();
  before.index -= 1;
  Result<std::vector<InboxRow>> found =
      services_.storage.ReadInbox(ShardSet().set(static_cast<std::size_t>(order.row.shard)), before, 1);
  if (!found.ok()) failed_ = true;
  return !found.ok() || found->empty() || KeyOf(found->front()) != KeyOf(order.row);
}

// An order of another node's client: decided as one of this node's, but its answer goes into a mailbox, with the decision's own commit.
void Shard::HandleRemote(const InboxRow& row, RemoteOrder remote) {
  if (services_.storage.nodes() == nullptr) return;  // imported: its client was told that it may have happened
  return_to_ = ReturnAddress{remote.mailbox, row.sender, row.seq};
  const auto decide = [&](auto order, auto make) {
    if (!order.ok()) return SendBack(order.error());
    make(std::move(*order));
  };
  if (remote.kind == kRemoteStart) {
    decide(RemoteStartIn(remote.order), [&](RemoteStart start) {
      const std::string& process = start.request.process;
      Result<DefinitionPtr> known = services_.definitions.FindOrRead(services_.storage, process, start.version);
      if (!known.ok()) return SendBack(DefinitionRegistry::TryLater(known.error()));
      if (!*known) return SendBack(services_.definitions.Unknown(process, start.version));
      HandleStart({std::move(start.request), row.shard, *std::move(known), std::move(start.key), std::move(start.input),
                   nullptr});
    });
  } else if (remote.kind == kRemoteEvent) {
    decide(EventMessageIn(remote.order), [&](EventMessage message) {
      // Its client is told now; within the batch what cannot be read would hold up everybody else's.
      for (const EventStart& start : message.starts)
        if (auto known = services_.definitions.FindOrRead(services_.storage, start.process, start.version); !known.ok())
          return SendBack(DefinitionRegistry::TryLater(known.error()));
      HandleEvent({std::move(message), nullptr});
    });
  } else if (remote.kind == kRemoteCommand) {
    decide(CommandRequestIn(remote.order), [&](CommandRequest request) {
      HandleInstance({std::move(request), nullptr});
    });
  } else if (remote.kind == kRemoteReport) {
    decide(JobReportIn(remote.order), [&](JobReport report) { HandleReport({std::move(report), nullptr}); });
  } else if (remote.kind == kRemoteLease) {
    decide(RemoteLeaseIn(remote.order), [&](RemoteLease lease) {
      JobFetch fetch;
      fetch.tenant = lease.tenant;
      fetch.worker = lease.worker;
      fetch.lease_ms = lease.lease_ms;
      HandleLeaseThese({std::move(lease.keys), std::move(fetch), nullptr});
    });
  } else {
    SendBack(Error{kCorruptMessage,
                   "Expected an order that this version knows, but another node sent '" + remote.kind + "'.", "",
                   "All nodes of a database should run the same version."});
  }
  FERMATA_ASSERT(!return_to_ || failed_);
  return_to_.reset();
}

void Shard::SendBack(Result<Value> reply) {
  InboxRow row{return_to_->mailbox, return_to_->sender, return_to_->number, 1, EncodeMessage(RemoteAnswer{reply})};
  return_to_.reset();
  Open().rows.inbox.push_back(row);
  Open().messages.push_back(std::move(row));
}

}  // namespace fermata
