// A shard's loop: take a batch, decide it, hand it over, settle what became durable.
#include <algorithm>
#include <iterator>

#include "engine/base/log.h"
#include "engine/core/decide.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/shard.h"
#include "engine/storage/codes.h"

namespace fermata {
namespace {

constexpr std::int64_t kIdleMaxUs = 1'000'000;
constexpr std::int64_t kRecoveryPauseUs = 200'000;
constexpr std::int64_t kClockCatchUpShare = 8;  // of the time that passes

constexpr std::size_t kTakenMessagesMax = 100'000;

}  // namespace

bool TakenMessages::Remember(const MessageKey& key) {
  if (!keys_.insert(key).second) return false;
  by_age_.push_back(key);
  if (by_age_.size() > kTakenMessagesMax) {
    keys_.erase(by_age_.front());
    by_age_.pop_front();
  }
  return true;
}

Shard::Shard(ShardOptions options, ShardServices services)
    : options_(options),
      services_(services),
      shard_count_(services.storage.Info().shard_count),
      owned_(options.owned),
      inbox_(options.inbox_commands_max),
      random_(options.random_seed ? options.random_seed : std::random_device{}()) {}

Shard::~Shard() { Stop(); }

bool Shard::Post(ShardItem order) { return inbox_.PushRequest(std::move(order)); }

void Shard::PostInternal(ShardItem item) { inbox_.PushInternal(std::move(item)); }

int Shard::Step() {
  bool settled = CollectCommits();
  if (TakeTransfers()) return settled ? 1 : 0;
  if (failed_) {
    FailFlights();
    return settled ? 1 : 0;
  }
  if (static_cast<int>(flights_.size()) >= kCommitsInFlightMax) return settled ? 1 : 0;
  if (!RecoverSome()) {
    failed_ = true;
    return 0;
  }
  now_us_ = std::max(now_us_, ClockUs());
  if (timers_.horizon_us() - now_us_ < kTimerHorizonMs * 1000 / 2) RefillTimers();

  std::vector<ShardItem> items = TakeItems();
  if (items.empty()) return settled ? 1 : 0;
  open_ = std::make_unique<Flight>();
  open_->number = ++batch_number_;
  auto next = items.begin();
  while (next != items.end() && Open().journal_bytes < kBatchBytesMax) Handle(std::move(*next++));
  const int handled = static_cast<int>(next - items.begin());
  if (next != items.end()) inbox_.PutBack({std::make_move_iterator(next), std::make_move_iterator(items.end())});
  CloseBatch();
  return handled;
}

std::vector<ShardItem> Shard::TakeItems() {
  std::vector<ShardItem> items = inbox_.Take(kBatchCommandsMax);
  for (TimerRow& timer : timers_.TakeDue(now_us_, kBatchCommandsMax)) items.push_back(TimerFell{timer});
  for (const auto& [process, schedule] : schedules_)
    if (schedule.IsDue(now_us_)) items.push_back(ScheduleFell{process});
  for (const auto& [topic, due_us] : lapses_)
    if (due_us <= now_us_) items.push_back(LeaseLapsed{topic.first, topic.second});
  return items;
}

void Shard::Handle(ShardItem item) {
  if (const std::optional<int> shard = ShardOf(item); shard && !Owns(*shard)) {
    if (const auto* message = std::get_if<MessageArrived>(&item)) ForgetMessages({KeyOf(message->row)});
    return services_.router.Forward(std::move(item));
  }
  if (auto* start = std::get_if<StartOrder>(&item)) return HandleStart(std::move(*start));
  if (auto* order = std::get_if<InstanceOrder>(&item)) return HandleInstance(std::move(*order));
  if (auto* timer = std::get_if<TimerFell>(&item)) return HandleTimer(*timer);
  if (auto* message = std::get_if<MessageArrived>(&item)) return HandleMessage(*message);
  if (auto* changed = std::get_if<ScheduleChanged>(&item)) return HandleScheduleChanged(std::move(*changed));
  if (auto* fell = std::get_if<ScheduleFell>(&item)) return HandleScheduleFell(fell->process);
  if (auto* lease = std::get_if<LeaseOrder>(&item)) return HandleLease(std::move(*lease));
  if (auto* these = std::get_if<LeaseTheseOrder>(&item)) return HandleLeaseThese(std::move(*these));
  if (auto* report = std::get_if<ReportOrder>(&item)) return HandleReport(std::move(*report));
  if (auto* lapsed = std::get_if<LeaseLapsed>(&item)) return HandleLapse(*lapsed);
  if (auto* missing = std::get_if<JobsMissing>(&item)) return HandleJobsMissing(*missing);
  if (auto* outcome = std::get_if<JobOutcome>(&item)) {
    Open().outcomes.push_back(*outcome);
    return HandleOutcome(std::move(*outcome));
  }
  if (auto* over = std::get_if<PauseOver>(&item)) return HandlePauseOver(*over);
  if (auto* suspect = std::get_if<AuditSuspect>(&item)) return HandleAudit(*suspect);
  HandleEvent(std::move(std::get<EventOrder>(item)));
}

void Shard::HandleEvent(EventOrder event) {
  if (std::optional<Error> paused = RefusePausedStart(event.message))
    return AnswerLater(std::move(event.answer), Result<EventReply>(*std::move(paused)));
  Result<EventReply> reply = Correlate(event.message);
  // Storage failed in the middle: some of the receivers may have got it.
  if (!reply.ok() && !IsRefusal(reply.error())) failed_ = true;
  AnswerLater(std::move(event.answer), std::move(reply));
}

void Shard::CloseBatch() {
  Flight& flight = *open_;
  for (const InstanceId& id : flight.touched) GatherRows(*cache_.Find(id));
  GatherSchedules();
  GatherJobRows();
  std::int64_t number = flight.number;
  bool empty = flight.rows.empty();
  const std::size_t decisions = flight.rows.journal.size();
  Batch rows = std::move(flight.rows);
  if (empty && !failed_) flight.outcome = CommitOutcome::kCommitted;
  flights_.push_back(std::move(open_));
  if (failed_) {
    // A read failed in the middle: what was decided on it must not be written.
    flights_.back()->outcome = CommitOutcome::kFailed;
    return;
  }
  if (empty) {
    CollectCommits();
    return;
  }
  services_.counters.commits.fetch_add(1, std::memory_order_relaxed);
  services_.counters.commit_decisions.Observe(static_cast<double>(decisions));
  flights_.back()->handed_over = std::chrono::steady_clock::now();
  services_.storage.Commit(options_.index, std::move(rows), [this, number](CommitOutcome outcome) {
    {
      std::lock_guard lock(finished_mutex_);
      finished_.emplace_back(number, outcome);
    }
    inbox_.Wake();
  });
}

// Settles the oldest flights whose outcome is known, in order. True if any was.
bool Shard::CollectCommits() {
  std::vector<std::pair<std::int64_t, CommitOutcome>> finished;
  {
    std::lock_guard lock(finished_mutex_);
    finished.swap(finished_);
  }
  for (const auto& [number, outcome] : finished)
    for (auto& flight : flights_)
      if (flight->number == number) {
        flight->outcome = outcome;
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - flight->handed_over;
        services_.counters.commit_seconds.Observe(took.count());
      }
  bool settled = false;
  while (!flights_.empty() && flights_.front()->outcome == CommitOutcome::kCommitted) {
    std::unique_ptr<Flight> flight = std::move(flights_.front());
    flights_.erase(flights_.begin());
    Settle(*flight);
    settled = true;
  }
  if (!flights_.empty() && flights_.front()->outcome.has_value()) failed_ = true;
  return settled;
}

// The batch is durable: everyone who waited for it may know, and its effects may leave.
void Shard::Settle(Flight& flight) {
  pending_keys_.Release(flight.number);
  pending_ever_.Release(flight.number);
  pending_idempotency_.Release(flight.number);
  pending_identities_.Release(flight.number);
  pending_subscriptions_.Release(flight.number);
  pending_kept_.Release(flight.number);
  pending_jobs_.Release(flight.number);
  for (const TimerRow& timer : flight.timers_cleared) timers_.Disarm(timer);
  for (const TimerRow& timer : flight.timers_set) timers_.Arm(timer);
  for (const auto& [id, job] : flight.jobs) Dispatch(id, job);
  ForgetMessages(flight.messages_taken);
  for (InboxRow& row : flight.messages) services_.router.Deliver(std::move(row));
  static const Error kNone{};
  SettleJobs(flight);
  for (auto& answer : flight.answers) answer(true, kNone);
  for (const auto& write : flight.lines) write();
  for (const Progress& progress : flight.progress) {
    services_.waiters.Notify(progress);
    services_.router.TellProgress(progress.instance);
  }
  SettleNews(flight);
  for (const InstanceId& id : flight.touched) {
    CachedInstance* instance = cache_.Find(id);
    instance->pins -= 1;
    if (instance->pins == 0 && !held_.empty() && held_.contains(id)) LetGo(id);
    if (instance->pins == 0 && IsFinal(instance->state.status)) cache_.Drop(id);
  }
  cache_.Trim(kInstanceCacheMax);
  PublishGauges();
  healthy_ = true;
}

// A commit failed, or nobody knows. Whatever was decided on top of it is forgotten; the journal knows what is true.
void Shard::FailFlights() {
  if (!KnowsFlights()) return;
  if (services_.clock.NowUs() < retry_recovery_us_) return;
  healthy_ = false;
  EndFlights();
  // The new owner does what is left to do; here it would be done a second time.
  if (fenced_) {
    return RefuseItems(
        {kStorageFenced, "Expected this server to own the instance, but another one has taken over. Ask that one."});
  }
  if (AwaitUnknown() && Recover().ok()) {
    failed_ = false;
    healthy_ = true;
    services_.router.AnythingAvailable();  // a commit whose answer got lost may have brought jobs
    if (services_.webhooks) services_.webhooks->DeliveriesAreDurable({});  // or deliveries
  } else {
    retry_recovery_us_ = services_.clock.NowUs() + kRecoveryPauseUs;
  }
}

void Shard::FailForNow() {
  failed_ = true;
  retry_recovery_us_ = services_.clock.NowUs() + kRecoveryPauseUs;
}

bool Shard::KnowsFlights() const {
  return std::all_of(flights_.begin(), flights_.end(), [](const auto& flight) { return flight->outcome.has_value(); });
}

// Tells everyone who waits for what was decided and did not become durable.
void Shard::EndFlights() {
  if (failed_) DropMessages(AllShards());
  if (flights_.empty()) return;
  LogFailure();
  std::vector<ShardItem> outcomes;
  for (auto& flight : flights_) {
    services_.counters.commit_failures.fetch_add(1);
    fenced_ = fenced_ || flight->outcome == CommitOutcome::kFenced;
    unsure_ = unsure_ || flight->outcome == CommitOutcome::kUnknown;
    bool unknown = flight->outcome == CommitOutcome::kUnknown || flight->outcome == CommitOutcome::kCommitted;
    Error failure =
        unknown
            ? Error{kCommitUnknown,
                    "Expected the answer to a commit, but the connection was lost: it may have happened. Ask again."}
            : Error{kStorageUnavailable,
                    "Expected storage to take the change, but it did not: nothing happened. Try again."};
    for (auto& answer : flight->answers) answer(false, failure);
    for (JobOutcome& outcome : flight->outcomes) outcomes.push_back(std::move(outcome));
    for (const MessageKey& key : flight->messages_taken) known_messages_.Forget(key);
    ForgetMessages(flight->messages_taken);
  }
  flights_.clear();
  if (fenced_) services_.router.Fenced();
  for (const ShardItem& item : outcomes) {
    const auto& outcome = std::get<JobOutcome>(item);
    submitted_.insert({outcome.instance, outcome.completion.job, outcome.completion.attempt});
  }
  inbox_.PutBack(std::move(outcomes));
  pending_keys_.Clear();
  pending_ever_.Clear();
  pending_idempotency_.Clear();
  pending_identities_.Clear();
  pending_subscriptions_.Clear();
  pending_kept_.Clear();
  pending_jobs_.Clear();
  windows_.clear();
  services_.storage.ResetLane(options_.index);
}

void Shard::LogFailure() const {
  const std::optional<Error> why = services_.storage.LastCommitError();
  LogError("A commit did not succeed.", {{"shard", options_.index},
                                         {"code", FormatErrorCode(why ? why->code : kStorageUnavailable)},
                                         {"reason", why ? why->message : "a read failed"}});
}

// What waits for a decision gets none here.
void Shard::RefuseItems(const Error& why) {
  while (true) {
    std::vector<ShardItem> left = inbox_.Take(kBatchCommandsMax);
    if (left.empty()) break;
    for (ShardItem& item : left) {
      if (auto* start = std::get_if<StartOrder>(&item)) start->answer(why);
      if (auto* event = std::get_if<EventOrder>(&item)) event->answer(why);
      if (auto* order = std::get_if<InstanceOrder>(&item)) order->answer(why);
      if (auto* lease = std::get_if<LeaseOrder>(&item)) lease->answer(why);
      if (auto* these = std::get_if<LeaseTheseOrder>(&item)) these->answer(why);
      if (auto* report = std::get_if<ReportOrder>(&item)) report->answer(why);
      if (auto* changed = std::get_if<ScheduleChanged>(&item); changed && changed->answer) changed->answer(why);
    }
  }
}

void Shard::PublishGauges() {
  services_.counters.timers_armed.store(timers_.size(), std::memory_order_relaxed);
  services_.counters.instances_cached.store(cache_.size(), std::memory_order_relaxed);
}

// The shards' time never runs backwards, whichever node's clock it was taken from before. Where it is ahead of this one it goes on at almost
// the same pace, until the clock has caught up: timers do not stand still meanwhile.
std::int64_t Shard::ClockUs() {
  const std::int64_t clock_us = services_.clock.NowUs();
  ahead_us_ =
      std::max<std::int64_t>(0, ahead_us_ - std::max<std::int64_t>(0, clock_us - clock_us_) / kClockCatchUpShare);
  clock_us_ = clock_us;
  return clock_us + ahead_us_;
}

std::int64_t Shard::IdleUs() {
  if (failed_) return kRecoveryPauseUs;
  if (!recoveries_.empty()) return 0;
  const std::int64_t due_us = std::min({timers_.NextDueUs().value_or(INT64_MAX), NextScheduleUs(), NextLapseUs()});
  if (due_us == INT64_MAX) return kIdleMaxUs;
  return std::clamp<std::int64_t>(due_us - ClockUs(), 0, kIdleMaxUs);
}

void Shard::Run() {
  thread_ = std::thread([this] {
    while (!stopping_ || !flights_.empty()) {
      if (Step() > 0) continue;
      // With as many commits in flight as allowed, or a failure to wait out, arrivals must not wake us: only a commit does.
      bool full = failed_ || gives_ || static_cast<int>(flights_.size()) >= kCommitsInFlightMax;
      if (full)
        inbox_.WaitForWake(failed_ ? kRecoveryPauseUs : kIdleMaxUs);
      else if (!stopping_)
        inbox_.Wait(IdleUs());
      if (stopping_ && failed_ && flights_.empty()) break;
    }
    RefuseItems({kShuttingDown, "Expected a running engine, but it is shutting down. Try again in a moment."});
  });
}

void Shard::Stop() {
  if (!thread_.joinable()) return;
  inbox_.Close();
  stopping_ = true;
  inbox_.Wake();
  thread_.join();
}

}  // namespace fermata
