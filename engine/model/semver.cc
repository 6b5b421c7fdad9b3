#include "engine/model/semver.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace fermata {
namespace {

std::vector<std::string_view> Split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  while (true) {
    std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + separator.size());
  }
}

std::optional<std::int64_t> ParseNumber(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

bool AreIdentifiers(std::string_view text) {
  for (std::string_view part : Split(text, ".")) {
    if (part.empty()) return false;
    for (char c : part)
      if (!(c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) return false;
  }
  return true;
}

std::weak_ordering ComparePrereleases(std::string_view a, std::string_view b) {
  // A release (no prerelease) comes after all its prereleases.
  if (a.empty() || b.empty()) return static_cast<int>(a.empty()) <=> static_cast<int>(b.empty());
  std::vector<std::string_view> left = Split(a, "."), right = Split(b, ".");
  for (std::size_t i = 0; i < left.size() && i < right.size(); ++i) {
    std::optional<std::int64_t> x = ParseNumber(left[i]), y = ParseNumber(right[i]);
    if (x && y && *x != *y) return *x <=> *y;
    if (x.has_value() != y.has_value()) return x ? std::weak_ordering::less : std::weak_ordering::greater;
    if (int order = left[i].compare(right[i]); order != 0) return order <=> 0;
  }
  return left.size() <=> right.size();
}

// "1", "1.x", "1.2", "1.2.3-rc.1": the numbers that are given.
struct Partial {
  std::vector<std::int64_t> numbers;
  std::string prerelease;
};

std::optional<Partial> ParsePartial(std::string_view text) {
  if (!text.empty() && text[0] == 'v') text.remove_prefix(1);
  if (std::optional<SemanticVersion> whole = ParseVersion(text))
    return Partial{{whole->major, whole->minor, whole->patch}, whole->prerelease};
  Partial partial;
  std::vector<std::string_view> parts = Split(text, ".");
  if (parts.size() > 3) return std::nullopt;
  bool open = false;
  for (std::string_view part : parts) {
    if (part == "x" || part == "X" || part == "*") {
      open = true;
      continue;
    }
    std::optional<std::int64_t> number = ParseNumber(part);
    if (!number || open) return std::nullopt;
    partial.numbers.push_back(*number);
  }
  return partial;
}

SemanticVersion Floor(const Partial& partial) {
  SemanticVersion version;
  if (partial.numbers.size() > 0) version.major = partial.numbers[0];
  if (partial.numbers.size() > 1) version.minor = partial.numbers[1];
  if (partial.numbers.size() > 2) version.patch = partial.numbers[2];
  version.prerelease = partial.prerelease;
  return version;
}

// The first version beyond those that share the partial's first `count` numbers.
SemanticVersion Ceiling(const Partial& partial, std::size_t count) {
  SemanticVersion version = Floor(partial);
  version.prerelease.clear();
  if (count == 1) return {version.major + 1, 0, 0, "", ""};
  if (count == 2) return {version.major, version.minor + 1, 0, "", ""};
  return {version.major, version.minor, version.patch + 1, "", ""};
}

struct Bound {
  enum class Kind { kAtLeast, kBelow } kind;
  SemanticVersion version;
};

// One comparator as bounds; nullopt if it is none.
std::optional<std::vector<Bound>> ParseComparator(std::string_view text) {
  std::string_view sign;
  for (std::string_view candidate : {">=", "<=", ">", "<", "=", "^", "~"})
    if (text.substr(0, candidate.size()) == candidate) {
      sign = candidate;
      break;
    }
  std::optional<Partial> partial = ParsePartial(text.substr(sign.size()));
  if (!partial) return std::nullopt;
  std::size_t given = partial->numbers.size();
  Bound floor{Bound::Kind::kAtLeast, Floor(*partial)};
  if (given == 0) return std::vector<Bound>{};
  SemanticVersion after = given == 3 && !partial->prerelease.empty() ? Floor(*partial) : Ceiling(*partial, given);
  if (sign == ">=") return std::vector<Bound>{floor};
  if (sign == "<") return std::vector<Bound>{{Bound::Kind::kBelow, floor.version}};
  if (sign == ">") return std::vector<Bound>{{Bound::Kind::kAtLeast, Ceiling(*partial, given)}};
  if (sign == "<=") return std::vector<Bound>{{Bound::Kind::kBelow, Ceiling(*partial, given)}};
  if (sign == "~")
    return std::vector<Bound>{floor, {Bound::Kind::kBelow, Ceiling(*partial, std::min<std::size_t>(given, 2))}};
  if (sign == "^") {
    std::size_t fixed = 1;
    while (fixed < given && partial->numbers[fixed - 1] == 0) ++fixed;
    return std::vector<Bound>{floor, {Bound::Kind::kBelow, Ceiling(*partial, fixed)}};
  }
  return std::vector<Bound>{floor, {Bound::Kind::kBelow, Ceiling(*partial, given)}};
}

std::optional<std::vector<std::vector<Bound>>> ParseRange(std::string_view range) {
  std::vector<std::vector<Bound>> alternatives;
  for (std::string_view alternative : Split(range, "||")) {
    std::vector<Bound> bounds;
    bool any = false;
    for (std::string_view word : Split(alternative, " ")) {
      if (word.empty()) continue;
      any = true;
      std::optional<std::vector<Bound>> comparator = ParseComparator(word);
      if (!comparator) return std::nullopt;
      bounds.insert(bounds.end(), comparator->begin(), comparator->end());
    }
    if (!any) return std::nullopt;
    alternatives.push_back(std::move(bounds));
  }
  return alternatives;
}

bool Holds(const SemanticVersion& version, const std::vector<Bound>& bounds) {
  bool prerelease_named = version.prerelease.empty();
  for (const Bound& bound : bounds) {
    if (bound.kind == Bound::Kind::kAtLeast ? version < bound.version : version >= bound.version) return false;
    const SemanticVersion& named = bound.version;
    prerelease_named |= !named.prerelease.empty() && named.major == version.major && named.minor == version.minor &&
                        named.patch == version.patch;
  }
  return prerelease_named;
}

}  // namespace

std::weak_ordering operator<=>(const SemanticVersion& a, const SemanticVersion& b) {
  if (a.major != b.major) return a.major <=> b.major;
  if (a.minor != b.minor) return a.minor <=> b.minor;
  if (a.patch != b.patch) return a.patch <=> b.patch;
  return ComparePrereleases(a.prerelease, b.prerelease);
}

std::optional<SemanticVersion> ParseVersion(std::string_view text) {
  SemanticVersion version;
  if (std::size_t plus = text.find('+'); plus != std::string_view::npos) {
    version.build = text.substr(plus + 1);
    if (!AreIdentifiers(version.build)) return std::nullopt;
    text = text.substr(0, plus);
  }
  if (std::size_t dash = text.find('-'); dash != std::string_view::npos) {
    version.prerelease = text.substr(dash + 1);
    if (!AreIdentifiers(version.prerelease)) return std::nullopt;
    text = text.substr(0, dash);
  }
  std::vector<std::string_view> parts = Split(text, ".");
  if (parts.size() != 3) return std::nullopt;
  std::optional<std::int64_t> major = ParseNumber(parts[0]), minor = ParseNumber(parts[1]),
                              patch = ParseNumber(parts[2]);
  if (!major || !minor || !patch) return std::nullopt;
  version.major = *major;
  version.minor = *minor;
  version.patch = *patch;
  return version;
}

bool IsVersionRange(std::string_view range) { return ParseRange(range).has_value(); }

bool Satisfies(std::string_view version, std::string_view range) {
  std::optional<SemanticVersion> parsed = ParseVersion(version);
  auto alternatives = ParseRange(range);
  if (!parsed || !alternatives) return false;
  for (const std::vector<Bound>& bounds : *alternatives)
    if (Holds(*parsed, bounds)) return true;
  return false;
}

std::string NextVersion(std::string_view version) {
  std::optional<SemanticVersion> parsed = ParseVersion(version);
  if (!parsed) return "1.0.1";
  std::int64_t patch = parsed->prerelease.empty() ? parsed->patch + 1 : parsed->patch;
  return std::to_string(parsed->major) + "." + std::to_string(parsed->minor) + "." + std::to_string(patch);
}

}  // namespace fermata
