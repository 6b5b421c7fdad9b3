#include "engine/core/apply.h"

#include <algorithm>

#include "engine/base/assert.h"
#include "engine/core/apply_migration.h"

namespace fermata {
namespace {

// One overload an event, so that a new alternative does not compile until it is handled here.
class Applier {
 public:
  Applier(InstanceState& state, std::int64_t at_us) : state_(state), at_us_(at_us) {}

  // ---- the instance ----
  void operator()(const InstanceStarted& event) {
    state_.tenant = event.tenant;
    state_.process = event.process;
    state_.version = event.version;
    state_.definition_hash = event.definition_hash;
    state_.key = event.key;
    state_.parent = event.parent;
    state_.input = event.input;
    state_.traceparent = event.traceparent;
    state_.started_us = at_us_;
    for (const auto& [name, value] : event.vars) state_.variables.insert_or_assign(name, value);
  }
  void operator()(const StatusChanged& event) { state_.status = event.status; }
  void operator()(const InstanceEnded& event) {
    state_.status = event.status;
    state_.output = event.output;
    state_.error = event.error;
    state_.ended_us = at_us_;
    state_.suspended = false;
    state_.activations.clear();
    state_.rollbacks.clear();
    state_.incidents.clear();
    state_.kept.clear();
    state_.stash.clear();
    state_.crossings.clear();
    if (event.keeps_undo) return;
    state_.undo_records.clear();
    state_.undo_index = {};
  }
  void operator()(const InstanceReopened& event) {
    state_.status = InstanceStatus::kCompensating;
    state_.cancel_reason = event.reason;
    state_.ended_us = 0;
    state_.output = Value();
  }
  void operator()(const CancelRequested& event) {
    state_.cancel_reason = event.reason;
    state_.suspended = false;
    for (auto& [id, left] : state_.left_jobs) left.may_retry = false;
  }
  void operator()(const InstanceSuspended&) { state_.suspended = true; }
  void operator()(const InstanceResumed&) { state_.suspended = false; }

  // ---- states ----
  void operator()(const StateEntered& event) {
    Activation& entered = Enter(event.activation, event.parent, event.state, event.index);
    entered.kind = event.kind;
  }
  void operator()(const ItemStarted& event) {
    // The item sees the variables as of its start: those of the item around its `each`, or the instance's.
    const Variables* seen = &VariablesOf(ScopeAround(event.parent));
    Variables copy = *seen;
    for (const auto& [name, value] : event.names) copy.insert_or_assign(name, value);
    Activation& entered = Enter(event.activation, event.parent, event.state, event.index);
    entered.kind = ActivationKind::kItem;
    entered.item = event.item;
    entered.variables = std::move(copy);
    At(event.parent).each->next = event.item + 1;
  }
  void operator()(const StateExited& event) {
    const Activation& exited = At(event.activation);
    if (Activation* parent = FindActivation(exited.parent)) std::erase(parent->children, event.activation);
    state_.activations.erase(event.activation);
  }
  void operator()(const EntryProgressed& event) {
    Activation& activation = At(event.activation);
    activation.was_set = event.was_set;
    activation.phase = event.phase;
  }
  void operator()(const VariablesSet& event) {
    Variables& variables = VariablesOf(event.scope);
    for (const auto& [name, value] : event.values) variables.insert_or_assign(name, value);
  }
  void operator()(const TimerArmed& event) {
    At(event.timer.activation).timers.push_back({event.timer.slot, event.due_us, false});
  }
  void operator()(const TimerFired& event) {
    Activation& activation = At(event.timer.activation);
    if (event.timer.slot < 0) return DropTimer(activation, event.timer.slot);
    for (ArmedTimer& timer : activation.timers)
      if (timer.slot == event.timer.slot) timer.spent = true;
  }
  void operator()(const TimerDropped& event) { DropTimer(At(event.timer.activation), event.timer.slot); }
  void operator()(const SubscriptionAdded& event) { At(event.activation).subscriptions.push_back(event.subscription); }

  // ---- work ----
  void operator()(const JobStarted& event) {
    JobState& job = At(event.activation).job.emplace();
    job.operation = event.operation;
    job.input = event.input;
    job.timeout_ms = event.timeout_ms;
  }
  void operator()(const JobRetried& event) {
    if (event.job.undo) {
      UndoRecord& record = RecordOf(event.job.activation);
      record.progress = UndoProgress::kInFlight;
      record.attempt = event.attempt;
      record.retry_due_us = 0;
      if (event.by_operator) record.attempts_before = event.attempt - 1;
      if (event.anew) record.definition_hash.clear();
      state_.undo_index.Put(record);
      return;
    }
    JobState& job = JobOf(event.job.activation);
    job.attempt = event.attempt;
    job.in_flight = true;
    if (event.by_operator) job.attempts_before = event.attempt - 1;
    if (event.input) job.input = *event.input;
    if (event.anew) job.definition_hash.clear();
    if (LeftJob* left = FindLeft(event.job.activation)) left->retry_due_us = 0;
  }
  void operator()(const JobFailed& event) {
    if (event.job.undo) {
      UndoRecord& record = RecordOf(event.job.activation);
      record.answered = false;
      record.progress = event.retry_due_us != 0 ? UndoProgress::kWaiting : UndoProgress::kParked;
      record.retry_due_us = event.retry_due_us;
      state_.undo_index.Put(record);
      return;
    }
    JobState& job = JobOf(event.job.activation);
    job.in_flight = false;
    job.answered = false;
    if (LeftJob* left = FindLeft(event.job.activation)) {
      left->retry_due_us = event.retry_due_us;
    } else if (event.retry_due_us != 0) {
      At(event.job.activation).timers.push_back({kRetrySlot, event.retry_due_us, false});
    }
  }
  void operator()(const OutcomeIgnored&) {}
  void operator()(const ChildStarted& event) {
    if (!event.detached) At(event.activation).child = ChildState{event.child, event.process};
  }
  void operator()(const ChildFinished& event) {
    if (Activation* activation = FindActivation(event.activation)) activation->child.reset();
  }
  void operator()(const TaskOpened& event) { At(event.activation).task = event.task; }
  void operator()(const TaskReminded& event) { ++At(event.activation).task->reminded; }
  void operator()(const TaskClaimed& event) { At(event.activation).task->claimed = event.by; }
  void operator()(const TaskReleased& event) { At(event.activation).task->claimed.clear(); }
  void operator()(const TaskAssigned& event) {
    TaskState& task = *At(event.activation).task;
    task.role = event.role;
    task.user = event.user;
    task.claimed.clear();
  }
  void operator()(const TaskCommented& event) { ++At(event.activation).task->comments; }
  void operator()(const EachStarted& event) { At(event.activation).each = EachState{event.items, 0, {}}; }
  void operator()(const ItemFinished& event) {
    At(event.each).each->outputs.insert_or_assign(event.item, event.output);
  }
  void operator()(const RegionFinished& event) {
    At(event.parallel).outputs.insert_or_assign(event.region, event.output);
  }
  void operator()(const WorkCompleted& event) {
    Activation& activation = At(event.activation);
    // What an `each` gives has gone into the journal with its items: its list would be a row without bounds.
    const bool gathered = activation.each.has_value() && event.output.is_null() && !event.skipped;
    const Value output = gathered && !event.save.empty() ? OutputsOf(*activation.each) : event.output;
    FinishWork(activation);
    activation.phase = Phase::kDone;
    activation.held.reset();
    if (!event.save.empty()) VariablesOf(event.scope).insert_or_assign(event.save, output);
  }
  void operator()(const WorkHeld& event) {
    Activation& activation = At(event.activation);
    FinishWork(activation);
    activation.held = event.output;
  }
  void operator()(const EventEmitted&) { ++state_.emitted; }

  // ---- events ----
  void operator()(const EventTaken&) {}
  void operator()(const EventKept& event) {
    state_.kept.emplace(event.kept.number, event.kept);
    state_.next_kept = event.kept.number + 1;
  }
  void operator()(const KeptEventDropped& event) { state_.kept.erase(event.number); }
  void operator()(const CommandStashed& event) {
    state_.stash.emplace(event.stashed.number, event.stashed);
    state_.next_stashed = event.stashed.number + 1;
    MarkAnswered(event.stashed.command, true);
  }
  void operator()(const CommandUnstashed& event) {
    auto found = state_.stash.find(event.number);
    FERMATA_ASSERT(found != state_.stash.end());
    MarkAnswered(found->second.command, false);
    state_.stash.erase(found);
  }
  void operator()(const GuardFailed&) {}

  // ---- errors, incidents, undo ----
  void operator()(const ErrorRaised&) {}
  void operator()(const ErrorHandled&) {}
  void operator()(const IncidentOpened& event) {
    state_.incidents.emplace(event.incident.number, event.incident);
    state_.next_incident = event.incident.number + 1;
  }
  void operator()(const IncidentClosed& event) { state_.incidents.erase(event.number); }
  void operator()(const UndoRegistered& event) {
    state_.undo_records.emplace(event.record.number, event.record);
    state_.undo_index.Put(event.record);
    state_.next_undo = event.record.number + 1;
  }
  void operator()(const UndoDropped& event) { DropRecord(event.number); }
  void operator()(const UndoStarted& event) {
    UndoRecord& record = state_.undo_records.at(event.number);
    record.progress = UndoProgress::kInFlight;
    record.attempt = 1;
    state_.undo_index.Put(record);
  }
  void operator()(const UndoSucceeded& event) { DropRecord(event.number); }
  void operator()(const RollbackStarted& event) {
    state_.rollbacks.insert_or_assign(event.rollback.owner, event.rollback);
  }
  void operator()(const RollbackFinished& event) { state_.rollbacks.erase(event.owner); }
  void operator()(const JobLeft& event) { state_.left_jobs.emplace(event.left.activation, event.left); }
  void operator()(const LeftJobHeld& event) {
    LeftJob& left = state_.left_jobs.at(event.activation);
    left.job.in_flight = false;
    left.held = event.output;
  }
  void operator()(const LeftJobSettled& event) { state_.left_jobs.erase(event.activation); }
  void operator()(const ChildLeft& event) { state_.left_children.emplace(event.left.activation, event.left); }
  void operator()(const LeftChildUndone& event) { state_.left_children.at(event.activation).undoing = true; }
  void operator()(const LeftChildSettled& event) { state_.left_children.erase(event.activation); }

  // ---- operators: what they did follows ----
  void operator()(const VariablesAmended&) {}
  void operator()(const InstanceMoved&) {}

  // ---- migration ----
  void operator()(const InstanceMigrated& event) { ApplyMigration(state_, event); }
  void operator()(const WayBackNoted& event) {
    if (event.forgets_oldest) state_.crossings.erase(state_.crossings.begin());
    state_.crossings.push_back(event.crossing);
  }
  void operator()(const VariablesDropped& event) {
    Variables& variables = VariablesOf(event.scope);
    for (const std::string& name : event.names) variables.erase(name);
  }

 private:
  Activation* FindActivation(ActivationId id) {
    auto found = state_.activations.find(id);
    return found == state_.activations.end() ? nullptr : &found->second;
  }
  Activation& At(ActivationId id) {
    Activation* found = FindActivation(id);
    FERMATA_ASSERT(found != nullptr);
    return *found;
  }
  LeftJob* FindLeft(ActivationId id) {
    auto found = state_.left_jobs.find(id);
    return found == state_.left_jobs.end() ? nullptr : &found->second;
  }
  JobState& JobOf(ActivationId id) {
    if (LeftJob* left = FindLeft(id)) return left->job;
    FERMATA_ASSERT(At(id).job.has_value());
    return *At(id).job;
  }
  UndoRecord& RecordOf(ActivationId activation) {
    return state_.undo_records.at(state_.undo_index.by_activation.at(activation));
  }
  void DropRecord(std::int64_t number) {
    state_.undo_index.Drop(state_.undo_records.at(number));
    state_.undo_records.erase(number);
  }
  ActivationId ScopeAround(ActivationId id) {
    while (id != 0) {
      const Activation& activation = At(id);
      if (activation.kind == ActivationKind::kItem) return id;
      id = activation.parent;
    }
    return 0;
  }
  Variables& VariablesOf(ActivationId scope) { return scope == 0 ? state_.variables : At(scope).variables; }

  Activation& Enter(ActivationId id, ActivationId parent, const std::string& name, int index) {
    Activation& entered = state_.activations[id];
    entered.id = id;
    entered.parent = parent;
    entered.state = name;
    entered.index = index;
    entered.entered_us = at_us_;
    state_.next_activation = id + 1;
    if (parent != 0) At(parent).children.push_back(id);
    return entered;
  }
  static void DropTimer(Activation& activation, int slot) {
    std::erase_if(activation.timers, [slot](const ArmedTimer& timer) { return timer.slot == slot; });
  }
  // What only served the verb goes; `after` entries and subscriptions stay.
  static void FinishWork(Activation& activation) {
    activation.job.reset();
    activation.child.reset();
    activation.task.reset();
    activation.each.reset();
    activation.outputs.clear();
    std::erase_if(activation.timers, [](const ArmedTimer& timer) { return timer.slot < 0; });
  }
  void MarkAnswered(const Command& command, bool answered) {
    const auto* complete = std::get_if<CompleteJob>(&command);
    if (complete == nullptr) return;
    if (complete->job.undo) {
      auto found = state_.undo_index.by_activation.find(complete->job.activation);
      if (found != state_.undo_index.by_activation.end()) state_.undo_records.at(found->second).answered = answered;
    } else if (LeftJob* left = FindLeft(complete->job.activation)) {
      left->job.answered = answered;
    } else if (Activation* activation = FindActivation(complete->job.activation); activation && activation->job) {
      activation->job->answered = answered;
    }
  }

  InstanceState& state_;
  std::int64_t at_us_;
};

}  // namespace

void Apply(InstanceState& state, const JournalEvent& event) {
  std::visit(Applier(state, event.at_us), event.body);
  state.updated_us = event.at_us;
}

Value OutputsOf(const EachState& each) {
  std::vector<Value> outputs;
  outputs.reserve(each.outputs.size());
  for (const auto& [item, output] : each.outputs) outputs.push_back(output);
  return Value::List(std::move(outputs));
}

void ApplyRow(InstanceState& state, const std::vector<JournalEvent>& events) {
  for (const JournalEvent& event : events) Apply(state, event);
  ++state.seq;
}

}  // namespace fermata
