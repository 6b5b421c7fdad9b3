// The table of docs/architecture.md, held by reading every #include.

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/layers/source_tree.h"

namespace fermata {
namespace {

using Row = std::vector<std::string>;

const Row kPureFolders = {"engine/model",    "engine/expression", "engine/schema",
                          "engine/language", "engine/core",       "engine/codec"};

// What a folder may include beside itself and engine/base, which all may. A prefix stands for what is below it, too,
// except that a storage's folder is reached only by its own name.
const std::map<std::string, Row>& Rows() {
  static const std::map<std::string, Row> rows = {
      // layer 0
      {"engine/base", {}},
      {"engine/model", {}},
      {"connectors/sdk", {"engine/model"}},
      // layer 1: pure
      {"engine/expression", {"engine/model"}},
      {"engine/schema", {"engine/model", "engine/expression/type.h", "engine/expression/value_type.h"}},
      {"engine/codec", {"engine/model"}},
      {"engine/language", {"engine/model", "engine/expression", "engine/schema"}},
      {"engine/core", {"engine/model", "engine/expression", "engine/schema"}},
      // layer 2: threads, files and sockets live from here up
      {"engine/storage", {"engine/model"}},
      {"engine/storage/memory", {"engine/model", "engine/storage"}},
      {"engine/storage/sqlite", {"engine/model", "engine/storage"}},
      {"engine/storage/postgres", {"engine/model", "engine/storage"}},
      {"engine/storage/sealed", {"engine/model", "engine/storage"}},
      {"engine/storage/archive", {"engine/model", "engine/storage"}},
      {"engine/runtime",
       {"engine/model", "engine/expression", "engine/schema", "engine/codec", "engine/language", "engine/core",
        "engine/storage", "connectors/sdk"}},
      // layer 3
      {"engine/scenario",
       {"engine/model", "engine/expression", "engine/schema", "engine/codec", "engine/language", "engine/core"}},
      {"connectors/host", {"engine/model", "engine/expression", "engine/language", "engine/runtime", "connectors/sdk"}},
      {"connectors/http", {"engine/model", "engine/expression", "connectors/sdk"}},
      {"connectors/mail", {"engine/model", "engine/expression", "connectors/sdk"}},
      {"connectors/auth", {"engine/model", "connectors/sdk", "connectors/http"}},
      {"connectors/billing", {"engine/model", "connectors/sdk", "connectors/http"}},
      {"connectors/notification", {"engine/model", "connectors/sdk", "connectors/http"}},
      // layer 4
      {"api/http", {"engine/model"}},
      {"api/security",
       {"engine/model", "engine/storage", "engine/runtime/codes.h", "engine/runtime/commit_now.h", "connectors/sdk",
        "connectors/host", "connectors/http"}},
      {"api/webhooks", {"engine/model", "engine/storage", "engine/runtime", "connectors/http"}},
      {"api/handlers",
       {"engine/model", "engine/expression", "engine/schema", "engine/language", "engine/core", "engine/storage",
        "engine/runtime", "connectors/sdk", "connectors/host", "connectors/http", "api/http", "api/security",
        "api/webhooks"}},
      {"api/drawing", {"engine/model", "engine/language"}},
      {"api/cli",
       {"engine/model", "engine/expression", "engine/schema", "engine/language", "engine/core", "engine/codec",
        "engine/storage", "engine/runtime", "engine/scenario", "connectors/sdk", "api/drawing"}},
      {"api/lsp",
       {"engine/model", "engine/expression", "engine/schema", "engine/language", "engine/scenario", "api/cli/check.h",
        "api/cli/process_files.h", "api/cli/text_files.h"}},
      {"api/server",
       {"engine", "engine/storage/memory", "engine/storage/sqlite", "engine/storage/postgres", "engine/storage/sealed",
        "engine/storage/archive", "connectors", "api"}},
      {"examples/shop", {"engine/model", "connectors/sdk", "connectors/http", "connectors/mail", "api/http"}},
  };
  return rows;
}

// The row of the longest folder that holds `file`; empty where the table knows none.
std::string RowOf(const std::string& file) {
  for (std::string folder = FolderOf(file); !folder.empty(); folder = FolderOf(folder)) {
    if (Rows().count(folder)) return folder;
  }
  return {};
}

bool Holds(const std::string& prefix, const std::string& file) {
  return file == prefix || file.starts_with(prefix + "/");
}

bool MayInclude(const std::string& row, const std::string& included) {
  const std::string target = RowOf(included);
  if (target == row || Holds("engine/base", included)) return true;
  for (const auto& allowed : Rows().at(row)) {
    if (included == allowed) return true;
    const bool opens_storage = target.starts_with("engine/storage/") && target != allowed;
    if (Holds(allowed, included) && !opens_storage) return true;
  }
  return false;
}

std::vector<std::string> SourcesOf(const std::vector<std::string>& folders) {
  std::vector<std::string> all;
  for (const auto& folder : folders) {
    for (auto& file : FilesBelow(folder, {".h", ".cc"})) all.push_back(std::move(file));
  }
  return all;
}

std::vector<std::string> AllSources() { return SourcesOf({"engine", "connectors", "api", "examples"}); }

TEST(Layers, EveryFolderWithSourcesHasARow) {
  const auto sources = AllSources();
  ASSERT_GT(sources.size(), 20u) << "The tree was not found below " << SourceRoot();
  for (const auto& file : sources)
    EXPECT_NE(RowOf(file), "") << file << " is in a folder that the table does not have.";
}

TEST(Layers, AFileIncludesItsOwnFolderAndWhatItsRowNames) {
  for (const auto& file : AllSources()) {
    const std::string row = RowOf(file);
    if (row.empty()) continue;
    for (const auto& include : IncludesIn(ReadSource(file))) {
      if (!include.ours) continue;
      EXPECT_TRUE(MayInclude(row, include.name))
          << file << ":" << include.line << ": " << row << " may not include " << include.name;
    }
  }
}

TEST(Layers, OursIsIncludedInQuotesFromTheRoot) {
  for (const auto& file : SourcesOf({"engine", "connectors", "api", "examples", "tests"})) {
    for (const auto& include : IncludesIn(ReadSource(file))) {
      if (!include.ours) continue;
      EXPECT_TRUE(std::filesystem::exists(SourceRoot() / include.name))
          << file << ":" << include.line << ": " << include.name << " is no file below the root.";
    }
  }
}

TEST(Layers, TheTableTellsUpFromDown) {
  EXPECT_TRUE(MayInclude("engine/core", "engine/expression/expression.h"));
  EXPECT_TRUE(MayInclude("engine/schema", "engine/expression/type.h"));
  EXPECT_FALSE(MayInclude("engine/schema", "engine/expression/expression.h"));
  EXPECT_FALSE(MayInclude("engine/core", "engine/language/parser.h"));
  EXPECT_FALSE(MayInclude("engine/runtime", "engine/storage/sqlite/sqlite_storage.h"));
  EXPECT_TRUE(MayInclude("engine/runtime", "engine/storage/storage.h"));
  EXPECT_FALSE(MayInclude("engine/storage/sqlite", "engine/storage/memory/memory_storage.h"));
  EXPECT_FALSE(MayInclude("connectors/mail", "connectors/http/http_connector.h"));
  EXPECT_FALSE(MayInclude("engine/base", "engine/model/value.h"));
}

// A library is included in its adapter and nowhere else: there its exceptions end, and there it can be replaced.
TEST(Layers, EachLibraryIsIncludedInItsAdapterOnly) {
  struct Home {
    std::string header;
    Row folders;
  };
  const std::vector<Home> homes = {
      {"libpq-fe.h", {"engine/storage/postgres"}},
      {"sqlite3.h", {"engine/storage/sqlite"}},
      {"yaml-cpp/", {"engine/language/"}},
      {"pistache/", {"api/http/"}},
      {"boost/", {"engine/core/lifecycle"}},
      {"simdjson.h", {"engine/model/json"}},
      {"date/", {"engine/base/", "engine/expression/"}},
      {"re2/", {"engine/expression/", "engine/schema/"}},
      {"openssl/", {"engine/base/", "examples/shop/"}},
      {"spdlog/", {"engine/base/"}},
      {"prometheus/", {"api/handlers/metrics"}},
      {"curl/", {"connectors/http/", "connectors/mail/", "api/cli/"}},
      {"mstch/", {"connectors/mail/"}},
      {"CLI/", {"api/cli/", "api/server/", "examples/shop/"}},
      {"graphviz/", {"api/drawing/"}},
      {"argon2.h", {"examples/shop/"}},
      {"sodium", {"engine/base/"}},
      {"cjose/", {"api/security/", "examples/shop/"}},
      {"soci/", {"examples/shop/"}},
  };
  for (const auto& file : AllSources()) {
    for (const auto& include : IncludesIn(ReadSource(file))) {
      if (include.ours) continue;
      for (const auto& home : homes) {
        if (!include.name.starts_with(home.header)) continue;
        bool at_home = false;
        for (const auto& folder : home.folders) at_home = at_home || file.starts_with(folder);
        EXPECT_TRUE(at_home) << file << ":" << include.line << " includes <" << include.name << ">";
      }
    }
  }
}

// Replay must not depend on a definition: an event carries what was resolved when it was decided.
TEST(Layers, ApplyNeverSeesADefinition) {
  std::set<std::string> reached;
  std::vector<std::string> open = {"engine/core/apply.h", "engine/core/apply.cc"};
  ASSERT_TRUE(std::filesystem::exists(SourceRoot() / open.front()));
  while (!open.empty()) {
    const std::string file = open.back();
    open.pop_back();
    if (!reached.insert(file).second) continue;
    for (const auto& include : IncludesIn(ReadSource(file))) {
      if (include.ours) open.push_back(include.name);
      EXPECT_NE(include.name, "engine/model/definition.h") << file << " brings the definition into Apply.";
    }
  }
}

TEST(Layers, PureFoldersHaveNoClockThreadFileSocketOrChance) {
  const std::vector<std::string> headers = {
      "thread",  "mutex",   "shared_mutex",        "condition_variable", "future",
      "fstream", "random",  "filesystem",          "unistd.h",           "fcntl.h",
      "sys/",    "netinet", "engine/base/clock.h", "engine/base/log.h"};
  const std::vector<std::string> words = {
      "system_clock::now", "steady_clock::now", "clock_gettime", "gettimeofday", "time(nullptr)",
      "getenv(",           "std::rand",         "random_device", "fopen(",       "this_thread"};
  for (const auto& file : SourcesOf(kPureFolders)) {
    const std::string text = ReadSource(file);
    for (const auto& include : IncludesIn(text)) {
      for (const auto& header : headers) {
        const bool same = header.back() == '/' ? include.name.starts_with(header) : include.name == header;
        EXPECT_FALSE(same) << file << ":" << include.line << " includes " << include.name;
      }
    }
    const std::string code = CodeOf(text);
    for (const auto& word : words) EXPECT_EQ(code.find(word), std::string::npos) << file << " uses " << word;
  }
}

TEST(Layers, CodeIsToldFromCommentsAndText) {
  EXPECT_EQ(CodeOf("a(); // rand\nb"), "a();        \nb");
  EXPECT_EQ(CodeOf("/* x */ y"), "        y");
  EXPECT_EQ(CodeOf("f(\"a\\\"b\") g"), "f(\"    \") g");
  EXPECT_EQ(CodeOf("1'000 + x"), "1'000 + x");
}

}  // namespace
}  // namespace fermata
