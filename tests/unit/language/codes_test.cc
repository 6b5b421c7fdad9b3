// Every code that a check can give stands in an .expected file of cases/, which pins its text and place.
#include <filesystem>
#include <iterator>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "engine/base/error_code.h"
#include "engine/expression/codes.h"
#include "engine/language/codes.h"
#include "engine/schema/codes.h"
#include "tests/support/read_file.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

// The four digits after each `mark` in the text.
std::set<std::string> DigitsAfter(const std::string& text, const std::string& mark) {
  std::set<std::string> codes;
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
    const std::string digits = text.substr(at + mark.size(), 4);
    if (digits.size() == 4 && digits.find_first_not_of("0123456789") == std::string::npos) codes.insert(digits);
  }
  return codes;
}

// Codes that need a value, a running expression or a formatter, which a check has not.
bool IsOfRunning(const std::string& code) {
  return code == FormatErrorCode(kYamlNotFormatted).substr(3) || code == FormatErrorCode(kSchemaViolated).substr(3) ||
         code >= FormatErrorCode(kEvaluationNoName).substr(3);
}

TEST(Codes, EveryDiagnosticHasACaseThatPinsItsTextAndPlace) {
  const fs::path root(FERMATA_SOURCE_DIR);
  std::set<std::string> pinned;
  for (const auto& entry : fs::directory_iterator(root / "tests/unit/language/cases"))
    if (entry.path().extension() == ".expected") pinned.merge(DigitsAfter(test::ReadFile(entry.path()), " FM-"));
  int declared = 0;
  for (const char* header : {"engine/language/codes.h", "engine/schema/codes.h", "engine/expression/codes.h",
                             "engine/expression/template.h"})
    for (const std::string& code : DigitsAfter(test::ReadFile(root / header), "{")) {
      ++declared;
      if (!IsOfRunning(code)) {
        EXPECT_TRUE(pinned.count(code)) << "FM-" << code << " of " << header << " stands in no case.";
      }
    }
  EXPECT_GT(declared, 70);
}

}  // namespace
}  // namespace fermata
