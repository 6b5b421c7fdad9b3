// `fermata eval`: JSON lines {"expr", "vars"} in, one line of JSON for each out.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

namespace fermata {

struct EvalOptions {
  // Values on both sides are {"type", "value"}, and nothing is checked before it is evaluated.
  bool typed = false;
};

// Reads to the end of `in`; each answer is flushed before the next line is read. A bad line is answered with an error, and the next one is read.
// Answers: {"value": …} or {"error": {"code": "FM-3105", "message": …, "column": 7}}. Returns the process's exit code: 0.
int RunEval(std::istream& in, std::ostream& out, EvalOptions options);

// The answer to one line, without the line's end.
std::string EvalLine(std::string_view line, EvalOptions options);

}  // namespace fermata
