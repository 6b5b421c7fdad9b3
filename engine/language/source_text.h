// A file's text with an index of its lines: from byte offsets to places, and the lines for excerpts.
//
// Thread-safe when not changed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/language/diagnostic.h"
#include "engine/language/node.h"

namespace fermata {

class SourceText {
 public:
  SourceText(std::string file, std::string text);

  const std::string& file() const { return file_; }
  const std::string& text() const { return text_; }

  // Offsets beyond the end give the end.
  SourcePosition At(std::size_t offset) const;
  // Without its line end; empty beyond the last line.
  std::string_view Line(int line) const;

  // Where the character with this index (0-based, in code points) of the scalar's text stands. Follows quotes, escapes, folding and indentation.
  SourcePosition Locate(const Node& scalar, int index) const;

  // A diagnostic at this place with the excerpt filled in.
  Diagnostic Report(Severity severity, ErrorCode code, SourcePosition at, int length, std::string message,
                    std::string hint = "") const;

 private:
  std::string file_;
  std::string text_;
  // Characters before `offset`.
  int CharactersBefore(std::size_t offset) const;

  std::vector<std::size_t> line_begins_;
  std::vector<int> characters_;  // before each block of kBlockBytes: long lines stay cheap
};

// Code points in valid UTF-8.
int CountCharacters(std::string_view utf8);

}  // namespace fermata
