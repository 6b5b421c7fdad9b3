#include <map>

#include "engine/language/drawing/chart_text.h"
#include "engine/language/drawing/text_drawings.h"

namespace fermata {
namespace {

// A quoted string in which neither quotes nor DOT's own escapes (\N, \G) mean anything.
std::string InQuotes(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

// In a label, each line by itself.
std::string Label(const std::vector<std::string>& lines) {
  std::string out = "\"";
  for (const std::string& line : lines) {
    const std::string quoted = InQuotes(line);
    if (out.size() > 1) out += "\\n";
    out += quoted.substr(1, quoted.size() - 2);
  }
  return out + "\"";
}

std::string ShapeOf(const ChartState& state) {
  switch (state.kind) {
    case ChartKind::kAsk:
      return "shape=note";
    case ChartKind::kRun:
      return "shape=box, peripheries=2";
    case ChartKind::kEmit:
      return "shape=rarrow";
    case ChartKind::kWait:
      return "shape=hexagon";
    case ChartKind::kChoice:
      return "shape=diamond";
    case ChartKind::kRollback:
      return "shape=larrow";
    case ChartKind::kEnd:
      return "shape=ellipse, peripheries=2";
    case ChartKind::kFail:
      return "shape=octagon";
    case ChartKind::kStart:
      return "shape=point, width=0.16";
    case ChartKind::kAnywhere:
      return "shape=ellipse, style=dashed";
    default:
      return "shape=box, style=rounded";
  }
}

std::string_view LineOf(ChartCause cause) {
  switch (cause) {
    case ChartCause::kTimer:
      return ", style=dashed";
    case ChartCause::kError:
      return ", style=dotted, arrowhead=empty";
    case ChartCause::kEvent:
      return ", arrowhead=vee";
    default:
      return "";
  }
}

class DotWriter {
 public:
  DotWriter(const Chart& chart, DrawDirection direction) : chart_(chart), direction_(direction) {
    for (std::size_t i = 0; i < chart.states.size(); ++i)
      children_[chart.states[i].parent].push_back(static_cast<int>(i));
  }

  std::string Write() {
    out_ = "digraph " + InQuotes(chart_.process) +
           " {\n  graph [compound=true, rankdir=" + (direction_ == DrawDirection::kLeftRight ? "LR" : "TB") +
           ", labelloc=t, label=" + Label({chart_.title.empty() ? chart_.process : chart_.title}) +
           ", fontname=\"sans-serif\"]\n  node [fontname=\"sans-serif\", fontsize=12]\n"
           "  edge [fontname=\"sans-serif\", fontsize=10]\n";
    WriteInside(-1, "  ");
    for (const ChartTransition& transition : chart_.transitions) WriteTransition(transition);
    return out_ + "}\n";
  }

 private:
  const ChartState& StateOf(int index) const { return chart_.states[static_cast<std::size_t>(index)]; }

  static std::string ClassesOf(std::string_view first, std::string_view second, ChartMark mark) {
    std::string text = std::string(first) + " " + std::string(second);
    return mark == ChartMark::kSame ? text : text + " " + std::string(MarkName(mark));
  }

  void WriteInside(int container, const std::string& indent) {
    for (int index : children_[container]) {
      const ChartState& state = StateOf(index);
      std::string attributes = "id=" + InQuotes(state.id) +
                               ", class=" + InQuotes(ClassesOf("state", KindName(state.kind), state.mark)) +
                               ", label=" + Label(LinesOf(state)) + ", tooltip=" + Label({state.description});
      if (!state.is_container()) {
        out_ += indent + InQuotes(state.id) + " [" + attributes + ", " + ShapeOf(state) + "]\n";
        continue;
      }
      const char* style = state.kind == ChartKind::kRegion ? "dashed" : state.atomic ? "\"rounded,bold\"" : "rounded";
      out_ += indent + "subgraph " + InQuotes("cluster_" + state.id) + " {\n" + indent + "  graph [" + attributes +
              ", style=" + style + "]\n";
      WriteInside(index, indent + "  ");
      out_ += indent + "}\n";
    }
  }

  static std::vector<std::string> LinesOf(const ChartState& state) {
    if (state.kind == ChartKind::kStart) return {};
    if (state.kind == ChartKind::kAnywhere) return {"in every state"};
    std::vector<std::string> lines = {state.name};
    for (const std::string& text : {state.title, state.work})
      for (std::string& line : WrapText(text, 1, 30, 3)) lines.push_back(std::move(line));
    if (!state.undo.empty()) lines.push_back("undo: " + state.undo);
    for (const ChartState::Internal& internal : state.internals) lines.push_back(internal.text + ": stays");
    return lines;
  }

  // A state to draw the line from or to: of a container some state inside.
  int NodeOf(int index) const {
    while (StateOf(index).is_container()) index = children_.at(index).front();
    return index;
  }

  void WriteTransition(const ChartTransition& transition) {
    std::vector<std::string> lines = WrapText(transition.trigger, 1, 30, 3);
    const std::string condition = transition.condition.empty() || transition.condition == "else"
                                      ? transition.condition
                                      : "[" + transition.condition + "]";
    for (std::string& line : WrapText(condition, 1, 30, 4)) lines.push_back(std::move(line));
    out_ += "  " + InQuotes(StateOf(NodeOf(transition.from)).id) + " -> " +
            InQuotes(StateOf(NodeOf(transition.to)).id) + " [id=" + InQuotes(transition.id) +
            ", class=" + InQuotes(ClassesOf("transition", CauseName(transition.cause), transition.mark)) +
            ", label=" + Label(lines) + ", tooltip=" + Label({transition.description}) +
            std::string(LineOf(transition.cause));
    if (StateOf(transition.from).is_container() && !IsWithin(chart_, transition.to, transition.from))
      out_ += ", ltail=" + InQuotes("cluster_" + StateOf(transition.from).id);
    if (StateOf(transition.to).is_container() && !IsWithin(chart_, transition.from, transition.to))
      out_ += ", lhead=" + InQuotes("cluster_" + StateOf(transition.to).id);
    out_ += "]\n";
  }

  const Chart& chart_;
  DrawDirection direction_;
  std::map<int, std::vector<int>> children_;
  std::string out_;
};

}  // namespace

std::string WriteDot(const Chart& chart, DrawDirection direction) { return DotWriter(chart, direction).Write(); }

}  // namespace fermata
