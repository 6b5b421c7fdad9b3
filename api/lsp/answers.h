// What an editor asks of a place in an open file. Positions are bytes of its text.
//
// Each function reads what was understood last (OpenFile::definition), so it answers while the text is no YAML.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "api/lsp/workspace.h"
#include "engine/model/value.h"

namespace fermata {

struct Suggestion {
  enum class Kind { kKey, kState, kOperation, kProcess, kEvent, kError, kVariable, kField, kWord, kFunction };
  Kind kind = Kind::kKey;
  std::string label;
  std::string detail;         // beside it, short
  std::string documentation;  // Markdown
  std::string inserted;       // instead of the label, if not empty
};
struct Suggestions {
  std::size_t begin = 0;  // what stands from here to the place is replaced
  std::vector<Suggestion> items;
};
Suggestions Complete(OpenFile& file, std::size_t offset, Workspace& workspace);

// Markdown; absent where there is nothing to say.
std::optional<std::string> Hover(OpenFile& file, std::size_t offset, Workspace& workspace);

// A place in this file or another one; line and column count from 1, in characters.
struct Target {
  std::string uri;
  int line = 1;
  int column = 1;
  int length = 0;
};
std::optional<Target> FindDefinition(OpenFile& file, std::size_t offset, Workspace& workspace);

// The process's events and states as DocumentSymbols, nested as they are.
Value Outline(const OpenFile& file, PositionUnit unit);

// An operation in Markdown: what it is for, its input, output and errors.
std::string DescribeOperation(const Manifest& manifest, const OperationManifest& operation);

}  // namespace fermata
