#include "engine/model/instance_state.h"

#include <algorithm>
#include <array>
#include <set>

namespace fermata {
namespace {

constexpr std::array<std::string_view, 7> kStatusNames = {"running",   "waiting", "suspended", "compensating",
                                                          "completed", "failed",  "cancelled"};
constexpr std::size_t kSizeLimit = std::size_t{1} << 30;

void CollectStates(const InstanceState& state, const Activation& activation, std::set<std::string_view>& seen,
                   std::vector<std::string>& names) {
  if (activation.kind == ActivationKind::kState && seen.insert(activation.state).second)
    names.push_back(activation.state);
  for (ActivationId child : activation.children)
    if (const Activation* found = state.Find(child)) CollectStates(state, *found, seen, names);
}

std::size_t Bytes(const Variables& variables) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : variables) bytes += 64 + name.size() + value.MemoryBytes(kSizeLimit);
  return bytes;
}

bool IsStashed(const InstanceState& state, TimerId timer) {
  for (const auto& [number, stashed] : state.stash)
    if (const auto* fire = std::get_if<FireTimer>(&stashed.command); fire && fire->timer == timer) return true;
  return false;
}

}  // namespace

std::string_view StatusName(InstanceStatus status) { return kStatusNames[static_cast<std::size_t>(status)]; }

std::optional<InstanceStatus> ParseStatus(std::string_view name) {
  for (std::size_t i = 0; i < kStatusNames.size(); ++i)
    if (kStatusNames[i] == name) return static_cast<InstanceStatus>(i);
  return std::nullopt;
}

bool IsFinal(InstanceStatus status) { return status >= InstanceStatus::kCompleted; }

void UndoIndex::Put(const UndoRecord& record) {
  by_activation.insert_or_assign(record.activation, record.number);
  if (record.at_once || record.progress != UndoProgress::kIdle) {
    busy.insert(record.number);
  } else {
    busy.erase(record.number);
  }
}

void UndoIndex::Drop(const UndoRecord& record) {
  by_activation.erase(record.activation);
  busy.erase(record.number);
}

std::vector<std::string> ActiveStates(const InstanceState& state) {
  std::vector<std::string> names;
  std::set<std::string_view> seen;
  if (const Activation* root = state.Find(kRootActivation)) CollectStates(state, *root, seen, names);
  return names;
}

std::vector<OpenIncident> OpenIncidents(const InstanceState& state) {
  std::vector<OpenIncident> open;
  for (const auto& [number, incident] : state.incidents)
    open.push_back({number, incident.state, incident.activation, incident.error, incident.opened_us});
  return open;
}

std::vector<TimerView> Timers(const InstanceState& state) {
  std::vector<TimerView> timers;
  auto add = [&](TimerId timer, std::int64_t due_us) {
    if (state.stash.empty() || !IsStashed(state, timer)) timers.push_back({timer, due_us});
  };
  for (const auto& [id, activation] : state.activations)
    for (const ArmedTimer& timer : activation.timers)
      if (!timer.spent) add({id, timer.slot}, timer.due_us);
  for (const auto& [id, left] : state.left_jobs)
    if (left.retry_due_us != 0) add({id, kRetrySlot}, left.retry_due_us);
  for (std::int64_t number : state.undo_index.busy) {
    const UndoRecord& record = state.undo_records.at(number);
    if (record.progress == UndoProgress::kWaiting) add({record.activation, kUndoRetrySlot}, record.retry_due_us);
  }
  return timers;
}

std::vector<JobView> JobsInFlight(const InstanceState& state) {
  std::vector<JobView> jobs;
  auto add = [&jobs](ActivationId activation, const std::string& name, const JobState& job) {
    if (job.in_flight && !job.answered)
      jobs.push_back({{activation, false}, job.attempt, name, job.operation, job.input, job.timeout_ms});
  };
  for (const auto& [id, activation] : state.activations)
    if (activation.job) add(id, activation.state, *activation.job);
  for (const auto& [id, left] : state.left_jobs) add(id, left.state, left.job);
  for (std::int64_t number : state.undo_index.busy) {
    const UndoRecord& record = state.undo_records.at(number);
    if (record.progress == UndoProgress::kInFlight && record.child.empty() && !record.answered)
      jobs.push_back(
          {{record.activation, true}, record.attempt, record.state, record.operation, record.input, record.timeout_ms});
  }
  return jobs;
}

bool HasWakeUp(const InstanceState& state, bool has_handlers) {
  if (has_handlers || state.suspended || !state.incidents.empty() || !state.left_jobs.empty() ||
      !state.left_children.empty() || !state.stash.empty())
    return true;
  for (const auto& [id, activation] : state.activations) {
    if (activation.job || activation.child || activation.task || !activation.subscriptions.empty()) return true;
    for (const ArmedTimer& timer : activation.timers)
      if (!timer.spent) return true;
  }
  return std::any_of(state.undo_index.busy.begin(), state.undo_index.busy.end(), [&](std::int64_t number) {
    return state.undo_records.at(number).progress != UndoProgress::kIdle;
  });
}

std::size_t ApproximateBytes(const InstanceState& state) {
  std::size_t bytes = sizeof state + state.input.MemoryBytes(kSizeLimit) + Bytes(state.variables) +
                      state.output.MemoryBytes(kSizeLimit);
  for (const auto& [id, activation] : state.activations) {
    bytes += sizeof activation + 64 + Bytes(activation.variables);
    if (activation.job) bytes += activation.job->input.MemoryBytes(kSizeLimit);
    if (activation.task) bytes += activation.task->data.MemoryBytes(kSizeLimit);
    if (activation.each) {
      bytes += activation.each->items.MemoryBytes(kSizeLimit);
      for (const auto& [item, output] : activation.each->outputs) bytes += 64 + output.MemoryBytes(kSizeLimit);
    }
    for (const auto& [region, output] : activation.outputs) bytes += 64 + output.MemoryBytes(kSizeLimit);
  }
  for (const auto& [number, record] : state.undo_records)
    bytes += sizeof record + record.within.size() * sizeof(ScopeStep) + record.input.MemoryBytes(kSizeLimit);
  for (const auto& [number, kept] : state.kept) bytes += sizeof kept + kept.event.data.MemoryBytes(kSizeLimit);
  bytes += state.left_jobs.size() * sizeof(LeftJob) + state.left_children.size() * sizeof(LeftChild) +
           state.incidents.size() * sizeof(Incident) + state.stash.size() * sizeof(StashedCommand);
  for (const Crossing& crossing : state.crossings)
    for (const ReplacedVariable& one : crossing.replaced)
      bytes += sizeof one + one.after.MemoryBytes(kSizeLimit) + (one.before ? one.before->MemoryBytes(kSizeLimit) : 0);
  return bytes;
}

}  // namespace fermata
