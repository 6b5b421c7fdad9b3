#include "engine/language/drawing/measure.h"

#include <algorithm>

#include "engine/language/drawing/chart_text.h"
#include "engine/language/drawing/svg_style.h"

namespace fermata {
namespace {

constexpr double kStateTextMax = 190, kInternalTextMax = 230, kTriggerTextMax = 200, kLabelTextMax = 160;
constexpr double kDotSize = 14;    // of starts
constexpr double kHiddenSize = 2;  // of nodes that nobody sees
constexpr int kEntryWeight = 1, kLeaveWeight = 0, kStartWeight = 10, kUsualWeight = 4;
constexpr int kTextLines = 2, kConditionLines = 3;

double FontSizeOf(LineRole role) { return role == LineRole::kName ? kNameSize : kTextSize; }

FontWeight WeightOf(LineRole role) {
  return role == LineRole::kName || role == LineRole::kTrigger ? FontWeight::kBold : FontWeight::kNormal;
}

void AddLines(LineRole role, const std::string& text, double width_max, int lines, std::vector<MeasuredLine>& out,
              int internal = -1) {
  bool first = true;
  for (std::string& line : WrapText(text, FontSizeOf(role), width_max, lines, WeightOf(role))) {
    out.push_back({role, std::move(line), internal, first});
    first = false;
  }
}

double WidthOf(const std::vector<MeasuredLine>& lines, ChartKind kind) {
  double width = 0;
  for (const MeasuredLine& line : lines)
    width =
        std::max(width, IndentOf(line.role, kind) + TextWidth(line.text, FontSizeOf(line.role), WeightOf(line.role)));
  return width;
}

double HeightOf(const std::vector<MeasuredLine>& lines) {
  double height = 0;
  for (const MeasuredLine& line : lines) height += LineHeight(line.role);
  return height;
}

std::vector<MeasuredLine> LinesOf(const ChartState& state) {
  std::vector<MeasuredLine> lines;
  if (state.kind == ChartKind::kStart) return lines;
  if (state.kind == ChartKind::kAnywhere) {
    lines.push_back({LineRole::kTitle, "in every state"});
  } else {
    AddLines(LineRole::kName, state.name, kStateTextMax, 1, lines);
    if (state.kind != ChartKind::kChoice) AddLines(LineRole::kTitle, state.title, kStateTextMax, kTextLines, lines);
    if (!state.is_container() || state.kind == ChartKind::kParallel || state.kind == ChartKind::kEach)
      AddLines(LineRole::kWork, state.work, kStateTextMax * (state.is_container() ? 1.6 : 1), kTextLines, lines);
    if (state.atomic) lines.push_back({LineRole::kUndo, "all of it or nothing"});
    AddLines(LineRole::kUndo, state.undo, kStateTextMax - kGlyphSize, 1, lines);
  }
  for (std::size_t i = 0; i < state.internals.size(); ++i)
    AddLines(LineRole::kInternal, state.internals[i].text, kInternalTextMax, 1, lines, static_cast<int>(i));
  return lines;
}

// The outline's size, so that the text stands inside of its shape.
LayoutRequest::Node OutlineOf(const ChartState& state, const MeasuredState& measured) {
  LayoutRequest::Node node;
  node.width = std::max(measured.text_width + 2 * kStatePadding, 72.0);
  node.height = measured.text_height + 2 * kStatePadding - 4;
  switch (state.kind) {
    case ChartKind::kStart:
      node.width = node.height = kDotSize;
      break;
    case ChartKind::kChoice:
      node.height = std::max(54.0, measured.text_height * 2.4);
      // The corners of the text touch the rhomb: x / w + y / h = 1.
      node.width = (measured.text_width + 6) / (1 - measured.text_height / node.height);
      break;
    case ChartKind::kWait:
    case ChartKind::kEmit:
    case ChartKind::kRollback:
    case ChartKind::kFail:
      node.width += 16;
      break;
    case ChartKind::kRun:
    case ChartKind::kEnd:
      node.width += 14;
      node.height += 4;
      break;
    default:
      break;
  }
  return node;
}

class Measurer {
 public:
  Measurer(const Chart& chart, DrawDirection direction) : chart_(chart) {
    measured_.request.direction = direction;
    measured_.states.resize(chart.states.size());
  }

  MeasuredChart Run() {
    for (std::size_t i = 0; i < chart_.states.size(); ++i) AddState(static_cast<int>(i));
    for (std::size_t i = 0; i < chart_.states.size(); ++i)
      if (chart_.states[i].is_container()) AddDoors(static_cast<int>(i));
    for (const ChartTransition& transition : chart_.transitions) AddTransition(transition);
    return std::move(measured_);
  }

 private:
  MeasuredState& At(int state) { return measured_.states[static_cast<std::size_t>(state)]; }
  const ChartState& StateOf(int state) const { return chart_.states[static_cast<std::size_t>(state)]; }
  int ClusterOf(int state) { return state == -1 ? -1 : At(state).cluster; }

  int AddNode(LayoutRequest::Node node) {
    measured_.request.nodes.push_back(node);
    return static_cast<int>(measured_.request.nodes.size()) - 1;
  }

  void AddState(int index) {
    const ChartState& state = StateOf(index);
    MeasuredState& measured = At(index);
    measured.lines = LinesOf(state);
    measured.text_width = WidthOf(measured.lines, state.kind);
    measured.text_height = HeightOf(measured.lines);
    if (state.is_container()) {
      measured.cluster = static_cast<int>(measured_.request.clusters.size());
      measured_.request.clusters.push_back(
          {ClusterOf(state.parent), measured.text_width + kStatePadding, measured.text_height + 4});
      return;
    }
    LayoutRequest::Node node = OutlineOf(state, measured);
    node.cluster = ClusterOf(state.parent);
    measured.node = measured.entry = AddNode(node);
    if (state.kind == ChartKind::kStart && state.parent != -1) At(state.parent).entry = measured.node;
  }

  bool Leaves(int container) const {
    return std::any_of(chart_.transitions.begin(), chart_.transitions.end(),
                       [&](const ChartTransition& transition) { return transition.from == container; });
  }

  // Lines to and from a frame need a node inside: those in come first, those out last.
  void AddDoors(int container) {
    MeasuredState& measured = At(container);
    const bool leaves = Leaves(container);
    if (leaves) measured.node = AddNode({kHiddenSize, kHiddenSize, measured.cluster});
    const bool enters = measured.entry == -1;
    if (enters) measured.entry = AddNode({kHiddenSize, kHiddenSize, measured.cluster});
    for (std::size_t i = 0; i < chart_.states.size(); ++i) {
      const ChartState& state = chart_.states[i];
      const int node = measured_.states[i].node;
      if (node == -1 || state.is_container() || !IsWithin(chart_, static_cast<int>(i), container)) continue;
      if (enters && state.kind == ChartKind::kStart) Hold(measured.entry, node, kEntryWeight);
      if (leaves && state.kind == ChartKind::kEnd) Hold(node, measured.node, kLeaveWeight);
    }
  }

  // Nobody sees it.
  void Hold(int from, int to, int weight) {
    const std::vector<LayoutRequest::Node>& nodes = measured_.request.nodes;
    const bool beside = nodes[static_cast<std::size_t>(from)].cluster == nodes[static_cast<std::size_t>(to)].cluster;
    measured_.request.edges.push_back({from, to, 0, 0, weight, beside});
  }

  void AddTransition(const ChartTransition& transition) {
    MeasuredTransition measured;
    AddLines(LineRole::kTrigger, transition.trigger, kTriggerTextMax, 2, measured.lines);
    const bool otherwise = transition.condition == "else" || transition.condition.empty();
    AddLines(LineRole::kCondition, otherwise ? transition.condition : "[" + transition.condition + "]", kLabelTextMax,
             kConditionLines, measured.lines);
    measured.text_width = WidthOf(measured.lines, ChartKind::kCall);
    measured.edge = static_cast<int>(measured_.request.edges.size());
    LayoutRequest::Edge edge;
    edge.from = At(transition.from).node;
    edge.to = At(transition.to).entry;
    if (!measured.lines.empty()) {
      edge.label_width = measured.text_width + 8;
      edge.label_height = HeightOf(measured.lines) + 4;
    }
    if (transition.cause == ChartCause::kNext || transition.cause == ChartCause::kIf) edge.weight = kUsualWeight;
    if (transition.cause == ChartCause::kStart) edge.weight = kStartWeight;
    measured_.request.edges.push_back(edge);
    measured_.transitions.push_back(std::move(measured));
  }

  const Chart& chart_;
  MeasuredChart measured_;
};

}  // namespace

double IndentOf(LineRole role, ChartKind kind) {
  if (role == LineRole::kName) return IconOf(kind).empty() ? 0 : kIconSize + 6;
  return role == LineRole::kUndo || role == LineRole::kInternal || role == LineRole::kTrigger ? kGlyphSize + 4 : 0;
}

double LineHeight(LineRole role) { return role == LineRole::kName ? 20 : 16; }

MeasuredChart Measure(const Chart& chart, DrawDirection direction) { return Measurer(chart, direction).Run(); }

}  // namespace fermata
