#include "api/cli/sarif.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "engine/base/percent.h"

namespace fermata {
namespace {

using Entries = std::vector<std::pair<std::string, Value>>;

Value Object(Entries entries) {
  std::vector<MapEntry> map;
  for (auto& [name, value] : entries) map.emplace_back(Value::String(name), std::move(value));
  return Value::Map(std::move(map));
}

Value Text(std::string_view text) { return Object({{"text", Value::String(text)}}); }

std::string_view LevelOf(Severity severity) {
  return severity == Severity::kError ? "error" : severity == Severity::kWarning ? "warning" : "note";
}

Value LocationOf(const std::string& file, Entries region) {
  Entries physical{{"artifactLocation", Object({{"uri", Value::String(UriOfPath(file))}})}};
  if (!region.empty()) physical.emplace_back("region", Object(std::move(region)));
  return Object({{"physicalLocation", Object(std::move(physical))}});
}

Entries RegionOf(const Diagnostic& diagnostic) {
  if (diagnostic.line == 0) return {};
  Entries region{{"startLine", Value::Int(diagnostic.line)},
                 {"startColumn", Value::Int(diagnostic.column)},
                 {"endColumn", Value::Int(diagnostic.column + diagnostic.length)}};
  if (!diagnostic.excerpt.empty()) region.emplace_back("snippet", Text(diagnostic.excerpt));
  return region;
}

Value ResultOf(const Diagnostic& diagnostic, const std::vector<std::string>& rules) {
  const std::string code = FormatErrorCode(diagnostic.code);
  const auto rule = std::find(rules.begin(), rules.end(), code) - rules.begin();
  const std::string hint = diagnostic.hint.empty() ? "" : "\nhint: " + diagnostic.hint;
  Entries result{{"ruleId", Value::String(code)},
                 {"ruleIndex", Value::Int(rule)},
                 {"level", Value::String(LevelOf(diagnostic.severity))},
                 {"message", Text(diagnostic.message + hint)},
                 {"locations", Value::List({LocationOf(diagnostic.file, RegionOf(diagnostic))})}};
  if (diagnostic.related) {
    std::vector<MapEntry> related =
        LocationOf(diagnostic.file, {{"startLine", Value::Int(diagnostic.related->line)},
                                     {"startColumn", Value::Int(diagnostic.related->column)}})
            .as_map();
    related.emplace_back(Value::String("message"), Text(diagnostic.related->message));
    result.emplace_back("relatedLocations", Value::List({Value::Map(std::move(related))}));
  }
  return Object(std::move(result));
}

}  // namespace

Value ToSarif(const std::vector<Diagnostic>& diagnostics, const std::string& tool_version) {
  std::set<std::string> codes;
  for (const Diagnostic& diagnostic : diagnostics) codes.insert(FormatErrorCode(diagnostic.code));
  const std::vector<std::string> rules(codes.begin(), codes.end());
  std::vector<Value> descriptors, results;
  for (const std::string& code : rules) descriptors.push_back(Object({{"id", Value::String(code)}}));
  for (const Diagnostic& diagnostic : diagnostics) results.push_back(ResultOf(diagnostic, rules));
  const Value driver = Object({{"name", Value::String("fermata")},
                               {"version", Value::String(tool_version)},
                               {"rules", Value::List(std::move(descriptors))}});
  const Value run = Object({{"tool", Object({{"driver", driver}})},
                            {"columnKind", Value::String("unicodeCodePoints")},
                            {"results", Value::List(std::move(results))}});
  return Object({{"$schema", Value::String("https://json.schemastore.org/sarif-2.1.0.json")},
                 {"version", Value::String("2.1.0")},
                 {"runs", Value::List({run})}});
}

}  // namespace fermata
