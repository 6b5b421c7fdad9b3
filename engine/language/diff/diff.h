// Two versions of a process told apart in words: what an analyst reads before a new version goes live.
//
// Pure and thread-safe; plain values.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/language/drawing/chart.h"
#include "engine/model/definition.h"
#include "engine/model/value.h"

namespace fermata {

// A version with the schema files that it refers to, by their path.
struct DiffSide {
  DefinitionPtr definition;
  std::map<std::string, std::string> schemas;
};

enum class ChangeKind { kAdded, kRemoved, kChanged, kMoved, kRenamed };
std::string_view ChangeKindName(ChangeKind kind);  // "added", "removed" …

struct Change {
  std::string state;  // as the newer version calls it, a removed one as the older did; empty = the process
  std::string what;   // "state", "transition", "timer", or the key: "retry", "undo", "input" …
  ChangeKind kind = ChangeKind::kChanged;
  Value before, after;  // null where there was or is nothing
  std::string text;     // the whole of it: "retry of hold: 3 -> 5 attempts"
};

struct DefinitionDiff {
  std::string process_before, process_after, version_before, version_after;
  std::vector<Change>
      changes;  // of the process, then state by state in the order of the newer version, removed ones last
  std::map<std::string, std::string> renamed;  // newer name -> older name

  bool same() const { return changes.empty(); }
};

// Comments, layout and the way in which a transition is abbreviated make no difference.
DefinitionDiff CompareDefinitions(const DiffSide& before, const DiffSide& after);

// A heading a state, its changes below; for people.
std::string FormatDiff(const DefinitionDiff& diff);
// {from: {process, version}, to: {process, version}, same, changes: [{state?, what, kind, before?, after?, text}]}
Value ToValue(const DefinitionDiff& diff);

// Both versions in one chart, with marks.
Chart BuildDiffChart(const DefinitionDiff& diff, const Definition& before, const Definition& after);

}  // namespace fermata
