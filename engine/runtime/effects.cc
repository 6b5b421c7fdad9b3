// A shard's decisions: from a command to rows and effects.
#include <algorithm>

#include "engine/base/log.h"
#include "engine/codec/codec.h"
#include "engine/core/apply.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/event_door.h"
#include "engine/runtime/group_key.h"
#include "engine/runtime/replay.h"
#include "engine/runtime/shard.h"

namespace fermata {
namespace {

constexpr std::size_t kSnapshotShare = 4;  // the journal behind a snapshot is at least so small a part of it

}  // namespace

Result<CachedInstance*> Shard::Load(const InstanceId& id) {
  if (CachedInstance* cached = cache_.Find(id)) return cached;
  Result<std::optional<StoredInstance>> stored = services_.storage.LoadInstance(id);
  if (!stored.ok()) return stored.error();
  if (!stored->has_value())
    return Error{kUnknownInstance, "Expected the id of an instance, but none is called '" + id.ToString() + "'."};
  return Adopt(**stored);
}

Result<CachedInstance*> Shard::Adopt(const StoredInstance& stored) {
  Result<InstanceState> state = Rebuild(stored);
  if (!state.ok()) return state.error();
  auto instance = std::make_unique<CachedInstance>();
  instance->state = std::move(*state);
  const InstanceState& loaded = instance->state;
  // Another node may have moved it, by its own clock, while this one slept and does not know of that yet: what is decided here will be refused.
  now_us_ = std::max(now_us_, loaded.updated_us);
  Result<DefinitionPtr> known =
      services_.definitions.FindByHashOrRead(services_.storage, loaded.process, loaded.definition_hash);
  if (!known.ok()) return known.error();
  instance->definition = *std::move(known);
  if (!instance->definition)
    return Error{kUnknownVersion, "Expected the definition of '" + instance->state.process + "' " +
                                      instance->state.version + " that this instance runs on, but it is not deployed."};
  instance->row = stored.row;
  instance->rows_since_snapshot = static_cast<std::int64_t>(stored.tail.size());
  if (stored.snapshot) instance->snapshot_bytes = stored.snapshot->bytes.size();
  for (const JournalRow& tail : stored.tail) instance->bytes_since_snapshot += tail.bytes.size();
  for (const TimerView& timer : Timers(instance->state)) instance->timers.emplace(timer.timer, timer.due_us);
  for (const OpenIncident& incident : OpenIncidents(instance->state))
    instance->incidents.emplace(incident.number, IncidentRowOf(instance->state, incident));
  Result<std::map<ActivationId, TaskRow>> tasks = StoredTasks(instance->state);
  if (!tasks.ok()) return tasks.error();
  instance->tasks = std::move(*tasks);
  instance->search = SearchValuesOf(*instance->definition, instance->state);
  for (const JobView& job : WorkerJobsInFlight(services_.definitions, instance->definition, instance->state))
    instance->jobs.emplace(job.job, job.attempt);
  return &cache_.Insert(std::move(instance));
}

// The rows of its open tasks as storage has them. They follow from the state, but for tasks whose answer waits: an earlier release left those
// in the list, and what is not known to be there would stay.
Result<std::map<ActivationId, TaskRow>> Shard::StoredTasks(const InstanceState& state) {
  std::map<ActivationId, TaskRow> rows = TaskRowsOf(state);
  if (!HasStashedAnswer(state)) return rows;
  TaskFilter all;
  all.tenant = state.tenant;
  all.instance = state.id;
  all.limit = static_cast<int>(kActiveStatesMax);
  Result<std::vector<TaskRow>> stored = services_.storage.ListTasks(all);
  if (!stored.ok()) return stored.error();
  for (TaskRow& row : *stored) rows.try_emplace(row.activation, std::move(row));
  return rows;
}

// Null: there is none, or storage does not answer, and then the whole batch is decided again.
// Null: it is not there, cannot be understood, or storage has failed.
CachedInstance* Shard::LoadOrFail(const InstanceId& id) {
  Result<CachedInstance*> instance = Load(id);
  if (instance.ok()) return *instance;
  const bool stands_still = StandsStill(id, instance.error());
  failed_ |= !stands_still && instance.error().code != kUnknownInstance;
  return nullptr;
}

// Starting twice is starting once. Sets failed_ if it is not known.
bool Shard::IsThere(const InstanceId& id) {
  Result<CachedInstance*> instance = Load(id);
  if (instance.ok() || StandsStill(id, instance.error())) return true;
  failed_ |= instance.error().code != kUnknownInstance;
  return false;
}

bool Shard::CannotBeUnderstood(const Error& error) { return IsUnreadable(error) || error.code == kUnknownVersion; }

// Whether what is wrong is this instance alone: damaged, or of a newer release. It must not hold up the others.
bool Shard::StandsStill(const InstanceId& id, const Error& error) {
  if (!CannotBeUnderstood(error)) return false;
  LogError("An instance cannot be read: it stands still, and nothing else does.",
           {{"instance", id.ToString()}, {"reason", error.message}});
  return true;
}

Result<Done> Shard::DecideOn(CachedInstance& instance, const Command& command, Fate* fate) {
  auto child_key = [this](const RunVerb& run, const Value& input) { return KeyOfChild(run, input); };
  auto child_refusal = [this](const RunVerb& run, const Value& input) { return RefusalOfChild(run, input); };
  DecisionContext context{now_us_, random_(), shard_count_, child_key, child_refusal};
  context.has_not_begun = [&](const JobId& job, std::int64_t attempt) { return HasNotBegun(instance, job, attempt); };
  DefinitionPtr target;
  if (const auto* migrate = std::get_if<MigrateInstance>(&command)) {
    if (!migrate->revert)
      if (Result<DefinitionPtr> known =
              services_.definitions.FindOrRead(services_.storage, instance.state.process, migrate->version);
          !known.ok())
        return DefinitionRegistry::TryLater(known.error());
    Result<DefinitionPtr> found = services_.definitions.TargetOf(instance.state, *migrate);
    if (!found.ok()) return found.error();
    target = std::move(*found);
    context.migrate_to = target.get();
  }
  Result<Decision> decision = Decide(*instance.definition, instance.state, command, context);
  if (!decision.ok()) return decision.error();
  if (target) instance.definition = target;
  services_.counters.decisions.fetch_add(1, std::memory_order_relaxed);
  if (fate != nullptr) *fate = FateOf(std::get<DeliverEvent>(command).event, decision->events);
  Gather(instance, std::move(*decision));
  return Done{};
}

// What the live (or wanted) version's own `key:` gives. Mistakes are told later, by the shard that starts the child.
std::optional<std::string> Shard::KeyOfChild(const RunVerb& run, const Value& input) {
  Result<ChildAtDoor> child = ReceiveChild(run.process, run.version, input, std::nullopt);
  return child.ok() ? child->key : std::nullopt;
}

// What that shard would say of a child that nobody waits for, as far as it can be said here: whether its key is free it alone knows.
std::optional<ProcessError> Shard::RefusalOfChild(const RunVerb& run, const Value& input) {
  std::optional<std::string> given;
  if (run.key) given.emplace();  // then the child's own is not asked
  Result<ChildAtDoor> child = ReceiveChild(run.process, run.version, input, given);
  if (child.ok()) return std::nullopt;
  return ProcessError{"schema", child.error().message, Value()};
}

Result<Shard::ChildAtDoor> Shard::ReceiveChild(const std::string& process, const std::string& version,
                                               const Value& input, const std::optional<std::string>& key) {
  Result<DefinitionPtr> known = services_.definitions.ResolveOrRead(services_.storage, process, version);
  if (!known.ok()) {
    FailForNow();
    return known.error();
  }
  ChildAtDoor child{*std::move(known), Value(), key};
  if (!child.definition) {
    std::string range = version.empty() ? std::string() : " in version " + version;
    return Error{kUnknownProcess, "Expected a deployed process, but '" + process + "'" + range + " is not there."};
  }
  Result<Value> valid = ValidateStart(*child.definition, input);
  if (!valid.ok()) return valid.error();
  child.input = std::move(*valid);
  if (child.key) return child;
  Result<std::optional<std::string>> own = EvaluateKey(*child.definition, child.input, now_us_);
  if (!own.ok()) return own.error();
  child.key = std::move(*own);
  return child;
}

// Its rows are looked at when the batch closes.
void Shard::Touch(CachedInstance& instance) {
  if (instance.touched_in == Open().number) return;
  instance.touched_in = Open().number;
  instance.pins += 1;
  Open().touched.push_back(instance.state.id);
}

void Shard::Gather(CachedInstance& instance, Decision decision) {
  if (decision.events.empty()) return;
  Flight& flight = Open();
  JournalRow row{instance.state.id, instance.state.seq, now_us_, EncodeEvents(decision.events)};
  instance.rows_since_snapshot += 1;
  instance.bytes_since_snapshot += row.bytes.size();
  flight.journal_bytes += row.bytes.size();
  flight.rows.journal.push_back(std::move(row));
  Touch(instance);
  GatherDeliveries(instance, decision.events);
  // Also while nobody waits: who comes before the commit looks at storage, which does not have this yet.
  Progress progress{instance.state.id, std::string(StatusName(instance.state.status)), IsFinal(instance.state.status),
                    EnteredStates(decision.events)};
  flight.progress.push_back(std::move(progress));
  message_index_ = 0;
  for (Effect& effect : decision.effects) Perform(instance, std::move(effect));
  if (IsFinal(instance.state.status)) LetGoOf(instance);
}

// It has ended: the next command of this batch finds its key free.
void Shard::LetGoOf(CachedInstance& instance) {
  const InstanceState& state = instance.state;
  if (state.key)
    pending_keys_.Delete(Open().number, GroupKey({state.tenant, state.process, *state.key}), state.id.ToString());
  TellScheduleOfEnd(instance);
}

// Called once for each instance that the batch touched, when it closes: of rows that are replaced only the last counts.
void Shard::GatherRows(CachedInstance& instance) {
  Flight& flight = Open();
  const RowMarks before{flight.rows.incidents.size(), flight.rows.tasks.size(), flight.rows.tasks_deleted.size()};
  instance.told.reset();
  GatherTimers(instance);
  GatherIncidents(instance);
  GatherTasks(instance);
  GatherJobs(instance);
  GatherSearchValues(instance);
  InstanceRow row = InstanceRowOf(instance.state);
  InstanceRow comparable = row;
  comparable.updated_us = instance.row.updated_us;
  if (comparable != instance.row) {
    bool first = instance.row.id.empty();
    if (!row.live && (first || instance.row.live)) {
      ShardCounters& counters = services_.counters;
      (row.status == "completed" ? counters.completed
       : row.status == "failed"  ? counters.failed
                                 : counters.cancelled)
          .fetch_add(1);
    }
    if (row.key) {
      std::string group = GroupKey({row.tenant, row.process, *row.key});
      if (row.live)
        pending_keys_.Put(flight.number, group, row.id.ToString(), row);
      else
        pending_keys_.Delete(flight.number, group, row.id.ToString());
    }
    if (row.status != instance.row.status) TellStatus(instance.state);
    instance.row = row;
    flight.rows.instances.push_back(std::move(row));
  }
  bool grown = instance.rows_since_snapshot >= kSnapshotEvents || instance.bytes_since_snapshot >= kSnapshotBytes;
  // A large state is not written anew for every little change, or an `each` would cost the square of its items.
  grown = grown && instance.bytes_since_snapshot >= instance.snapshot_bytes / kSnapshotShare;
  if (grown && !IsFinal(instance.state.status)) {
    flight.rows.snapshots.push_back({instance.state.id, instance.state.seq, EncodeSnapshot(instance.state)});
    instance.snapshot_bytes = flight.rows.snapshots.back().bytes.size();
    instance.rows_since_snapshot = 0;
    instance.bytes_since_snapshot = 0;
  }
  GatherNews(instance, before);
}

void Shard::GatherTimers(CachedInstance& instance) {
  Flight& flight = Open();
  std::map<TimerId, std::int64_t> armed;
  for (const TimerView& timer : Timers(instance.state)) armed.emplace(timer.timer, timer.due_us);
  if (armed == instance.timers) return;
  auto row_of = [&](const TimerId& id, std::int64_t due_us) {
    return TimerRow{instance.state.id, id.activation, id.slot, due_us};
  };
  for (const auto& [id, due_us] : instance.timers) {
    auto still = armed.find(id);
    if (still != armed.end() && still->second == due_us) continue;
    flight.rows.timers_deleted.push_back(row_of(id, due_us));
    flight.timers_cleared.push_back(row_of(id, due_us));
  }
  for (const auto& [id, due_us] : armed) {
    auto before = instance.timers.find(id);
    if (before != instance.timers.end() && before->second == due_us) continue;
    flight.rows.timers.push_back(row_of(id, due_us));
    flight.timers_set.push_back(row_of(id, due_us));
  }
  instance.timers = std::move(armed);
}

void Shard::GatherIncidents(CachedInstance& instance) {
  std::vector<OpenIncident> open = OpenIncidents(instance.state);
  if (open.empty() && instance.incidents.empty()) return;
  Flight& flight = Open();
  std::map<IncidentNumber, IncidentRow> rows;
  for (const OpenIncident& incident : open) rows.emplace(incident.number, IncidentRowOf(instance.state, incident));
  for (const auto& [number, row] : rows) {
    auto before = instance.incidents.find(number);
    if (before != instance.incidents.end() && before->second == row) continue;
    if (before == instance.incidents.end()) {
      services_.counters.incidents_opened.fetch_add(1);
      TellIncident(instance.state, row);
    }
    flight.rows.incidents.push_back(row);
  }
  for (const auto& [number, row] : instance.incidents) {
    if (rows.count(number)) continue;
    IncidentRow closed = row;
    closed.open = false;
    closed.closed_us = now_us_;
    flight.rows.incidents.push_back(std::move(closed));
  }
  instance.incidents = std::move(rows);
}

void Shard::GatherTasks(CachedInstance& instance) {
  std::map<ActivationId, TaskRow> open = TaskRowsOf(instance.state);
  Flight& flight = Open();
  for (const auto& [activation, row] : open) {
    auto before = instance.tasks.find(activation);
    if (before != instance.tasks.end() && before->second == row) continue;
    flight.rows.tasks.push_back(row);
    flight.tasks_before.push_back(before == instance.tasks.end() ? TaskRow() : std::move(before->second));
  }
  for (const auto& [activation, row] : instance.tasks)
    if (!open.count(activation)) flight.rows.tasks_deleted.push_back(row);
  instance.tasks = std::move(open);
}

void Shard::GatherSearchValues(CachedInstance& instance) {
  if (instance.definition->searchable.empty()) return;
  std::map<std::string, std::string> values = SearchValuesOf(*instance.definition, instance.state);
  for (const auto& [name, value] : values) {
    const auto before = instance.search.find(name);
    if (before == instance.search.end() || before->second != value)
      Open().rows.search_values.push_back({instance.state.id, name, instance.state.tenant, value});
  }
  instance.search = std::move(values);
}

void Shard::Perform(CachedInstance& instance, Effect effect) {
  const InstanceState& state = instance.state;
  std::int64_t seq = instance.state.seq;
  if (auto* job = std::get_if<DispatchJob>(&effect)) {
    Open().jobs.emplace_back(state.id, std::move(*job));
  } else if (auto* start = std::get_if<StartChild>(&effect)) {
    StartMessage message{start->child,   {state.id, start->activation, start->detach},
                         state.tenant,   start->process,
                         start->version, start->key,
                         start->input,   state.traceparent};
    SendMessage(state.id, seq, start->child.shard(), std::move(message));
  } else if (auto* cancel = std::get_if<CancelChild>(&effect)) {
    SendMessage(state.id, seq, cancel->child.shard(), InstanceMessage{cancel->child, CancelInstance{cancel->reason}});
  } else if (auto* undo = std::get_if<UndoChild>(&effect)) {
    SendMessage(state.id, seq, undo->child.shard(), InstanceMessage{undo->child, UndoInstance{undo->reason}});
  } else if (auto* notify = std::get_if<NotifyParent>(&effect)) {
    FinishChild finish{notify->parent.activation, state.id, std::move(notify->result)};
    SendMessage(state.id, seq, notify->parent.instance.shard(),
                InstanceMessage{notify->parent.instance, std::move(finish)});
  } else if (auto* publish = std::get_if<Publish>(&effect)) {
    PublishEvent(instance, *publish);
  } else if (auto* subscribe = std::get_if<Subscribe>(&effect)) {
    SubscribeMessage message{
        state.tenant, subscribe->type, subscribe->value, state.process, state.id, subscribe->activation, true};
    SendMessage(state.id, seq, HomeShardOf(state.tenant, subscribe->value), std::move(message));
  } else if (auto* unsubscribe = std::get_if<Unsubscribe>(&effect)) {
    SubscribeMessage message{
        state.tenant, unsubscribe->type, unsubscribe->value, state.process, state.id, unsubscribe->activation, false};
    SendMessage(state.id, seq, HomeShardOf(state.tenant, unsubscribe->value), std::move(message));
  }
  // SetTimer and ClearTimer need nothing: timer rows follow from the state (GatherTimers).
}

void Shard::SendMessage(const InstanceId& sender, std::int64_t seq, int logical_shard, Message message) {
  InboxRow row{logical_shard, sender, seq, message_index_++, EncodeMessage(message)};
  Flight& flight = Open();
  flight.rows.inbox.push_back(row);
  flight.messages.push_back(std::move(row));
}

void Shard::PublishEvent(CachedInstance& instance, const Publish& publish) {
  for (EventMessage& message :
       RouteEvent(services_.definitions, instance.state.tenant, publish.event, publish.to, now_us_)) {
    int shard = HomeShardOf(message.tenant, message.value);
    SendMessage(instance.state.id, instance.state.seq, shard, std::move(message));
  }
}

void Shard::Dispatch(const InstanceId& id, const DispatchJob& dispatch) {
  CachedInstance* instance = cache_.Find(id);
  const DefinitionPtr carrier =
      instance ? CarrierOf(services_.definitions, instance->definition, instance->state, dispatch.job) : nullptr;
  if (carrier && FindWorkerOperation(*carrier, dispatch.operation)) return;  // its row waits to be fetched
  if (HoldsBack(id, dispatch)) return;
  auto ticket = std::make_tuple(id, dispatch.job, dispatch.attempt);
  if (!submitted_.insert(ticket).second) return;
  services_.counters.jobs_dispatched.fetch_add(1, std::memory_order_relaxed);
  Job job;
  job.instance_id = id.ToString();
  job.idempotency_key = job.instance_id + "/" + dispatch.job.ToString();
  std::size_t dot = dispatch.operation.find('.');
  job.connector = dispatch.operation.substr(0, dot);
  if (instance) {
    job.process = instance->state.process;
    job.traceparent = instance->state.traceparent;
    for (const ManifestPtr& manifest : carrier->manifests)
      if (manifest->connector == job.connector) job.manifest = manifest;
  }
  job.state = dispatch.state;
  job.operation = dot == std::string::npos ? std::string() : dispatch.operation.substr(dot + 1);
  job.input = dispatch.input;
  job.attempt = dispatch.attempt;
  auto completion = [this, id, job_id = dispatch.job, attempt = dispatch.attempt](Outcome outcome) {
    PostInternal(JobOutcome{id, CompleteJob{job_id, attempt, std::move(outcome)}});
  };
  if (services_.router.RunHere(job, completion)) return;
  const std::atomic<std::uint32_t>* turns = &turns_[id.shard()];
  auto wanted = [turns, turn = turns->load()] { return turns->load() == turn; };
  services_.executor.Submit(std::move(job), dispatch.timeout_ms, std::move(completion), wanted);
}

}  // namespace fermata
