// The words of a chart: templates and spans as they are written, text cut and measured so that it fits.
//
// Pure and thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/definition.h"

namespace fermata {

// As it stands in the process: "Order ${id}", "[a, b]".
std::string TextOf(const Template& source);
// 5400000 -> "1h30m".
std::string TimerText(std::int64_t ms);
// Line ends and control characters become spaces, runs of spaces one.
std::string OneLine(std::string_view text);

// The width of one line at this font size. Reckoned with the metrics of a wide font, so that it fits in narrower ones too.
enum class FontWeight { kNormal, kBold };
double TextWidth(std::string_view utf8, double font_size, FontWeight weight = FontWeight::kNormal);
// At most `lines` lines no wider than `width_max`, broken at spaces and behind punctuation; what does not fit ends in "…". No line for an empty text.
std::vector<std::string> WrapText(std::string_view utf8, double font_size, double width_max, int lines,
                                  FontWeight weight = FontWeight::kNormal);

// For element content and attributes in double quotes; characters that XML 1.0 does not have are left out.
std::string EscapeXml(std::string_view utf8);

}  // namespace fermata
