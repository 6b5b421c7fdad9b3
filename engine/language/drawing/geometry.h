// Where lines end at the shapes that they connect.
//
// Pure and thread-safe.
#pragma once

#include <vector>

#include "engine/language/drawing/chart.h"
#include "engine/language/drawing/layout.h"

namespace fermata {

// A closed outline: a convex polygon, or a box with round corners where `corners` is empty.
struct Outline {
  DrawBox box;
  double radius = 0;
  std::vector<DrawPoint> corners;
  bool Contains(DrawPoint point) const;
};

inline constexpr double kFoldSize = 12;  // of the corner of an `ask`

// The shape of a state in this box.
Outline OutlineOf(ChartKind kind, const DrawBox& box);

using Curve = std::vector<DrawPoint>;  // cubic Bézier pieces, 3n + 1 points

// What is left of the curve behind its first way out of the outline; the whole of it if it never leaves.
Curve ClipStart(Curve curve, const Outline& outline);
// What is left before its last way into the outline.
Curve ClipEnd(Curve curve, const Outline& outline);

// A point in its middle.
DrawPoint MiddleOf(const Curve& curve);

// Takes the room of an arrow head off the curve's end: tip, then the other corners.
std::vector<DrawPoint> CutArrow(Curve& curve, double length, double width);

}  // namespace fermata
