#include "engine/scenario/history.h"

#include <algorithm>
#include <map>

#include "engine/codec/history_teller.h"
#include "engine/model/limits.h"

namespace fermata {

std::vector<HistoryLine> TellHistory(const World& world, const InstanceId& main,
                                     const std::vector<std::pair<std::size_t, int>>& steps, std::int64_t began_us) {
  std::vector<HistoryLine> lines;
  std::map<InstanceId, HistoryTeller> tellers;
  auto step = steps.begin();
  int step_line = 0;
  for (std::size_t i = 0; i < world.rows().size(); ++i) {
    for (; step != steps.end() && step->first <= i; ++step) step_line = step->second;
    const auto& [id, row] = world.rows()[i];
    const LiveInstance* live = world.Find(id);
    if (live == nullptr || row < live->dropped) continue;  // its start was refused, or it was long ago
    for (const JournalEvent& event : live->journal[row - live->dropped]) {
      std::string text = tellers[id].Tell(event);
      if (text.empty()) continue;
      lines.push_back(
          {event.at_us - began_us, step_line, id == main ? "" : live->definition->process, std::move(text)});
    }
  }
  if (lines.size() > kScenarioHistoryMax)
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kScenarioHistoryMax));
  return lines;
}

std::string ElapsedText(std::int64_t us) {
  constexpr std::pair<std::int64_t, const char*> kUnits[] = {
      {86'400'000'000, "d"}, {3'600'000'000, "h"}, {60'000'000, "m"}, {1'000'000, "s"}, {1'000, "ms"}};
  std::string text;
  int units = 0;
  for (const auto& [size, name] : kUnits) {
    if (us < size || units == 2) continue;
    text += (text.empty() ? "" : " ") + std::to_string(us / size) + name;
    us %= size;
    ++units;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace fermata
