#include "engine/base/nearest_word.h"

#include <algorithm>
#include <cctype>

namespace fermata {
namespace {

constexpr std::size_t kWordBytesMax = 64;  // longer words are no slips of the pen

std::string LowerCase(std::string_view word) {
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

// Optimal string alignment distance.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_previous(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) current[j] = std::min(current[j], before_previous[j - 2] + 1);
    }
    before_previous.swap(previous);
    previous.swap(current);
  }
  return previous[b.size()];
}

}  // namespace

std::string NearestWord(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > kWordBytesMax) return "";
  const std::string wanted = LowerCase(word);
  std::string nearest;
  std::size_t fewest = kWordBytesMax;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kWordBytesMax) continue;
    const std::size_t edits = EditDistance(wanted, LowerCase(candidate));
    const std::size_t length = std::max(word.size(), candidate.size());
    const std::size_t edits_max = length <= 4 ? 1 : length <= 8 ? 2 : 3;
    // Words of one or two letters must share one.
    if (edits < fewest && edits <= edits_max && edits < length) {
      fewest = edits;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace fermata
