// The steps of one scenario file. Reports every mistake, and goes on.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/scenario/scenario.h"
#include "engine/scenario/scenario_fields.h"
#include "engine/scenario/scenario_names.h"

namespace fermata {

// "expect", "event", … in the order of docs/scenarios.md.
const std::vector<std::string>& StepNames();

class StepParser {
 public:
  // Both must outlive the parser.
  StepParser(ScenarioFields& fields, ScenarioNames& names) : fields_(fields), names_(names) {}

  void ParseStep(const Node& node, std::vector<ScenarioStep>& steps);

  // ---- `then` has these, too: `value` names the event or the state, `node` has the rest ----
  EmittedStep ReadEmitted(const Node& node, const Node& value);
  TaskStep ReadTask(const Node& node, const Node& value);
  ProcessError ReadError(const Node& node);

 private:
  ScenarioStep ParseMap(const Node& node, const NodeEntry& what);
  ExpectStep ParseExpect(const Node& node, const Node& value);
  EventStep ParseEvent(const Node& node, const Node& value);
  InStep ParseIn(const Node& node, const Node& value);
  AdvanceStep ParseAdvance(const Node& node, const Node& value);
  AnswerStep ParseAnswer(const Node& node, const Node& value);
  ResolveStep ParseResolve(const Node& node, const Node& value);
  CancelStep ParseCancel(const Node& node, const Node& value);
  StartStep ParseStart(const Node& node, const NodeEntry& what);
  MigrateStep ParseMigrate(const Node& node, const Node& value);
  StartedStep ParseStarted(const Node& node, const Node& value);
  LateStep ParseLate(const Node& node, const Node& value);
  std::optional<StepOutcome> ReadOutcome(const Node& node, std::string_view operation);
  // What a step has beside its name, where it may also stand below it: `start: { key: k }`. Reports anything else.
  const Node& Options(const Node& node, const NodeEntry& what, const std::vector<std::string>& known);
  void ExpectNothing(const NodeEntry& what);

  ScenarioFields& fields_;
  ScenarioNames& names_;
};

}  // namespace fermata
