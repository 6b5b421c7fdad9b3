#include "tests/simulation/world.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/codec/codec.h"
#include "engine/core/decide.h"
#include "engine/model/json.h"
#include "engine/runtime/event_door.h"
#include "engine/runtime/replay.h"
#include "tests/simulation/parcels.h"
#include "tests/simulation/processes.h"

namespace fermata {

void SimExecutor::Submit(Job job, std::int64_t, Completion completion, Wanted) {
  calls_.push_back({std::move(job), std::move(completion)});
}

Outcome SimExecutor::Reach(const Job& job) {
  auto known = answers_.find(job.idempotency_key);
  if (known != answers_.end()) return known->second;  // the service honours the key
  Outcome outcome = JobSuccess{Value::Object({{"id", Value::String(job.idempotency_key)}})};
  if (job.operation == "charge" && random_() % 8 == 0) outcome = BusinessFailure{"declined", "No.", Value()};
  if (std::holds_alternative<JobSuccess>(outcome)) effects_[job.idempotency_key] = job.operation;
  answers_[job.idempotency_key] = outcome;
  return outcome;
}

// Whether a call may take effect although its answer is lost. Not `charge`: a cancel between two of its tries would leave nobody who knows of the effect
// (the language undoes what completed and what is in flight; a call that waits for its next try is neither).
bool SimExecutor::MayArriveUnheard(const Job& job) { return job.operation != "charge"; }

bool SimExecutor::RunOne() {
  if (calls_.empty()) return false;
  std::swap(calls_.front(), calls_[random_() % calls_.size()]);
  Call call = std::move(calls_.front());
  calls_.pop_front();
  // Nor is it cut when it has taken effect and its answer went down with a node.
  const bool cannot_fail = !MayArriveUnheard(call.job) && answers_.count(call.job.idempotency_key) > 0;
  if (!cannot_fail && static_cast<int>(random_() % 1'000) < faults_per_mille_) {
    if (MayArriveUnheard(call.job) && random_() % 2 == 0) Reach(call.job);
    call.completion(TechnicalFailure{TechnicalError::kUnavailable, "The line is cut.", 0});
  } else {
    call.completion(Reach(call.job));
  }
  return true;
}

void SimExecutor::Die() {
  for (const Call& call : calls_)
    if (MayArriveUnheard(call.job) && random_() % 2 == 0) Reach(call.job);
  calls_.clear();
}

World::World(std::uint64_t seed, int shard_threads, int shard_count)
    : random_(seed),
      shard_threads_(shard_threads),
      shard_count_(shard_count),
      storage_(seed + 1, shard_count),
      executor_(seed + 2),
      definitions_({kSimManifest, kHandsManifest}),
      auditor_(storage_, definitions_),
      people_(seed + 3, storage_, [this](int logical_shard) -> Shard& { return OwnerOf(logical_shard); }) {
  for (const char* yaml : kSimProcesses) {
    StoredBundle bundle{"simulated.yaml", yaml, {}, {}};
    bundle.manifests = definitions_.ManifestTextsFor(bundle);
    CompiledBundle compiled = definitions_.Compile(bundle);
    if (!compiled.definition) ADD_FAILURE() << FormatDiagnostics(compiled.diagnostics);
    definitions_.Add(compiled.definition, 1);
    definitions_.SetLive(compiled.definition->process, compiled.definition->hash);
  }
  Boot();
  storage_.SetFaults(20);
  executor_.SetFaults(100);
}

World::~World() = default;

void World::Boot() {
  boot_ += 1;
  waiters_ = std::make_unique<Waiters>();
  shards_.clear();
  for (int i = 0; i < shard_threads_; ++i) {
    ShardServices services{clock_, storage_, executor_, definitions_, *waiters_, *this, counters_, pauses_};
    shards_.push_back(
        std::make_unique<Shard>(ShardOptions{i, shard_threads_, kInboxCommandsMax, random_() | 1}, services));
  }
  for (auto& shard : shards_)
    while (!shard->Recover().ok()) {
    }
}

void World::Crash() {
  storage_.LosePower();
  executor_.Die();
  shards_.clear();
  Boot();
}

void World::Post(const std::string& process, const std::string& customer, const std::string& idempotency_key) {
  StartOrder order;
  order.request.process = process;
  order.request.idempotency_key = idempotency_key;
  order.request.request_hash = process + "/" + customer;
  order.definition = definitions_.Live(process);
  Result<Value> input = ValidateStart(
      *order.definition, Value::Object({{"customer", Value::String(customer)}, {"amount", Value::Int(5)}}));
  if (!input.ok()) {
    ADD_FAILURE() << input.error().message;
    return;
  }
  order.input = *input;
  order.key = EvaluateKey(*order.definition, order.input, clock_.now_us).value();
  order.logical_shard = HomeShard(kDefaultTenant, order.key ? *order.key : idempotency_key, shard_count_);
  order.answer = [this, idempotency_key, boot = boot_](Result<StartReply> reply) {
    if (!reply.ok() || boot != boot_) return;
    auto [told, first] = answered_.emplace(idempotency_key, reply->id);
    EXPECT_EQ(told->second, reply->id) << "one Idempotency-Key, two instances";
  };
  OwnerOf(order.logical_shard).Post(std::move(order));
}

void World::ClientStarts() {
  static const char* const kProcesses[] = {"chain", "saga", "wait", "parent", "parcel"};
  std::string process = kProcesses[random_() % std::size(kProcesses)];
  std::string customer = "c-" + std::to_string(next_++);
  requests_.emplace_back(process, customer);
  Post(process, customer, "i-" + std::to_string(requests_.size() - 1));
}

void World::ClientRepeatsAStart() {
  if (requests_.empty()) return;
  std::size_t which = random_() % requests_.size();
  Post(requests_[which].first, requests_[which].second, "i-" + std::to_string(which));
}

void World::ClientSendsAnEvent() {
  CloudEvent event;
  std::int64_t number =
      static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(next_ + 3));  // also of customers to come
  event.id = "e-" + std::to_string(number);
  event.source = "/simulation";
  event.type = "paid";
  event.data = Value::Object({{"customer", Value::String("c-" + std::to_string(number))}});
  for (EventMessage& message :
       RouteEvent(definitions_, std::string(kDefaultTenant), event, std::nullopt, clock_.now_us)) {
    Shard& home = OwnerOf(HomeShard(message.tenant, message.value, shard_count_));
    home.Post(EventOrder{std::move(message), [this, id = event.id](Result<EventReply> reply) {
                           if (reply.ok()) accepted_events_.insert(id);
                         }});
  }
}

void World::ClientCancels() {
  if (answered_.empty()) return;
  auto which = std::next(answered_.begin(), static_cast<std::ptrdiff_t>(random_() % answered_.size()));
  OwnerOf(which->second.shard())
      .Post(InstanceOrder{{which->second, CancelInstance{"changed my mind"}}, [](Result<CommandReply>) {}});
}

// Where it is of no harm to begin anew.
void World::OperatorMoves() {
  if (answered_.empty()) return;
  auto which = std::next(answered_.begin(), static_cast<std::ptrdiff_t>(random_() % answered_.size()));
  const std::string& process = requests_[std::stoul(which->first.substr(2))].first;
  if (process == "saga" || process == "parent") return;
  MoveInstance move;
  move.target = process == "chain" ? "one" : process == "wait" ? "waiting" : "pack";
  move.by = "operator";
  OwnerOf(which->second.shard()).Post(InstanceOrder{{which->second, std::move(move)}, [](Result<CommandReply>) {}});
}

void World::OperatorMends() {
  std::vector<InstanceId> parcels;
  for (const auto& [key, id] : answered_)
    if (requests_[std::stoul(key.substr(2))].first == "parcel") parcels.push_back(id);
  if (parcels.empty()) return;
  // One of the youngest: they live.
  const std::size_t back = std::min<std::size_t>(parcels.size(), 1 + random_() % 20);
  std::sort(parcels.begin(), parcels.end(),
            [](const InstanceId& a, const InstanceId& b) { return a.epoch_ms() < b.epoch_ms(); });
  const InstanceId id = parcels[parcels.size() - back];
  Command command = MigrateInstance{"2.0.0"};
  if (random_() % 3 == 0) command = SetVariables{{{"note", Value::String("mended")}}, "", "operator"};
  if (random_() % 3 == 0) command = MigrateInstance{"", true};
  OwnerOf(id.shard()).Post(InstanceOrder{{id, std::move(command)}, [](Result<CommandReply>) {}});
}

void World::OperatorPauses() {
  if (!pauses_.none()) return EndPauses();
  if (random_() % 2 == 0)
    pauses_.Put({PauseKind::kConnector, random_() % 2 == 0 ? "world" : "hands", "", "operator", clock_.now_us});
  else
    pauses_.Put({PauseKind::kOperation, "world.touch", "", "operator", clock_.now_us});
}

void World::EndPauses() {
  pauses_.Drop(PauseKind::kConnector, "world");
  pauses_.Drop(PauseKind::kConnector, "hands");
  pauses_.Drop(PauseKind::kOperation, "world.touch");
  for (auto& shard : shards_) shard->PostInternal(PauseOver{});
}

void World::Audit() {
  while (auditor_.IsDue(clock_.now_us)) {
    Result<std::vector<InstanceId>> suspects = auditor_.Next(clock_.now_us, 20);
    if (!suspects.ok()) return;
    for (const InstanceId& id : *suspects) OwnerOf(id.shard()).PostInternal(AuditSuspect{id});
  }
}

void World::LoseATimer() {
  storage_.SetFaults(0);
  executor_.SetFaults(0);
  Post("wait", "c-1", "i-0");
  requests_.emplace_back("wait", "c-1");
  while (!Quiet()) {
  }
  Audit();
  while (!Quiet()) {
  }
  EXPECT_EQ(counters_.losses_found, 0u) << "all is well";
  const std::vector<TimerRow> timers = storage_.tables().ReadTimers(AllShards(), INT64_MAX, std::nullopt, 10);
  ASSERT_EQ(timers.size(), 1u);
  Batch lost;
  lost.timers_deleted = timers;
  storage_.Commit(99, std::move(lost), [](CommitOutcome) {});
  while (!Quiet()) {
  }
  ASSERT_TRUE(storage_.tables().ReadTimers(AllShards(), INT64_MAX, std::nullopt, 10).empty());
  for (int round = 0; round < 2; ++round) {
    clock_.now_us += kAuditEveryMs * 1000;
    Audit();
    while (!Quiet()) {
    }
    EXPECT_EQ(counters_.losses_found, 1u) << "found once, and put back";
  }
  EXPECT_EQ(storage_.tables().ReadTimers(AllShards(), INT64_MAX, std::nullopt, 10), timers);
  IncidentFilter open;
  open.open = true;
  const std::vector<IncidentRow> incidents = storage_.tables().ListIncidents(open);
  ASSERT_EQ(incidents.size(), 1u);
  EXPECT_EQ(incidents[0].error, "internal");
  EXPECT_EQ(incidents[0].state, "waiting");
  counters_.losses_found = 0;
}

bool World::StepAll() {
  bool moved = false;
  for (auto& shard : shards_) moved |= shard->Step() > 0;
  return moved;
}

void World::Tick() {
  switch (random_() % 18) {
    case 0:
    case 1:
      return ClientStarts();
    case 2:
      return ClientRepeatsAStart();
    case 3:
      return ClientSendsAnEvent();
    case 4:
      clock_.now_us += static_cast<std::int64_t>(random_() % 2'000'000);
      return;
    case 5:
      clock_.now_us -= static_cast<std::int64_t>(random_() % 1'000'000);
      return;  // clocks may step back
    case 6:
    case 7:
    case 8:
      executor_.RunOne();
      return;
    case 9:
    case 10:
    case 11:
      storage_.FinishOne();
      return;
    case 12:
      if (random_() % 40 == 0) return Crash();
      if (random_() % 10 == 0) return ClientCancels();
      if (random_() % 10 == 0) return OperatorMoves();
      if (random_() % 20 == 0) return OperatorPauses();
      if (random_() % 10 == 0) return Audit();
      return OperatorMends();
    case 13:
    case 14:
      return people_.Act(shards_);
    default:
      StepAll();
      return;
  }
}

bool World::Quiet() {
  bool moved = false;
  while (storage_.FinishOne()) moved = true;
  while (executor_.RunOne()) moved = true;
  return !StepAll() && !moved && storage_.in_flight() == 0 && executor_.InFlight() == 0;
}

void World::Settle() {
  storage_.SetFaults(0);
  executor_.SetFaults(0);
  EndPauses();
  // Long enough for every retry and timeout of the simulated processes.
  for (int round = 0; round < 400; ++round) {
    for (int i = 0; i < 1'000 && !Quiet(); ++i) {
    }
    OperatorRetries();
    people_.WorkOff(shards_);
    Audit();
    clock_.now_us += 60'000'000;
  }
}

// A call that was left and whose last try failed stands as an incident until somebody decides.
void World::OperatorRetries() {
  IncidentFilter open;
  open.open = true;
  open.limit = 1'000'000;
  for (const IncidentRow& incident : storage_.tables().ListIncidents(open)) {
    ResolveIncident retry;
    retry.incident = incident.number;
    OwnerOf(incident.instance.shard())
        .Post(InstanceOrder{{incident.instance, std::move(retry)}, [](Result<CommandReply>) {}});
  }
}

namespace {

std::string HistoryOf(const StoredInstance& stored) {
  std::string text;
  for (const JournalRow& row : stored.tail) {
    text += std::to_string(row.seq) + "\n";
    if (Result<std::vector<JournalEvent>> events = DecodeEvents(row.bytes); events.ok())
      for (const JournalEvent& event : *events) text += "  " + WriteJson(DescribeEvent(event)) + "\n";
  }
  return text;
}

}  // namespace

void World::Verify() {
  InstanceFilter everything;
  everything.limit = 1'000'000;
  std::map<InstanceId, InstanceRow> rows;
  for (const InstanceRow& row : storage_.tables().ListInstances(everything)) rows.emplace(row.id, row);

  for (const auto& [key, id] : answered_) EXPECT_TRUE(rows.count(id)) << "the answered start " << key << " is lost";
  std::map<std::string, int> charges, refunds;
  for (const auto& [id, row] : rows) {
    std::optional<StoredInstance> stored = storage_.tables().LoadInstance(id);
    ASSERT_TRUE(stored);
    Result<InstanceState> state = Rebuild(*stored);
    ASSERT_TRUE(state.ok()) << state.error().message;
    if (row.key) {
      EXPECT_EQ(id.shard(), HomeShard(row.tenant, *row.key, shard_count_)) << "a key's instance lives elsewhere";
    }
    InstanceRow expected = InstanceRowOf(*state);
    expected.updated_us = row.updated_us;
    EXPECT_EQ(expected, row) << "the row of " << id.ToString() << " is not what its journal says";
    EXPECT_TRUE(IsFinal(state->status)) << row.process << " " << id.ToString() << " stands in " << row.status << "\n"
                                        << HistoryOf(*stored);
    for (const auto& [key, operation] : executor_.effects())
      if (key.rfind(id.ToString() + "/", 0) == 0)
        (operation == "charge" ? charges : refunds)[id.ToString()] += operation == "charge" || operation == "refund";
    if (row.process != "saga") continue;
    int kept = charges[id.ToString()] - refunds[id.ToString()];
    const Value* result = state->output.Find("result");
    bool paid = row.status == "completed" && result && *result == Value::String("paid");
    EXPECT_EQ(kept, paid ? 1 : 0) << id.ToString() << " " << row.status << ": the charges and refunds do not fit\n"
                                  << HistoryOf(*stored);
  }
  people_.Verify();
  parcels_unpacked_ = VerifyParcels(storage_, people_.finished());
  EXPECT_TRUE(storage_.tables().ListJobs({}).empty()) << "jobs of finished instances are left";
  EXPECT_TRUE(storage_.tables().ListTasks({}).empty()) << "tasks of finished instances are open";
  EXPECT_EQ(counters_.losses_found, 0u) << "an instance had lost what it waited for";
  VerifyReceipts(rows);
  VerifySweeps(rows);
  std::vector<TimerRow> timers = storage_.tables().ReadTimers(AllShards(), INT64_MAX, std::nullopt, 1'000'000);
  EXPECT_TRUE(timers.empty()) << timers.size() << " timers of finished instances are left";
  IncidentFilter open;
  open.open = true;
  EXPECT_TRUE(storage_.tables().ListIncidents(open).empty()) << "incidents of finished instances are open";
  EXPECT_TRUE(storage_.tables().ReadInbox(AllShards(), std::nullopt, 1'000'000).empty()) << "messages are left";
}

// `start_on`: one instance an accepted event, however often it was sent.
void World::VerifyReceipts(const std::map<InstanceId, InstanceRow>& rows) {
  std::map<std::string, int> receipts;
  for (const auto& [id, row] : rows)
    if (row.process == "receipt") receipts[*row.key] += 1;
  for (const auto& [customer, count] : receipts) EXPECT_EQ(count, 1) << customer;
  for (const std::string& event : accepted_events_)
    EXPECT_EQ(receipts.count("c-" + event.substr(2)), 1u) << "the accepted event " << event << " started nothing";
}

// One instance a tick, and none beside another: the schedule skips while one is live.
void World::VerifySweeps(const std::map<InstanceId, InstanceRow>& rows) {
  constexpr std::int64_t kMinuteMs = 60'000;
  std::map<std::int64_t, InstanceRow> sweeps;
  for (const auto& [id, row] : rows) {
    if (row.process != "sweep") continue;
    EXPECT_TRUE(IsScheduled(id, "sweep"));
    EXPECT_EQ(id.epoch_ms() % kMinuteMs, 0);
    EXPECT_TRUE(sweeps.emplace(id.epoch_ms(), row).second) << "one tick, two instances";
  }
  EXPECT_GT(sweeps.size(), 50u) << "the schedule stands still";
  if (shard_threads_ > 1) return;  // their clocks differ
  std::int64_t free_us = 0;
  for (const auto& [tick_ms, row] : sweeps) {
    EXPECT_GE(row.started_us, free_us) << "a sweep began before the one before it had ended";
    free_us = row.ended_us;
  }
}

}  // namespace fermata
