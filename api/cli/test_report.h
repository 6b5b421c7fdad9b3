// What `fermata test` says: text for people, one JSON object for programs, JUnit's XML for CI.
//
// Pure but for the stream that it is given.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "engine/language/diagnostic.h"
#include "engine/scenario/coverage.h"
#include "engine/scenario/runner.h"

namespace fermata {

struct ProcessCoverage {
  std::string process, version;
  Coverage coverage;
};

struct TestReport {
  std::vector<FileResult> files;
  std::vector<Diagnostic> diagnostics;  // of all files, processes and manifests
  std::vector<ProcessCoverage> coverage;
  std::optional<double> coverage_min;  // what each process must reach
  int passed = 0, failed = 0, broken_files = 0;

  double percent() const;  // over all processes
  bool covered() const;
};

// What is wrong with one case: where, what was expected, where the instances stand and what happened.
std::string CaseText(const std::string& file, const CaseResult& result, Colour colour);
// The end of the report: what no case has visited, and the counts.
std::string SummaryText(const TestReport& report, Colour colour);
Value ToValue(const TestReport& report);
void WriteJunit(const TestReport& report, std::ostream& out);

}  // namespace fermata
