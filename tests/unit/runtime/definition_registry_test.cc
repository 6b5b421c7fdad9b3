#include "engine/runtime/definition_registry.h"

#include <gtest/gtest.h>

namespace fermata {
namespace {

constexpr const char* kRegistryManifest =
    "connector: post\nversion: 1.0.0\nkind: worker\noperations:\n  send: { input: { $ref: letter.yaml } }\n";

TEST(DefinitionRegistry, AManifestOfTheSameTextIsReadOnce) {
  const DefinitionRegistry registry({});
  const char* plain = "connector: post\nversion: 1.0.0\nkind: worker\noperations: { send: {} }\n";
  const ManifestPtr first = registry.CompileManifest("post.yaml", plain).manifest;
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(registry.CompileManifest("post.yaml", plain, {{"other.yaml", "type: object"}}).manifest, first);
  // Diagnostics name the file.
  EXPECT_NE(registry.CompileManifest("b.yaml", plain).manifest, first);
}

TEST(DefinitionRegistry, AManifestIsReadAnewWhenASchemaThatItNamesHasChanged) {
  const DefinitionRegistry registry({});
  const auto read = [&](const char* schema) {
    return registry.CompileManifest("post.yaml", kRegistryManifest, {{"letter.yaml", schema}});
  };
  const ManifestPtr before = read("type: object").manifest;
  ASSERT_NE(before, nullptr);
  EXPECT_EQ(read("type: object").manifest, before);
  EXPECT_NE(read("type: string").manifest, before);
  EXPECT_EQ(read("type: nonsense").manifest, nullptr);
  EXPECT_FALSE(read("type: nonsense").diagnostics.empty());
}

TEST(DefinitionRegistry, ManyManifestsAreReadWithoutKeepingThemAll) {
  const DefinitionRegistry registry({});
  const auto read = [&](int i) {
    return registry.CompileManifest(std::to_string(i),
                                    "connector: c\nversion: 1.0.0\nkind: worker\noperations: { go: {} }\n");
  };
  const ManifestPtr first = read(0).manifest;
  for (int i = 1; i < 300; ++i) ASSERT_NE(read(i).manifest, nullptr);
  EXPECT_NE(read(0).manifest, first);
}

}  // namespace
}  // namespace fermata
