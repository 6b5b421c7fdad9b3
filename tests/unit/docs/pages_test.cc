// The pages quote processes that the checker accepts: what a reader copies from them works.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "engine/language/load.h"
#include "engine/schema/schema_node.h"
#include "tests/support/read_file.h"

namespace fermata {
namespace {

std::string Read(const std::string& file) { return test::ReadFile(std::filesystem::path(FERMATA_SOURCE_DIR) / file); }

// The text of every ```yaml block of a page, without the fences.
std::vector<std::string> BlocksOf(const std::string& text) {
  const std::string fence = "```yaml\n";
  std::vector<std::string> blocks;
  for (auto at = text.find(fence); at != std::string::npos; at = text.find(fence, at + 1)) {
    const auto begin = at + fence.size();
    blocks.push_back(text.substr(begin, text.find("\n```", begin) + 1 - begin));
  }
  return blocks;
}

// What tests run: scenarios, and what they are about.
std::vector<std::string> TestedTexts() {
  std::vector<std::string> texts;
  for (const char* folder : {"processes", "templates/processes", "tests/scenarios", "examples"})
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(std::filesystem::path(FERMATA_SOURCE_DIR) / folder))
      if (entry.path().extension() == ".yaml")
        texts.push_back(Read(std::filesystem::relative(entry.path(), FERMATA_SOURCE_DIR).string()));
  return texts;
}

// The blocks that stand in none of those, line by line as they are.
std::vector<std::string> MadeUpBlocksOf(const std::string& page) {
  static const std::vector<std::string> texts = TestedTexts();
  std::vector<std::string> made_up = BlocksOf(page);
  std::erase_if(made_up, [](const std::string& block) {
    return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
      return text.starts_with(block) || text.find("\n" + block) != std::string::npos;
    });
  });
  return made_up;
}

void ExpectAccepted(const std::string& file, const std::string& text) {
  const auto outcome = LoadDefinition({.file = file, .text = text, .files = {}, .manifests = {}, .processes = {}});
  EXPECT_NE(outcome.definition, nullptr) << FormatDiagnostics(outcome.diagnostics);
  for (const auto& diagnostic : outcome.diagnostics)
    EXPECT_EQ(diagnostic.severity, Severity::kInformation) << FormatDiagnostic(diagnostic);
}

TEST(Pages, TheReadmeQuotesOnlyWhatIsTested) {
  const std::string page = Read("README.md");
  EXPECT_EQ(BlocksOf(page).size(), 1u);
  for (const std::string& block : MadeUpBlocksOf(page)) ADD_FAILURE() << "README.md makes up:\n" << block;
}

TEST(Pages, OfTheLanguageQuoteOnlyWhatIsTested) {
  const std::string page = Read("docs/language.md");
  EXPECT_GE(BlocksOf(page).size(), 15u);
  for (const std::string& block : MadeUpBlocksOf(page)) ADD_FAILURE() << "docs/language.md makes up:\n" << block;
}

TEST(Pages, OfScenariosQuoteOnlyWhatIsTested) {
  const std::string page = Read("docs/scenarios.md");
  EXPECT_GE(BlocksOf(page).size(), 10u);
  for (const std::string& block : MadeUpBlocksOf(page)) ADD_FAILURE() << "docs/scenarios.md makes up:\n" << block;
}

TEST(Pages, ABlockThatIsMadeUpWouldBeSeen) {
  EXPECT_EQ(MadeUpBlocksOf("```yaml\nprocess: hello\n```\n").size(), 0u);
  EXPECT_EQ(MadeUpBlocksOf("```yaml\nprocess: hallo\n```\n").size(), 1u);
  // From the middle of a line.
  EXPECT_EQ(MadeUpBlocksOf("```yaml\nhello\n```\n").size(), 1u);
}

// The words in backticks of a page's lines that begin with `begin`.
std::set<std::string> WordsOf(const std::string& text, const std::string& begin) {
  std::set<std::string> words;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(begin)) continue;
    for (std::size_t at = line.find('`'); at != std::string::npos; at = line.find('`', at + 1)) {
      const std::size_t end = line.find('`', at + 1);
      words.insert(line.substr(at + 1, end - at - 1));
      at = end;
    }
  }
  return words;
}

TEST(Pages, NameEveryKeywordAndFormatOfSchemasAndNoOther) {
  const std::set<std::string> keywords(KnownKeywords().begin(), KnownKeywords().end());
  std::set<std::string> formats(KnownFormats().begin(), KnownFormats().end());
  formats.insert("format");  // the keyword itself, in the same line
  std::set<std::string> both = keywords;
  both.insert(formats.begin(), formats.end());
  const std::string page = Read("docs/language.md");
  const std::size_t begin = page.find("## Data shapes");
  ASSERT_NE(begin, std::string::npos);
  EXPECT_EQ(WordsOf(page.substr(begin, page.find("\n## ", begin) - begin), "| "), both);
  EXPECT_EQ(WordsOf(Read("docs/errors/FM-1050.md"), "The keywords are"), keywords);
  EXPECT_EQ(WordsOf(Read("docs/errors/FM-1051.md"), "Write what"), formats);
}

TEST(Pages, HelloIsAccepted) { ExpectAccepted("hello.yaml", Read("examples/hello/hello.yaml")); }

TEST(Pages, AMistakeInAPageWouldBeSeen) {
  const auto outcome = LoadDefinition({.file = "x.yaml",
                                       .text = "fermata: 1\nprocess: x\nversion: 1.0.0\nstates:\n  a: { next: b }\n",
                                       .files = {},
                                       .manifests = {},
                                       .processes = {}});
  EXPECT_EQ(outcome.definition, nullptr);
}

}  // namespace
}  // namespace fermata
