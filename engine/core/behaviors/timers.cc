// Timers: absolute from entry on, so that neither restarts nor suspension prolong them.
#include <algorithm>
#include <tuple>

#include "engine/core/behaviors/behaviors.h"
#include "engine/core/verbs/verbs.h"
#include "engine/expression/template.h"

namespace fermata {
namespace {

struct Due {
  std::int64_t due_us = 0;
  std::optional<ProcessError> error;
};

Due DueOf(const TimerHandler& handler, std::int64_t entered_us, const Scope& scope) {
  if (const auto* ms = std::get_if<std::int64_t>(&handler.due)) return {entered_us + *ms * 1000, std::nullopt};
  EvaluationResult result = EvaluateTemplate(std::get<Template>(handler.due), scope);
  auto fail = [](std::string message) { return Due{0, ProcessError{"expression", std::move(message), {}}}; };
  if (!result.ok()) return fail(result.error().message);
  const Value& value = result.value();
  if (value.kind() == ValueKind::kTimestamp) return {ToMicros(value.as_timestamp()), std::nullopt};
  if (value.kind() == ValueKind::kDuration) {
    std::optional<Timestamp> due = Add(FromMicros(entered_us), value.as_duration());
    if (due) return {ToMicros(*due), std::nullopt};
    return fail("Expected a time between the years 1 and 9999, but the timer is due outside.");
  }
  return fail("Expected a timer to be a duration or a timestamp, but it is " + std::string(CelTypeName(value.kind())) +
              ".");
}

const ArmedTimer* FindTimer(const Activation& activation, int slot) {
  for (const ArmedTimer& timer : activation.timers)
    if (timer.slot == slot) return &timer;
  return nullptr;
}

}  // namespace

void Arm(Machine& machine, TimerId timer, std::int64_t due_us) {
  machine.Record(TimerArmed{timer, due_us});
  machine.Wish(SetTimer{timer, due_us});
}

void Disarm(Machine& machine, TimerId timer) {
  if (FindTimer(machine.At(timer.activation), timer.slot) == nullptr) return;
  machine.Record(TimerDropped{timer});
  machine.Wish(ClearTimer{timer});
}

std::optional<ProcessError> ArmTimers(Machine& machine, ActivationId activation) {
  const State& state = machine.StateOf(activation);
  InstanceScope names(machine, machine.ScopeOf(activation));
  std::optional<ProcessError> first;
  for (std::size_t i = 0; i < state.after.size(); ++i) {
    const int slot = static_cast<int>(i);
    if (FindTimer(machine.At(activation), slot) != nullptr) continue;
    Due due = DueOf(state.after[i], machine.At(activation).entered_us, names);
    if (!due.error) {
      Arm(machine, {activation, slot}, due.due_us);
    } else if (!first) {
      first = std::move(due.error);
    }
  }
  return first;
}

void FireAfter(Machine& machine, ActivationId activation, int slot) {
  const State& state = machine.StateOf(activation);
  const TimerHandler& handler = state.after[static_cast<std::size_t>(slot)];
  InstanceScope names(machine, machine.ScopeOf(activation));
  ArmChoice choice = ChooseArm(handler.arms, names);
  std::optional<ProcessError> error = std::move(choice.error);
  if (choice.arm != nullptr) error = TakeArm(machine, activation, *choice.arm, nullptr);
  if (error) RaiseError(machine, activation, DefinitionError(*error), {IncidentKind::kTimer, slot, std::nullopt});
}

bool StandsBefore(const Machine& machine, TimerId one, TimerId other) {
  auto place = [&](TimerId timer) {
    const Activation* activation = machine.Find(timer.activation);
    return std::tuple(activation == nullptr ? 0 : activation->index, timer.activation, timer.slot);
  };
  return place(one) < place(other);
}

std::optional<TimerId> FindEarlierTimer(const Machine& machine, TimerId timer) {
  const Activation* own = machine.Find(timer.activation);
  const ArmedTimer* armed = own == nullptr || timer.slot < 0 ? nullptr : FindTimer(*own, timer.slot);
  if (armed == nullptr || armed->spent) return std::nullopt;
  std::optional<TimerId> first;
  std::int64_t first_us = 0;
  for (const TimerView& other : Timers(machine.state())) {
    if (other.timer.slot < 0 || other.due_us > armed->due_us || other.timer == timer) continue;
    if (other.due_us == armed->due_us && !StandsBefore(machine, other.timer, timer)) continue;
    const bool is_first =
        !first || other.due_us < first_us || (other.due_us == first_us && StandsBefore(machine, other.timer, *first));
    if (!is_first || MustWait(machine, FireTimer{other.timer})) continue;
    first = other.timer;
    first_us = other.due_us;
  }
  return first;
}

void Fire(Machine& machine, const FireTimer& command) {
  const TimerId timer = command.timer;
  if (timer.slot == kUndoRetrySlot) {
    const UndoRecord* record = FindRecord(machine.state(), timer.activation);
    if (record != nullptr && record->progress == UndoProgress::kWaiting) RetryUndo(machine, *record, false);
    return;
  }
  if (auto left = machine.state().left_jobs.find(timer.activation); left != machine.state().left_jobs.end()) {
    if (timer.slot == kRetrySlot && left->second.retry_due_us != 0) RetryLeftJob(machine, left->second, false);
    return;
  }
  const Activation* activation = machine.Find(timer.activation);
  if (activation == nullptr) return;
  const ArmedTimer* armed = FindTimer(*activation, timer.slot);
  if (armed == nullptr || armed->spent) return;
  machine.Record(TimerFired{timer});
  if (timer.slot >= 0) return FireAfter(machine, timer.activation, timer.slot);
  if (timer.slot == kRetrySlot) return FireRetry(machine, timer.activation);
  if (timer.slot == kDeadlineSlot) return FireDeadline(machine, timer.activation);
  FireReminder(machine, timer);
}

}  // namespace fermata
