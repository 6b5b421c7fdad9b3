// A chart as SVG: one file that needs nothing else, for pages, papers and screen readers.
//
// Every state is a <g> with the id of its ChartState and the classes "state" and its kind, every transition a <g> with the id of its
// ChartTransition and the classes "transition" and its cause; "active", "added", "removed" and "changed" come on top. So a page
// lights up what it likes with a few rules of CSS.
#pragma once

#include <string>

#include "engine/base/result.h"
#include "engine/language/drawing/chart.h"
#include "engine/language/drawing/layout.h"

namespace fermata {

enum class DrawTheme { kLight, kDark, kAuto };  // kAuto: what the reader's system prefers

struct SvgOptions {
  DrawDirection direction = DrawDirection::kTopDown;
  DrawTheme theme = DrawTheme::kAuto;
};

// Pure if `lay_out` is. Fails as `lay_out` does. If anything in the chart is marked, a legend explains the marks.
Result<std::string> DrawSvg(const Chart& chart, const SvgOptions& options, const LayOutFunction& lay_out);

}  // namespace fermata
