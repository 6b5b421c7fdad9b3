// A regular expression in RE2's syntax: matching takes time linear in the text, and a bounded amount of memory.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace fermata {

class Pattern {
 public:
  ~Pattern();

  // Null if `text` is no pattern or is too large; `why` then says so.
  static std::shared_ptr<const Pattern> Compile(std::string_view text, std::string& why);

  // Whether it matches somewhere in `text`. Thread-safe.
  bool Matches(std::string_view text) const;

 private:
  struct Rep;
  explicit Pattern(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

}  // namespace fermata
