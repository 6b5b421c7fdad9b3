#include "engine/language/checker.h"

#include "engine/language/error_checker.h"
#include "engine/language/expression_checker.h"
#include "engine/language/graph.h"
#include "engine/language/loops.h"
#include "engine/language/name_checker.h"
#include "engine/language/schedule.h"
#include "engine/language/variables.h"

namespace fermata {

// Errors come before warnings, so that a place that is blamed for an error is not warned of too.
void CheckDefinition(const ParsedDefinition& parsed, const std::vector<std::string>& processes, Report& report) {
  const Graph graph = BuildGraph(*parsed.definition);
  const std::vector<Write> writes = CollectWrites(parsed);
  const Variables variables(parsed, graph, writes);
  CheckReferences(parsed, processes, report);
  CheckExpressions(parsed, variables, report);
  CheckSchedule(parsed, report);
  CheckStartOn(parsed, report);
  CheckVariables(parsed, writes, report);
  CheckGraph(parsed, graph, report);
  if (!parsed.targets_unknown && !parsed.states_unknown) CheckLoops(parsed, graph, report);
  CheckErrors(parsed, graph, report);
}

}  // namespace fermata
