#include "api/cli/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <ostream>

#include "engine/model/json.h"

namespace fermata {
namespace {

std::size_t Width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

int IntegerOf(const Value* value, int otherwise) {
  return value && value->kind() == ValueKind::kInt ? static_cast<int>(value->as_int()) : otherwise;
}

std::string StringOf(const Value* value) { return value && value->is_string() ? std::string(value->as_string()) : ""; }

}  // namespace

Colour ColourOf(int descriptor) {
  const char* no_colour = std::getenv("NO_COLOR");
  if (no_colour && *no_colour) return Colour::kNever;
  return isatty(descriptor) ? Colour::kAlways : Colour::kNever;
}

std::string Painted(std::string_view status, Colour colour) {
  const char* code = nullptr;
  if (status == "completed" || status == "deployed") code = "32";
  if (status == "failed" || status == "open") code = "31";
  if (status == "compensating" || status == "suspended" || status == "cancelled") code = "33";
  if (!code || colour == Colour::kNever) return std::string(status);
  return "\x1b[" + std::string(code) + "m" + std::string(status) + "\x1b[0m";
}

void PrintTable(const std::vector<std::vector<std::string>>& rows, std::ostream& out) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i == widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], Width(row[i]));
    }
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out << row[i];
      if (i + 1 < row.size()) out << std::string(widths[i] - Width(row[i]) + 2, ' ');
    }
    out << "\n";
  }
}

std::string TextOf(const Value* value) {
  if (!value || value->is_null()) return "-";
  if (value->is_string()) return std::string(value->as_string());
  return WriteJson(*value);
}

Diagnostic DiagnosticOf(const Value& json) {
  Diagnostic diagnostic;
  const std::string severity = StringOf(json.Find("severity"));
  diagnostic.severity = severity == "warning"       ? Severity::kWarning
                        : severity == "information" ? Severity::kInformation
                                                    : Severity::kError;
  const std::string code = StringOf(json.Find("code"));
  int number = 0;
  if (code.size() > 3) std::from_chars(code.data() + 3, code.data() + code.size(), number);
  diagnostic.code = ErrorCode{number};
  diagnostic.file = StringOf(json.Find("file"));
  diagnostic.line = IntegerOf(json.Find("line"), 0);
  diagnostic.column = IntegerOf(json.Find("column"), 1);
  diagnostic.length = IntegerOf(json.Find("length"), 1);
  diagnostic.message = StringOf(json.Find("message"));
  diagnostic.hint = StringOf(json.Find("hint"));
  diagnostic.excerpt = StringOf(json.Find("excerpt"));
  return diagnostic;
}

}  // namespace fermata
