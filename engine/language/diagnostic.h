// What is wrong with a file, where, and what to do: for people as text with an excerpt, for programs as JSON.
//
// Plain values and pure functions; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/error_code.h"
#include "engine/model/value.h"

namespace fermata {

enum class Severity { kError, kWarning, kInformation };
std::string_view SeverityName(Severity severity);  // "error", "warning", "information"

struct Diagnostic {
  Severity severity = Severity::kError;
  ErrorCode code{};
  std::string file;
  int line = 0;         // 1-based; 0 = the file as a whole
  int column = 1;       // 1-based, in characters
  int length = 1;       // characters to underline, within the line
  std::string message;  // one sentence or two
  std::string hint;     // may be empty
  std::string excerpt;  // the line as it stands in the file, without its end
  // Another place that belongs to the mistake ("the first one is here").
  struct Related {
    int line = 0;
    int column = 1;
    std::string message;
  };
  std::optional<Related> related;
};

bool HasErrors(const std::vector<Diagnostic>& diagnostics);

// By file, line, column; of equal ones errors first. Stable.
void SortDiagnostics(std::vector<Diagnostic>& diagnostics);

enum class Colour { kNever, kAlways };
// "file:2:7: error FM-2104: …", the excerpt with a caret, the hint; each diagnostic ends with a newline.
std::string FormatDiagnostic(const Diagnostic& diagnostic, Colour colour = Colour::kNever);
std::string FormatDiagnostics(const std::vector<Diagnostic>& diagnostics, Colour colour = Colour::kNever);

// {severity, code: "FM-2104", file, line, column, length, message, hint?, excerpt?, related?: {line, column, message}}
Value ToValue(const Diagnostic& diagnostic);
Value ToValue(const std::vector<Diagnostic>& diagnostics);

}  // namespace fermata
