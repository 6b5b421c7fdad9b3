#include "engine/storage/states_text.h"

namespace fermata {

std::string JoinStates(const std::vector<std::string>& states) {
  if (states.empty()) return "";
  std::string text = "\n";
  for (const std::string& state : states) text += state + "\n";
  return text;
}

std::vector<std::string> SplitStates(std::string_view text) {
  std::vector<std::string> states;
  if (text.empty()) return states;
  text.remove_prefix(1);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    states.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return states;
}

}  // namespace fermata
