// Words to sizes: which lines stand in each state and on each transition of a chart, how large that makes them, and the request to
// have them laid out.
//
// Pure and thread-safe; plain values.
#pragma once

#include <string>
#include <vector>

#include "engine/language/drawing/chart.h"
#include "engine/language/drawing/layout.h"

namespace fermata {

inline constexpr double kNameSize = 14, kTextSize = 12;  // font sizes
inline constexpr double kIconSize = 16, kGlyphSize = 13;
inline constexpr double kStatePadding = 10;

enum class LineRole { kName, kTitle, kWork, kUndo, kInternal, kTrigger, kCondition };

struct MeasuredLine {
  LineRole role = LineRole::kName;
  std::string text;
  int internal = -1;  // of kInternal: which one of the state
  bool first = true;  // of several lines of one text
};
// From the top of one line to that of the next.
double LineHeight(LineRole role);
// What stands before the text: an icon, a glyph, or nothing.
double IndentOf(LineRole role, ChartKind kind);

struct MeasuredState {
  std::vector<MeasuredLine> lines;
  double text_width = 0, text_height = 0;
  int node = -1;     // in the request; of a container the one that its transitions begin at, -1 if it has none
  int entry = -1;    // the node that transitions to it lead to
  int cluster = -1;  // of containers
};

struct MeasuredTransition {
  std::vector<MeasuredLine> lines;
  double text_width = 0;
  int edge = -1;
};

struct MeasuredChart {
  std::vector<MeasuredState> states;
  std::vector<MeasuredTransition> transitions;
  LayoutRequest request;
};

MeasuredChart Measure(const Chart& chart, DrawDirection direction);

}  // namespace fermata
