// What a newcomer relies on: a README in each folder, a page for each error, and nothing of anybody's own machine.

#include <gtest/gtest.h>

#include <cctype>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/layers/source_tree.h"

namespace fermata {
namespace {

bool Exists(const std::string& file) { return std::filesystem::exists(SourceRoot() / file); }

// The four digits after "FM-" of every mention in `text` that is a code.
std::set<std::string> CodesMentioned(const std::string& text) {
  std::set<std::string> codes;
  for (auto at = text.find("FM-"); at != std::string::npos; at = text.find("FM-", at + 1)) {
    std::string digits;
    for (std::size_t i = at + 3; i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])); ++i)
      digits += text[i];
    if (digits.size() == 4) codes.insert(digits);
  }
  return codes;
}

// Code -> the files that declare it, from `ErrorCode kName{dddd}`.
std::map<std::string, std::vector<std::string>> DeclaredCodes() {
  const std::string before = "ErrorCode k";
  std::map<std::string, std::vector<std::string>> declared;
  for (const std::string folder : {"engine", "connectors", "api", "examples"}) {
    for (const auto& file : FilesBelow(folder, {".h", ".cc"})) {
      const std::string code = CodeOf(ReadSource(file));
      for (auto at = code.find(before); at != std::string::npos; at = code.find(before, at + 1)) {
        auto brace = at + before.size();
        while (brace < code.size() && std::isalnum(static_cast<unsigned char>(code[brace]))) ++brace;
        if (brace + 5 < code.size() && code[brace] == '{' && code[brace + 5] == '}') {
          declared[code.substr(brace + 1, 4)].push_back(file);
        }
      }
    }
  }
  return declared;
}

TEST(House, EveryErrorCodeIsDeclaredOnce) {
  const auto declared = DeclaredCodes();
  ASSERT_FALSE(declared.empty());
  for (const auto& [code, files] : declared) {
    EXPECT_EQ(files.size(), 1u) << "FM-" << code << " is declared in " << files.front() << " and in " << files.back();
  }
}

TEST(House, EveryErrorCodeHasItsPage) {
  for (const auto& [code, files] : DeclaredCodes()) {
    const std::string page = "docs/errors/FM-" + code + ".md";
    ASSERT_FALSE(files.empty());
    if (!Exists(page)) {
      ADD_FAILURE() << "FM-" << code << " of " << files.front() << " has no page " << page;
      continue;
    }
    const std::string text = ReadSource(page);
    EXPECT_TRUE(text.starts_with("# FM-" + code + ": ")) << page << " does not begin with its title.";
    EXPECT_NE(text.find("## What happened"), std::string::npos) << page;
    EXPECT_NE(text.find("## What to do"), std::string::npos) << page;
  }
}

TEST(House, EveryErrorPageHasItsCode) {
  const auto declared = DeclaredCodes();
  for (const auto& page : FilesBelow("docs/errors", {".md"})) {
    const auto begin = page.find("FM-");
    if (begin == std::string::npos) continue;
    EXPECT_TRUE(declared.count(page.substr(begin + 3, 4))) << page << " describes a code that nothing declares.";
  }
}

TEST(House, PagesMentionOnlyCodesThatExist) {
  const auto declared = DeclaredCodes();
  for (const auto& page : FilesBelow("docs", {".md"})) {
    for (const auto& code : CodesMentioned(ReadSource(page))) {
      EXPECT_TRUE(declared.count(code)) << page << " mentions FM-" << code << ", which nothing declares.";
    }
  }
}

TEST(House, EveryFolderThatHoldsSourcesHasAReadme) {
  std::set<std::string> folders = {"engine", "processes", "templates",  "api",
                                   "tests",  "examples",  "connectors", "docs/adr"};
  for (const std::string top : {"engine", "connectors", "api", "examples"}) {
    for (const auto& file : FilesBelow(top, {".h", ".cc", ".py", ".sh"})) {
      // engine/x, connectors/x …; deeper folders belong to their parent's README.
      const auto second = file.find('/', file.find('/') + 1);
      if (second != std::string::npos) folders.insert(file.substr(0, second));
    }
  }
  for (const auto& file : FilesBelow("tests", {"_test.cc", "_fuzz.cc", "_bench.cc"})) {
    folders.insert(file.substr(0, file.find('/', file.find('/') + 1)));
  }
  for (const auto& folder : folders) EXPECT_TRUE(Exists(folder + "/README.md")) << folder << " has no README.md.";
}

// Links between pages, as `](page.md)`; a link that leads nowhere loses the reader.
TEST(House, EveryLinkBetweenPagesLeadsSomewhere) {
  for (const auto& page : FilesBelow("", {".md"})) {
    const std::string text = ReadSource(page);
    for (auto at = text.find("]("); at != std::string::npos; at = text.find("](", at + 1)) {
      const auto end = text.find_first_of(") \n#", at + 2);
      const std::string target = text.substr(at + 2, end - at - 2);
      if (target.empty() || target.find("://") != std::string::npos || target.starts_with("mailto:")) continue;
      const auto path =
          target.starts_with("/") ? SourceRoot() / target.substr(1) : SourceRoot() / FolderOf(page) / target;
      EXPECT_TRUE(std::filesystem::exists(path)) << page << " links to " << target << ", which does not exist.";
    }
  }
}

// A name is `Suite.Test` in backticks.
TEST(House, TheTestsThatGuaranteesNameExist) {
  std::string sources;
  for (const auto& file : FilesBelow("tests", {"_test.cc"})) sources += CodeOf(ReadSource(file));
  const std::string page = ReadSource("docs/guarantees.md");
  int named = 0;
  for (auto at = page.find('`'); at != std::string::npos; at = page.find('`', at + 1)) {
    const auto end = page.find('`', at + 1);
    if (end == std::string::npos) break;
    const std::string name = page.substr(at + 1, end - at - 1);
    at = end;
    const auto dot = name.find('.');
    const bool is_test = dot != std::string::npos && std::isupper(static_cast<unsigned char>(name[0])) &&
                         std::isupper(static_cast<unsigned char>(name[dot + 1]));
    if (!is_test) continue;
    ++named;
    const std::string declared = "(" + name.substr(0, dot) + ", " + name.substr(dot + 1) + ")";
    EXPECT_NE(sources.find(declared), std::string::npos)
        << "docs/guarantees.md names " << name << ", which is no test.";
  }
  EXPECT_GT(named, 10);
}

TEST(House, NothingNamesSomebodysOwnMachine) {
  // With a stroke inside, so that this file does not find itself.
  std::vector<std::string> words = {"/w|ork/", "/h|ome/", "/U|sers/", "/r|oot/", "/t|mp/b-", "../s|hared"};
  for (auto& word : words) std::erase(word, '|');
  for (const auto& file : FilesBelow("", {".h", ".cc", ".md", ".txt", ".yaml", ".yml", ".json", ".cmake", ".sh", ".py",
                                          ".html", ".css", ".ts", ".js", ".sql", ".conf", "dev", "run"})) {
    const std::string text = ReadSource(file);
    for (const auto& word : words) EXPECT_EQ(text.find(word), std::string::npos) << file << " mentions " << word;
  }
}

TEST(House, EveryPackageSaysWhatItIsFor) {
  const std::string text = ReadSource("cmake/packages.txt");
  ASSERT_FALSE(text.empty());
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = text.find('\n', begin);
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    if (line.empty() || line[0] == '#' || line[0] == '[') continue;
    EXPECT_NE(line.find("  # "), std::string::npos) << "cmake/packages.txt: '" << line << "' has no reason.";
  }
}

TEST(House, CodesAreFoundInText) {
  EXPECT_EQ(CodesMentioned("see FM-2104, FM-21 and FM-21045"), (std::set<std::string>{"2104"}));
}

}  // namespace
}  // namespace fermata
