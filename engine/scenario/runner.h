// Runs scenario files on the core: each case straight, restarted after every step, and with every command sent twice.
//
// Pure: no clock, file or thread. A thousand cases take less than a second.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "engine/language/diagnostic.h"
#include "engine/scenario/project.h"
#include "engine/scenario/scenario.h"

namespace fermata {

struct CaseResult {
  std::string name;
  int line = 0;  // of the case in its file
  bool passed = true;
  int failed_line = 0;   // of the step that failed; the case's for `then`
  std::string variant;   // "", "restarted after every step" or "every command twice"
  std::string failure;   // what was expected, and what there is
  std::string standing;  // where the instance stands, and how it came there
};

// What cases have visited. `transitions` are those of the definitions' arms.
struct Visited {
  std::set<const State*> states;
  std::set<const TransitionArm*> transitions;
  std::set<const State*> undone;
};

struct FileResult {
  std::string file, process;
  std::vector<Diagnostic> diagnostics;  // with errors nothing was run
  std::vector<CaseResult> cases;
};

FileResult RunScenarios(const std::string& file, const std::string& text, const ScenarioProject& project,
                        Visited& visited);

// One case in one variant; used by RunScenarios and tests. The result's `variant` is left empty.
enum class Hardship;
CaseResult RunCase(const ScenarioCase& one, const std::string& process, const ScenarioProject& project,
                   Hardship hardship, Visited& visited);

}  // namespace fermata
