#include "engine/expression/pattern.h"

#include <re2/re2.h>

#include "engine/model/limits.h"

namespace fermata {

struct Pattern::Rep {
  Rep(std::string_view text, const RE2::Options& options) : re(re2::StringPiece(text.data(), text.size()), options) {}
  RE2 re;
};

Pattern::Pattern(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Pattern::~Pattern() = default;

std::shared_ptr<const Pattern> Pattern::Compile(std::string_view text, std::string& why) {
  if (text.size() > kRegexBytesMax) {
    why = "it has more than " + std::to_string(kRegexBytesMax) + " bytes";
    return nullptr;
  }
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexMemoryMax);
  auto rep = std::make_unique<Rep>(text, options);
  if (!rep->re.ok()) {
    why = rep->re.error();
    return nullptr;
  }
  return std::shared_ptr<const Pattern>(new Pattern(std::move(rep)));
}

bool Pattern::Matches(std::string_view text) const {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), rep_->re);
}

}  // namespace fermata
