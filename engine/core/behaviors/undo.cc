// The undo list and roll-backs: backwards, one at a time, never dropped. language.md 10.1 to 10.5.
#include <algorithm>
#include <set>

#include "engine/core/behaviors/behaviors.h"
#include "engine/core/verbs/verbs.h"

namespace fermata {
namespace {

bool IsWithin(const ScopePath& path, const std::vector<ActivationId>& scopes) {
  for (ActivationId scope : scopes) {
    if (scope == kRootActivation) return true;
    for (const ScopeStep& step : path)
      if (step.activation == scope) return true;
  }
  return false;
}

// Whether something made by `state` at `path` is the business of this roll-back.
bool Concerns(const Rollback& rollback, const std::string& state, const ScopePath& path) {
  if (!IsWithin(path, rollback.scopes)) return false;
  if (rollback.state.empty() || rollback.state == state) return true;
  return std::any_of(path.begin(), path.end(), [&](const ScopeStep& step) { return step.state == rollback.state; });
}

// Calls and children that were left come first: their success would have to be undone too.
bool Waits(const InstanceState& state, const Rollback& rollback) {
  const bool for_all = rollback.then.kind == Continuation::Kind::kFinish;
  for (const auto& [id, left] : state.left_jobs)
    if (for_all || Concerns(rollback, left.state, left.within)) return true;
  for (const auto& [id, left] : state.left_children)
    if (for_all || Concerns(rollback, left.state, left.within)) return true;
  if (!for_all) return false;
  return std::any_of(state.undo_index.busy.begin(), state.undo_index.busy.end(), [&](std::int64_t number) {
    const UndoRecord& record = state.undo_records.at(number);
    return record.at_once && !Concerns(rollback, record.state, record.within);
  });
}

void BeginUndo(Machine& machine, const UndoRecord& record) {
  machine.Record(UndoStarted{record.number});
  const UndoRecord& begun = machine.state().undo_records.at(record.number);
  if (!begun.child.empty()) return machine.Wish(UndoChild{begun.child, "its parent is rolled back"});
  machine.Wish(DispatchJob{
      {begun.activation, true}, begun.attempt, begun.state, begun.operation, begun.input, begun.timeout_ms});
}

void Continue(Machine& machine, const Rollback& rollback) {
  const Continuation& then = rollback.then;
  switch (then.kind) {
    case Continuation::Kind::kProceed:
      return machine.PushComplete(rollback.owner, Value());
    case Continuation::Kind::kComplete:
      return CompleteWork(machine, rollback.owner, then.output, {});
    case Continuation::Kind::kRaise:
      return PassError(machine, rollback.owner, then.error);
    case Continuation::Kind::kFinish:
      return FinishInstance(machine, then.status, then.output, then.error);
    case Continuation::Kind::kEnter:
      ExitContents(machine, then.where, Leaving::kLeft);
      return EnterState(machine, then.target, then.where);
  }
}

// True if it moved.
bool StepRollback(Machine& machine, const Rollback& rollback) {
  const InstanceState& state = machine.state();
  if (Waits(state, rollback)) return false;
  for (std::int64_t number : state.undo_index.busy) {
    const UndoRecord& record = state.undo_records.at(number);
    const bool under_way = record.progress != UndoProgress::kIdle;
    if (under_way && Concerns(rollback, record.state, record.within)) return false;  // one at a time
  }
  for (auto newest = state.undo_records.rbegin(); newest != state.undo_records.rend(); ++newest) {
    if (!Concerns(rollback, newest->second.state, newest->second.within)) continue;
    BeginUndo(machine, newest->second);
    return true;
  }
  const Rollback done = rollback;
  machine.Record(RollbackFinished{done.owner});
  Continue(machine, done);
  return true;
}

// The innermost region or item at `within` whose `parallel` or `each` `state` stands in, too; otherwise the root. What
// stands outside is shared, a sibling's record is not.
ActivationId RegionAround(const Definition& definition, const ScopePath& within, const State& state) {
  ActivationId region = kRootActivation;
  std::string_view outer;
  for (const ScopeStep& step : within) {
    for (StateIndex at = step.state.empty() ? state.parent : kNoState; at != kNoState;) {
      const State& around = definition.states[static_cast<std::size_t>(at)];
      if (!around.is_region && around.name == outer) region = step.activation;
      at = around.parent;
    }
    outer = step.state;
  }
  return region;
}

// The newest record of this state that was made in this region or item; 0 if there is none. What was made inside an
// activation has a higher one.
std::int64_t NewestOf(const Machine& machine, const State& state, ActivationId region) {
  const InstanceState& now = machine.state();
  auto fits = [&](const UndoRecord& record) { return record.state == state.name && IsWithin(record.within, {region}); };
  if (region == kRootActivation) {
    for (auto record = now.undo_records.rbegin(); record != now.undo_records.rend(); ++record)
      if (fits(record->second)) return record->first;
    return 0;
  }
  std::int64_t newest = 0;
  const auto& by_activation = now.undo_index.by_activation;
  for (auto entry = by_activation.upper_bound(region); entry != by_activation.end(); ++entry)
    if (fits(now.undo_records.at(entry->second))) newest = std::max(newest, entry->second);
  return newest;
}

}  // namespace

UndoOutcome PrepareUndo(const Machine& machine, const State& state, ActivationId activation, const ScopePath& within,
                        const Variables& variables, const Value& output) {
  const UndoSpec& spec = *state.undo;
  UndoOutcome outcome;
  UndoRecord& record = outcome.record;
  record.activation = activation;
  record.state = state.name;
  record.within = within;
  record.operation = spec.operation;
  record.input = Value::Map({});
  const OperationManifest* manifest = FindOperation(machine.definition().manifests, spec.operation);
  InstanceScope names(machine, variables);
  const std::string key = machine.state().id.ToString() + "/" + JobId{activation, false}.ToString();
  names.Bind("call", Value::Object({{"key", Value::String(key)}}));
  if (!state.save.empty()) names.Bind(state.save, output);
  if (spec.with) {
    Evaluated input = EvaluateJson(*spec.with, names);
    if (!input.ok()) return {record, std::move(input.error)};
    record.input = std::move(input.value);
  }
  if (manifest != nullptr) {
    Evaluated fitted = CheckShape(manifest->input, record.input, "schema", "The input of " + spec.operation);
    if (!fitted.ok()) return {record, std::move(fitted.error)};
    record.input = std::move(fitted.value);
  }
  if (spec.retry) {
    record.retry = *spec.retry;
  } else if (manifest != nullptr && manifest->retry) {
    record.retry = *manifest->retry;
  }
  const std::int64_t standard =
      manifest != nullptr && manifest->timeout_ms ? *manifest->timeout_ms : kJobTimeoutDefaultMs;
  record.timeout_ms = spec.timeout_ms.value_or(standard);
  return outcome;
}

void RegisterUndo(Machine& machine, const State& state, UndoRecord record) {
  const auto& records = machine.state().undo_records;
  std::set<std::int64_t> dropped;
  if (state.undo && !state.children.empty()) {
    const auto& by_activation = machine.state().undo_index.by_activation;
    for (auto entry = by_activation.upper_bound(record.activation); entry != by_activation.end(); ++entry)
      if (IsWithin(records.at(entry->second).within, {record.activation})) dropped.insert(entry->second);
  }
  if (state.undo && !state.undo->replaces.empty())
    if (const State* other = machine.definition().FindState(state.undo->replaces); other != nullptr)
      dropped.insert(NewestOf(machine, *other, RegionAround(machine.definition(), record.within, *other)));
  for (std::int64_t number : dropped)
    if (number != 0 && records.at(number).progress == UndoProgress::kIdle) machine.Record(UndoDropped{number});
  record.number = machine.state().next_undo;
  machine.Record(UndoRegistered{std::move(record)});
}

void StartRollback(Machine& machine, Rollback rollback) { machine.Record(RollbackStarted{std::move(rollback)}); }

bool NeedsRollback(const Machine& machine, const std::vector<ActivationId>& scopes) {
  const Rollback all{kRootActivation, scopes, "", {}};
  const InstanceState& state = machine.state();
  for (const auto& [number, record] : state.undo_records)
    if (Concerns(all, record.state, record.within)) return true;
  return Waits(state, all);
}

std::vector<std::string> StatesToUndo(const InstanceState& state, const Rollback& rollback) {
  std::vector<std::string> names;
  for (auto newest = state.undo_records.rbegin(); newest != state.undo_records.rend(); ++newest)
    if (Concerns(rollback, newest->second.state, newest->second.within)) names.push_back(newest->second.state);
  return names;
}

bool StepRollbacks(Machine& machine) {
  const InstanceState& state = machine.state();
  for (std::int64_t number : state.undo_index.busy) {
    const UndoRecord& record = state.undo_records.at(number);
    if (record.progress != UndoProgress::kIdle) continue;
    BeginUndo(machine, record);  // at once
    return true;
  }
  for (const auto& [owner, rollback] : state.rollbacks)
    if (StepRollback(machine, rollback)) return true;
  return false;
}

bool IsBlocked(const Machine& machine, ActivationId activation, StateIndex target) {
  const auto& rollbacks = machine.state().rollbacks;
  if (rollbacks.empty()) return false;
  const ActivationId region = machine.RegionOf(activation);
  for (const auto& [owner, rollback] : rollbacks) {
    if (machine.RegionOf(owner) == region) return true;
    if (target != kNoState && machine.IsInside(owner, DomainOf(machine, activation, target))) return true;
  }
  return false;
}

bool IsCompensating(const Machine& machine) {
  for (const auto& [owner, rollback] : machine.state().rollbacks) {
    const bool completes =
        rollback.then.kind == Continuation::Kind::kFinish && rollback.then.status == InstanceStatus::kCompleted;
    if (!completes && machine.RegionOf(owner) == kRootActivation) return true;
  }
  return false;
}

const UndoRecord* FindRecord(const InstanceState& state, ActivationId activation) {
  auto found = state.undo_index.by_activation.find(activation);
  return found == state.undo_index.by_activation.end() ? nullptr : &state.undo_records.at(found->second);
}

void SettleUndo(Machine& machine, const UndoRecord& record, const Outcome& outcome) {
  if (std::holds_alternative<JobSuccess>(outcome)) return FinishUndo(machine, record, false);
  const RaisedError error = ToError(outcome);
  const RetryChoice choice =
      ChooseRetry(record.retry, outcome, record.attempt - record.attempts_before, machine.context().random);
  const std::int64_t due_us = choice.retry ? machine.now_us() + choice.wait_us : 0;
  const JobId job{record.activation, true};
  const std::int64_t number = record.number;
  machine.Record(JobFailed{job, record.attempt, error.error, due_us});
  if (choice.retry) return machine.Wish(SetTimer{{job.activation, kUndoRetrySlot}, due_us});
  OpenIncidentAt(machine, job.activation, error.error, {IncidentKind::kUndo, number, std::nullopt});
  return;
}

void RetryUndo(Machine& machine, const UndoRecord& record, bool by_operator) {
  const std::int64_t number = record.number;
  const bool anew = BeginsAnew(machine, record.operation, record.definition_hash, by_operator);
  machine.Record(JobRetried{{record.activation, true}, record.attempt + 1, by_operator, std::nullopt, anew});
  const UndoRecord& tried = machine.state().undo_records.at(number);
  machine.Wish(DispatchJob{
      {tried.activation, true}, tried.attempt, tried.state, tried.operation, tried.input, tried.timeout_ms});
}

void FinishUndo(Machine& machine, const UndoRecord& record, bool skipped) {
  machine.Record(UndoSucceeded{record.number, record.state, skipped});
}

}  // namespace fermata
