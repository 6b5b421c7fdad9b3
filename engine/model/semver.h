// Semantic versions and npm-style ranges. Pure and thread-safe.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fermata {

struct SemanticVersion {
  std::int64_t major = 0, minor = 0, patch = 0;
  std::string prerelease;  // "rc.1"; empty for a release
  std::string build;       // "3f2a…"; does not order

  // As semver.org orders them: a prerelease comes before its release; build metadata does not count.
  friend std::weak_ordering operator<=>(const SemanticVersion& a, const SemanticVersion& b);
  friend bool operator==(const SemanticVersion& a, const SemanticVersion& b) { return (a <=> b) == 0; }
};

// nullopt unless `text` is a complete version ("1.0.0", "1.0.0-rc.1+build").
std::optional<SemanticVersion> ParseVersion(std::string_view text);

// A range as npm writes it: "1.2.3", "1.x", "1.2.*", "^1.2", "~1.2.3", ">=1.0.0 <2.0.0", "1.x || 3.x", "*".
bool IsVersionRange(std::string_view range);
// False for what is no version or no range. A prerelease is in a range only if it is named there with the same three numbers.
bool Satisfies(std::string_view version, std::string_view range);

// The next patch, for hints: "1.0.3" after "1.0.2".
std::string NextVersion(std::string_view version);

}  // namespace fermata
