// The steps and the `then` of one scenario file. Reports every mistake, and goes on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/language/node.h"
#include "engine/language/report.h"
#include "engine/scenario/project.h"
#include "engine/scenario/scenario.h"

namespace fermata {

class StepParser {
 public:
  // Both must outlive the parser.
  StepParser(Report& report, const ScenarioProject& project) : report_(report), project_(project) {}

  void SetProcess(std::string process) { process_ = std::move(process); }
  void ParseStep(const Node& node, std::vector<ScenarioStep>& steps);
  ExpectedEnd ParseThen(const Node& node);

  // ---- shared with the file's parser ----
  bool ExpectMap(const Node& node, std::string_view what);
  void CheckKeys(const Node& map, const std::vector<std::string>& known, std::string_view where);
  const NodeEntry* Require(const Node& map, std::string_view key);
  // The scalar as it was written; "" after a report.
  std::string Text(const Node& node);

 private:
  ScenarioStep ParseMap(const Node& node, const NodeEntry& what);
  ExpectStep ParseExpect(const Node& node, const Node& value);
  EventStep ParseEvent(const Node& node, const Node& value);
  AnswerStep ParseAnswer(const Node& node, const Node& value);
  TaskStep ParseTask(const Node& node, const Node& value);
  ResolveStep ParseResolve(const Node& node, const Node& value);
  StartStep ParseStart(const Node& node, const Node& value);
  EmittedStep ParseEmitted(const Node& node, const Node& value);
  StartedStep ParseStarted(const Node& node, const Node& value);
  LateStep ParseLate(const Node& node, const Node& value);
  std::optional<StepOutcome> ParseOutcome(const Node& node, std::string_view operation);
  ProcessError ParseError(const Node& node);
  std::int64_t Integer(const Node& node);
  bool Flag(const Node& map, std::string_view key);
  std::vector<std::string> Texts(const Node& node);
  std::string StateName(const Node& node);
  std::string Operation(const Node& node);
  std::string EventType(const Node& node);
  void CheckErrorName(const Node& node, const std::string& name, std::string_view operation, bool technical);

  Report& report_;
  const ScenarioProject& project_;
  std::string process_;
};

}  // namespace fermata
