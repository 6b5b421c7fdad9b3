#include "engine/base/quoted.h"

namespace fermata {
namespace {

std::string Joined(const std::vector<std::string>& names, std::string_view before_last) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? before_last : ", ";
    text += Quoted(names[i]);
  }
  return text;
}

}  // namespace

std::string Quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

std::string QuotedList(const std::vector<std::string>& names) { return Joined(names, ", "); }

std::string QuotedTogether(const std::vector<std::string>& names) { return Joined(names, " and "); }

}  // namespace fermata
