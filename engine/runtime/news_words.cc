#include "engine/runtime/news_words.h"

#include <array>
#include <cstdio>
#include <utility>

#include "engine/base/base64.h"
#include "engine/model/json.h"
#include "engine/model/json_field.h"

namespace fermata {
namespace {

using field::Flag;
using field::Integer;

// What TaskNews::change points to.
constexpr std::array<std::string_view, 9> kChanges = {"opened",   "assigned", "claimed", "released", "commented",
                                                      "reminded", "changed",  "closed",  ""};

Value Words(std::string_view text) { return Value::String(std::string(text)); }

Value OptionalWords(const std::optional<std::string>& text) { return text ? Words(*text) : Value::Null(); }

struct Writer {
  bool sealed = false;

  Value operator()(const InstanceNews& news) const {
    const InstanceSummary& summary = news.summary;
    return Value::Object({{"version", Words(summary.version)},
                          {"key", OptionalWords(summary.key)},
                          {"status", Words(summary.status)},
                          {"states", field::ListOf(summary.states)},
                          {"error", Words(summary.error)},
                          {"openIncidents", Value::Int(summary.open_incidents)},
                          {"parent", summary.parent ? Words(summary.parent->ToString()) : Value::Null()},
                          {"startedUs", Value::Int(summary.started_us)},
                          {"updatedUs", Value::Int(summary.updated_us)},
                          {"endedUs", Value::Int(summary.ended_us)},
                          {"entered", field::ListOf(news.entered)}});
  }
  Value operator()(const IncidentView& incident) const {
    return Value::Object({{"number", Value::Int(incident.number)},
                          {"state", Words(incident.state)},
                          {"error", Words(incident.error)},
                          {"message", Words(sealed ? std::string() : incident.message)},
                          {"open", Value::Bool(incident.open)},
                          {"openedUs", Value::Int(incident.opened_us)},
                          {"closedUs", Value::Int(incident.closed_us)}});
  }
  Value operator()(const TaskNews& task) const {
    return Value::Object({{"activation", Value::Int(task.activation)},
                          {"state", Words(task.state)},
                          {"role", Words(task.role)},
                          {"user", Words(task.user)},
                          {"claimed", Words(task.claimed)},
                          {"dueUs", Value::Int(task.due_us)},
                          {"comments", Value::Int(task.comments)},
                          {"open", Value::Bool(task.open)},
                          {"change", Words(task.change)}});
  }
};

InstanceNews InstanceIn(const News& head, const Value& value) {
  InstanceNews news;
  InstanceSummary& summary = news.summary;
  summary.id = head.instance;
  summary.process = head.process;
  summary.version = field::Text(value, "version");
  if (const Value* key = value.Find("key"); key != nullptr && key->is_string())
    summary.key = std::string(key->as_string());
  summary.status = field::Text(value, "status");
  summary.states = field::Texts(value, "states");
  summary.error = field::Text(value, "error");
  summary.open_incidents = Integer(value, "openIncidents");
  summary.parent = InstanceId::Parse(field::Text(value, "parent"));
  summary.started_us = Integer(value, "startedUs");
  summary.updated_us = Integer(value, "updatedUs");
  summary.ended_us = Integer(value, "endedUs");
  news.entered = field::Texts(value, "entered");
  return news;
}

IncidentView IncidentIn(const News& head, const Value& value) {
  IncidentView incident;
  incident.instance = head.instance;
  incident.process = head.process;
  incident.number = Integer(value, "number");
  incident.state = field::Text(value, "state");
  incident.error = field::Text(value, "error");
  incident.message = field::Text(value, "message");
  incident.open = Flag(value, "open");
  incident.opened_us = Integer(value, "openedUs");
  incident.closed_us = Integer(value, "closedUs");
  return incident;
}

TaskNews TaskIn(const Value& value) {
  TaskNews task{Integer(value, "activation"), field::Text(value, "state"),   field::Text(value, "role"),
                field::Text(value, "user"),   field::Text(value, "claimed"), Integer(value, "dueUs"),
                Integer(value, "comments"),   Flag(value, "open"),           ""};
  const std::string change = field::Text(value, "change");
  for (const std::string_view known : kChanges)
    if (known == change) task.change = known;
  return task;
}

}  // namespace

std::string WordOf(const News& news, std::uint64_t number, bool sealed) {
  char digits[20];
  std::snprintf(digits, sizeof digits, "%016llx:", static_cast<unsigned long long>(number));
  return digits +
         EncodeBase64(WriteJson(Value::Object({{"tenant", Words(news.tenant)},
                                               {"process", Words(news.process)},
                                               {"instance", Words(news.instance.ToString())},
                                               {"kind", Value::Int(static_cast<std::int64_t>(news.what.index()))},
                                               {"what", std::visit(Writer{sealed}, news.what)}})));
}

std::optional<News> NewsIn(std::string_view word) {
  const std::optional<std::string> text = DecodeBase64(word.substr(word.find(':') + 1));
  if (!text) return std::nullopt;
  const Result<Value> json = ParseJson(*text);
  if (!json.ok()) return std::nullopt;
  News news{field::Text(*json, "tenant"), field::Text(*json, "process"), field::Id(*json, "instance"), TaskNews()};
  const Value what = field::Any(*json, "what");
  switch (Integer(*json, "kind")) {
    case 0:
      news.what = InstanceIn(news, what);
      break;
    case 1:
      news.what = IncidentIn(news, what);
      break;
    default:
      news.what = TaskIn(what);
  }
  return news;
}

}  // namespace fermata
