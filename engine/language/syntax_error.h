// From yaml-cpp's words for a syntax error to ours, with the place where a person would look. Pure and thread-safe.
#pragma once

#include <string_view>
#include <vector>

#include "engine/language/diagnostic.h"
#include "engine/language/source_text.h"

namespace fermata {

// A `[` or `{` that is not closed yet.
struct OpenBracket {
  std::size_t offset = 0;
  char character = '[';
  int depth = 0;  // of nesting
};

// `reason` is yaml-cpp's message, `offset` the byte it stopped at.
Diagnostic ExplainSyntaxError(const SourceText& source, std::string_view reason, std::size_t offset,
                              const std::vector<OpenBracket>& open_brackets);

}  // namespace fermata
