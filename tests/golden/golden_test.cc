// The journals that every release wrote still give the states that it had.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/codec/codec.h"
#include "engine/codec/fields.h"
#include "engine/core/apply.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

// A file holds an id, the rows, and last the snapshot: one a line.
TEST(Golden, JournalsOfEveryReleaseReplayToTheirStates) {
  int files = 0;
  std::string all;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(FERMATA_SOURCE_DIR) / "tests/golden")) {
    if (entry.path().extension() != ".journal") continue;
    ++files;
    std::ifstream stream(entry.path());
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    ASSERT_GE(lines.size(), 3u) << entry.path();
    for (const std::string& line : lines) all += line;
    InstanceState replayed;
    replayed.id = *InstanceId::Parse(lines.front());
    for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
      Result<std::vector<JournalEvent>> events = DecodeEvents(lines[i]);
      ASSERT_TRUE(events.ok()) << entry.path() << " line " << i + 1 << ": " << events.error().message;
      ApplyRow(replayed, *events);
    }
    Result<InstanceState> snapshot = DecodeSnapshot(lines.back());
    ASSERT_TRUE(snapshot.ok()) << entry.path();
    EXPECT_TRUE(replayed == *snapshot) << entry.path() << "\n" << EncodeSnapshot(replayed);
  }
  EXPECT_GT(files, 3);
  for (const std::string_view tag : codec::kEventTags) {
    EXPECT_NE(all.find("[\"" + std::string(tag) + "\""), std::string::npos)
        << "no journal has an event '" << tag << "'";
  }
}

}  // namespace
}  // namespace fermata
