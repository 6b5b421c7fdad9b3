#include "engine/scenario/parser.h"

#include <map>

#include "engine/base/time.h"
#include "engine/language/reader.h"
#include "engine/language/report.h"
#include "engine/scenario/codes.h"
#include "engine/scenario/then_parser.h"

namespace fermata {
namespace {

constexpr std::string_view kNowDefault = "2020-01-01T00:00:00Z";

class FileParser {
 public:
  FileParser(Report& report, const ScenarioProject& project) : fields_(report), project_(project) {}

  ScenarioFile Parse(const Node& root) {
    ScenarioFile file;
    if (!root.is_map()) {
      fields_.report().Error(kScenarioValueWrong, root,
                             "Expected a map with 'scenarios' and 'cases', but there is " + root.Describe() + ".");
      return file;
    }
    fields_.CheckKeys(root, {"scenarios", "defaults", "cases"}, "a scenario file");
    const NodeEntry* process = fields_.Require(root, "scenarios", "a scenario file");
    const NodeEntry* cases = fields_.Require(root, "cases", "a scenario file");
    if (process != nullptr) file.process = names_.ProcessName(process->value);
    // Every name would be unknown.
    if (file.process.empty() || project_.Find(file.process) == nullptr) return file;
    names_.SetProcess(file.process);
    ScenarioCase defaults;
    defaults.now_us = ToMicros(*ParseTimestamp(kNowDefault));
    if (const NodeEntry* entry = root.Find("defaults");
        entry != nullptr && fields_.ExpectMap(entry->value, "'defaults'")) {
      fields_.CheckKeys(entry->value, {"input", "key", "version", "now"}, "'defaults'");
      ReadStart(entry->value, defaults);
    }
    if (cases == nullptr || !fields_.ExpectList(cases->value, "cases")) return file;
    for (const Node& node : cases->value.items) ParseCase(node, defaults, file);
    return file;
  }

 private:
  void ReadStart(const Node& node, ScenarioCase& into) {
    if (std::optional<Value> input = fields_.ValueAt(node, "input")) into.input = std::move(input);
    if (const NodeEntry* input = node.Find("input")) into.input_at = input->key_at;
    if (std::optional<std::string> key = fields_.TextAt(node, "key")) into.key = std::move(key);
    if (const NodeEntry* version = node.Find("version")) into.version = names_.ProcessVersion(version->value);
    const NodeEntry* now = node.Find("now");
    if (now == nullptr) return;
    std::optional<Timestamp> at = now->value.is_scalar() ? ParseTimestamp(now->value.text) : std::nullopt;
    if (at) {
      into.now_us = ToMicros(*at);
    } else {
      fields_.report().Error(kScenarioValueWrong, now->value,
                             "Expected a time like 2020-01-01T00:00:00Z, but there is " + now->value.Describe() + ".");
    }
  }

  void ParseCase(const Node& node, const ScenarioCase& defaults, ScenarioFile& file) {
    if (!fields_.ExpectMap(node, "a case")) return;
    fields_.CheckKeys(node, {"name", "input", "key", "version", "now", "steps", "then"}, "a case");
    ScenarioCase one = defaults;
    one.at = node.at;
    if (const NodeEntry* name = fields_.Require(node, "name", "a case")) {
      one.name = fields_.Text(name->value);
      const auto [known, is_new] = lines_.emplace(one.name, name->value.at.line);
      if (!is_new && !one.name.empty())
        fields_.report().Error(kScenarioCaseRepeated, name->value,
                               "Expected cases of different names, but there is another '" + one.name + "' in line " +
                                   std::to_string(known->second) + ".");
    }
    ReadStart(node, one);
    if (const NodeEntry* steps = node.Find("steps");
        steps != nullptr && !steps->value.is_null() && fields_.ExpectList(steps->value, "steps"))
      for (const Node& step : steps->value.items) steps_.ParseStep(step, one.steps);
    if (const NodeEntry* then = node.Find("then")) one.then = then_.Parse(then->value);
    file.cases.push_back(std::move(one));
  }

  ScenarioFields fields_;
  const ScenarioProject& project_;
  ScenarioNames names_{fields_, project_};
  StepParser steps_{fields_, names_};
  ThenParser then_{fields_, names_, steps_};
  std::map<std::string, int> lines_;  // of the cases' names
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
