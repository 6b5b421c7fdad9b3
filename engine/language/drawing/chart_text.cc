#include "engine/language/drawing/chart_text.h"

#include <array>

#include "engine/expression/expression.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

// Advance widths of a wide sans-serif face, in thousandths of the font size.
double GlyphWidth(char32_t c) {
  struct Group {
    std::string_view characters;
    int width;
  };
  static constexpr std::array<Group, 9> kGroups = {{
      {"ijlI'| ,.:;/\\!", 330},
      {"()[]ft-r", 400},
      {"\"_*?zcskvxy^`", 570},
      {"eabdghnopqu$L{}", 640},
      {"0123456789FTJ", 640},
      {"ABCEKPRSVXYZ&~", 700},
      {"DGHNOQU", 790},
      {"w+=<>#M", 860},
      {"mW@%", 990},
  }};
  if (c < 0x80) {
    for (const Group& group : kGroups)
      if (group.characters.find(static_cast<char>(c)) != std::string_view::npos) return group.width / 1000.0;
  }
  if (c >= 0x0300 && c < 0x0370) return 0;  // combining marks
  if (c >= 0x1100) return c == U'…' ? 1.0 : 1.1;
  return c >= 0x0400 ? 0.72 : 0.66;
}

// The character at `at`, which moves on behind it.
char32_t NextCharacter(std::string_view utf8, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(utf8[at++]);
  if (lead < 0x80) return lead;
  const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  char32_t c = lead & (0x3F >> more);
  for (int i = 0; i < more && at < utf8.size(); ++i) c = (c << 6) | (static_cast<unsigned char>(utf8[at++]) & 0x3F);
  return c;
}

bool BreaksBehind(char c) { return c == ' ' || c == '-' || c == '.' || c == '/' || c == ',' || c == ')' || c == '_'; }

// The longest beginning that is no wider than `width_max`, if possible up to a place where a line may end.
std::string_view FittingLine(std::string_view text, double font_size, double width_max, FontWeight weight) {
  double width = 0;
  std::size_t good = 0, at = 0;
  while (at < text.size()) {
    const std::size_t begin = at;
    const char32_t c = NextCharacter(text, at);
    width += GlyphWidth(c) * font_size * (weight == FontWeight::kBold ? 1.1 : 1.0);
    if (width > width_max && begin > 0) return text.substr(0, good > 0 ? good : begin);
    if (c < 0x80 && BreaksBehind(static_cast<char>(c))) good = at;
  }
  return text;
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

void Append(const Template& source, std::string& out) {
  if (const Value* literal = std::get_if<Value>(&source.content)) {
    out += literal->is_string() ? std::string(literal->as_string()) : WriteJson(*literal);
  } else if (const Expression* expression = std::get_if<Expression>(&source.content)) {
    out += "${" + std::string(SourceOf(*expression->compiled)) + "}";
  } else if (const TextTemplate* text = std::get_if<TextTemplate>(&source.content)) {
    for (const TextTemplate::Piece& piece : text->pieces)
      out += piece.expression ? "${" + std::string(SourceOf(*piece.expression->compiled)) + "}" : piece.literal;
  } else if (const Template::ListOf* list = std::get_if<Template::ListOf>(&source.content)) {
    out += "[";
    for (const Template& item : *list) {
      if (&item != &list->front()) out += ", ";
      Append(item, out);
    }
    out += "]";
  } else {
    out += "{";
    const char* separator = "";
    for (const auto& [key, value] : std::get<Template::MapOf>(source.content)) {
      out += separator + key + ": ";
      Append(value, out);
      separator = ", ";
    }
    out += "}";
  }
}

}  // namespace

std::string TextOf(const Template& source) {
  std::string text;
  Append(source, text);
  return text;
}

std::string TimerText(std::int64_t ms) {
  struct Unit {
    const char* name;
    std::int64_t ms;
  };
  static constexpr std::array<Unit, 5> kUnits = {
      {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
  std::string text;
  for (const Unit& unit : kUnits) {
    if (ms >= unit.ms) text += std::to_string(ms / unit.ms) + unit.name;
    ms %= unit.ms;
  }
  return text.empty() ? "0s" : text;
}

std::string OneLine(std::string_view text) {
  std::string line;
  for (char c : text) {
    const bool space = static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
    if (!space) line += c;
    if (space && !line.empty() && line.back() != ' ') line += ' ';
  }
  return std::string(Trimmed(line));
}

double TextWidth(std::string_view utf8, double font_size, FontWeight weight) {
  double width = 0;
  for (std::size_t at = 0; at < utf8.size();) width += GlyphWidth(NextCharacter(utf8, at));
  return width * font_size * (weight == FontWeight::kBold ? 1.1 : 1.0);
}

std::vector<std::string> WrapText(std::string_view utf8, double font_size, double width_max, int lines,
                                  FontWeight weight) {
  const std::string whole = OneLine(utf8);
  std::string_view rest = whole;
  std::vector<std::string> wrapped;
  while (!rest.empty()) {
    const std::string_view line = FittingLine(rest, font_size, width_max, weight);
    if (static_cast<int>(wrapped.size()) + 1 == lines && line.size() < rest.size()) {
      const double left = width_max - font_size;
      wrapped.push_back(std::string(Trimmed(FittingLine(rest, font_size, left, weight))) + "…");
      break;
    }
    wrapped.emplace_back(Trimmed(line));
    rest = Trimmed(rest.substr(line.size()));
  }
  return wrapped;
}

std::string EscapeXml(std::string_view utf8) {
  std::string out;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const char c = utf8[i];
    // U+FFFE and U+FFFF are EF BF BE and EF BF BF.
    if (utf8.compare(i, 2, "\xEF\xBF") == 0 && i + 2 < utf8.size() && static_cast<unsigned char>(utf8[i + 2]) >= 0xBE) {
      i += 2;
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\t' || c == '\n' || c == '\r' || static_cast<unsigned char>(c) >= ' ') {
      out += c;
    }
  }
  return out;
}

}  // namespace fermata
