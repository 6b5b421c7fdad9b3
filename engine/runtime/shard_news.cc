// A shard's part in the news: what a batch changed, told once it is durable.
#include <limits>
#include <unordered_map>

#include "engine/core/decide.h"
#include "engine/runtime/replay.h"
#include "engine/runtime/row_views.h"
#include "engine/runtime/shard.h"
#include "engine/runtime/tasks.h"

namespace fermata {
namespace {

TaskState TaskOf(const TaskRow& row) {
  Result<StoredTask> stored = DecodeTask(row.bytes);
  return stored.ok() ? std::move(stored->task) : TaskState();
}

// Of several changes in one batch the one that says most; `before` has no bytes where there was no task.
std::string_view ChangeOf(const TaskRow& before, const TaskRow& after) {
  if (before.bytes.empty()) return "opened";
  if (before.role != after.role || before.user != after.user) return "assigned";
  if (before.claimed != after.claimed) return after.claimed.empty() ? "released" : "claimed";
  const TaskState old_task = TaskOf(before), new_task = TaskOf(after);
  if (old_task.comments != new_task.comments) return "commented";
  return old_task.reminded != new_task.reminded ? "reminded" : "changed";
}

TaskNews NewsOf(const TaskRow& row, std::string_view change) {
  const bool due = row.due_us != std::numeric_limits<std::int64_t>::max();
  return {row.activation,       row.state,          row.role, row.user, row.claimed, due ? row.due_us : 0,
          TaskOf(row).comments, change != "closed", change};
}

}  // namespace

// Called after its rows were gathered; those that were there before belong to other instances.
void Shard::GatherNews(const CachedInstance& instance, const RowMarks& before) {
  if (!services_.newsroom || !services_.newsroom->Wanted()) return;
  Flight& flight = Open();
  const InstanceState& state = instance.state;
  const auto tell = [&](auto what) { flight.news.push_back({state.tenant, state.process, state.id, std::move(what)}); };
  InstanceSummary summary = SummaryOf(InstanceRowOf(state));
  if (!IsFinal(state.status)) summary.states = ActiveStates(state);
  tell(InstanceNews{std::move(summary), {}});
  for (std::size_t i = before.incidents; i < flight.rows.incidents.size(); ++i) tell(ViewOf(flight.rows.incidents[i]));
  for (std::size_t i = before.tasks; i < flight.rows.tasks.size(); ++i)
    tell(NewsOf(flight.rows.tasks[i], ChangeOf(flight.tasks_before[i], flight.rows.tasks[i])));
  for (std::size_t i = before.tasks_deleted; i < flight.rows.tasks_deleted.size(); ++i)
    tell(NewsOf(flight.rows.tasks_deleted[i], "closed"));
}

void Shard::SettleNews(Flight& flight) {
  if (flight.news.empty()) return;
  std::unordered_map<InstanceId, InstanceNews*, InstanceIdHash> moved;
  for (News& news : flight.news)
    if (auto* instance = std::get_if<InstanceNews>(&news.what)) moved[news.instance] = instance;
  for (const Progress& progress : flight.progress)
    if (const auto found = moved.find(progress.instance); found != moved.end())
      found->second->entered.insert(found->second->entered.end(), progress.entered.begin(), progress.entered.end());
  services_.newsroom->Tell(std::move(flight.news));
}

}  // namespace fermata
