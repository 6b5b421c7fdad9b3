// The `then` of a case: what must hold in the end. Reports every mistake, and goes on.
#pragma once

#include "engine/scenario/step_parser.h"

namespace fermata {

class ThenParser {
 public:
  // All must outlive the parser.
  ThenParser(ScenarioFields& fields, ScenarioNames& names, StepParser& steps)
      : fields_(fields), names_(names), steps_(steps) {}

  ExpectedEnd Parse(const Node& node);

 private:
  void ReadStatus(const Node& node, ExpectedEnd& then);
  void ReadIncidents(const Node& node, ExpectedEnd& then);
  void ReadEmitted(const Node& node, ExpectedEnd& then);
  void ReadTasks(const Node& node, ExpectedEnd& then);

  ScenarioFields& fields_;
  ScenarioNames& names_;
  StepParser& steps_;
};

}  // namespace fermata
