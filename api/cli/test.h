// `fermata test`: runs the scenarios of processes, without a server.
//
// Reads files; prints to the stream that it is given.
#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "engine/language/diagnostic.h"
#include "engine/model/manifest.h"

namespace fermata {

struct TestOptions {
  // Scenario files, and folders whose *.scenarios.yaml are taken, also those of folders inside.
  std::vector<std::filesystem::path> paths;
  std::string filter;                  // only cases with this text in their names
  std::filesystem::path junit;         // a report for CI is written there; empty = none
  bool json = false;                   // one JSON object instead of text
  bool watch = false;                  // again after each change; for the command line
  std::optional<double> coverage_min;  // percent that each process must reach; below it the run fails
  Colour colour = Colour::kNever;
  // Folders of manifests, which win over connectors/ beside each process; then the built-in ones.
  std::vector<std::filesystem::path> connector_folders;
  std::vector<ManifestPtr> builtin_manifests;
};

// The process's exit code: 0 = all passed; 1 = a case failed, a file has mistakes or the coverage is too low; 2 = a path that cannot be read or written, or
// a filter that no case fits.
int RunTest(const TestOptions& options, std::ostream& out);

// Runs them, and again whenever a process, a scenario, a schema or a manifest has changed. `wait` is called between two
// looks at the files; when it gives false, this returns the last run's exit code.
int WatchTests(const TestOptions& options, std::ostream& out, const std::function<bool()>& wait);

}  // namespace fermata
