#include "api/cli/test.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <ostream>
#include <set>

#include "api/cli/exit_code.h"
#include "api/cli/scenario_folder.h"
#include "api/cli/test_report.h"
#include "api/cli/text_files.h"
#include "engine/model/json.h"
#include "engine/scenario/codes.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

class Tester {
 public:
  // All must outlive the tester.
  Tester(const TestOptions& options, std::ostream& out, WatchedFiles& watched)
      : options_(options), out_(out), watched_(watched) {}

  int Run() {
    report_.coverage_min = options_.coverage_min;
    for (const fs::path& path : options_.paths) Collect(path);
    for (const fs::path& file : files_) RunFile(file);
    for (const auto& [path, tested] : folders_) Measure(tested);
    if (!options_.filter.empty() && report_.passed + report_.failed + report_.broken_files == 0)
      Blame(options_.filter, "Expected a case with this text in its name, but there is none.");
    if (!options_.junit.empty()) {
      std::ofstream xml(options_.junit);
      WriteJunit(report_, xml);
      if (!xml.flush()) Blame(options_.junit, "Expected a file that can be written for --junit, but it cannot.");
    }
    if (options_.json) {
      out_ << WriteJson(ToValue(report_)) << "\n";
    } else {
      out_ << SummaryText(report_, options_.colour);
    }
    if (unusable_) return kExitUsage;
    return report_.failed == 0 && report_.broken_files == 0 && report_.covered() ? kExitOk : kExitFailed;
  }

 private:
  struct Tested {
    ScenarioFolder folder;
    Visited visited;
    std::set<std::string> processes;  // that have scenarios
  };

  void Collect(const fs::path& path) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      const std::vector<fs::path> found = FindScenarioFiles(path, watched_);
      for (const fs::path& file : found) Take(file);
      if (found.empty()) Blame(path, "Expected files named *.scenarios.yaml in the folder, but there are none.");
      // Who asks for the whole folder wants to know of all that is broken in it.
      for (const fs::path& file : found) TellBroken(FolderOf(file).folder);
    } else if (fs::is_regular_file(path, error)) {
      Take(path);
    } else {
      watched_.AddFile(path);
      Blame(path, "Expected a scenario file or a folder, but there is none.");
    }
  }

  void Take(const fs::path& file) {
    if (taken_.insert(file.lexically_normal().string()).second) files_.push_back(file);
  }

  // Something that was asked for cannot be done.
  void Blame(const fs::path& path, const std::string& message) {
    unusable_ = true;
    Diagnostic diagnostic;
    diagnostic.code = kScenarioFileUnreadable;
    diagnostic.file = path.string();
    diagnostic.message = message;
    Tell({diagnostic});
  }

  Tested& FolderOf(const fs::path& file) {
    const fs::path parent = file.has_parent_path() ? file.parent_path() : fs::path(".");
    auto [entry, is_new] = folders_.try_emplace(parent.lexically_normal().string());
    if (!is_new) return entry->second;
    entry->second.folder = LoadScenarioFolder(parent, options_.connector_folders, options_.builtin_manifests, watched_);
    if (!entry->second.folder.manifest_errors.empty()) {
      ++report_.broken_files;
      Tell(entry->second.folder.manifest_errors);
    }
    return entry->second;
  }

  void TellBroken(const ScenarioFolder& folder) {
    for (const auto& [process, diagnostics] : folder.broken) TellBroken(folder, process);
  }

  void TellBroken(const ScenarioFolder& folder, const std::string& process) {
    const std::vector<Diagnostic>& diagnostics = folder.broken.at(process);
    if (!told_.insert(diagnostics.front().file).second) return;
    ++report_.broken_files;
    Tell(diagnostics);
  }

  void RunFile(const fs::path& file) {
    Tested& tested = FolderOf(file);
    watched_.AddFile(file);
    const std::string text = ReadFile(file).value_or("");
    const std::vector<std::string> broken = tested.folder.BrokenFor(RootKeyText(text, "scenarios"));
    for (const std::string& process : broken) TellBroken(tested.folder, process);
    FileResult result;
    if (broken.empty()) {
      result = RunScenarios(file.string(), text, tested.folder.project, tested.visited, options_.filter);
      // Of a file that cannot be read no case has visited anything.
      if (!HasErrors(result.diagnostics)) tested.processes.insert(result.process);
      Tell(result.diagnostics);
    } else {  // what follows from that would only be noise
      result.file = file.string();
      result.diagnostics = tested.folder.broken.at(broken.front());
    }
    report_.broken_files += broken.empty() && HasErrors(result.diagnostics);
    for (const CaseResult& one : result.cases) {
      ++(one.passed() ? report_.passed : report_.failed);
      if (!one.passed() && !options_.json) out_ << CaseText(result.file, one, options_.colour);
    }
    report_.files.push_back(std::move(result));
  }

  void Tell(const std::vector<Diagnostic>& diagnostics) {
    report_.diagnostics.insert(report_.diagnostics.end(), diagnostics.begin(), diagnostics.end());
    if (!options_.json) out_ << FormatDiagnostics(diagnostics, options_.colour);
  }

  // Some of the cases say nothing about what all of them visit.
  void Measure(const Tested& tested) {
    if (!options_.filter.empty()) return;
    for (const DefinitionPtr& definition : tested.folder.project.definitions)
      if (tested.processes.contains(definition->process))
        report_.coverage.push_back(
            {definition->process, definition->version, MeasureCoverage(*definition, tested.visited)});
  }

  const TestOptions& options_;
  std::ostream& out_;
  WatchedFiles& watched_;
  std::vector<fs::path> files_;
  std::set<std::string> taken_, told_;  // files to run; files whose mistakes are told
  std::map<std::string, Tested> folders_;
  TestReport report_;
  bool unusable_ = false;
};

}  // namespace

int RunTest(const TestOptions& options, std::ostream& out) {
  WatchedFiles watched;
  return Tester(options, out, watched).Run();
}

int WatchTests(const TestOptions& options, std::ostream& out, const std::function<bool()>& wait) {
  for (;;) {
    WatchedFiles watched;
    const int exit_code = Tester(options, out, watched).Run();
    if (!options.json) out << "watching " << watched.size() << " files and folders; Ctrl-C ends\n" << std::flush;
    out << std::flush;
    do {
      if (!wait()) return exit_code;
    } while (!watched.Changed());
    if (!options.json) out << "\n";
  }
}

}  // namespace fermata
