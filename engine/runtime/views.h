// What clients are shown: plain data, made from rows and journals in the reader's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/model/command.h"
#include "engine/model/ids.h"
#include "engine/model/manifest.h"
#include "engine/model/schedule.h"
#include "engine/model/value.h"

namespace fermata {

struct IncidentView {
  InstanceId instance;
  IncidentNumber number = 0;
  std::string process, state;
  std::string error, message;
  bool open = true;
  std::int64_t opened_us = 0, closed_us = 0;
  std::string closed_how{},
      closed_by{};  // FindIncident alone knows: "retry", "skip", "fail", "left" …; a name, or empty
  // FindIncident alone: why it was closed, as whoever did it says; the call that failed, its last try, and what the failure brought along.
  std::string closed_reason{};
  std::string operation{};
  std::int64_t attempt = 0;
  Value data{};
};

// A human task. Its id in the API is "<instance id>-<activation>".
struct TaskView {
  InstanceId instance;
  ActivationId activation = 0;
  std::string process, state;
  std::string title;
  Value data, form;  // `form` is the JSON Schema of the answer; null = anything
  std::vector<std::string> outcomes;
  std::string role, user;   // whom it is assigned to; empty = nobody
  std::int64_t due_us = 0;  // 0 = none
  std::int64_t opened_us = 0;
  std::int64_t reminded = 0;  // times
  bool open = true;
  std::string claimed{};                  // by whom; empty = nobody
  std::int64_t comments = 0;              // how many there are
  std::vector<std::int64_t> reminders{};  // when `task.reminded` is published, also those that were
  // Of FindTask and TasksOf, once it is closed: when, how ("answered", "skipped", "left"), by whom, and the answer. An answer that waits for the end of a
  // suspension is one.
  std::int64_t closed_us = 0;
  std::string closed_how{}, closed_by{};
  std::optional<std::string> outcome{};
  Value answer{};
};

struct TaskComment {
  std::int64_t at_us = 0;
  std::string by, text;
};

struct InstanceSummary {
  InstanceId id;
  std::string process, version;
  std::optional<std::string> key;
  std::string status;
  std::vector<std::string> states;  // active ones, outer first
  std::string error;
  std::int64_t open_incidents = 0;
  std::optional<InstanceId> parent;
  std::int64_t started_us = 0, updated_us = 0, ended_us = 0;  // ended_us 0 while live
};

struct InstanceView {
  InstanceSummary summary;
  Value input;
  Value variables;                      // a map
  Value output;                         // null unless completed
  std::optional<ProcessError> error;    // when failed
  std::vector<IncidentView> incidents;  // open ones
};

struct HistoryEntry {
  std::int64_t seq = 0;  // of the decision; several entries may share one
  std::int64_t time_us = 0;
  std::string text;  // in words; empty for what only the engine needs to know
  Value event;       // codec's DescribeEvent
};

// Drops the row beyond a page's `limit`; whether there was one.
template <class Row>
bool CutToPage(std::vector<Row>& rows, int limit) {
  const bool more = static_cast<int>(rows.size()) > limit;
  if (more) rows.erase(rows.begin() + limit, rows.end());
  return more;
}

// One page and where the next begins; an empty cursor means that there is none.
template <class T>
struct Page {
  std::vector<T> items;
  std::string next_cursor;
};

// Where a connector's manifest comes from: the server itself; a folder that it watches; a deploy, kept in storage; or only the bundle of a process.
enum class ManifestOrigin { kBuiltin, kFolder, kDeployed, kBundle };
struct ConnectorInfo {
  ManifestPtr manifest;
  ManifestOrigin origin = ManifestOrigin::kBuiltin;
  std::string file;                    // of a folder's
  std::vector<std::string> processes;  // live ones that call it
};

struct DefinitionInfo {
  std::string process, version, hash;
  std::string title, description;
  bool live = false;  // new starts take it
  std::int64_t deployed_us = 0;
  std::string source;  // the YAML
  Value input_schema;
  std::vector<std::string> states;
  std::optional<Schedule> schedule;
  std::int64_t next_run_us = 0;  // of the schedule; 0 = none, or the version is not live
};

}  // namespace fermata
