#include "engine/language/encoding.h"

#include <cstdio>

#include "engine/language/codes.h"
#include "engine/model/json.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

// The first byte that does not belong to valid UTF-8.
std::size_t FirstInvalidByte(std::string_view text) {
  std::size_t line = 0;
  while (line < text.size()) {
    const std::size_t end = std::min(text.find('\n', line), text.size());
    if (!IsValidUtf8(text.substr(line, end - line))) break;
    line = end + 1;
  }
  std::size_t at = std::min(line, text.size());
  while (at < text.size()) {
    std::size_t bytes = 1;
    while (bytes <= 4 && !IsValidUtf8(text.substr(at, bytes))) ++bytes;
    if (bytes > 4) return at;
    at += bytes;
  }
  return at;
}

Diagnostic Wrong(const SourceText& source, ErrorCode code, std::size_t at, std::string message, std::string hint) {
  return source.Report(Severity::kError, code, source.At(at), 1, std::move(message), std::move(hint));
}

std::optional<Diagnostic> CheckDirectives(const SourceText& source) {
  // Directives stand before the first line of content.
  for (int line = 1; line <= source.At(source.text().size()).line; ++line) {
    const std::string_view text = source.Line(line);
    if (text.empty() || text[0] == '#') continue;
    if (text[0] != '%') return std::nullopt;
    const std::string_view name = text.substr(0, text.find(" #"));
    if (name != "%YAML 1.2")
      return source.Report(Severity::kError, kYamlDirective, {line, 1}, CountCharacters(text),
                           "Expected no directive other than '%YAML 1.2', but there is '" + std::string(text) + "'.");
  }
  return std::nullopt;
}

}  // namespace

std::optional<Diagnostic> CheckEncoding(const SourceText& source) {
  const std::string& text = source.text();
  const char* const save_as_utf8 = "save the file as UTF-8 without a byte order mark";
  const auto starts_with = [&](std::string_view bytes) {
    return std::string_view(text).substr(0, bytes.size()) == bytes;
  };
  if (text.size() > kYamlBytesMax)
    return Wrong(source, kYamlTooLarge, 0,
                 "Expected a file of at most " + std::to_string(kYamlBytesMax) + " bytes, but it has " +
                     std::to_string(text.size()) + ".",
                 "");
  if (starts_with("\xEF\xBB\xBF"))
    return Wrong(source, kYamlEncoding, 0, "Expected UTF-8 text, but the file begins with a byte order mark.",
                 save_as_utf8);
  if (starts_with("\xFF\xFE") || starts_with("\xFE\xFF") ||
      (text.size() >= 2 && (text[0] == '\0') != (text[1] == '\0')))
    return Wrong(source, kYamlEncoding, 0, "Expected UTF-8 text, but the file looks like UTF-16 or UTF-32.",
                 save_as_utf8);
  if (!IsValidUtf8(text))
    return Wrong(source, kYamlEncoding, FirstInvalidByte(text),
                 "Expected UTF-8 text, but the bytes here are not UTF-8.", save_as_utf8);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if ((c >= 0x20 && c != 0x7F) || c == '\t' || c == '\n') continue;
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    char code[8];
    std::snprintf(code, sizeof code, "U+%04X", c);
    return Wrong(source, kYamlEncoding, i,
                 std::string("Expected printable text, but there is the control character ") + code + ".",
                 c == '\r' ? "lines end with a line feed, or with carriage return and line feed" : "");
  }
  return CheckDirectives(source);
}

}  // namespace fermata
