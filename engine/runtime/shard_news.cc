// A shard's part in the news: what a batch changed, told once it is durable; and what each decision tells webhooks.
#include <algorithm>
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
std::string_view TypeOf(std::string_view change) {
  if (change == "opened") return "task.opened";
  if (change == "assigned") return "task.assigned";
  if (change == "claimed") return "task.claimed";
  if (change == "released") return "task.released";
  if (change == "commented") return "task.commented";
  return change == "reminded" ? "task.reminded" : "";
}

std::string_view EndOf(InstanceStatus status) {
  if (status == InstanceStatus::kCompleted) return "instance.completed";
  return status == InstanceStatus::kFailed ? "instance.failed" : "instance.cancelled";
}

// After a decision of these events. Tasks are looked for only where there are some, for a row of each is made.
OpenRows OpenRowsOf(const InstanceState& state, const std::vector<JournalEvent>& events, const OpenRows& before) {
  OpenRows rows;
  for (const OpenIncident& incident : OpenIncidents(state))
    rows.incidents.emplace(incident.number, IncidentRowOf(state, incident));
  const bool may_have_tasks =
      !before.tasks.empty() || std::any_of(events.begin(), events.end(), [](const JournalEvent& event) {
        return std::holds_alternative<TaskOpened>(event.body) || std::holds_alternative<CommandUnstashed>(event.body);
      });
  if (may_have_tasks) rows.tasks = TaskRowsOf(state);
  return rows;
}

IncidentRow Closed(IncidentRow row, std::int64_t now_us) {
  row.open = false;
  row.closed_us = now_us;
  return row;
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
  if (!services_.newsroom || !services_.newsroom->Wanted()) return;
  std::vector<News> news = NewsSince(instance, before);
  std::vector<News>& all = Open().news;
  all.insert(all.end(), std::make_move_iterator(news.begin()), std::make_move_iterator(news.end()));
}

// Called for each decision, unlike GatherNews(): several of one commit are several deliveries, each as it was right after its decision.
void Shard::GatherDeliveries(CachedInstance& instance, const std::vector<JournalEvent>& events) {
  const auto webhooks = services_.webhooks ? services_.webhooks->Enabled() : nullptr;
  const InstanceState& state = instance.state;
  if (!webhooks || std::none_of(webhooks->begin(), webhooks->end(), [&](const Webhook& webhook) {
        return webhook.tenant == state.tenant && (webhook.process.empty() || webhook.process == state.process);
      }))
    return;
  int number = 0;
  const auto tell = [&](std::string_view type, auto what) {
    const News news{state.tenant, state.process, state.id, std::move(what)};
    const Happening happening{news, type, state.key, state.seq, ++number, now_us_};
    services_.webhooks->Tell(*webhooks, happening, Open().rows.deliveries, Open().webhooks);
  };
  const auto tell_instance = [&](std::string_view type) {
    InstanceSummary summary = SummaryOf(InstanceRowOf(state));
    if (!IsFinal(state.status)) summary.states = ActiveStates(state);
    tell(type, InstanceNews{std::move(summary), {}});
  };
  for (const JournalEvent& event : events) {
    if (std::holds_alternative<InstanceStarted>(event.body)) tell_instance("instance.started");
    if (std::holds_alternative<InstanceSuspended>(event.body)) tell_instance("instance.suspended");
    if (std::holds_alternative<InstanceResumed>(event.body)) tell_instance("instance.resumed");
  }
  const OpenRows before = instance.told ? std::move(*instance.told) : OpenRows{instance.incidents, instance.tasks};
  OpenRows& after = instance.told.emplace(OpenRowsOf(state, events, before));
  for (const auto& [id, row] : after.incidents)
    if (!before.incidents.contains(id)) tell("incident.opened", ViewOf(row));
  for (const auto& [id, row] : before.incidents)
    if (!after.incidents.contains(id)) tell("incident.closed", ViewOf(Closed(row, now_us_)));
  for (const auto& [id, row] : after.tasks) {
    const auto was = before.tasks.find(id);
    if (was != before.tasks.end() && was->second == row) continue;
    const std::string_view change = ChangeOf(was == before.tasks.end() ? TaskRow() : was->second, row);
    if (const std::string_view type = TypeOf(change); !type.empty()) tell(type, NewsOf(row, change));
  }
  for (const auto& [id, row] : before.tasks)
    if (!after.tasks.contains(id)) tell("task.closed", NewsOf(row, "closed"));
  for (const JournalEvent& event : events)
    if (const auto* ended = std::get_if<InstanceEnded>(&event.body)) tell_instance(EndOf(ended->status));
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
