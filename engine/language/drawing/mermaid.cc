#include <map>

#include "engine/language/drawing/chart_text.h"
#include "engine/language/drawing/text_drawings.h"

namespace fermata {
namespace {

// Whatever could end a label, begin another statement or be read as HTML or Markdown is written as a character entity.
std::string Escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (std::string_view("\"#;:<>&{}[]%\\`*_~|").find(c) != std::string_view::npos) {
      out += "#" + std::to_string(static_cast<int>(c)) + ";";
    } else {
      out += c;
    }
  }
  return out;
}

class MermaidWriter {
 public:
  MermaidWriter(const Chart& chart, DrawDirection direction) : chart_(chart), direction_(direction) {
    for (std::size_t i = 0; i < chart.states.size(); ++i) {
      children_[chart.states[i].parent].push_back(static_cast<int>(i));
      // Names have hyphens, which Mermaid's do not: they get numbers, which also keep them apart from its words.
      std::string id = "s" + std::to_string(i);
      for (char c : chart.states[i].name) id += c == '-' ? '_' : c;
      ids_.push_back(std::move(id));
    }
  }

  std::string Write() {
    out_ = "stateDiagram-v2\n  direction " + std::string(direction_ == DrawDirection::kLeftRight ? "LR" : "TB") + "\n";
    WriteInside(-1, "  ");
    WriteClasses();
    return out_;
  }

 private:
  const ChartState& StateOf(int index) const { return chart_.states[static_cast<std::size_t>(index)]; }
  const std::string& IdOf(int index) const { return ids_[static_cast<std::size_t>(index)]; }

  // States, then the transitions that begin at one of them: Mermaid wants them where their states are.
  void WriteInside(int container, const std::string& indent) {
    bool first_region = true;
    for (int index : children_[container]) {
      const ChartState& state = StateOf(index);
      if (state.kind == ChartKind::kRegion) {
        if (!first_region) out_ += indent + "--\n";
        first_region = false;
        WriteInside(index, indent);
      } else if (state.kind != ChartKind::kStart) {
        WriteState(index, indent);
      }
    }
    for (const ChartTransition& transition : chart_.transitions)
      if (StateOf(transition.from).parent == container && StateOf(transition.from).kind != ChartKind::kRegion)
        WriteTransition(transition, indent);
  }

  void WriteState(int index, const std::string& indent) {
    const ChartState& state = StateOf(index);
    if (state.kind == ChartKind::kChoice) {
      out_ += indent + "state " + IdOf(index) + " <<choice>>\n";
      return;
    }
    out_ += indent + "state \"" + Text(state) + "\" as " + IdOf(index);
    if (!state.is_container()) {
      out_ += "\n";
      return;
    }
    out_ += " {\n";
    WriteInside(index, indent + "  ");
    out_ += indent + "}\n";
  }

  static std::string Text(const ChartState& state) {
    if (state.kind == ChartKind::kAnywhere) return "in every state";
    // The head of a frame has room for one line.
    const std::string separator = state.is_container() ? ", " : "<br/>";
    std::string text = Escaped(state.name);
    if (!state.title.empty() && !state.is_container()) text += separator + Escaped(state.title);
    text += separator + std::string(KindName(state.kind)) + (state.work.empty() ? "" : Escaped(": " + state.work));
    if (!state.undo.empty()) text += separator + "undo " + Escaped(state.undo);
    for (const ChartState::Internal& internal : state.internals) text += separator + Escaped(internal.text) + ", stays";
    return text;
  }

  void WriteTransition(const ChartTransition& transition, const std::string& indent) {
    const bool starts = StateOf(transition.from).kind == ChartKind::kStart;
    out_ += indent + (starts ? "[*]" : IdOf(transition.from)) + " --> " + IdOf(transition.to);
    std::string label;
    if (transition.cause == ChartCause::kEvent) label = "on ";
    if (transition.cause == ChartCause::kTimer) label = "after ";
    if (transition.cause == ChartCause::kError) label = "error ";
    label += Escaped(transition.trigger);
    if (!transition.condition.empty()) {
      const bool otherwise = transition.condition == "else";
      label += (label.empty() ? "" : " ") + std::string(otherwise ? "" : "if ") + Escaped(transition.condition);
    }
    out_ += (label.empty() ? "" : ": " + label) + "\n";
  }

  void WriteClasses() {
    struct Look {
      ChartKind kind;
      const char* style;
    };
    static constexpr Look kLooks[] = {{ChartKind::kAsk, "stroke-width:2px,stroke-dasharray:6 3"},
                                      {ChartKind::kRun, "stroke-width:4px"},
                                      {ChartKind::kWait, "stroke-dasharray:2 2"},
                                      {ChartKind::kEnd, "stroke:#1a7f37,stroke-width:3px"},
                                      {ChartKind::kFail, "stroke:#b3202c,stroke-width:3px"}};
    for (const Look& look : kLooks) {
      std::string members;
      for (std::size_t i = 0; i < chart_.states.size(); ++i)
        if (chart_.states[i].kind == look.kind) members += (members.empty() ? "" : ",") + ids_[i];
      if (members.empty()) continue;
      const std::string name = "is_" + std::string(KindName(look.kind));
      out_ += "  classDef " + name + " " + look.style + "\n  class " + members + " " + name + "\n";
    }
  }

  const Chart& chart_;
  DrawDirection direction_;
  std::map<int, std::vector<int>> children_;
  std::vector<std::string> ids_;
  std::string out_;
};

}  // namespace

std::string WriteMermaid(const Chart& chart, DrawDirection direction) {
  return MermaidWriter(chart, direction).Write();
}

}  // namespace fermata
