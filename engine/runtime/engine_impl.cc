#include "engine/runtime/engine_impl.h"

#include <algorithm>
#include <chrono>

#include "engine/core/decide.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/commit_now.h"
#include "engine/runtime/event_door.h"
#include "engine/runtime/retention.h"
#include "engine/runtime/shards.h"
#include "engine/storage/codes.h"

namespace fermata {
namespace {

constexpr int kRetentionLane = 1'001;  // beside the shards' own
constexpr int kBulkLane = 1'002;
// How far clocks of servers may differ: what one of them deletes, no other one still needs.
constexpr std::int64_t kClocksDifferUs = 120'000'000;
constexpr auto kAuditTime = std::chrono::milliseconds(100);  // of a round of housekeeping
constexpr auto kHelpingsTime = std::chrono::seconds(5);      // of each of its works

}  // namespace

Result<std::unique_ptr<Engine>> Engine::Open(EngineOptions options, Clock& clock, Storage& storage,
                                             JobExecutor& executor, std::vector<std::string> builtin_manifests) {
  auto engine = std::make_unique<EngineImpl>(options, clock, storage, executor, std::move(builtin_manifests));
  if (Status recovered = engine->Recover(); !recovered.ok()) return recovered.error();
  return std::unique_ptr<Engine>(std::move(engine));
}

EngineImpl::EngineImpl(EngineOptions options, Clock& clock, Storage& storage, JobExecutor& executor,
                       std::vector<std::string> builtin_manifests)
    : options_(options),
      clock_(clock),
      storage_(storage),
      executor_(executor),
      nodes_(storage.nodes()),
      shard_count_(storage.Info().shard_count),
      definitions_(builtin_manifests),
      newsroom_(clock.NowUs()),
      webhooks_(options.news_data),
      bulk_(*this, clock, storage, [this](Batch batch) { return CommitNow(storage_, kBulkLane, std::move(batch)); },
            {[this] { return HasOthers(); }, [this] { return IsMine(kHouseShard); }, [this] { AwaitOthers(); }}),
      calls_(*this) {
  int threads = std::min(options.shard_threads, shard_count_);
  // The other nodes are one more that can be asked.
  desk_ = std::make_shared<JobDesk>(threads + (nodes_ ? 1 : 0), waiters_,
                                    [this](int shard, const JobFetch& fetch, auto answer) {
                                      if (shard == static_cast<int>(shards_.size()))
                                        return AskElsewhere(fetch, std::move(answer));
                                      if (shards_[static_cast<std::size_t>(shard)]->Post(LeaseOrder{fetch, answer}))
                                        return;
                                      refused_full_ += 1;
                                      answer(InboxFull());
                                    });
  for (int i = 0; i < threads; ++i) {
    ShardOptions shard{i, threads, options.inbox_commands_max, 0, nodes_ ? ShardSet() : AllShards()};
    ShardServices services{clock_, storage_,  executor_, definitions_, waiters_,
                           *this,  counters_, pauses_,   &newsroom_,   &webhooks_};
    shards_.push_back(std::make_unique<Shard>(shard, services));
  }
  for (auto& mine : mine_) mine = nodes_ == nullptr;
}

EngineImpl::~EngineImpl() { Stop(); }

Status EngineImpl::Recover() {
  if (Status loaded = definitions_.Load(storage_, OnUnreadable::kFail); !loaded.ok()) return loaded.error();
  (void)NewlyLive();
  if (Result<bool> loaded = pauses_.Load(storage_); !loaded.ok()) return loaded.error();
  if (Status loaded = bulk_.Load(); !loaded.ok()) return loaded.error();
  if (Status loaded = webhooks_.Load(storage_); !loaded.ok()) return loaded.error();
  for (auto& shard : shards_)
    if (Status recovered = shard->Recover(); !recovered.ok()) return recovered.error();
  for (auto& shard : shards_) shard->Run();
  if (nodes_) JoinNodes();
  housekeeper_ = std::thread([this] { Housekeep(); });
  bulk_.Run();
  return Done{};
}

void EngineImpl::Stop() {
  if (stopped_.exchange(true)) return;
  bulk_.Stop();  // while there are shards to answer it
  {
    std::lock_guard lock(housekeeping_mutex_);  // or it could look just before and wait just after
    housekeeping_wake_.notify_all();
  }
  if (housekeeper_.joinable()) housekeeper_.join();
  desk_->Stop();
  if (nodes_) LeaveNodes();
  for (auto& shard : shards_) shard->Stop();
  if (nodes_) leases_->GiveAll();
  looks_.Stop();
  reports_.Stop();
  polls_.Stop();
  calls_.Stop();  // last: a shard that still runs would take its refusals for failed tries
}

void EngineImpl::Housekeep() {
  Retention retention(storage_, definitions_);
  Auditor auditor(storage_, definitions_);
  bool behind = false;
  while (!stopped_) {
    if (!behind) Rest(std::chrono::milliseconds(options_.housekeeping_every_ms));
    if (stopped_) return;
    Audit(auditor);
    behind = false;
    if (!IsMine(kHouseShard)) continue;
    behind = !InHelpings([&] {
      const std::int64_t over_us = clock_.NowUs() - (nodes_ ? kClocksDifferUs : 0);
      Result<std::int64_t> deleted = storage_.DeleteExpired(over_us, kExpiredRowsAtOnce);
      return deleted.ok() && *deleted >= kExpiredRowsAtOnce;
    });
    behind |= !InHelpings([&] { return DeleteSome(retention); });
    behind |= !InHelpings([&] {
      const Result<bool> more = storage_.ReturnSpace();
      return more.ok() && *more;
    });
  }
}

// A pause as long as the work before it, so that half of the time is everybody else's, and a bound, so that the other work gets its turn.
bool EngineImpl::InHelpings(const std::function<bool()>& work) {
  using Steady = std::chrono::steady_clock;
  const Steady::time_point ends = Steady::now() + kHelpingsTime;
  for (Steady::time_point begun = Steady::now(); !stopped_ && begun < ends; begun = Steady::now()) {
    if (!work()) return true;
    Rest(Steady::now() - begun);
  }
  return false;
}

void EngineImpl::Rest(std::chrono::steady_clock::duration time) {
  std::unique_lock lock(housekeeping_mutex_);
  housekeeping_wake_.wait_for(lock, time, [this] { return stopped_.load(); });
}

bool EngineImpl::DeleteSome(Retention& retention) {
  Result<Retention::Helping> helping = retention.Next(clock_.NowUs(), kRetentionRowsAtOnce);
  if (!helping.ok() || helping->last) return false;
  if (helping->over.empty()) return true;
  Batch batch;
  batch.instances_deleted = std::move(helping->over);
  return CommitNow(storage_, kRetentionLane, std::move(batch)).ok();  // what fails is found again later
}

// Page by page, as many as the time allows: what is left comes in the next round of housekeeping.
void EngineImpl::Audit(Auditor& auditor) {
  const auto ends = std::chrono::steady_clock::now() + kAuditTime;
  while (!stopped_ && auditor.IsDue(clock_.NowUs()) && std::chrono::steady_clock::now() < ends) {
    Result<std::vector<InstanceId>> suspects = auditor.Next(clock_.NowUs(), kAuditRowsAtOnce);
    if (!suspects.ok()) return;  // storage does not answer: later
    for (const InstanceId& id : *suspects)
      if (IsMine(id.shard())) OwnerOf(id.shard()).PostInternal(AuditSuspect{id});
  }
}

Shard& EngineImpl::OwnerOf(int logical_shard) {
  return *shards_[static_cast<std::size_t>(logical_shard) % shards_.size()];
}

bool EngineImpl::RunHere(const Job& job, JobExecutor::Completion completion) {
  if (job.connector == "engine") {
    calls_.Run(job, std::move(completion));
    return true;
  }
  return false;
}

// ---- commands ----

int EngineImpl::ShardOfStart(const StartRequest& request, const std::optional<std::string>& key) {
  if (key) return HomeShard(request.tenant, *key, shard_count_);
  if (!request.idempotency_key.empty()) return HomeShard(request.tenant, request.idempotency_key, shard_count_);
  const auto next = [&] {
    return static_cast<int>(spread_.fetch_add(1, std::memory_order_relaxed) % static_cast<unsigned>(shard_count_));
  };
  int shard = next();
  for (int tries = 1; tries < shard_count_ && !IsMine(shard); ++tries) shard = next();
  return shard;
}

void EngineImpl::Start(StartRequest request, Answer<StartReply> answer) {
  StartOrder order;
  order.definition = request.version.empty() ? definitions_.Live(request.process)
                                             : definitions_.Find(request.process, request.version);
  if (!order.definition) return answer(UnknownDefinition(request.process, request.version));
  Result<Value> input = ValidateStart(*order.definition, request.input);
  if (!input.ok()) {
    Error error = input.error();
    error.path = "/input" + error.path;  // a place in the request
    return answer(std::move(error));
  }
  order.input = std::move(*input);
  Result<std::optional<std::string>> key = EvaluateKey(*order.definition, order.input, clock_.NowUs());
  if (!key.ok()) return answer(key.error());
  order.key = std::move(*key);
  if (request.key) {
    if (order.definition->key && order.key != request.key)
      return answer(Error{kKeyMismatch,
                          "Expected the key that the process makes of its input" +
                              (order.key ? ", '" + *order.key + "'" : std::string()) + ", but got '" + *request.key +
                              "'.",
                          "/key"});
    if (request.key->empty() || request.key->size() > kKeyBytesMax)
      return answer(Error{kInvalidKey,
                          "Expected a key of 1 to " + std::to_string(kKeyBytesMax) + " bytes, but it has " +
                              std::to_string(request.key->size()) + ".",
                          "/key"});
    order.key = request.key;
  }
  if (executor_.InFlight() >= kJobsInFlightMax) {
    refused_full_ += 1;
    return answer(Error{kOverloaded, "Expected fewer than " + std::to_string(kJobsInFlightMax) +
                                         " outside calls in flight, but there are more. Try again in a moment."});
  }
  order.logical_shard = ShardOfStart(request, order.key);
  order.request = std::move(request);
  order.answer = answer;
  const int shard = order.logical_shard;
  Place(shard, std::move(order), answer);
}

void EngineImpl::Publish(CloudEvent event, std::string tenant, Answer<EventReply> answer) {
  std::vector<EventMessage> messages;
  EventReply first;
  first.duplicate = true;  // as long as all parts say so
  if (const std::string addressee = AddresseeOf(event); !addressee.empty()) {
    const std::optional<InstanceId> id = InstanceId::Parse(addressee);
    if (!id)
      return answer(Error{
          kInvalidEvent, "Expected 'instance' to be the id of an instance, but got '" + addressee + "'.", "/instance"});
    messages.push_back({tenant, id->ToString(), {}, true, kKeepDefaultMs, std::move(event)});
    messages.front().alone = true;
    messages.front().instance = id;
  } else {
    Result<CloudEvent> valid = ValidateEvent(definitions_, std::move(event), clock_.NowUs());
    if (!valid.ok()) return answer(valid.error());
    messages = RouteEvent(definitions_, tenant, *valid, std::nullopt, clock_.NowUs());
    first.warnings = WhyNotBrought(definitions_, *valid);
    if (messages.empty()) {  // of a type that can only start or be addressed
      first.duplicate = false;
      return answer(std::move(first));
    }
  }
  // Several processes may give the event different keys: it is accepted when each of their shards has it.
  struct Gathered {
    std::mutex mutex;
    std::size_t left;
    EventReply reply;
    std::optional<Error> error;
    Answer<EventReply> answer;
  };
  auto gathered = std::make_shared<Gathered>();
  gathered->left = messages.size();
  gathered->reply = std::move(first);
  gathered->answer = std::move(answer);
  auto part = [gathered](Result<EventReply> reply) {
    bool last;
    {
      std::lock_guard lock(gathered->mutex);
      if (!reply.ok())
        gathered->error = reply.error();
      else {
        gathered->reply.duplicate &= reply->duplicate;
        gathered->reply.delivered += reply->delivered;
        gathered->reply.kept |= reply->kept;
        if (!reply->taken) gathered->reply.taken.reset();
        if (gathered->reply.taken) *gathered->reply.taken += *reply->taken;
        for (const InstanceId& id : reply->started) gathered->reply.started.push_back(id);
      }
      last = --gathered->left == 0;
    }
    if (!last) return;
    if (gathered->error)
      gathered->answer(*gathered->error);
    else
      gathered->answer(gathered->reply);
  };
  for (EventMessage& message : messages) {
    // Who writes the instance that it is addressed to decides before it is answered.
    const int shard = HomeOf(message, shard_count_);
    Place<EventOrder, EventReply>(shard, EventOrder{std::move(message), part}, part);
  }
}

std::vector<std::string> EngineImpl::ProcessesReceiving(const std::string& event_type) {
  std::vector<std::string> processes;
  for (const EventReceiver& receiver : definitions_.ReceiversOf(event_type))
    if (const std::string& process = receiver.definition->process;
        std::find(processes.begin(), processes.end(), process) == processes.end())
      processes.push_back(process);
  return processes;
}

void EngineImpl::Send(CommandRequest request, Answer<CommandReply> answer) {
  const InstanceId id = request.instance;
  if (!HasShard(id.shard(), shard_count_))
    return answer(
        Error{kUnknownInstance, "Expected the id of an instance, but none is called '" + id.ToString() + "'."});
  Place(id.shard(), InstanceOrder{std::move(request), answer}, answer);
}

// ---- state of the engine ----

EngineStats EngineImpl::Stats() {
  EngineStats stats;
  stats.started = counters_.started;
  stats.completed = counters_.completed;
  stats.failed = counters_.failed;
  stats.cancelled = counters_.cancelled;
  stats.decisions = counters_.decisions;
  stats.commits = counters_.commits;
  stats.commit_failures = counters_.commit_failures;
  stats.refused_full = refused_full_;
  stats.events_accepted = counters_.events_accepted;
  stats.jobs_dispatched = counters_.jobs_dispatched;
  stats.timers_fired = counters_.timers_fired;
  stats.incidents_opened = counters_.incidents_opened;
  stats.losses_found = counters_.losses_found;
  stats.commit_seconds = counters_.commit_seconds.Read();
  stats.commit_decisions = counters_.commit_decisions.Read();
  stats.timer_lag_seconds = counters_.timer_lag_seconds.Read();
  stats.instances_held = counters_.instances_held;
  stats.timers_armed = counters_.timers_armed;
  stats.instances_cached = counters_.instances_cached;
  stats.jobs_in_flight = executor_.InFlight();
  for (const auto& shard : shards_) stats.inbox_depth += shard->InboxDepth();
  stats.shards_owned = std::min<std::size_t>(Mine().count(), static_cast<std::size_t>(shard_count_));
  if (leases_) {
    const Leases::Counts counts = leases_->counts();
    stats.nodes = leases_->View().nodes.size();
    stats.shards_taken = counts.taken;
    stats.shards_given = counts.given;
    stats.nodes_ended = counts.ended;
    stats.node_rejoined = counts.rejoined;
    stats.beat_age_seconds = static_cast<double>(leases_->SilentMs(nodes_->self().name)) / 1e3;
  }
  return stats;
}

Status EngineImpl::Ready() {
  if (stopped_) return Error{kShuttingDown, "Expected a running engine, but it is shutting down."};
  if (leases_)
    if (Status standing = leases_->Standing(); !standing.ok()) return standing;
  for (const auto& shard : shards_) {
    if (shard->healthy()) continue;
    if (std::optional<Error> why = storage_.LastCommitError()) return *std::move(why);
    return Error{kStorageUnavailable, "Expected storage to take commits, but it does not at the moment."};
  }
  return Done{};
}

}  // namespace fermata
