// The pages quote processes that the checker accepts: what a reader copies from them works.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "engine/language/load.h"

namespace fermata {
namespace {

std::string Read(const std::string& file) {
  std::ifstream stream(std::filesystem::path(FERMATA_SOURCE_DIR) / file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// The text of every ```yaml block of a page that begins with `first`.
std::vector<std::string> BlocksOf(const std::string& page, const std::string& first) {
  const std::string fence = "```yaml\n", text = Read(page);
  std::vector<std::string> blocks;
  for (auto at = text.find(fence); at != std::string::npos; at = text.find(fence, at + 1)) {
    const auto begin = at + fence.size();
    if (text.compare(begin, first.size(), first) == 0)
      blocks.push_back(text.substr(begin, text.find("\n```", begin) + 1 - begin));
  }
  return blocks;
}

ManifestPtr Manifest(const std::string& text) {
  auto outcome = LoadManifest("manifest.yaml", text);
  EXPECT_NE(outcome.manifest, nullptr) << FormatDiagnostics(outcome.diagnostics);
  return outcome.manifest;
}

// What the processes of the pages call, in the shapes that the pages tell.
std::vector<ManifestPtr> Manifests() {
  const std::string shape =
      "    input: { type: object }\n    output: { type: object, properties: { id: { type: string } } }\n";
  return {
      Manifest("connector: billing\nversion: 1.0.0\nkind: worker\noperations:\n  open-wallet:\n" + shape),
      Manifest("connector: mail\nversion: 1.0.0\nkind: worker\noperations:\n  send:\n" + shape),
      Manifest("connector: store\nversion: 1.0.0\nkind: worker\noperations:\n  release:\n" + shape + "  reserve:\n" +
               shape + "    errors: [sold-out]\n"),
  };
}

void ExpectAccepted(const std::string& file, const std::string& text) {
  const auto outcome =
      LoadDefinition({.file = file, .text = text, .files = {}, .manifests = Manifests(), .processes = {}});
  EXPECT_NE(outcome.definition, nullptr) << FormatDiagnostics(outcome.diagnostics);
  for (const auto& diagnostic : outcome.diagnostics)
    EXPECT_EQ(diagnostic.severity, Severity::kInformation) << FormatDiagnostic(diagnostic);
}

TEST(Pages, ProcessesOfTheReadmeAreAccepted) {
  const auto blocks = BlocksOf("README.md", "fermata:");
  ASSERT_EQ(blocks.size(), 1u);
  ExpectAccepted("README.md", blocks[0]);
}

TEST(Pages, ProcessesOfTheLanguagePageAreAccepted) {
  const auto blocks = BlocksOf("docs/language.md", "fermata:");
  ASSERT_EQ(blocks.size(), 1u);
  ExpectAccepted("docs/language.md", blocks[0]);
}

TEST(Pages, ManifestsOfTheLanguagePageAreAccepted) {
  const auto blocks = BlocksOf("docs/language.md", "connector:");
  ASSERT_EQ(blocks.size(), 1u);
  Manifest(blocks[0]);
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
