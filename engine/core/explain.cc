#include "engine/core/explain.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "engine/base/nearest_word.h"
#include "engine/base/quoted.h"
#include "engine/core/behaviors/behaviors.h"
#include "engine/core/decide.h"
#include "engine/core/machine.h"

namespace fermata {
namespace {

const State& StateOf(const Definition& definition, const Activation& activation) {
  return definition.states[static_cast<std::size_t>(activation.index)];
}

Way WayOf(const Definition& definition, const TransitionArm& arm, const std::string& error = "") {
  Way way;
  if (arm.target != kNoState) way.to = definition.states[static_cast<std::size_t>(arm.target)].name;
  if (arm.condition) way.condition = SourceOf(*arm.condition->compiled);
  way.error = error;
  return way;
}

std::vector<Way> WaysOf(const Definition& definition, const std::vector<TransitionArm>& arms) {
  std::vector<Way> ways;
  for (const TransitionArm& arm : arms) ways.push_back(WayOf(definition, arm));
  return ways;
}

// Where its work leads, whether it succeeds or fails.
std::vector<Way> WaysOfWork(const Definition& definition, const State& state) {
  std::vector<Way> ways = WaysOf(definition, state.next);
  for (const ErrorHandler& handler : state.on_error)
    for (const TransitionArm& arm : handler.arms) ways.push_back(WayOf(definition, arm, handler.name));
  return ways;
}

// ---- what could move one activation ----

void AddEvents(const Definition& definition, const InstanceState& state, const Activation& activation,
               std::vector<Wake>& wakes) {
  if (activation.kind == ActivationKind::kItem || activation.kind == ActivationKind::kRegion) return;
  const std::vector<EventHandler>& handlers = StateOf(definition, activation).on;
  for (std::size_t h = 0; h < handlers.size(); ++h) {
    // Arms that the same event reaches stand together.
    std::vector<Wake> of_type;
    for (std::size_t a = 0; a < handlers[h].arms.size(); ++a) {
      const EventHandler::Arm& arm = handlers[h].arms[a];
      const EventDeclaration* declaration = definition.FindEvent(handlers[h].type);
      std::string value;
      if (!arm.match && declaration && declaration->key) value = state.key.value_or("");
      for (const Subscription& subscription : activation.subscriptions)
        if (subscription.handler == static_cast<int>(h) && subscription.arm == static_cast<int>(a))
          value = subscription.value;
      auto same = std::find_if(of_type.begin(), of_type.end(), [&](const Wake& wake) { return wake.value == value; });
      if (same == of_type.end()) {
        Wake wake;
        wake.kind = Wake::Kind::kEvent;
        wake.name = handlers[h].type;
        wake.value = value;
        same = of_type.insert(of_type.end(), std::move(wake));
      }
      same->ways.push_back(WayOf(definition, arm.transition));
    }
    std::move(of_type.begin(), of_type.end(), std::back_inserter(wakes));
  }
}

// A call that waits for its next try.
void TellNextTry(const JobState& job, JobId id, const State& state, Wake& wake) {
  const auto* call = std::get_if<CallVerb>(&state.verb);
  wake.operation = job.operation;
  wake.attempt = job.attempt + 1;
  // The policy counts anew after an operator's retry.
  if (call != nullptr && call->retry.attempts != 0) wake.attempts = job.attempts_before + call->retry.attempts;
  wake.job = id;
}

void AddTimers(const Definition& definition, const Activation& activation, std::vector<Wake>& wakes) {
  const State& state = StateOf(definition, activation);
  for (const ArmedTimer& timer : activation.timers) {
    if (timer.spent) continue;
    Wake wake;
    wake.kind = Wake::Kind::kTimer;
    wake.due_us = timer.due_us;
    if (timer.slot >= 0) {
      wake.name = "after";
      wake.ways = WaysOf(definition, state.after[static_cast<std::size_t>(timer.slot)].arms);
    } else {
      wake.name = timer.slot == kRetrySlot ? "retry" : timer.slot == kDeadlineSlot ? "deadline" : "reminder";
      if (timer.slot == kRetrySlot && activation.job) {
        TellNextTry(*activation.job, {activation.id, false}, state, wake);
        wake.ways = WaysOfWork(definition, state);
      }
    }
    wakes.push_back(std::move(wake));
  }
}

Wake WakeOf(const JobState& job) {
  Wake wake;
  wake.kind = Wake::Kind::kJob;
  wake.name = job.operation;
  wake.number = job.attempt;
  return wake;
}

void AddWork(const Definition& definition, const Activation& activation, std::vector<Wake>& wakes) {
  const State& state = StateOf(definition, activation);
  if (activation.job && activation.job->in_flight) {
    Wake wake = WakeOf(*activation.job);
    wake.ways = WaysOfWork(definition, state);
    wakes.push_back(std::move(wake));
  }
  if (activation.child) {
    Wake wake;
    wake.kind = Wake::Kind::kChild;
    wake.name = activation.child->process;
    wake.child = activation.child->id;
    wake.ways = WaysOfWork(definition, state);
    wakes.push_back(std::move(wake));
  }
  if (activation.task) {
    Wake wake;
    wake.kind = Wake::Kind::kTask;
    wake.number = activation.id;
    wake.title = activation.task->title;
    wake.role = activation.task->role;
    wake.user = activation.task->user;
    wake.due_us = activation.task->due_us;
    wake.ways = WaysOf(definition, state.next);
    wakes.push_back(std::move(wake));
  }
}

// What each action that is not refused leads to.
std::vector<Way> WaysOfIncident(const Definition& definition, const InstanceState& state, const Incident& incident) {
  std::vector<Way> ways;
  const auto add = [&ways](Way way, std::string_view action) {
    way.action = action;
    ways.push_back(std::move(way));
  };
  const IncidentKind kind = incident.kind;
  if (kind != IncidentKind::kDetached) add({}, "retry");
  const Activation* activation = state.Find(incident.activation);
  const bool skips_work = kind == IncidentKind::kEntry || kind == IncidentKind::kWork || kind == IncidentKind::kChild ||
                          kind == IncidentKind::kError || kind == IncidentKind::kUndoInput;
  if (skips_work && activation != nullptr && !StateOf(definition, *activation).next.empty()) {
    for (Way& way : WaysOf(definition, StateOf(definition, *activation).next)) add(std::move(way), "skip");
  } else if (kind != IncidentKind::kNext && kind != IncidentKind::kStuck) {
    add({}, "skip");
  }
  if (kind == IncidentKind::kUndo) return ways;  // an undo is never dropped
  // The state's own handlers first, then those around it.
  for (const Activation* at = activation; at != nullptr; at = state.Find(at->parent)) {
    if (at->kind == ActivationKind::kItem || at->kind == ActivationKind::kRegion) continue;
    for (const ErrorHandler& handler : StateOf(definition, *at).on_error)
      for (const TransitionArm& arm : handler.arms) add(WayOf(definition, arm, handler.name), "fail");
  }
  add({}, "fail");
  return ways;
}

void AddIncidents(const Definition& definition, const InstanceState& state, ActivationId activation,
                  std::vector<Wake>& wakes) {
  for (const auto& [number, incident] : state.incidents) {
    if (incident.activation != activation) continue;
    Wake wake;
    wake.kind = Wake::Kind::kIncident;
    wake.name = incident.error.name;
    wake.title = incident.error.message;
    wake.number = number;
    wake.ways = WaysOfIncident(definition, state, incident);
    wakes.push_back(std::move(wake));
  }
}

void Visit(const Definition& definition, const InstanceState& state, ActivationId id, std::vector<WaitOf>& waits) {
  const Activation* activation = state.Find(id);
  if (activation == nullptr) return;
  WaitOf wait{
      id, activation->kind == ActivationKind::kRoot ? std::string() : activation->state, activation->entered_us, {}};
  AddEvents(definition, state, *activation, wait.wakes);
  AddTimers(definition, *activation, wait.wakes);
  AddWork(definition, *activation, wait.wakes);
  AddIncidents(definition, state, id, wait.wakes);
  if (!wait.wakes.empty()) waits.push_back(std::move(wait));
  for (const ActivationId child : activation->children) Visit(definition, state, child, waits);
}

// ---- why an event is not taken ----

std::string QuotedOrNone(const std::optional<std::string>& text) { return text ? Quoted(*text) : "none"; }

std::vector<std::string> ListenersOf(const Definition& definition, const std::string& type) {
  std::vector<std::string> names;
  for (const State& state : definition.states)
    for (const EventHandler& handler : state.on)
      if (handler.type == type && !state.name.empty()) names.push_back(state.name);
  return names;
}

std::string NobodyListens(const Definition& definition, const InstanceState& state, const std::string& type) {
  const std::vector<std::string> active = ActiveStates(state), listeners = ListenersOf(definition, type);
  std::string text = "No active state takes '" + type + "'";
  if (!active.empty()) text += ": it stands in " + QuotedTogether(active);
  text += ".";
  if (!listeners.empty()) text += " It is taken in " + QuotedTogether(listeners) + ".";
  return text;
}

// Of the arms of one activation, in their order.
void AddReasons(Machine& machine, const Activation& activation, const CloudEvent& event,
                const std::optional<std::string>& key, bool by_business_key, std::vector<std::string>& reasons) {
  const State& state = machine.StateOf(activation);
  const std::string in = state.name.empty() ? "In the process as a whole" : "In '" + state.name + "'";
  InstanceScope names(machine, machine.ScopeOf(activation.id));
  names.Bind("event", ToValue(event));
  for (std::size_t h = 0; h < state.on.size(); ++h) {
    if (state.on[h].type != event.type) continue;
    for (std::size_t a = 0; a < state.on[h].arms.size(); ++a) {
      const EventHandler::Arm& arm = state.on[h].arms[a];
      std::optional<std::string> wanted;
      for (const Subscription& subscription : activation.subscriptions)
        if (subscription.handler == static_cast<int>(h) && subscription.arm == static_cast<int>(a))
          wanted = subscription.value;
      if (arm.match && key && wanted != key) {
        reasons.push_back(in + " it must match " + QuotedOrNone(wanted) + ", but its key is " + QuotedOrNone(key) +
                          ".");
      } else if (!arm.match && key && !by_business_key) {
        reasons.push_back(in + " it must have the key of the instance, " + QuotedOrNone(machine.state().key) +
                          ", but its key is " + QuotedOrNone(key) + ".");
      } else if (IsBlocked(machine, activation.id, arm.transition.target)) {
        reasons.push_back(in + " it waits for the end of a roll-back.");
      } else if (arm.transition.condition) {
        const std::string source(SourceOf(*arm.transition.condition->compiled));
        Evaluated holds = EvaluateCondition(*arm.transition.condition, names);
        reasons.push_back(in + " `if: " + source + "` " +
                          (holds.ok() ? "is false." : "could not be evaluated: " + holds.error->message));
      }
    }
  }
}

std::string UndeclaredType(const Definition& definition, const std::string& type) {
  std::vector<std::string> types;
  for (const EventDeclaration& event : definition.events) types.push_back(event.type);
  const std::string nearest = NearestWord(type, types);
  return "Version " + definition.version + " of '" + definition.process + "' declares no event '" + type + "'." +
         (nearest.empty() ? "" : " Did you mean '" + nearest + "'?");
}

// Whether the event would be brought to this instance at all.
bool Reaches(const InstanceState& state, const std::string& type, const std::optional<std::string>& key) {
  if (!key || state.key == key) return true;
  for (const auto& [id, activation] : state.activations)
    for (const Subscription& subscription : activation.subscriptions)
      if (subscription.type == type && subscription.value == *key) return true;
  return false;
}

}  // namespace

std::vector<WaitOf> ExplainWaits(const Definition& definition, const InstanceState& state) {
  std::vector<WaitOf> waits;
  if (IsFinal(state.status)) return waits;
  Visit(definition, state, kRootActivation, waits);
  for (const auto& [id, left] : state.left_jobs) {
    WaitOf wait{id, left.state, 0, {}};
    AddIncidents(definition, state, id, wait.wakes);
    Wake wake = WakeOf(left.job);
    wake.job = {id, false};
    wake.awaited = true;
    wake.note = state.status == InstanceStatus::kCompensating
                    ? "The call was under way when the instance began to end: its undoing waits for the outcome."
                    : "The call was under way when its state was left: its outcome is awaited.";
    wake.note += " What has succeeded is undone.";
    if (left.retry_due_us > 0) {
      wake.kind = Wake::Kind::kTimer;
      wake.name = "retry";
      wake.due_us = left.retry_due_us;
      TellNextTry(left.job, {id, false}, definition.states[static_cast<std::size_t>(left.index)], wake);
    }
    if (left.retry_due_us > 0 || left.job.in_flight) wait.wakes.push_back(std::move(wake));
    waits.push_back(std::move(wait));
  }
  for (const std::int64_t number : state.undo_index.busy) {
    const UndoRecord& record = state.undo_records.at(number);
    Wake wake;
    wake.kind = Wake::Kind::kJob;
    wake.name = record.operation;
    wake.number = record.attempt;
    wake.undo = true;
    wake.child = record.child;
    if (!record.child.empty()) wake.kind = Wake::Kind::kChild;
    if (record.progress == UndoProgress::kWaiting) {
      wake.kind = Wake::Kind::kTimer;
      wake.name = "undo-retry";
      wake.due_us = record.retry_due_us;
      wake.operation = record.operation;
      wake.attempt = record.attempt + 1;
      if (record.retry.attempts != 0) wake.attempts = record.attempts_before + record.retry.attempts;
    }
    wake.job = {record.activation, true};
    WaitOf wait{record.activation, record.state, 0, {}};
    if (state.Find(record.activation) == nullptr) AddIncidents(definition, state, record.activation, wait.wakes);
    if (record.progress != UndoProgress::kParked) wait.wakes.push_back(std::move(wake));
    waits.push_back(std::move(wait));
  }
  return waits;
}

EventVerdict ExplainEvent(const Definition& definition, const InstanceState& state, const CloudEvent& event,
                          std::int64_t now_us) {
  EventVerdict verdict;
  const auto because = [&](std::string reason) {
    verdict.reasons.push_back(std::move(reason));
    return verdict;
  };
  if (IsFinal(state.status))
    return because("The instance has ended: it is " + std::string(StatusName(state.status)) + ".");
  const EventDeclaration* declaration = definition.FindEvent(event.type);
  if (declaration == nullptr) return because(UndeclaredType(definition, event.type));
  DeliverEvent deliver;
  deliver.event = event;
  Result<Value> data = ValidateEventData(*declaration, event.data);
  if (!data.ok()) return because("Its data does not fit the event's schema: " + data.error().message);
  deliver.event.data = std::move(*data);
  if (AddresseeOf(event) != state.id.ToString()) {
    deliver.key = EvaluateEventKey(*declaration, deliver.event);
    if (!deliver.key)
      return because("It has no key, so it comes only if its attribute `instance` names this instance: " +
                     WhyNoEventKey(*declaration, deliver.event));
  }
  deliver.by_business_key = !deliver.key || state.key == deliver.key;
  if (!Reaches(state, event.type, deliver.key))
    return because("Its key is " + QuotedOrNone(deliver.key) + ", but the instance's is " + QuotedOrNone(state.key) +
                   ", and no state waits for that value by `match`.");

  InstanceState tried = state;
  DecisionContext context;
  context.now_us = std::max(now_us, state.updated_us);
  Result<Decision> decision = Decide(definition, tried, deliver, context);
  if (!decision.ok()) return because(decision.error().message);
  for (const JournalEvent& happened : decision->events) {
    if (const auto* taken = std::get_if<EventTaken>(&happened.body)) {
      verdict.taken = true;
      verdict.states.push_back(taken->state);
    }
    verdict.kept |= std::holds_alternative<EventKept>(happened.body);
  }
  if (verdict.taken) return verdict;
  if (tried.stash.size() > state.stash.size()) {
    verdict.kept = true;
    return because(state.suspended ? "The instance is suspended: the event waits until it is resumed."
                                   : "A roll-back is under way: the event waits for its end.");
  }
  InstanceState seen = state;
  Machine machine(definition, seen, context);
  for (const auto& [id, activation] : state.activations)
    if (activation.kind != ActivationKind::kItem && activation.kind != ActivationKind::kRegion)
      AddReasons(machine, activation, deliver.event, deliver.key, deliver.by_business_key, verdict.reasons);
  if (verdict.reasons.empty()) return because(NobodyListens(definition, state, event.type));
  return verdict;
}

}  // namespace fermata
