// templates/process.schema.json says what the checker says, as far as shapes go: files are held against both.
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/language/codes.h"
#include "engine/language/load.h"
#include "engine/language/reader.h"
#include "engine/model/json.h"
#include "engine/schema/codes.h"
#include "engine/schema/schema.h"
#include "tests/support/read_file.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot(FERMATA_SOURCE_DIR);

const CompiledSchema& ProcessSchema() {
  static const SchemaPtr schema = [] {
    const Result<Value> document = ParseJson(test::ReadFile(kRoot / "templates/process.schema.json"));
    SchemaOutcome outcome = CompileSchema(*document);
    for (const SchemaError& error : outcome.errors) ADD_FAILURE() << error.path << ": " << error.message;
    return outcome.schema;
  }();
  return *schema;
}

// Processes below a folder, scenarios and manifests left out.
std::vector<fs::path> ProcessesIn(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string text = entry.path().extension() == ".yaml" ? test::ReadFile(entry.path()) : "";
    if (text.starts_with("fermata:") || text.find("\nfermata:") != std::string::npos) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Bundle BundleOf(const fs::path& file) {
  Bundle bundle;
  bundle.file = file.filename().string();
  bundle.text = test::ReadFile(file);
  const fs::path folder = file.parent_path();
  bundle.open_file = [folder](const std::string& path) -> std::optional<std::string> {
    if (!fs::is_regular_file(folder / path)) return std::nullopt;
    return test::ReadFile(folder / path);
  };
  for (const auto& entry : fs::recursive_directory_iterator(folder / "connectors"))
    if (entry.path().extension() == ".yaml")
      if (ManifestPtr manifest = LoadManifest(entry.path().string(), test::ReadFile(entry.path())).manifest)
        bundle.manifests.push_back(std::move(manifest));
  return bundle;
}

// Codes of mistakes in the shape of a file, which need no look at another place.
bool IsOfShape(ErrorCode code) {
  static const std::set<ErrorCode> codes{kUnknownKey,
                                         kMissingKey,
                                         kWrongKind,
                                         kBadName,
                                         kBadVersion,
                                         kUnsupportedLanguageVersion,
                                         kBadSpan,
                                         kSeveralVerbs,
                                         kBadChoice,
                                         kMissingGo,
                                         kEmptyState,
                                         kTemplateInCondition,
                                         kReservedName,
                                         kKeyNotAllowedHere,
                                         kSchemaKeywordUnknown,
                                         kSchemaKeywordMalformed};
  return codes.count(code) > 0;
}

// Shapes that depend on what stands elsewhere after all.
const std::map<std::string, std::string> kBeyondASchema = {
    {"rollback-all-in-region", "'all' is right outside of regions"},
    {"schema-file-broken", "the mistake is in another file"},
};

std::string Told(const std::vector<SchemaViolation>& violations) {
  std::string text;
  for (const SchemaViolation& violation : violations) text += violation.path + ": " + violation.message + "\n";
  return text;
}

TEST(ProcessSchema, AcceptsWhatIsWellFormedAndRefusesWhatIsNot) {
  int refused = 0;
  for (const fs::path& file : ProcessesIn(kRoot / "tests/unit/language/cases")) {
    const Bundle bundle = BundleOf(file);
    const ReadOutcome read = ReadYaml(bundle.file, bundle.text);
    if (!read.root) continue;
    const std::vector<SchemaViolation> violations = Validate(ProcessSchema(), ToValue(*read.root));
    const LoadOutcome outcome = LoadDefinition(bundle);
    bool malformed = false;
    for (const Diagnostic& diagnostic : outcome.diagnostics)
      malformed |= diagnostic.severity == Severity::kError && IsOfShape(diagnostic.code);
    if (!violations.empty()) {
      ++refused;
      EXPECT_TRUE(HasErrors(outcome.diagnostics)) << file << " is refused by the schema alone:\n" << Told(violations);
    } else if (malformed) {
      EXPECT_TRUE(kBeyondASchema.count(file.stem().string())) << file << " is accepted by the schema:\n"
                                                              << FormatDiagnostics(outcome.diagnostics);
    }
  }
  EXPECT_GT(refused, 40);
}

// Wherever they stand; their scenarios and manifests are none.
std::vector<fs::path> ShippedProcesses() {
  std::vector<fs::path> files;
  for (const char* folder : {"processes", "examples", "templates/processes"})
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder))
      if (entry.is_directory())
        for (fs::path& file : ProcessesIn(entry.path())) files.push_back(std::move(file));
  for (fs::path& file : ProcessesIn(kRoot / "processes")) files.push_back(std::move(file));
  return files;
}

TEST(ProcessSchema, AcceptsEveryShippedProcess) {
  const std::vector<fs::path> files = ShippedProcesses();
  EXPECT_GT(files.size(), 15U);
  for (const fs::path& file : files) {
    const ReadOutcome read = ReadYaml(file.string(), test::ReadFile(file));
    ASSERT_TRUE(read.root) << file;
    EXPECT_EQ(Told(Validate(ProcessSchema(), ToValue(*read.root))), "") << file;
  }
}

TEST(ProcessSchema, IsNamedInTheFirstLineOfEveryShippedProcess) {
  const std::string mark = "# yaml-language-server: $schema=";
  for (const fs::path& file : ShippedProcesses()) {
    const std::string text = test::ReadFile(file);
    ASSERT_TRUE(text.starts_with(mark)) << file;
    const std::string named = text.substr(mark.size(), text.find('\n') - mark.size());
    EXPECT_TRUE(fs::equivalent(file.parent_path() / named, kRoot / "templates/process.schema.json")) << file;
  }
}

// Hover text in editors.
TEST(ProcessSchema, DescribesEveryKey) {
  const Value schema = *ParseJson(test::ReadFile(kRoot / "templates/process.schema.json"));
  const auto described = [&](const Value& property) {
    if (property.Find("description")) return true;
    const Value* reference = property.Find("$ref");
    if (!reference) return false;
    const std::string name(reference->as_string().substr(std::string_view("#/$defs/").size()));
    return schema.Find("$defs")->Find(name)->Find("description") != nullptr;
  };
  for (const Value* keys : {schema.Find("properties"), schema.Find("$defs")->Find("state")->Find("properties")})
    for (const auto& [key, property] : keys->as_map())
      EXPECT_TRUE(described(property)) << key.as_string() << " has no description.";
}

}  // namespace
}  // namespace fermata
