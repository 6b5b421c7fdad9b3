// The single writer of a range of instances: takes commands, decides, commits, and only after its commit lets an effect out.
//
// Not thread-safe: everything but the Post functions is called from the thread that calls Step(). Other threads reach a shard
// through its inbox.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/histogram.h"
#include "engine/core/decide.h"
#include "engine/model/limits.h"
#include "engine/runtime/auditor.h"
#include "engine/runtime/definition_registry.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/inbox.h"
#include "engine/runtime/instance_cache.h"
#include "engine/runtime/job_desk.h"
#include "engine/runtime/job_executor.h"
#include "engine/runtime/message.h"
#include "engine/runtime/newsroom.h"
#include "engine/runtime/pauses.h"
#include "engine/runtime/pending_writes.h"
#include "engine/runtime/remote_order.h"
#include "engine/runtime/schedule_row.h"
#include "engine/runtime/shard_items.h"
#include "engine/runtime/timer_queue.h"
#include "engine/runtime/waiters.h"
#include "engine/runtime/webhooks.h"
#include "engine/storage/shard_set.h"
#include "engine/storage/storage.h"

namespace fermata {

struct ShardOptions {
  int index = 0;  // this shard thread's number: the storage lane, too
  int count = 1;  // shard threads of the node
  std::size_t inbox_commands_max = kInboxCommandsMax;
  std::uint64_t random_seed = 0;  // of ids and jitter; 0 = by chance
  ShardSet owned = AllShards();   // at first: of these, the ones that are this thread's by number
};

// Counters of all shards together; read by metrics.
struct ShardCounters {
  std::atomic<std::uint64_t> started{0}, completed{0}, failed{0}, cancelled{0}, decisions{0}, commits{0},
      commit_failures{0}, events_accepted{0}, jobs_dispatched{0}, timers_fired{0}, incidents_opened{0};
  std::atomic<std::uint64_t> losses_found{0};  // by the auditor
  Histogram commit_seconds{{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5}};
  Histogram commit_decisions{{1, 2, 5, 10, 20, 50, 100, 200, 500, 1'000}};
  Histogram timer_lag_seconds{{0.001, 0.01, 0.1, 1, 10, 60, 600}};
  std::atomic<std::size_t> timers_armed{0}, instances_cached{0}, instances_held{0};
};

class Shard;
// Sends what is for other shards to them.
class ShardRouter {
 public:
  virtual Shard& OwnerOf(int logical_shard) = 0;
  // A row that is durable, to whoever takes those of its shard, here or on another node.
  virtual void Deliver(InboxRow row);
  // An order that has reached a thread which does not own its shard (any more).
  virtual void Forward(ShardItem order);
  // These have moved: nodes where somebody waits for them want to know.
  virtual void TellProgress(const InstanceId& /*instance*/) {}
  // A commit was refused because this node was expelled.
  virtual void Fenced() {}
  // Calls of operations that the engine itself carries out; false if it is for the executor.
  virtual bool RunHere(const Job& job, JobExecutor::Completion completion) = 0;
  // What is durable of workers' jobs; `shard` is a thread's number. See JobDesk.
  virtual void JobsAvailable(const std::string& /*tenant*/, const std::string& /*operation*/, int /*shard*/,
                             int /*count*/) {}
  virtual void AnythingAvailable() {}
  virtual void LeaseOver(const JobKey& /*key*/) {}
  virtual void LeaseExtended(const JobKey& /*key*/, std::int64_t /*lease_ms*/) {}

 protected:
  ~ShardRouter() = default;
};

struct ShardServices {
  Clock& clock;
  Storage& storage;
  JobExecutor& executor;
  DefinitionRegistry& definitions;
  Waiters& waiters;
  ShardRouter& router;
  ShardCounters& counters;
  const Pauses& pauses;
  Newsroom* newsroom = nullptr;  // absent: nobody can listen
  Webhooks* webhooks = nullptr;  // absent: there are none
};

class Shard {
 public:
  // All of `services` must outlive the shard.
  Shard(ShardOptions options, ShardServices services);
  ~Shard();

  // From any thread. False: full (or stopping), and the order's answer was not called.
  bool Post(ShardItem order);
  // For what must not be lost: outcomes, messages.
  void PostInternal(ShardItem item);
  // A durable row of one of its logical shards; nothing happens if it has that one in memory.
  void PostMessage(InboxRow row);
  // Whether it has so many rows in memory that others should wait in storage.
  bool HasManyMessages() const;

  // From any thread: which logical shards are its own. Those that another thread of the node has by their number are none of its business.
  void Gain(const ShardSet& shards);  // recovers them
  // `done`: every commit for them is known, and nothing of them is in memory any more.
  void Give(const ShardSet& shards, std::function<void()> done);
  // Forgets all, and is in order again, though it was fenced: another node has them.
  void GiveUp(std::function<void()> done);

  // Loads what was in flight when the node died. Call before the first Step(), and again after a failed commit.
  Status Recover();

  // Decides at most one batch of commands and hands it to the storage; collects finished commits. Returns how many were taken;
  // 0 means that there was nothing to do. Never waits for a command, so the simulator can call it too. If a commit fails, nothing of it
  // happened: its instances are forgotten and loaded anew, and every caller in the batch gets kStorageUnavailable. Once another node has
  // taken over it does nothing any more, and callers get kStorageFenced.
  int Step();

  // Calls Step() until Stop(), on a thread of its own.
  void Run();
  void Stop();  // takes no more orders, waits for commits in flight, joins
  std::size_t InboxDepth() const { return inbox_.size(); }
  bool healthy() const { return healthy_.load(); }

 private:
  // One batch from its first decision until its commit is known.
  struct Flight {
    std::int64_t number = 0;
    std::size_t journal_bytes = 0;  // so far: kBatchBytesMax ends the batch
    Batch rows;
    std::vector<std::function<void(bool committed, const Error& failure)>> answers;
    std::vector<JobOutcome> outcomes;  // taken in this batch: put back if it fails
    std::vector<std::pair<InstanceId, DispatchJob>> jobs;
    std::vector<TimerRow> timers_set, timers_cleared;
    std::vector<InstanceId> touched;  // pinned in the cache
    std::vector<Progress> progress;
    std::vector<TaskRow> tasks_before;  // what each of `rows.tasks` replaces; without bytes: nothing
    std::vector<News> news;
    std::set<std::string> webhooks;   // that it tells
    std::vector<InboxRow> messages;   // sent
    std::set<std::string> schedules;  // of these processes, changed
    std::vector<MessageKey> messages_taken;
    std::vector<std::function<void()>> lines;                      // of the log, for once it is durable
    std::map<JobKey, std::optional<JobRow>> jobs_changed;          // nullopt: deleted
    std::vector<std::pair<JobKey, std::int64_t>> leases_extended;  // by how many milliseconds from now on
    std::chrono::steady_clock::time_point handed_over{};           // to storage
    std::optional<CommitOutcome> outcome;
  };

  bool Owns(int logical_shard) const {
    return logical_shard % options_.count == options_.index && owned_[static_cast<std::size_t>(logical_shard)];
  }
  int HomeShardOf(const std::string& tenant, std::string_view value) const;
  Flight& Open() { return *open_; }
  // Answers once the open batch is durable; with the batch's failure if it does not become so.
  template <class T>
  void AnswerLater(Answer<T> answer, Result<T> reply) {
    if (return_to_) return SendBack(RemoteReplyOf(reply));
    Open().answers.push_back(
        [answer = std::move(answer), reply = std::move(reply)](bool committed, const Error& failure) mutable {
          if (committed)
            answer(std::move(reply));
          else
            answer(failure);
        });
  }

  // ---- step.cc ----
  bool CollectCommits();
  void Settle(Flight& flight);
  void FailFlights();
  void EndFlights();
  bool KnowsFlights() const;
  void LogFailure() const;
  void RefuseItems(const Error& why);
  void CloseBatch();
  std::vector<ShardItem> TakeItems();
  void Handle(ShardItem item);
  void PublishGauges();
  void DropMessages(const ShardSet& shards);
  void ForgetMessages(const std::vector<MessageKey>& keys);
  std::int64_t IdleUs();
  std::int64_t ClockUs();

  // ---- shard_recovery.cc ----
  struct Recovery {
    ShardSet shards;
    InstanceId after;  // instances up to it are done
  };
  Status BeginRecovery(const ShardSet& shards);
  bool RecoverSome();
  Status RecoverNext();
  Status RecoverThese(const std::vector<InstanceId>& ids);
  Status RecoverOne(const InstanceId& id);
  bool AwaitUnknown();
  Status ReadInboxOf(const ShardSet& shards);
  void RefillTimers();
  void ReadTimersOf(const ShardSet& shards);

  // ---- shard_leases.cc ----
  struct Transfer {
    enum class Kind { kGain, kGive, kGiveUp } kind = Kind::kGain;
    ShardSet shards{};
    std::function<void()> done{};
  };
  void PostTransfer(Transfer transfer);
  ShardSet OfThisThread(const ShardSet& shards) const;
  bool TakeTransfers();
  void CarryOut(Transfer& transfer);
  void LetShardsGo(const ShardSet& shards);
  std::optional<int> ShardOf(const ShardItem& item) const;
  bool WasWithdrawn(const MessageArrived& order);
  void HandleRemote(const InboxRow& row, RemoteOrder order);
  void SendBack(Result<Value> reply);

  // ---- orders.cc ----
  void HandleStart(StartOrder order);
  void HandleInstance(InstanceOrder order);
  void HandleEvent(EventOrder event);
  void HandleOutcome(JobOutcome outcome);
  void HandleTimer(const TimerFell& fell);
  void HandleMessage(const MessageArrived& arrived);
  Status KnowVersionsOf(const Message& message);
  void TakeMessage(const InboxRow& row, Message message);
  void StartChildHere(const StartMessage& message);
  Result<std::vector<InstanceRow>> LiveByKey(const std::string& tenant, const std::string& process,
                                             const std::string& key);
  std::optional<Error> Refusal(const Definition& definition, const std::string& tenant,
                               const std::optional<std::string>& key);
  std::optional<Error> RefusalForEver(const Definition& definition, const std::string& tenant, const std::string& key);
  std::optional<Result<std::string>> Remembered(const std::string& tenant, const std::string& idempotency_key,
                                                const std::string& request_hash);
  void Remember(int logical_shard, const std::string& tenant, const std::string& idempotency_key,
                const std::string& request_hash, std::string answer);
  Result<CachedInstance*> StartInstanceHere(const InstanceId& id, const DefinitionPtr& definition, StartInstance start);

  // ---- correlation.cc ----
  Result<EventReply> Correlate(const EventMessage& message);
  Result<bool> WasAccepted(const EventMessage& message);
  const std::string& IdentityValue(const EventMessage& message) const;
  Result<std::set<InstanceId>> FindReceivers(const EventMessage& message);
  Result<std::vector<KeptEventRow>> KeptFor(const std::string& tenant, const std::string& process,
                                            const std::string& value);
  Status Keep(const EventMessage& message, EventReply& reply);
  std::vector<KeptEventRow> OfferKept(const Definition& definition, StartInstance& start);
  void DropKept(const std::vector<KeptEventRow>& rows);
  void SubscribeHere(const SubscribeMessage& message);
  // start_on.cc
  struct PlannedStart {
    DefinitionPtr definition;
    std::optional<std::string> key;
    Value input;
  };
  Result<std::vector<PlannedStart>> PlanStarts(const EventMessage& message, std::set<InstanceId>& receivers);
  Status StartBy(const EventMessage& message, PlannedStart planned, EventReply& reply);
  // What became of an event at one instance.
  enum class Fate : std::uint8_t {
    kEnded,    // the instance has ended: it got nothing
    kTaken,    // a transition took it
    kKept,     // it waits in the instance
    kIgnored,  // nothing takes it, nor is it kept
    kSent,     // another shard decides
  };
  Result<Fate> Offer(const InstanceId& receiver, int home, DeliverEvent deliver);
  static Fate FateOf(const CloudEvent& event, const std::vector<JournalEvent>& events);
  static void Count(Fate fate, EventReply& reply);
  Result<EventReply> DeliverTo(const EventMessage& message);
  void NoteIdentity(const EventMessage& message);
  std::int64_t NextArrival();
  void SendEvent(const InstanceId& receiver, int home, std::int64_t arrival, DeliverEvent deliver);

  // ---- schedules.cc ----
  Status LoadSchedules(const ShardSet& of);
  void HandleScheduleChanged(ScheduleChanged changed);
  void HandleScheduleFell(const std::string& process);
  void StartScheduledHere(const ScheduledMessage& message);
  void EndScheduled(const ScheduledEndMessage& message);
  void TellScheduleOfEnd(const CachedInstance& instance);
  void StartTicks(const std::string& process, ScheduleState& state, const std::vector<std::int64_t>& ticks);
  void TouchSchedule(const std::string& process);
  void GatherSchedules();
  std::int64_t NextScheduleUs() const;

  // ---- shard_jobs.cc ----
  // Jobs of one operation that may be available, lapsed ones first, then by age; a look at the row tells.
  struct Window {
    struct Entry {
      JobKey key;
      std::int64_t opened_us = 0;
    };
    std::deque<Entry> jobs;
    bool complete = false;  // storage has no others
  };
  using Topic = std::pair<std::string, std::string>;  // tenant, operation
  void GatherJobs(CachedInstance& instance);
  void ChangeJob(const JobKey& key, std::optional<JobRow> row);
  void GatherJobRows();
  Result<std::optional<JobRow>> FindJob(const JobKey& key);
  void SettleJobs(const Flight& flight);
  void HandleLease(LeaseOrder order);
  void HandleLeaseThese(LeaseTheseOrder order);
  Status LeaseAny(const JobFetch& fetch, LeaseGrant& grant);
  Status LeaseOfSome(const JobFetch& fetch, LeaseGrant& grant);
  Status FillWindow(const std::string& tenant, const std::string& operation);
  Result<std::optional<WorkerJob>> Lease(const JobKey& key, const JobFetch& fetch);
  void NoteLapse(const Topic& topic, std::int64_t due_us);
  Status WatchLapses(const JobFetch& fetch);
  void HandleLapse(const LeaseLapsed& lapsed);
  std::int64_t NextLapseUs() const;
  void HandleReport(ReportOrder order);
  Result<JobReply> TakeReport(const JobReport& report);
  std::optional<Error> RefuseLease(const JobRow& row, const JobReport& report) const;
  JobReply Extend(JobRow row, const JobReport& report);
  void HandleJobTimeout(const TimerRow& timer);
  bool HasNotBegun(const CachedInstance& instance, const JobId& job, std::int64_t attempt);
  Status LookForMissingJobs(const CachedInstance& instance);
  void HandleJobsMissing(const JobsMissing& missing);

  // ---- shard_pauses.cc ----
  bool HoldsBack(const InstanceId& id, const DispatchJob& job);
  void ForgetHeld();
  void LetGo(const InstanceId& id);
  void HandlePauseOver(const PauseOver& over);
  std::optional<Error> RefusePausedStart(const EventMessage& message);

  // ---- shard_audit.cc ----
  void HandleAudit(const AuditSuspect& suspect);
  Result<std::optional<Loss>> FindLossHere(const CachedInstance& instance);
  void Mend(CachedInstance& instance, const Loss& loss);

  // ---- effects.cc ----
  // Decides one command of a cached instance and gathers rows and effects into the open batch. `fate`: of DeliverEvent; may be null.
  Result<Done> DecideOn(CachedInstance& instance, const Command& command, Fate* fate = nullptr);
  // A child as its own definition takes it, before it starts.
  struct ChildAtDoor {
    DefinitionPtr definition;
    Value input;
    std::optional<std::string> key;
  };
  Result<ChildAtDoor> ReceiveChild(const std::string& process, const std::string& version, const Value& input,
                                   const std::optional<std::string>& key);
  std::optional<std::string> KeyOfChild(const RunVerb& run, const Value& input);
  std::optional<ProcessError> RefusalOfChild(const RunVerb& run, const Value& input);
  // The batch is not committed, and is decided again after a pause.
  void FailForNow();
  void Touch(CachedInstance& instance);
  void Gather(CachedInstance& instance, Decision decision);
  void LetGoOf(CachedInstance& instance);
  void GatherRows(CachedInstance& instance);
  // How many rows the open batch has.
  struct RowMarks {
    std::size_t incidents = 0, tasks = 0, tasks_deleted = 0;
  };
  std::vector<News> NewsSince(const CachedInstance& instance, const RowMarks& before);
  void GatherDeliveries(CachedInstance& instance, const std::vector<JournalEvent>& events);
  void TellStatus(const InstanceState& state);
  void TellIncident(const InstanceState& state, const IncidentRow& incident);
  void GatherNews(const CachedInstance& instance, const RowMarks& before);
  void SettleNews(Flight& flight);
  void GatherIncidents(CachedInstance& instance);
  void GatherTimers(CachedInstance& instance);
  void GatherTasks(CachedInstance& instance);
  Result<std::map<ActivationId, TaskRow>> StoredTasks(const InstanceState& state);
  void GatherSearchValues(CachedInstance& instance);
  void Perform(CachedInstance& instance, Effect effect);
  void SendMessage(const InstanceId& sender, std::int64_t seq, int logical_shard, Message message);
  void PublishEvent(CachedInstance& instance, const Publish& publish);
  void Dispatch(const InstanceId& id, const DispatchJob& job);
  Result<CachedInstance*> Load(const InstanceId& id);
  Result<CachedInstance*> Adopt(const StoredInstance& stored);  // into the cache
  CachedInstance* LoadOrFail(const InstanceId& id);
  bool IsThere(const InstanceId& id);
  static bool CannotBeUnderstood(const Error& error);
  static bool StandsStill(const InstanceId& id, const Error& error);

  ShardOptions options_;
  ShardServices services_;
  int shard_count_;
  ShardSet owned_;
  ShardSet were_checked_;                   // for jobs that an earlier release left without a row
  std::optional<ReturnAddress> return_to_;  // of the order that is being decided, if it is of another node
  Inbox<ShardItem> inbox_;
  InstanceCache cache_;
  TimerQueue timers_;
  std::map<std::string, ScheduleState> schedules_;  // by process: those whose home is here
  std::int64_t now_us_ = 0;
  std::int64_t clock_us_ = 0,
               ahead_us_ = 0;  // the node's clock when it was last read; how far the shards' time is before it
  std::int64_t batch_number_ = 0;
  std::int64_t kept_order_ = 0;
  std::uint64_t id_counter_ = 0;
  std::mt19937_64 random_;
  std::unique_ptr<Flight> open_;
  std::vector<std::unique_ptr<Flight>> flights_;                     // handed over, oldest first
  std::set<std::tuple<InstanceId, JobId, std::int64_t>> submitted_;  // jobs that the executor has
  std::set<InstanceId> held_;                                        // with calls that are paused
  TakenMessages known_messages_;
  mutable std::mutex messages_mutex_;
  std::set<MessageKey> messages_here_;  // from their arrival until their commit is known
  std::int64_t message_index_ = 0;
  bool failed_ = false;
  std::array<std::atomic<std::uint32_t>, kShardsMax>
      turns_{};          // how often each shard went: calls of before are not made any more
  bool gives_ = false;   // waits for its commits, to give shards away
  bool unsure_ = false;  // whether a commit is still under way whose answer got lost
  std::deque<Recovery> recoveries_;
  std::vector<InstanceId> postponed_;  // of these: their decisions were not durable yet
  bool fenced_ = false;                // until GiveUp(): another node owns the shards
  std::int64_t retry_recovery_us_ = 0;

  PendingWrites<InstanceRow> pending_keys_;  // group: tenant, process, key
  PendingWrites<EverKeyRow> pending_ever_;
  PendingWrites<IdempotencyRow> pending_idempotency_;
  PendingWrites<EventIdentityRow> pending_identities_;
  PendingWrites<SubscriptionRow> pending_subscriptions_;
  PendingWrites<KeptEventRow> pending_kept_;
  PendingWrites<JobRow> pending_jobs_;  // group: the job

  std::map<Topic, Window> windows_;       // of operations that have jobs and are asked for
  std::map<Topic, std::int64_t> lapses_;  // when to look for lapsed leases

  std::mutex finished_mutex_;
  std::vector<std::pair<std::int64_t, CommitOutcome>> finished_;  // from storage threads
  std::deque<Transfer> transfers_;                                // under the same lock
  std::atomic<bool> stopping_{false};
  std::atomic<bool> healthy_{true};
  std::thread thread_;
};

}  // namespace fermata
