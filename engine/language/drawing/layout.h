// What a layout program needs to know of a picture, and what it answers: sizes in, places out, no words.
//
// Plain values. Units are CSS pixels; y grows downwards.
#pragma once

#include <functional>
#include <vector>

#include "engine/base/result.h"

namespace fermata {

enum class DrawDirection { kLeftRight, kTopDown };

struct DrawPoint {
  double x = 0, y = 0;
};

struct DrawBox {
  double x = 0, y = 0, width = 0, height = 0;
  DrawPoint center() const { return {x + width / 2, y + height / 2}; }
};

struct LayoutRequest {
  struct Node {
    double width = 0, height = 0;
    int cluster = -1;  // -1 = in none
  };
  // A frame around its nodes and clusters, of which there is at least one; frames do not touch. The label stands at the top left.
  struct Cluster {
    int parent = -1;
    double label_width = 0, label_height = 0;
  };
  struct Edge {
    int from = 0, to = 0;                      // nodes
    double label_width = 0, label_height = 0;  // 0 = no label
    int weight = 1;                            // the heavier, the straighter and shorter
    bool beside = false;                       // `to` may stand beside `from`, not only behind it
  };
  DrawDirection direction = DrawDirection::kTopDown;
  std::vector<Node> nodes;
  std::vector<Cluster> clusters;  // parents before children
  std::vector<Edge> edges;
};

struct Layout {
  struct Edge {
    std::vector<DrawPoint> curve;  // cubic Bézier pieces, 3n + 1 points, from centre to centre
    DrawPoint label;               // its centre
  };
  double width = 0, height = 0;
  std::vector<DrawBox> nodes;
  std::vector<DrawBox> clusters;
  std::vector<Edge> edges;
};

using LayOutFunction = std::function<Result<Layout>(const LayoutRequest&)>;

}  // namespace fermata
