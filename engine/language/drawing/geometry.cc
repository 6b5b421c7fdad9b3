#include "engine/language/drawing/geometry.h"

#include <algorithm>
#include <cmath>

namespace fermata {
namespace {

DrawPoint Between(DrawPoint a, DrawPoint b, double t) { return {a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t}; }

// De Casteljau: the four points of each half.
void Split(const DrawPoint* piece, double t, DrawPoint* before, DrawPoint* behind) {
  const DrawPoint a = Between(piece[0], piece[1], t), b = Between(piece[1], piece[2], t),
                  c = Between(piece[2], piece[3], t);
  const DrawPoint d = Between(a, b, t), e = Between(b, c, t), middle = Between(d, e, t);
  const DrawPoint first[] = {piece[0], a, d, middle}, second[] = {middle, e, c, piece[3]};
  std::copy(first, first + 4, before);
  std::copy(second, second + 4, behind);
}

Outline Polygon(const DrawBox& box, std::vector<DrawPoint> corners) { return {box, 0, std::move(corners)}; }

}  // namespace

bool Outline::Contains(DrawPoint point) const {
  if (corners.empty()) {
    // How far outside of the box that the centres of the round corners span.
    const DrawPoint center = box.center();
    const double dx = std::max(std::abs(point.x - center.x) - (box.width / 2 - radius), 0.0);
    const double dy = std::max(std::abs(point.y - center.y) - (box.height / 2 - radius), 0.0);
    return radius > 0 ? dx * dx + dy * dy <= radius * radius : dx == 0 && dy == 0;
  }
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const DrawPoint a = corners[i], b = corners[(i + 1) % corners.size()];
    if ((b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x) < 0) return false;
  }
  return true;
}

Outline OutlineOf(ChartKind kind, const DrawBox& box) {
  const double left = box.x, right = box.x + box.width, top = box.y, bottom = box.y + box.height;
  const DrawPoint center = box.center();
  const double slant = std::min(14.0, box.height / 3);
  switch (kind) {
    case ChartKind::kChoice:
      return Polygon(box, {{center.x, top}, {right, center.y}, {center.x, bottom}, {left, center.y}});
    case ChartKind::kAsk:
      return Polygon(
          box, {{left, top}, {right - kFoldSize, top}, {right, top + kFoldSize}, {right, bottom}, {left, bottom}});
    case ChartKind::kWait:
      return Polygon(box, {{left + slant, top},
                           {right - slant, top},
                           {right, center.y},
                           {right - slant, bottom},
                           {left + slant, bottom},
                           {left, center.y}});
    case ChartKind::kEmit:
      return Polygon(box,
                     {{left, top}, {right - slant, top}, {right, center.y}, {right - slant, bottom}, {left, bottom}});
    case ChartKind::kRollback:
      return Polygon(box,
                     {{left + slant, top}, {right, top}, {right, bottom}, {left + slant, bottom}, {left, center.y}});
    case ChartKind::kFail: {
      const double cut = std::min(10.0, box.height / 3);
      return Polygon(box, {{left + cut, top},
                           {right - cut, top},
                           {right, top + cut},
                           {right, bottom - cut},
                           {right - cut, bottom},
                           {left + cut, bottom},
                           {left, bottom - cut},
                           {left, top + cut}});
    }
    case ChartKind::kStart:
    case ChartKind::kEnd:
    case ChartKind::kAnywhere:
      return {box, std::min(box.width, box.height) / 2, {}};
    case ChartKind::kRun:
      return {box, 2, {}};
    default:
      return {box, 9, {}};
  }
}

Curve ClipStart(Curve curve, const Outline& outline) {
  for (std::size_t i = 0; i + 3 < curve.size(); i += 3) {
    if (outline.Contains(curve[i + 3])) continue;
    DrawPoint before[4], behind[4];
    double inside = 0, outside = 1;
    for (int step = 0; step < 30; ++step) {
      const double t = (inside + outside) / 2;
      Split(&curve[i], t, before, behind);
      (outline.Contains(behind[0]) ? inside : outside) = t;
    }
    Split(&curve[i], outside, before, behind);
    curve.erase(curve.begin(), curve.begin() + static_cast<std::ptrdiff_t>(i));
    std::copy(behind, behind + 4, curve.begin());
    return curve;
  }
  return curve;
}

Curve ClipEnd(Curve curve, const Outline& outline) {
  std::reverse(curve.begin(), curve.end());
  curve = ClipStart(std::move(curve), outline);
  std::reverse(curve.begin(), curve.end());
  return curve;
}

DrawPoint MiddleOf(const Curve& curve) {
  const std::size_t pieces = (curve.size() - 1) / 3;
  const std::size_t begin = pieces / 2 * 3;
  if (pieces % 2 == 0) return curve[begin];
  DrawPoint before[4], behind[4];
  Split(&curve[begin], 0.5, before, behind);
  return behind[0];
}

std::vector<DrawPoint> CutArrow(Curve& curve, double length, double width) {
  const DrawPoint tip = curve.back();
  const DrawBox around{tip.x - length, tip.y - length, 2 * length, 2 * length};
  curve = ClipEnd(std::move(curve), {around, length, {}});
  const DrawPoint end = curve.back();
  double dx = tip.x - end.x, dy = tip.y - end.y;
  const double distance = std::hypot(dx, dy);
  if (distance == 0) return {tip, tip, tip};
  dx /= distance;
  dy /= distance;
  const DrawPoint foot{tip.x - dx * length, tip.y - dy * length};
  return {tip, {foot.x - dy * width / 2, foot.y + dx * width / 2}, {foot.x + dy * width / 2, foot.y - dx * width / 2}};
}

}  // namespace fermata
