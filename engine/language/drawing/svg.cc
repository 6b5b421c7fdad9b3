#include "engine/language/drawing/svg.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/language/drawing/chart_text.h"
#include "engine/language/drawing/geometry.h"
#include "engine/language/drawing/measure.h"
#include "engine/language/drawing/svg_style.h"

namespace fermata {
namespace {

constexpr double kMargin = 20, kHeadingHeight = 40, kLegendHeight = 40;
constexpr double kArrowLength = 9, kArrowWidth = 8;

std::string Number(double value) {
  char text[32];
  const double rounded = std::round(value * 10) / 10;
  const auto end = std::to_chars(text, text + sizeof text, rounded == 0 ? 0.0 : rounded).ptr;
  return std::string(text, end);
}

std::string Pair(DrawPoint point) { return Number(point.x) + " " + Number(point.y); }

std::string Attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + EscapeXml(value) + "\"";
}

std::string PathElement(std::string_view css_class, std::string_view data) {
  return "<path" + Attribute("class", css_class) + Attribute("d", data) + "/>\n";
}

std::string Icon(std::string_view css_class, std::string_view data, DrawPoint at) {
  if (data.empty()) return "";
  return "<path" + Attribute("class", css_class) + " transform=\"translate(" + Pair(at) + ")\"" + Attribute("d", data) +
         "/>\n";
}

std::string Rectangle(std::string_view css_class, const DrawBox& box, double radius) {
  return "<rect" + Attribute("class", css_class) + Attribute("x", Number(box.x)) + Attribute("y", Number(box.y)) +
         Attribute("width", Number(box.width)) + Attribute("height", Number(box.height)) +
         Attribute("rx", Number(radius)) + "/>\n";
}

std::string PolygonData(const std::vector<DrawPoint>& corners) {
  std::string data;
  for (const DrawPoint& corner : corners) data += (data.empty() ? "M" : "L") + Pair(corner);
  return data + "Z";
}

std::string OutlineElement(std::string_view css_class, const Outline& outline) {
  return outline.corners.empty() ? Rectangle(css_class, outline.box, outline.radius)
                                 : PathElement(css_class, PolygonData(outline.corners));
}

DrawBox Inset(const DrawBox& box, double by) {
  return {box.x + by, box.y + by, box.width - 2 * by, box.height - 2 * by};
}

std::string CurveData(const Curve& curve) {
  if (curve.empty()) return "";
  std::string data = "M" + Pair(curve[0]);
  for (std::size_t i = 1; i + 2 < curve.size(); i += 3)
    data += "C" + Pair(curve[i]) + " " + Pair(curve[i + 1]) + " " + Pair(curve[i + 2]);
  return data;
}

std::string_view ClassOf(LineRole role) {
  static constexpr std::string_view kClasses[] = {"name",          "title",        "work",          "undo",
                                                  "internal-text", "trigger halo", "condition halo"};
  return kClasses[static_cast<int>(role)];
}

// A sign that does without colour: plus, minus, or a tilde.
std::string Badge(ChartMark mark, DrawPoint at) {
  if (mark == ChartMark::kSame) return "";
  const std::string_view sign = mark == ChartMark::kAdded     ? "M-4 0h8M0-4v8"
                                : mark == ChartMark::kRemoved ? "M-4 0h8"
                                                              : "M-4.5 1c1.5-4 3.5-4 4.5-1s3 3 4.5-1";
  return "<circle class=\"badge\"" + Attribute("cx", Number(at.x)) + Attribute("cy", Number(at.y)) + " r=\"8\"/>\n" +
         Icon("badge-sign", sign, at);
}

class SvgWriter {
 public:
  SvgWriter(const Chart& chart, const SvgOptions& options, const MeasuredChart& measured, const Layout& layout)
      : chart_(chart), options_(options), measured_(measured), layout_(layout) {
    for (const ChartState& state : chart.states) marked_ = marked_ || state.mark != ChartMark::kSame;
    for (const ChartTransition& transition : chart.transitions)
      marked_ = marked_ || transition.mark != ChartMark::kSame;
  }

  std::string Write() {
    Open();
    for (std::size_t i = 0; i < chart_.states.size(); ++i)
      if (chart_.states[i].is_container()) WriteState(i);
    for (std::size_t i = 0; i < chart_.transitions.size(); ++i) WriteTransition(i);
    for (std::size_t i = 0; i < chart_.states.size(); ++i)
      if (!chart_.states[i].is_container()) WriteState(i);
    out_ += "</g>\n";
    if (marked_) WriteLegend();
    return out_ + "</svg>\n";
  }

 private:
  std::string Heading() const { return chart_.title.empty() ? chart_.process : chart_.title; }

  void Open() {
    const double heading = TextWidth(Heading(), 18, FontWeight::kBold);
    width_ = std::max({layout_.width, heading, marked_ ? 420.0 : 0.0}) + 2 * kMargin;
    height_ = layout_.height + kHeadingHeight + 2 * kMargin + (marked_ ? kLegendHeight : 0);
    const std::string size = Number(std::ceil(width_)) + " " + Number(std::ceil(height_));
    out_ += "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"fermata-chart\"" + Attribute("viewBox", "0 0 " + size) +
            Attribute("width", Number(std::ceil(width_))) + Attribute("height", Number(std::ceil(height_))) +
            " role=\"graphics-document document\" aria-labelledby=\"chart-title chart-desc\">\n";
    out_ += "<title id=\"chart-title\">" + EscapeXml(Heading()) + "</title>\n";
    out_ += "<desc id=\"chart-desc\">" + EscapeXml(Description()) + "</desc>\n";
    out_ += "<style>" + StyleOf(options_.theme) + "</style>\n";
    out_ += "<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n";
    out_ += "<text class=\"heading\"" + Attribute("x", Number(kMargin)) + Attribute("y", Number(kMargin + 16)) + ">" +
            EscapeXml(Heading()) + "</text>\n";
    const double left = kMargin + std::max(0.0, (width_ - 2 * kMargin - layout_.width) / 2);
    out_ += "<g transform=\"translate(" + Pair({left, kMargin + kHeadingHeight}) + ")\">\n";
  }

  std::string Description() const {
    const auto states = std::count_if(chart_.states.begin(), chart_.states.end(), [](const ChartState& state) {
      return !state.name.empty() && state.kind != ChartKind::kRegion;
    });
    std::string text = "The process " + chart_.process + ", version " + chart_.version + ", has " +
                       std::to_string(states) + (states == 1 ? " state." : " states.");
    for (const ChartTransition& transition : chart_.transitions)
      if (transition.cause == ChartCause::kStart && StateOf(transition.from).parent == -1)
        text += " " + transition.description;
    return text;
  }

  const ChartState& StateOf(int index) const { return chart_.states[static_cast<std::size_t>(index)]; }

  static std::string Mark(ChartMark mark) { return mark == ChartMark::kSame ? "" : " " + std::string(MarkName(mark)); }

  void WriteState(std::size_t index) {
    const ChartState& state = chart_.states[index];
    const bool dot = state.kind == ChartKind::kStart;
    const std::string css_class = std::string(state.name.empty() ? "dot-of" : "state") + " " +
                                  std::string(KindName(state.kind)) + (state.is_container() ? " container" : "") +
                                  (state.atomic ? " atomic" : "") + (state.active ? " active" : "") + Mark(state.mark);
    out_ += "<g" + Attribute("id", state.id) + Attribute("class", css_class) +
            " role=\"graphics-symbol\" aria-roledescription=\"" + std::string(KindName(state.kind)) + "\">\n";
    out_ += "<title>" + EscapeXml(state.name.empty() ? state.description : state.name) + "</title>\n";
    if (!state.name.empty()) out_ += "<desc>" + EscapeXml(state.description) + "</desc>\n";
    const MeasuredState& measured = measured_.states[index];
    const DrawBox box = state.is_container() ? layout_.clusters[static_cast<std::size_t>(measured.cluster)]
                                             : layout_.nodes[static_cast<std::size_t>(measured.node)];
    WriteShape(state, box);
    if (!dot) WriteStateText(state, measured, box);
    out_ += Badge(state.mark, {box.x + box.width - 2, box.y + 2});
    out_ += "</g>\n";
  }

  void WriteShape(const ChartState& state, const DrawBox& box) {
    const Outline outline = OutlineOf(state.kind, box);
    if (state.kind == ChartKind::kStart) {
      out_ += Rectangle("dot", box, outline.radius);
      return;
    }
    if (state.kind == ChartKind::kEach)
      for (double offset : {6.0, 3.0})
        out_ += Rectangle("behind", {box.x + offset, box.y + offset, box.width, box.height}, outline.radius);
    out_ += OutlineElement(state.is_container() ? "frame" : "shape", outline);
    if (state.kind == ChartKind::kEnd) out_ += Rectangle("detail", Inset(box, 3.5), outline.radius - 3.5);
    if (state.kind == ChartKind::kRun) {
      for (double x : {box.x + 6, box.x + box.width - 6})
        out_ += PathElement("detail", "M" + Pair({x, box.y}) + "V" + Number(box.y + box.height));
    }
    if (state.kind == ChartKind::kAsk) {
      const DrawPoint fold{box.x + box.width - kFoldSize, box.y};
      out_ += PathElement("detail", "M" + Pair(fold) + "v" + Number(kFoldSize) + "h" + Number(kFoldSize));
    }
  }

  void WriteStateText(const ChartState& state, const MeasuredState& measured, const DrawBox& box) {
    double x = box.x + (box.width - measured.text_width) / 2;
    double y = box.y + (box.height - measured.text_height) / 2;
    if (state.is_container()) {
      x = box.x + kStatePadding;
      y = box.y + 6;
    }
    for (const MeasuredLine& line : measured.lines) {
      WriteLine(state, line, x, y);
      y += LineHeight(line.role);
    }
  }

  void WriteLine(const ChartState& state, const MeasuredLine& line, double x, double y) {
    const double indent = IndentOf(line.role, state.kind);
    if (line.role == LineRole::kName) out_ += Icon("icon", IconOf(state.kind), {x, y + 2});
    if (line.role == LineRole::kUndo && line.first) out_ += Icon("undo-glyph", UndoGlyph(), {x, y + 1});
    if (line.role != LineRole::kInternal) {
      WriteText(ClassOf(line.role), line.text, x + indent, y + (line.role == LineRole::kName ? 15 : 12));
      return;
    }
    const ChartState::Internal& internal = state.internals[static_cast<std::size_t>(line.internal)];
    out_ += "<g" + Attribute("id", internal.id) +
            Attribute("class", "transition internal " + std::string(CauseName(internal.cause)) + Mark(internal.mark)) +
            "><title>" + EscapeXml(internal.text + ": stays here") + "</title>\n";
    out_ += Icon("glyph", GlyphOf(internal.cause), {x, y + 1});
    WriteText(ClassOf(line.role), line.text, x + indent, y + 12);
    out_ += "</g>\n";
  }

  void WriteText(std::string_view css_class, const std::string& text, double x, double y) {
    out_ += "<text" + Attribute("class", css_class) + Attribute("x", Number(x)) + Attribute("y", Number(y)) + ">" +
            EscapeXml(text) + "</text>\n";
  }

  // The shape at which a line ends; inside of a frame that it does not leave, the dot in it.
  Outline EndOf(int state, int other, int node) const {
    const MeasuredState& measured = measured_.states[static_cast<std::size_t>(state)];
    if (StateOf(state).is_container() && !IsWithin(chart_, other, state))
      return OutlineOf(ChartKind::kComposite, layout_.clusters[static_cast<std::size_t>(measured.cluster)]);
    const ChartKind kind = StateOf(state).is_container() ? ChartKind::kStart : StateOf(state).kind;
    return OutlineOf(kind, layout_.nodes[static_cast<std::size_t>(node)]);
  }

  void WriteTransition(std::size_t index) {
    const ChartTransition& transition = chart_.transitions[index];
    const MeasuredTransition& measured = measured_.transitions[index];
    const Layout::Edge& edge = layout_.edges[static_cast<std::size_t>(measured.edge)];
    const LayoutRequest::Edge& asked = measured_.request.edges[static_cast<std::size_t>(measured.edge)];
    Curve curve = ClipStart(edge.curve, EndOf(transition.from, transition.to, asked.from));
    curve = ClipEnd(std::move(curve), EndOf(transition.to, transition.from, asked.to));
    out_ += "<g" + Attribute("id", transition.id) +
            Attribute("class", "transition " + std::string(CauseName(transition.cause)) + Mark(transition.mark)) +
            ">\n<title>" + EscapeXml(transition.description) + "</title>\n";
    if (!curve.empty()) {
      const std::vector<DrawPoint> tip = CutArrow(curve, kArrowLength, kArrowWidth);
      out_ += PathElement("line", CurveData(curve));
      out_ += PathElement("tip", PolygonData(tip));
      if (measured.lines.empty()) out_ += Badge(transition.mark, MiddleOf(curve));
    }
    WriteLabel(transition, measured, edge.label);
    out_ += "</g>\n";
  }

  void WriteLabel(const ChartTransition& transition, const MeasuredTransition& measured, DrawPoint center) {
    if (measured.lines.empty()) return;
    double height = 0;
    for (const MeasuredLine& line : measured.lines) height += LineHeight(line.role);
    const double x = center.x - measured.text_width / 2;
    double y = center.y - height / 2;
    for (const MeasuredLine& line : measured.lines) {
      if (line.role == LineRole::kTrigger && line.first) out_ += Icon("glyph", GlyphOf(transition.cause), {x, y + 1});
      WriteText(ClassOf(line.role), line.text, x + IndentOf(line.role, ChartKind::kCall), y + 12);
      y += LineHeight(line.role);
    }
    out_ += Badge(transition.mark, {x - 10, center.y});
  }

  void WriteLegend() {
    const double y = height_ - kMargin - 12;
    double x = kMargin;
    for (ChartMark mark : {ChartMark::kAdded, ChartMark::kRemoved, ChartMark::kChanged}) {
      const std::string name(MarkName(mark));
      out_ += "<g" + Attribute("class", "legend " + name) + ">\n";
      out_ += Rectangle("frame", {x, y - 10, 44, 20}, 6) + Badge(mark, {x + 44, y - 8});
      out_ += "<text" + Attribute("x", Number(x + 58)) + Attribute("y", Number(y + 4)) +
              " style=\"text-decoration: none\">" + name + "</text>\n</g>\n";
      x += 140;
    }
  }

  const Chart& chart_;
  const SvgOptions& options_;
  const MeasuredChart& measured_;
  const Layout& layout_;
  bool marked_ = false;
  double width_ = 0, height_ = 0;
  std::string out_;
};

}  // namespace

Result<std::string> DrawSvg(const Chart& chart, const SvgOptions& options, const LayOutFunction& lay_out) {
  const MeasuredChart measured = Measure(chart, options.direction);
  const Result<Layout> layout = lay_out(measured.request);
  if (!layout) return layout.error();
  return SvgWriter(chart, options, measured, *layout).Write();
}

}  // namespace fermata
