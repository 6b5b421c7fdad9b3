// A scenario file as it was read: cases, their steps, and what must hold in the end. language.md 9.
//
// Plain data.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/model/command.h"
#include "engine/model/definition.h"
#include "engine/model/value.h"

namespace fermata {

// What the engine publishes for a task's `remind`.
inline constexpr std::string_view kRemindedEvent = "task.reminded";

// What a call is answered with.
struct StepOutcome {
  enum class Kind { kReturn, kError, kTechnical } kind = Kind::kReturn;
  Value output;
  ProcessError error;
};

struct ExpectStep {
  std::string operation;  // "run.NAME" stubs a child
  std::optional<Value> with;
  std::optional<StepOutcome> outcome;  // absent: it only asserts
};
struct EventStep {
  std::string type, source, id;
  std::optional<std::string> key;
  std::optional<std::pair<std::string, std::optional<std::string>>> to;  // process, key
  Value data;
  bool refused = false;
};
struct InStep {
  std::vector<std::string> states;
};
struct AdvanceStep {
  std::int64_t ms = 0;
};
struct AnswerStep {
  std::string state;
  std::optional<std::string> outcome;
  Value data;
  std::string by;
  bool refused = false;
};
struct TaskStep {
  std::string state;
  std::optional<Value> data, assign;
  std::optional<std::int64_t> reminded;
};
struct ResolveStep {
  std::string state;
  IncidentAction action = IncidentAction::kRetry;
  std::vector<std::pair<std::string, Value>> set;
  Value output;
  ProcessError error;
};
struct CancelStep {
  std::string reason;
};
struct SuspendStep {};
struct ResumeStep {};
struct MigrateStep {
  std::string version;
  bool refused = false;
};
struct StartStep {
  std::string process;  // empty = the file's own
  std::optional<Value> input;
  std::optional<std::string> key;
  bool refused = false;
};
struct EmittedStep {
  std::string type;
  std::optional<Value> with, to;
};
struct StartedStep {
  std::string process;
  std::optional<std::int64_t> n;
};
struct IdleStep {
  std::string operation;
};
struct LateStep {
  std::string operation;
  StepOutcome outcome;
};

struct ScenarioStep {
  std::variant<ExpectStep, EventStep, InStep, AdvanceStep, AnswerStep, TaskStep, ResolveStep, CancelStep, SuspendStep,
               ResumeStep, MigrateStep, StartStep, EmittedStep, StartedStep, IdleStep, LateStep>
      what;
  SourcePosition at;
  int length = 1;  // characters of its name
};

struct ExpectedIncident {
  std::string state, error;  // empty = any
};

struct ExpectedEnd {
  std::optional<std::string> status, error;
  std::optional<Value> output;
  std::optional<Value> vars;
  std::optional<std::vector<std::string>> path, undone;
  std::optional<std::int64_t> incident_count;
  std::optional<std::vector<ExpectedIncident>> incidents;
  std::optional<std::vector<EmittedStep>> emitted;
  std::optional<std::int64_t> task_count;
  std::optional<std::vector<TaskStep>> tasks;
  std::map<std::string, SourcePosition, std::less<>> at;  // where each of these stands, by its key
};

struct ScenarioCase {
  std::string name;
  std::optional<Value> input;
  std::optional<std::string> key, version;
  std::int64_t now_us = 0;
  std::vector<ScenarioStep> steps;
  ExpectedEnd then;
  SourcePosition at;
  SourcePosition input_at;  // of the key `input`, here or under `defaults`; line 0 if there is none
};

struct ScenarioFile {
  std::string process;
  std::vector<ScenarioCase> cases;  // with the defaults filled in
};

}  // namespace fermata
