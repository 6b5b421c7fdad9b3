#include "engine/scenario/parser.h"

#include <set>

#include "engine/base/nearest_word.h"
#include "engine/language/fields.h"
#include "engine/language/reader.h"
#include "engine/language/report.h"
#include "engine/scenario/codes.h"
#include "engine/scenario/step_parser.h"

namespace fermata {
namespace {

constexpr std::string_view kNowDefault = "2020-01-01T00:00:00Z";

class FileParser {
 public:
  FileParser(Report& report, const ScenarioProject& project) : report_(report), project_(project) {}

  ScenarioFile Parse(const Node& root) {
    ScenarioFile file;
    if (!root.is_map()) {
      report_.Error(kScenarioValueWrong, root,
                    "Expected a map with 'scenarios' and 'cases', but there is " + root.Describe() + ".");
      return file;
    }
    steps_.CheckKeys(root, {"scenarios", "defaults", "cases"}, "a scenario file");
    const NodeEntry* process = steps_.Require(root, "scenarios");
    const NodeEntry* cases = steps_.Require(root, "cases");
    if (process != nullptr) file.process = steps_.Text(process->value);
    if (process != nullptr && !file.process.empty() && project_.Find(file.process) == nullptr) {
      report_.Error(kScenarioNameUnknown, process->value,
                    "Expected the name of a process of this folder, but there is no '" + file.process + "'.");
      return file;
    }
    steps_.SetProcess(file.process);
    ScenarioCase defaults = ParseDefaults(root.Find("defaults"));
    if (cases == nullptr) return file;
    if (!cases->value.is_list()) {
      report_.Error(kScenarioValueWrong, cases->value,
                    "Expected a list of cases, but there is " + cases->value.Describe() + ".");
      return file;
    }
    for (const Node& node : cases->value.items) ParseCase(node, defaults, file);
    return file;
  }

 private:
  ScenarioCase ParseDefaults(const NodeEntry* entry) {
    ScenarioCase defaults;
    defaults.now_us = ToMicros(*ParseTimestamp(kNowDefault));
    if (entry == nullptr) return defaults;
    if (!steps_.ExpectMap(entry->value, "the defaults")) return defaults;
    steps_.CheckKeys(entry->value, {"input", "key", "version", "now"}, "'defaults'");
    ReadStart(entry->value, defaults);
    return defaults;
  }

  void ReadStart(const Node& node, ScenarioCase& into) {
    if (const NodeEntry* input = node.Find("input")) into.input = ToValue(input->value);
    if (const NodeEntry* key = node.Find("key")) into.key = steps_.Text(key->value);
    if (const NodeEntry* version = node.Find("version")) into.version = steps_.Text(version->value);
    const NodeEntry* now = node.Find("now");
    if (now == nullptr) return;
    std::optional<Timestamp> at = now->value.is_scalar() ? ParseTimestamp(now->value.text) : std::nullopt;
    if (at) {
      into.now_us = ToMicros(*at);
    } else {
      report_.Error(kScenarioValueWrong, now->value,
                    "Expected a time like 2020-01-01T00:00:00Z, but there is " + now->value.Describe() + ".");
    }
  }

  void ParseCase(const Node& node, const ScenarioCase& defaults, ScenarioFile& file) {
    if (!steps_.ExpectMap(node, "a case")) return;
    steps_.CheckKeys(node, {"name", "input", "key", "version", "now", "steps", "then"}, "a case");
    ScenarioCase one = defaults;
    one.at = node.at;
    const NodeEntry* name = steps_.Require(node, "name");
    if (name != nullptr) {
      one.name = steps_.Text(name->value);
      if (!names_.insert(one.name).second)
        report_.Error(kScenarioCaseRepeated, name->value,
                      "Expected cases of different names, but there is another '" + one.name + "'.");
    }
    ReadStart(node, one);
    if (one.version && project_.Find(file.process, *one.version) == nullptr)
      report_.Error(
          kScenarioNameUnknown, node.Find("version") != nullptr ? node.Find("version")->value : node,
          "Expected a version of '" + file.process + "' in this folder, but there is no " + *one.version + ".");
    if (const NodeEntry* steps = node.Find("steps")) {
      if (steps->value.is_list()) {
        for (const Node& step : steps->value.items) steps_.ParseStep(step, one.steps);
      } else if (!steps->value.is_null()) {
        report_.Error(kScenarioValueWrong, steps->value,
                      "Expected a list of steps, but there is " + steps->value.Describe() + ".");
      }
    }
    if (const NodeEntry* then = node.Find("then")) one.then = steps_.ParseThen(then->value);
    file.cases.push_back(std::move(one));
  }

  Report& report_;
  const ScenarioProject& project_;
  StepParser steps_{report_, project_};
  std::set<std::string> names_;
};

}  // namespace

ScenarioOutcome ParseScenarios(const std::string& file, const std::string& text, const ScenarioProject& project) {
  ScenarioOutcome outcome;
  ReadOutcome read = ReadYaml(file, text);
  outcome.diagnostics = std::move(read.diagnostics);
  if (!read.root) return outcome;
  Report report(*read.source, outcome.diagnostics);
  outcome.file = FileParser(report, project).Parse(*read.root);
  SortDiagnostics(outcome.diagnostics);
  return outcome;
}

}  // namespace fermata
