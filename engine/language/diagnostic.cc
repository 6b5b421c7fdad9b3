#include "engine/language/diagnostic.h"

#include <algorithm>
#include <tuple>

namespace fermata {
namespace {

struct Paint {
  std::string_view bold, severity, caret, dim, reset;
};

Paint PaintOf(Severity severity, Colour colour) {
  if (colour == Colour::kNever) return {};
  const std::string_view hue = severity == Severity::kError     ? "\x1b[1;31m"
                               : severity == Severity::kWarning ? "\x1b[1;33m"
                                                                : "\x1b[1;36m";
  return {"\x1b[1m", hue, "\x1b[1;32m", "\x1b[2m", "\x1b[0m"};
}

std::string Painted(std::string_view paint, std::string_view text, std::string_view reset) {
  return std::string(paint) + std::string(text) + std::string(reset);
}

// Blanks under the excerpt's first `characters` characters; tabs stay tabs so that the caret stands below its character.
std::string Indentation(std::string_view excerpt, int characters) {
  std::string blanks;
  for (unsigned char byte : excerpt) {
    if ((byte & 0xC0) == 0x80) continue;
    if (characters-- <= 0) break;
    blanks += byte == '\t' ? '\t' : ' ';
  }
  return blanks;
}

int CountCharacters(std::string_view utf8) {
  return static_cast<int>(
      std::count_if(utf8.begin(), utf8.end(), [](unsigned char byte) { return (byte & 0xC0) != 0x80; }));
}

std::string Excerpt(const Diagnostic& diagnostic, const Paint& paint) {
  const std::string number = std::to_string(diagnostic.line);
  const std::string margin(std::max<std::size_t>(number.size(), 5), ' ');
  const int room = CountCharacters(diagnostic.excerpt) - (diagnostic.column - 1);
  const int length = std::max(1, std::min(diagnostic.length, room));
  std::string text = std::string(margin.size() - number.size(), ' ') + Painted(paint.dim, number + " |", paint.reset) +
                     " " + diagnostic.excerpt + "\n";
  text += margin + " " + Painted(paint.dim, "|", paint.reset) + " " +
          Indentation(diagnostic.excerpt, diagnostic.column - 1);
  return text + Painted(paint.caret, "^" + std::string(static_cast<std::size_t>(length - 1), '~'), paint.reset) + "\n";
}

}  // namespace

std::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "error";
    case Severity::kWarning:
      return "warning";
    case Severity::kInformation:
      break;
  }
  return "information";
}

bool HasErrors(const std::vector<Diagnostic>& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& diagnostic) { return diagnostic.severity == Severity::kError; });
}

void SortDiagnostics(std::vector<Diagnostic>& diagnostics) {
  std::stable_sort(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.file, a.line, a.column, a.severity) < std::tie(b.file, b.line, b.column, b.severity);
  });
}

std::string FormatDiagnostic(const Diagnostic& diagnostic, Colour colour) {
  const Paint paint = PaintOf(diagnostic.severity, colour);
  std::string place = diagnostic.file;
  if (diagnostic.line > 0) place += ":" + std::to_string(diagnostic.line) + ":" + std::to_string(diagnostic.column);
  std::string text =
      Painted(paint.bold, place + ":", paint.reset) + " " +
      Painted(paint.severity,
              std::string(SeverityName(diagnostic.severity)) + " " + FormatErrorCode(diagnostic.code) + ":",
              paint.reset) +
      " " + diagnostic.message + "\n";
  if (diagnostic.line > 0 && !diagnostic.excerpt.empty()) text += Excerpt(diagnostic, paint);
  if (diagnostic.related)
    text += "  note: " + diagnostic.related->message + " (line " + std::to_string(diagnostic.related->line) +
            ", column " + std::to_string(diagnostic.related->column) + ")\n";
  if (!diagnostic.hint.empty()) text += "  hint: " + diagnostic.hint + "\n";
  return text;
}

std::string FormatDiagnostics(const std::vector<Diagnostic>& diagnostics, Colour colour) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics) text += FormatDiagnostic(diagnostic, colour);
  return text;
}

Value ToValue(const Diagnostic& diagnostic) {
  std::vector<MapEntry> entries;
  const auto add = [&](std::string_view name, Value value) {
    entries.emplace_back(Value::String(name), std::move(value));
  };
  add("severity", Value::String(SeverityName(diagnostic.severity)));
  add("code", Value::String(FormatErrorCode(diagnostic.code)));
  add("file", Value::String(diagnostic.file));
  add("line", Value::Int(diagnostic.line));
  add("column", Value::Int(diagnostic.column));
  add("length", Value::Int(diagnostic.length));
  add("message", Value::String(diagnostic.message));
  if (!diagnostic.hint.empty()) add("hint", Value::String(diagnostic.hint));
  if (!diagnostic.excerpt.empty()) add("excerpt", Value::String(diagnostic.excerpt));
  if (diagnostic.related)
    add("related", Value::Object({{"line", Value::Int(diagnostic.related->line)},
                                  {"column", Value::Int(diagnostic.related->column)},
                                  {"message", Value::String(diagnostic.related->message)}}));
  return Value::Map(std::move(entries));
}

Value ToValue(const std::vector<Diagnostic>& diagnostics) {
  std::vector<Value> items;
  for (const Diagnostic& diagnostic : diagnostics) items.push_back(ToValue(diagnostic));
  return Value::List(std::move(items));
}

}  // namespace fermata
