// Runs scenario files on the core: each case straight, restarted after every step, and with every command sent twice.
//
// Pure: no clock, file or thread. A thousand cases take less than a second.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "engine/language/diagnostic.h"
#include "engine/scenario/diff.h"
#include "engine/scenario/history.h"
#include "engine/scenario/project.h"
#include "engine/scenario/scenario.h"

namespace fermata {

// One thing that is not as the case says.
struct CaseFailure {
  std::string message;  // what was expected, and what there is
  Diff diff;            // of values and lists; may be empty
  SourcePosition at;    // of the step, or of the key of `then`
  int length = 1;
  std::string excerpt;  // the line as it stands in the file
};

struct CaseResult {
  std::string name;
  int line = 0;                       // of the case in its file
  std::string variant;                // "", "restarted after every step" or "every command twice"
  std::vector<CaseFailure> failures;  // a step ends the case; of `then` all are told
  // Where the instances stand, and what happened; of failed cases only.
  std::vector<std::string> standing;
  std::vector<HistoryLine> history;

  bool passed() const { return failures.empty(); }
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

// `filter`: only cases whose name has this text in it, whatever its case; empty = all.
FileResult RunScenarios(const std::string& file, const std::string& text, const ScenarioProject& project,
                        Visited& visited, const std::string& filter = "");

// One case in one variant; used by RunScenarios and tests. The result's `variant` is left empty.
enum class Hardship;
CaseResult RunCase(const ScenarioCase& one, const std::string& process, const ScenarioProject& project,
                   Hardship hardship, Visited& visited);

}  // namespace fermata
