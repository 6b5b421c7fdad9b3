// Each file in cases/ against the diagnostics beside it, in the text form; no file beside it means that there are none.
// FERMATA_UPDATE_CASES=1 in the environment writes them instead: read the difference before you commit it.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/language/load.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

const fs::path& CasesFolder() {
  static const fs::path folder = fs::path(FERMATA_SOURCE_DIR) / "tests/unit/language/cases";
  return folder;
}

std::string ReadFile(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream content;
  content << stream.rdbuf();
  return content.str();
}

std::vector<std::string> CaseNames() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(CasesFolder()))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

Bundle BundleOf(const std::string& name) {
  Bundle bundle;
  bundle.file = name + ".yaml";
  bundle.text = ReadFile(CasesFolder() / bundle.file);
  for (const auto& entry : fs::directory_iterator(CasesFolder() / "schemas"))
    bundle.files["schemas/" + entry.path().filename().string()] = ReadFile(entry.path());
  for (const char* connector : {"bank", "billing", "books", "payment"}) {
    ManifestOutcome outcome = LoadManifest(std::string(connector) + ".yaml",
                                           ReadFile(CasesFolder() / "connectors" / (std::string(connector) + ".yaml")));
    EXPECT_EQ(FormatDiagnostics(outcome.diagnostics), "");
    if (outcome.manifest) bundle.manifests.push_back(outcome.manifest);
  }
  bundle.processes = {"makepayment", "wallet-topup", "parcel"};
  bundle.open_process = [](const std::string& process) {
    std::vector<ProcessShape> shapes;
    for (const char* version : {"-1.yaml", "-2.yaml"})
      if (auto shape = ReadProcessShape(ReadFile(CasesFolder() / "children" / (process + version)), {}))
        shapes.push_back(std::move(*shape));
    return shapes;
  };
  return bundle;
}

class CasesTest : public testing::TestWithParam<std::string> {};

TEST_P(CasesTest, SaysExactlyWhatIsWrong) {
  const LoadOutcome outcome = LoadDefinition(BundleOf(GetParam()));
  const std::string text = FormatDiagnostics(outcome.diagnostics);
  const fs::path expected = CasesFolder() / (GetParam() + ".expected");
  if (std::getenv("FERMATA_UPDATE_CASES")) {
    if (text.empty()) {
      fs::remove(expected);
    } else {
      std::ofstream(expected, std::ios::binary) << text;
    }
  }
  EXPECT_EQ(text, fs::exists(expected) ? ReadFile(expected) : "");
  EXPECT_EQ(outcome.definition == nullptr, HasErrors(outcome.diagnostics));
  const std::string fine = "fine";
  if (GetParam().size() > fine.size() && GetParam().compare(GetParam().size() - fine.size(), fine.size(), fine) == 0) {
    for (const Diagnostic& diagnostic : outcome.diagnostics)
      EXPECT_EQ(diagnostic.severity, Severity::kInformation) << FormatDiagnostic(diagnostic);
  }
}

INSTANTIATE_TEST_SUITE_P(Files, CasesTest, testing::ValuesIn(CaseNames()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace fermata
