// A shard's part in the news: what a batch changed, told once it is durable.
#include <iterator>
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

// What webhooks call it; empty for what is no event of theirs.
std::string_view TypeOf(const TaskNews& task) {
  if (task.change == "opened") return "task.opened";
  if (task.change == "assigned") return "task.assigned";
  if (task.change == "claimed") return "task.claimed";
  if (task.change == "released") return "task.released";
  if (task.change == "commented") return "task.commented";
  if (task.change == "reminded") return "task.reminded";
  return task.change == "closed" ? "task.closed" : "";
}

std::string_view EndOf(const std::string& status) {
  if (status == "completed") return "instance.completed";
  return status == "failed" ? "instance.failed" : "instance.cancelled";
}

}  // namespace

std::vector<News> Shard::NewsSince(const CachedInstance& instance, const RowMarks& before) {
  const Flight& flight = Open();
  const InstanceState& state = instance.state;
  std::vector<News> news;
  const auto tell = [&](auto what) { news.push_back({state.tenant, state.process, state.id, std::move(what)}); };
  InstanceSummary summary = SummaryOf(InstanceRowOf(state));
  if (!IsFinal(state.status)) summary.states = ActiveStates(state);
  tell(InstanceNews{std::move(summary), {}});
  for (std::size_t i = before.incidents; i < flight.rows.incidents.size(); ++i) tell(ViewOf(flight.rows.incidents[i]));
  for (std::size_t i = before.tasks; i < flight.rows.tasks.size(); ++i)
    tell(NewsOf(flight.rows.tasks[i], ChangeOf(flight.tasks_before[i], flight.rows.tasks[i])));
  for (std::size_t i = before.tasks_deleted; i < flight.rows.tasks_deleted.size(); ++i)
    tell(NewsOf(flight.rows.tasks_deleted[i], "closed"));
  return news;
}

// Called after its rows were gathered; those that were there before belong to other instances.
void Shard::GatherNews(const CachedInstance& instance, const RowMarks& before) {
  const bool wanted = services_.newsroom && services_.newsroom->Wanted();
  const auto webhooks = services_.webhooks ? services_.webhooks->Enabled() : nullptr;
  if (!wanted && !webhooks) return;
  std::vector<News> news = NewsSince(instance, before);
  if (webhooks) GatherDeliveries(instance, before, news, *webhooks);
  if (!wanted) return;
  std::vector<News>& all = Open().news;
  all.insert(all.end(), std::make_move_iterator(news.begin()), std::make_move_iterator(news.end()));
}

void Shard::GatherDeliveries(const CachedInstance& instance, const RowMarks& before, const std::vector<News>& news,
                             const Webhooks::List& webhooks) {
  Flight& flight = Open();
  const InstanceState& state = instance.state;
  int number = 0;
  const auto tell = [&](const News& one, std::string_view type) {
    if (type.empty()) return;
    const Happening what{one, type, state.key, state.seq, ++number, now_us_};
    services_.webhooks->Tell(webhooks, what, flight.rows.deliveries, flight.webhooks);
  };
  for (const News& one : news) {
    if (const auto* moved = std::get_if<InstanceNews>(&one.what)) {
      const std::string& status = moved->summary.status;
      const bool live = !IsFinal(state.status);
      if (before.is_new) tell(one, "instance.started");
      if (!before.was_suspended && status == "suspended") tell(one, "instance.suspended");
      if (before.was_suspended && live && status != "suspended") tell(one, "instance.resumed");
      if (before.was_live && !live) tell(one, EndOf(status));
    } else if (const auto* incident = std::get_if<IncidentView>(&one.what)) {
      tell(one, incident->open ? "incident.opened" : "incident.closed");
    } else if (const auto* task = std::get_if<TaskNews>(&one.what)) {
      tell(one, TypeOf(*task));
    }
  }
}

void Shard::SettleNews(Flight& flight) {
  if (!flight.webhooks.empty()) services_.webhooks->DeliveriesAreDurable(flight.webhooks);
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
