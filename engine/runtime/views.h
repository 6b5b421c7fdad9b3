// What clients are shown: plain data, made from rows and journals in the reader's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/model/command.h"
#include "engine/model/ids.h"
#include "engine/model/value.h"

namespace fermata {

struct IncidentView {
  InstanceId instance;
  IncidentNumber number = 0;
  std::string process, state;
  std::string error, message;
  bool open = true;
  std::int64_t opened_us = 0, closed_us = 0;
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
  Value event;  // codec's DescribeEvent
};

// One page and where the next begins; an empty cursor means that there is none.
template <class T>
struct Page {
  std::vector<T> items;
  std::string next_cursor;
};

struct DefinitionInfo {
  std::string process, version, hash;
  std::string title, description;
  bool live = false;  // new starts take it
  std::int64_t deployed_us = 0;
  std::string source;  // the YAML
  Value input_schema;
  std::vector<std::string> states;
};

}  // namespace fermata
