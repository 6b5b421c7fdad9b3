// The text of this repository, as the tests of its order see it.
//
// Everything is read when it is asked for; a tree that cannot be read fails the test that asked.
#pragma once

#include <cctype>
#include <filesystem>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/read_file.h"

namespace fermata {

inline const std::filesystem::path& SourceRoot() {
  static const std::filesystem::path root = FERMATA_SOURCE_DIR;
  return root;
}

inline std::string ReadSource(const std::string& file) { return test::ReadFile(SourceRoot() / file); }

// Names relative to the root, sorted, of the files below `folder` that end with one of `endings`; all files if there
// are none.
inline std::vector<std::string> FilesBelow(const std::string& folder, const std::vector<std::string>& endings) {
  static const std::set<std::string> foreign = {".git", "build", "node_modules", "__pycache__", ".cache"};
  std::set<std::string> found;
  const auto start = SourceRoot() / folder;
  if (!std::filesystem::exists(start)) return {};
  for (auto entry = std::filesystem::recursive_directory_iterator(start); entry != std::filesystem::end(entry);
       ++entry) {
    if (entry->is_directory() && foreign.count(entry->path().filename())) entry.disable_recursion_pending();
    if (!entry->is_regular_file()) continue;
    const std::string name = std::filesystem::relative(entry->path(), SourceRoot());
    bool wanted = endings.empty();
    for (const auto& ending : endings) wanted = wanted || name.ends_with(ending);
    if (wanted) found.insert(name);
  }
  return {found.begin(), found.end()};
}

inline std::string FolderOf(std::string_view file) {
  const auto slash = file.rfind('/');
  return std::string(slash == std::string_view::npos ? "" : file.substr(0, slash));
}

struct Include {
  std::string name;  // as written, without the quotes or brackets
  bool ours;         // in quotes
  int line;
};

inline std::vector<Include> IncludesIn(const std::string& text) {
  std::vector<Include> found;
  int line_number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    auto end = text.find('\n', begin);
    if (end == std::string::npos) end = text.size();
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    ++line_number;
    if (!line.starts_with("#include")) continue;
    const auto open = line.find_first_of("\"<");
    if (open == std::string_view::npos) continue;
    const auto close = line.find_first_of("\">", open + 1);
    if (close == std::string_view::npos) continue;
    found.push_back({std::string(line.substr(open + 1, close - open - 1)), line[open] == '"', line_number});
  }
  return found;
}

// The text with comments and the content of string literals blanked out: what is left is what the compiler obeys.
inline std::string CodeOf(const std::string& text) {
  std::string code = text;
  char inside = 0;  // '"', '\'', '/' for a line comment, '*' for a block comment
  for (std::size_t i = 0; i < code.size(); ++i) {
    const char next = i + 1 < code.size() ? code[i + 1] : '\0';
    const char c = code[i];
    if (inside == 0) {
      const bool digit_separator = c == '\'' && i > 0 && std::isalnum(static_cast<unsigned char>(code[i - 1]));
      if (c == '/' && (next == '/' || next == '*')) inside = next;
      if ((c == '"' || c == '\'') && !digit_separator) inside = c;
      if (c == '/' && inside != 0) code[i++] = ' ', code[i] = ' ';
      continue;
    }
    if (inside == '/' && c == '\n') inside = 0;
    if (inside == '*' && c == '*' && next == '/') inside = 0, code[i++] = ' ';
    if ((inside == '"' || inside == '\'') && c == '\\') code[i++] = ' ';
    if (c == inside && (c == '"' || c == '\'')) {
      inside = 0;
      continue;
    }
    if (i < code.size() && code[i] != '\n') code[i] = ' ';
  }
  return code;
}

}  // namespace fermata
