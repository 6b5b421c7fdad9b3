// The engine's views as the JSON that clients see: camelCase names, RFC 3339 times in UTC, `null` for what there is none of.
//
// Pure and thread-safe.
#pragma once

#include "engine/language/diagnostic.h"
#include "engine/runtime/engine.h"

namespace fermata {

// Null for 0: "not yet".
Value TimeValue(std::int64_t epoch_us);
// A list that is short enough to be one page.
Value WholeList(std::vector<Value> items);

Value ViewOf(const InstanceView& view);
Value ViewOf(const InstanceSummary& summary);
Value ViewOf(const IncidentView& incident);
Value ViewOf(const TaskView& task);
Value ViewOf(const TaskComment& comment);
// With the call that failed, and how it was closed.
Value WholeViewOf(const IncidentView& incident);
// As operators see a job, and as the worker that has just leased it does.
Value ViewOf(const WorkerJob& job);
Value LeasedView(const WorkerJob& job);
Value ViewOf(const HistoryEntry& entry);
// What those who listen are told; the data of a webhook's events, which does not tell the states entered.
Value ViewOf(const News& news);
Value WebhookData(const News& news);
Value ViewOf(const Webhook& webhook);
Value ViewOf(const Delivery& delivery);
// Without and with the source and the input's schema.
Value SummaryOf(const DefinitionInfo& info);
Value ViewOf(const DefinitionInfo& info);
Value ViewOf(const ConnectorInfo& connector);
Value ViewOf(const DeployReply& reply);

// "<instance id>-<number>".
std::string IncidentName(const InstanceId& instance, IncidentNumber number);
struct IncidentId {
  InstanceId instance;
  IncidentNumber number = 0;
};
std::optional<IncidentId> ParseIncidentName(std::string_view text);

// "<instance id>-<activation>".
std::string TaskName(const InstanceId& instance, ActivationId activation);
struct TaskId {
  InstanceId instance;
  ActivationId activation = 0;
};
std::optional<TaskId> ParseTaskName(std::string_view text);

// {items: […], next: cursor or null}.
template <class T>
Value PageView(const Page<T>& page) {
  std::vector<Value> items;
  items.reserve(page.items.size());
  for (const T& item : page.items) items.push_back(ViewOf(item));
  return Value::Object({{"items", Value::List(std::move(items))},
                        {"next", page.next_cursor.empty() ? Value::Null() : Value::String(page.next_cursor)}});
}

}  // namespace fermata
