// Where in a process a place in its text is, found without reading it as YAML: while it is being typed it often is none.
//
// Pure; a text that makes no sense gives some place, never a failure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fermata {

struct Cursor {
  std::vector<std::string> path;  // the keys around it, the outermost first; lists leave no trace
  bool at_key = false;            // a key is expected here
  bool in_list = false;           // an item of a list is
  bool in_expression = false;     // inside of ${ }, or under `if`
  std::string word;  // what stands before it: of an expression the names and dots ("input.am"), else the scalar so far
  std::size_t begin = 0;  // where the last part of the word begins
};

// `offset` is a byte of the text.
Cursor LocateCursor(std::string_view text, std::size_t offset);

// The end of the name that the byte stands in or behind.
std::size_t EndOfWord(std::string_view text, std::size_t offset);

}  // namespace fermata
