// `fermata test`: runs the scenarios of processes, without a server.
//
// Reads files; prints to the stream that it is given.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/manifest.h"

namespace fermata {

struct TestOptions {
  // Scenario files, and folders whose *.scenarios.yaml are taken.
  std::vector<std::filesystem::path> paths;
  std::filesystem::path junit;               // a report for CI is written there; empty = none
  bool json = false;                         // one JSON object instead of text
  std::optional<double> coverage_threshold;  // percent of states, transitions, errors and undos; below it the run fails
  // Folders of further manifests, after connectors/ beside each process; then the built-in ones.
  std::vector<std::filesystem::path> connector_folders;
  std::vector<ManifestPtr> builtin_manifests;
};

// The process's exit code: 0 = all passed, 1 = a case failed, a file has mistakes or the coverage is too low, 2 = a path that cannot be read.
int RunTest(const TestOptions& options, std::ostream& out);

}  // namespace fermata
