#include "api/cli/test.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <ostream>
#include <set>
#include <sstream>

#include "api/cli/check.h"
#include "api/cli/exit_code.h"
#include "engine/language/load.h"
#include "engine/model/json.h"
#include "engine/scenario/codes.h"
#include "engine/scenario/coverage.h"
#include "engine/scenario/runner.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kScenarioEnd = ".scenarios.yaml";

std::string ReadText(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream content;
  content << stream.rdbuf();
  return content.str();
}

std::vector<fs::path> YamlFilesIn(const fs::path& folder, bool scenarios) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".yaml") && name.ends_with(kScenarioEnd) == scenarios) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool IsManifest(const std::string& text) {
  return text.starts_with("connector:") || text.find("\nconnector:") != std::string::npos;
}

// A folder's processes, loaded once.
struct Folder {
  ScenarioProject project;
  std::vector<Diagnostic> diagnostics;
  Visited visited;
  std::set<std::string> tested;  // processes that have scenarios
};

struct Totals {
  int passed = 0, failed = 0, broken_files = 0;
  int visited = 0, total = 0;
  double percent() const { return total == 0 ? 100.0 : 100.0 * visited / total; }
};

void AddManifests(const fs::path& folder, Folder& into) {
  std::vector<fs::path> folders{folder};
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.is_directory()) folders.push_back(entry.path());
  std::sort(folders.begin() + 1, folders.end());
  for (const fs::path& one : folders) {
    for (const fs::path& file : YamlFilesIn(one, false)) {
      const std::string text = ReadText(file);
      if (!IsManifest(text)) continue;
      std::map<std::string, std::string> schemas;
      for (const std::string& name : ReferencedFiles(text)) schemas.emplace(name, ReadText(one / name));
      ManifestOutcome outcome = LoadManifest(file.string(), text, schemas);
      if (outcome.manifest == nullptr) {
        into.diagnostics.insert(into.diagnostics.end(), outcome.diagnostics.begin(), outcome.diagnostics.end());
      } else {
        into.project.manifests.push_back(outcome.manifest);
      }
    }
  }
}

// The first manifest of a connector counts.
void DropRepeatedManifests(ScenarioProject& project) {
  std::set<std::string> seen;
  std::erase_if(project.manifests,
                [&](const ManifestPtr& manifest) { return !seen.insert(manifest->connector).second; });
}

Folder LoadFolder(const fs::path& path, const TestOptions& options) {
  Folder folder;
  AddManifests(path / "connectors", folder);
  for (const fs::path& more : options.connector_folders) AddManifests(more, folder);
  for (const ManifestPtr& manifest : options.builtin_manifests) folder.project.manifests.push_back(manifest);
  folder.project.manifests.push_back(EngineManifest());
  DropRepeatedManifests(folder.project);
  for (const fs::path& file : YamlFilesIn(path, false)) {
    Bundle bundle = ReadBundle(file);
    if (IsManifest(bundle.text)) continue;
    bundle.manifests = folder.project.manifests;
    LoadOutcome loaded = LoadDefinition(bundle);
    if (loaded.definition != nullptr) {
      folder.project.definitions.push_back(loaded.definition);
      continue;
    }
    std::erase_if(loaded.diagnostics, [](const Diagnostic& one) { return one.severity != Severity::kError; });
    folder.diagnostics.insert(folder.diagnostics.end(), loaded.diagnostics.begin(), loaded.diagnostics.end());
  }
  return folder;
}

std::string EscapeXml(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t')
      out += ' ';
    else
      out += c;
  }
  return out;
}

class Tester {
 public:
  Tester(const TestOptions& options, std::ostream& out) : options_(options), out_(out) {}

  int Run() {
    for (const fs::path& path : options_.paths) Collect(path);
    for (const fs::path& file : files_) RunFile(file);
    for (auto& [path, folder] : folders_) Finish(folder);
    const bool covered = !options_.coverage_threshold || totals_.percent() >= *options_.coverage_threshold;
    if (!options_.junit.empty()) WriteJunit();
    if (options_.json) {
      PrintJson(covered);
    } else {
      PrintEnd(covered);
    }
    if (unreadable_) return kExitUsage;
    return totals_.failed == 0 && totals_.broken_files == 0 && covered ? kExitOk : kExitFailed;
  }

 private:
  void Collect(const fs::path& path) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      const std::vector<fs::path> found = YamlFilesIn(path, true);
      files_.insert(files_.end(), found.begin(), found.end());
      if (found.empty()) Unreadable(path, "Expected files named *.scenarios.yaml in the folder, but there are none.");
    } else if (fs::is_regular_file(path, error)) {
      files_.push_back(path);
    } else {
      Unreadable(path, "Expected a scenario file or a folder, but there is none.");
    }
  }

  void Unreadable(const fs::path& path, const std::string& message) {
    unreadable_ = true;
    Diagnostic diagnostic;
    diagnostic.code = kScenarioFileUnreadable;
    diagnostic.file = path.string();
    diagnostic.message = message;
    diagnostics_.push_back(diagnostic);
    if (!options_.json) out_ << FormatDiagnostic(diagnostic);
  }

  void RunFile(const fs::path& file) {
    const fs::path parent = file.has_parent_path() ? file.parent_path() : fs::path(".");
    auto [entry, is_new] = folders_.try_emplace(parent.lexically_normal().string());
    Folder& folder = entry->second;
    if (is_new) {
      folder = LoadFolder(parent, options_);
      totals_.broken_files += HasErrors(folder.diagnostics);
      Tell(folder.diagnostics);
    }
    FileResult result = RunScenarios(file.string(), ReadText(file), folder.project, folder.visited);
    if (HasErrors(result.diagnostics)) {
      ++totals_.broken_files;
    } else {
      folder.tested.insert(result.process);
    }
    Tell(result.diagnostics);
    for (const CaseResult& one : result.cases) {
      ++(one.passed ? totals_.passed : totals_.failed);
      if (!one.passed && !options_.json) PrintFailure(result, one);
    }
    results_.push_back(std::move(result));
  }

  void Tell(const std::vector<Diagnostic>& diagnostics) {
    diagnostics_.insert(diagnostics_.end(), diagnostics.begin(), diagnostics.end());
    if (!options_.json) out_ << FormatDiagnostics(diagnostics);
  }

  void PrintFailure(const FileResult& file, const CaseResult& one) {
    out_ << file.file << ":" << one.failed_line << ": " << one.name;
    if (!one.variant.empty()) out_ << " (" << one.variant << ")";
    out_ << "\n  " << one.failure << "\n";
    std::istringstream lines(one.standing);
    for (std::string line; std::getline(lines, line);) out_ << "  | " << line << "\n";
  }

  void Finish(Folder& folder) {
    for (const DefinitionPtr& definition : folder.project.definitions) {
      if (!folder.tested.contains(definition->process)) continue;
      Coverage coverage = MeasureCoverage(*definition, folder.visited);
      totals_.visited += coverage.visited();
      totals_.total += coverage.total();
      coverage_.emplace_back(definition->process, std::move(coverage));
    }
  }

  void PrintEnd(bool covered) {
    for (const auto& [process, coverage] : coverage_) {
      if (coverage.missing.empty()) continue;
      out_ << process << ": no case visits\n";
      for (const std::string& one : coverage.missing) out_ << "  " << one << "\n";
    }
    out_ << "coverage: " << totals_.visited << " of " << totals_.total << " states, transitions, errors and undos ("
         << static_cast<int>(totals_.percent()) << " %)";
    if (!covered) out_ << ", but at least " << *options_.coverage_threshold << " % is asked for";
    out_ << "\n" << totals_.passed << " passed, " << totals_.failed << " failed";
    if (totals_.broken_files > 0) out_ << ", " << totals_.broken_files << " with mistakes";
    out_ << "\n";
  }

  void PrintJson(bool covered) {
    std::vector<Value> files;
    for (const FileResult& file : results_) {
      std::vector<Value> cases;
      for (const CaseResult& one : file.cases) {
        Value described = Value::Object(
            {{"name", Value::String(one.name)}, {"line", Value::Int(one.line)}, {"passed", Value::Bool(one.passed)}});
        if (!one.passed) {
          described = Value::Object({{"name", Value::String(one.name)},
                                     {"line", Value::Int(one.line)},
                                     {"passed", Value::Bool(false)},
                                     {"failedLine", Value::Int(one.failed_line)},
                                     {"variant", Value::String(one.variant)},
                                     {"failure", Value::String(one.failure)},
                                     {"standing", Value::String(one.standing)}});
        }
        cases.push_back(std::move(described));
      }
      files.push_back(Value::Object({{"file", Value::String(file.file)},
                                     {"process", Value::String(file.process)},
                                     {"cases", Value::List(std::move(cases))}}));
    }
    std::vector<Value> coverage;
    for (const auto& [process, one] : coverage_) {
      std::vector<Value> missing;
      for (const std::string& text : one.missing) missing.push_back(Value::String(text));
      coverage.push_back(Value::Object({{"process", Value::String(process)},
                                        {"visited", Value::Int(one.visited())},
                                        {"total", Value::Int(one.total())},
                                        {"missing", Value::List(std::move(missing))}}));
    }
    const Value report = Value::Object({{"passed", Value::Int(totals_.passed)},
                                        {"failed", Value::Int(totals_.failed)},
                                        {"files", Value::List(std::move(files))},
                                        {"diagnostics", ToValue(diagnostics_)},
                                        {"coverage", Value::List(std::move(coverage))},
                                        {"coveragePercent", Value::Double(totals_.percent())},
                                        {"covered", Value::Bool(covered)}});
    out_ << WriteJson(report) << "\n";
  }

  void WriteJunit() {
    std::ofstream xml(options_.junit);
    xml << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"" << totals_.passed + totals_.failed
        << "\" failures=\"" << totals_.failed << "\">\n";
    for (const FileResult& file : results_) {
      const auto failures =
          std::count_if(file.cases.begin(), file.cases.end(), [](const CaseResult& one) { return !one.passed; });
      xml << "  <testsuite name=\"" << EscapeXml(file.process) << "\" file=\"" << EscapeXml(file.file) << "\" tests=\""
          << file.cases.size() << "\" failures=\"" << failures << "\">\n";
      for (const CaseResult& one : file.cases) {
        xml << "    <testcase classname=\"" << EscapeXml(file.process) << "\" name=\"" << EscapeXml(one.name)
            << "\" line=\"" << one.line << "\"";
        if (one.passed) {
          xml << "/>\n";
          continue;
        }
        xml << ">\n      <failure message=\"" << EscapeXml(one.failure) << "\">" << EscapeXml(one.standing)
            << "</failure>\n    </testcase>\n";
      }
      xml << "  </testsuite>\n";
    }
    xml << "</testsuites>\n";
    if (!xml) Unreadable(options_.junit, "Expected a file that can be written for --junit, but it cannot.");
  }

  const TestOptions& options_;
  std::ostream& out_;
  std::vector<fs::path> files_;
  std::map<std::string, Folder> folders_;
  std::vector<FileResult> results_;
  std::vector<Diagnostic> diagnostics_;
  std::vector<std::pair<std::string, Coverage>> coverage_;
  Totals totals_;
  bool unreadable_ = false;
};

}  // namespace

int RunTest(const TestOptions& options, std::ostream& out) { return Tester(options, out).Run(); }

}  // namespace fermata
