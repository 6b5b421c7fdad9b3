#include "engine/language/drawing/svg_style.h"

#include <algorithm>
#include <array>

namespace fermata {
namespace {

struct KindColours {
  std::string_view kind, stroke, fill;
};

struct Palette {
  std::string_view page, ink, muted, frame, line, event, timer, error, undo, active, added, removed, removed_line,
      changed;
  std::array<KindColours, 9> kinds;
};

constexpr Palette kLight = {"#ffffff",
                            "#1f2328",
                            "#59636e",
                            "#8c959f",
                            "#59636e",
                            "#0550ae",
                            "#7d4e00",
                            "#b3202c",
                            "#7a3e9d",
                            "#d4a72c",
                            "#1a7f37",
                            "#b3202c",
                            "#8c959f",
                            "#9a6700",
                            {{{"call", "#0969da", "#eff6ff"},
                              {"ask", "#8250df", "#f8f2ff"},
                              {"run", "#0f766e", "#ecfbf8"},
                              {"emit", "#4f46e5", "#f0f1ff"},
                              {"wait", "#9a6700", "#fff8e1"},
                              {"choice", "#59636e", "#f3f5f8"},
                              {"rollback", "#a8378f", "#fff0fb"},
                              {"end", "#1a7f37", "#ecfdf1"},
                              {"fail", "#b3202c", "#fff1f0"}}}};

constexpr Palette kDark = {"#0d1117",
                           "#f0f3f6",
                           "#aab4c0",
                           "#6b7684",
                           "#9aa6b2",
                           "#79b8ff",
                           "#e3b341",
                           "#ff8a80",
                           "#d6a4f5",
                           "#f2cc60",
                           "#56d364",
                           "#ff8a80",
                           "#6b7684",
                           "#e3b341",
                           {{{"call", "#58a6ff", "#0f2440"},
                             {"ask", "#bc8cff", "#251a3d"},
                             {"run", "#39c5b4", "#0c2b29"},
                             {"emit", "#9a9cff", "#1d1f45"},
                             {"wait", "#d9a520", "#2f2408"},
                             {"choice", "#9aa6b2", "#1d242d"},
                             {"rollback", "#f08bd8", "#351430"},
                             {"end", "#4ac26b", "#0d2b17"},
                             {"fail", "#ff7b72", "#3a1517"}}}};

// Inside of a chart only, so that a page may hold the SVG itself; each of several selectors, divided by ", ".
void Rule(std::string& out, std::string_view selectors, std::string_view body) {
  const char* separator = ".fermata-chart ";
  while (!selectors.empty()) {
    const std::size_t end = std::min(selectors.find(", "), selectors.size());
    out += separator;
    out += selectors.substr(0, end);
    selectors.remove_prefix(std::min(end + 2, selectors.size()));
    separator = ", .fermata-chart ";
  }
  out += " { ";
  out += body;
  out += " }\n";
}

std::string With(std::string_view property, std::string_view value) {
  return std::string(property) + ": " + std::string(value) + ";";
}

void AppendCause(std::string& out, std::string_view cause, std::string_view colour) {
  const std::string name(cause);
  Rule(out, "." + name + " .line, ." + name + " .glyph", With("stroke", colour));
  Rule(out, "." + name + " .tip, ." + name + " .trigger", With("fill", colour));
}

void AppendColours(const Palette& palette, std::string& out) {
  Rule(out, ".page", With("fill", palette.page));
  Rule(out, "text", With("fill", palette.ink));
  Rule(out, ".title", With("fill", palette.muted));
  Rule(out, ".halo", With("stroke", palette.page));
  Rule(out, ".frame, .behind", With("stroke", palette.frame) + " " + With("fill", palette.page));
  Rule(out, ".container > .icon, .anywhere .shape", With("stroke", palette.muted));
  Rule(out, ".anywhere .shape", With("fill", palette.page));
  Rule(out, ".dot", With("fill", palette.ink));
  Rule(out, ".line, .glyph", With("stroke", palette.line));
  Rule(out, ".tip", With("fill", palette.line));
  for (const KindColours& kind : palette.kinds) {
    const std::string name(kind.kind);
    Rule(out, "." + name + " .shape", With("stroke", kind.stroke) + " " + With("fill", kind.fill));
    Rule(out, "." + name + " .icon, ." + name + " .detail", With("stroke", kind.stroke));
  }
  AppendCause(out, "event", palette.event);
  AppendCause(out, "timer", palette.timer);
  AppendCause(out, "error", palette.error);
  Rule(out, ".undo", With("fill", palette.undo));
  Rule(out, ".undo-glyph", With("stroke", palette.undo));
  Rule(out, ".active > .shape, .active > .frame", With("stroke", palette.active));
  struct MarkColours {
    std::string_view mark, line, badge;
  };
  const MarkColours marks[] = {{"added", palette.added, palette.added},
                               {"removed", palette.removed_line, palette.removed},
                               {"changed", palette.changed, palette.changed}};
  for (const MarkColours& colours : marks) {
    const std::string name = "." + std::string(colours.mark);
    Rule(out, name + " > .shape, " + name + " > .frame, " + name + " > .line", With("stroke", colours.line));
    Rule(out, name + " > .tip", With("fill", colours.line));
    Rule(out, name + " > .badge", With("fill", colours.badge));
  }
  Rule(out, ".badge-sign", With("stroke", palette.page));
}

constexpr std::string_view kShapes =
    R"(.fermata-chart { font-family: system-ui, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; }
.fermata-chart text { font-size: 12px; }
.fermata-chart .name { font-size: 14px; font-weight: 600; }
.fermata-chart .trigger { font-weight: 600; }
.fermata-chart .condition { font-style: italic; }
.fermata-chart .heading { font-size: 18px; font-weight: 600; }
.fermata-chart .halo { paint-order: stroke; stroke-width: 4px; stroke-linejoin: round; }
.fermata-chart .shape { stroke-width: 1.5; stroke-linejoin: round; }
.fermata-chart .frame { stroke-width: 1.25; }
.fermata-chart .region > .frame, .fermata-chart .anywhere .shape { stroke-dasharray: 5 4; }
.fermata-chart .atomic > .frame { stroke-width: 3; }
.fermata-chart .behind { stroke-width: 1.25; }
.fermata-chart .icon, .fermata-chart .glyph, .fermata-chart .undo-glyph, .fermata-chart .detail { fill: none; stroke-width: 1.4; stroke-linecap: round; stroke-linejoin: round; }
.fermata-chart .line { fill: none; stroke-width: 1.5; }
.fermata-chart .timer > .line { stroke-dasharray: 7 4; }
.fermata-chart .error > .line { stroke-dasharray: 2 3.5; stroke-width: 1.75; }
.fermata-chart .active > .shape, .fermata-chart .active > .frame { stroke-width: 4; }
.fermata-chart .added > .shape, .fermata-chart .added > .frame, .fermata-chart .added > .line { stroke-width: 3; }
.fermata-chart .removed > .shape, .fermata-chart .removed > .frame, .fermata-chart .removed > .line { stroke-width: 1.5; stroke-dasharray: 3 4; }
.fermata-chart .removed > text { text-decoration: line-through; }
.fermata-chart .changed > .shape, .fermata-chart .changed > .frame, .fermata-chart .changed > .line { stroke-width: 2.5; stroke-dasharray: 12 3; }
.fermata-chart .badge-sign { fill: none; stroke-width: 2; stroke-linecap: round; }
)";

}  // namespace

std::string StyleOf(DrawTheme theme) {
  std::string style = "\n" + std::string(kShapes);
  AppendColours(theme == DrawTheme::kDark ? kDark : kLight, style);
  if (theme == DrawTheme::kAuto) {
    style += "@media (prefers-color-scheme: dark) {\n";
    AppendColours(kDark, style);
    style += "}\n";
  }
  return style;
}

std::string_view IconOf(ChartKind kind) {
  switch (kind) {
    case ChartKind::kCall:  // there and back
      return "M2 5.5h11M10 2.5l3 3-3 3M14 11H3M6 8l-3 3 3 3";
    case ChartKind::kAsk:  // a person
      return "M8 8a3 3 0 1 0 0-6a3 3 0 0 0 0 6zM2.5 14.5c0-3 2.5-4.5 5.5-4.5s5.5 1.5 5.5 4.5";
    case ChartKind::kRun:  // play
      return "M2 2.5h12v11H2zM6.5 5.5l4 2.5-4 2.5z";
    case ChartKind::kEmit:  // off it goes
      return "M14 2L2 7l5 2 2 5zM14 2L7 9";
    case ChartKind::kWait:  // an hourglass
      return "M4 2h8M4 14h8M5 2c0 3.5 3 4 3 6s-3 2.5-3 6M11 2c0 3.5-3 4-3 6s3 2.5 3 6";
    case ChartKind::kRollback:  // back
      return "M3 6h6.5a3.75 3.75 0 0 1 0 7.5H6M6 3L3 6l3 3";
    case ChartKind::kEnd:  // a tick
      return "M3 8.5l3.5 3.5L13 4.5";
    case ChartKind::kFail:  // a cross
      return "M4 4l8 8M12 4l-8 8";
    case ChartKind::kEach:  // a pile
      return "M8 2l6 3-6 3-6-3zM2 8l6 3 6-3M2 11l6 3 6-3";
    case ChartKind::kParallel:  // side by side
      return "M5 2v12M11 2v12";
    case ChartKind::kComposite:  // a box in a box
      return "M2 2.5h12v11H2zM5 6h6v4H5z";
    default:
      return "";
  }
}

std::string_view GlyphOf(ChartCause cause) {
  switch (cause) {
    case ChartCause::kEvent:  // a letter
      return "M1 2.5h11v8H1zM1 3l5.5 4.5L12 3";
    case ChartCause::kTimer:  // a clock
      return "M6.5 1.2a5.3 5.3 0 1 0 0 10.6a5.3 5.3 0 0 0 0-10.6zM6.5 3.6v3l2.2 1.4";
    case ChartCause::kError:  // a flash
      return "M7.5 1L3 7.2h3L5 12l4.8-6.5h-3z";
    default:
      return "";
  }
}

std::string_view UndoGlyph() { return "M2 4.5h6a3.2 3.2 0 0 1 0 6.4H5M4.6 2L2 4.5 4.6 7"; }

}  // namespace fermata
