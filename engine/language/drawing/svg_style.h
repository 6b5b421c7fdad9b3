// Colours, fonts and strokes of an SVG, and the small pictures in it.
//
// Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "engine/language/drawing/chart.h"
#include "engine/language/drawing/svg.h"

namespace fermata {

// The content of the <style> element.
std::string StyleOf(DrawTheme theme);

// Path data of 16 by 16, stroked; empty if the kind has none.
std::string_view IconOf(ChartKind kind);
// Path data of 13 by 13, stroked; empty if the cause has none.
std::string_view GlyphOf(ChartCause cause);
std::string_view UndoGlyph();

}  // namespace fermata
