#include "engine/language/formatter/format.h"

#include <algorithm>

#include "engine/language/codes.h"
#include "engine/language/formatter/block_formatter.h"
#include "engine/language/reader.h"

namespace fermata {
namespace {

// Order counts: it is the author's.
bool MeansTheSame(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.items.size() != b.items.size() || a.entries.size() != b.entries.size()) return false;
  if (a.is_scalar()) return a.scalar == b.scalar && a.text == b.text;
  for (std::size_t i = 0; i < a.items.size(); ++i)
    if (!MeansTheSame(a.items[i], b.items[i])) return false;
  for (std::size_t i = 0; i < a.entries.size(); ++i)
    if (a.entries[i].key != b.entries[i].key || !MeansTheSame(a.entries[i].value, b.entries[i].value)) return false;
  return true;
}

constexpr int kRoundsMax = 10;

// All that is no space; so no comment gets lost.
std::string Ink(const std::string& text) {
  std::string ink;
  std::copy_if(text.begin(), text.end(), std::back_inserter(ink),
               [](char c) { return std::string_view(" \t\r\n").find(c) == std::string_view::npos; });
  return ink;
}

}  // namespace

FormatOutcome FormatYaml(const std::string& file, const std::string& text) {
  ReadOutcome before = ReadYaml(file, text);
  FormatOutcome outcome;
  outcome.diagnostics = std::move(before.diagnostics);
  if (!before.root) return outcome;
  std::string formatted = BlockFormatter(text).Run();
  // What stood below each other may not any more once something before it has moved.
  for (int round = 0; round < kRoundsMax; ++round) {
    std::string next = BlockFormatter(formatted).Run();
    if (next == formatted) break;
    formatted = std::move(next);
  }
  const ReadOutcome after = ReadYaml(file, formatted);
  if (after.root && MeansTheSame(*before.root, *after.root) && Ink(text) == Ink(formatted)) {
    outcome.text = std::move(formatted);
    return outcome;
  }
  outcome.diagnostics.push_back(before.source->Report(
      Severity::kError, kYamlNotFormatted, {0, 1}, 1,
      "Expected YAML whose layout can change without its meaning, but this file has some that cannot.",
      "explicit keys ('? key') and documents on the line of '---' are left to you"));
  return outcome;
}

}  // namespace fermata
