#include <algorithm>
#include <set>

#include "engine/language/diff/diff.h"

namespace fermata {
namespace {

// Lays the older chart over the newer one, which keeps its ids.
class Overlay {
 public:
  Overlay(const DefinitionDiff& diff, Chart before, Chart after)
      : before_(std::move(before)), chart_(std::move(after)) {
    for (const auto& [new_name, old_name] : diff.renamed) new_names_[old_name] = new_name;
    for (const Change& change : diff.changes)
      if (change.what != "transition" && change.what != "guard" && change.what != "timer")
        changed_.insert(change.state);
    renamed_ = diff.renamed;
  }

  Chart Build() {
    MatchStates();
    MatchTransitions();
    return std::move(chart_);
  }

 private:
  // What stands for the same in both versions.
  std::string KeyOf(const ChartState& state, bool old) const {
    if (state.name.empty() || state.kind == ChartKind::kRegion) return state.id;
    const auto found = new_names_.find(state.name);
    return "state-" + (old && found != new_names_.end() ? found->second : state.name);
  }

  void MatchStates() {
    std::map<std::string, int> known;
    for (std::size_t i = 0; i < chart_.states.size(); ++i) known[KeyOf(chart_.states[i], false)] = static_cast<int>(i);
    std::set<int> matched;
    for (ChartState& old : before_.states) {
      const auto found = known.find(KeyOf(old, true));
      if (found != known.end()) {
        matched.insert(found->second);
        places_.push_back(found->second);
        MarkInternals(old, chart_.states[static_cast<std::size_t>(found->second)]);
        continue;
      }
      ChartState removed = old;
      removed.id = "removed-" + old.id;
      removed.parent = old.parent == -1 ? -1 : places_[static_cast<std::size_t>(old.parent)];
      removed.mark = old.name.empty() ? ChartMark::kSame : ChartMark::kRemoved;
      for (ChartState::Internal& internal : removed.internals) internal.id = "removed-" + internal.id;
      places_.push_back(static_cast<int>(chart_.states.size()));
      chart_.states.push_back(std::move(removed));
    }
    MarkNew(matched, known.size());
  }

  void MarkNew(const std::set<int>& matched, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      ChartState& state = chart_.states[i];
      if (state.name.empty()) continue;
      if (!matched.count(static_cast<int>(i))) {
        state.mark = ChartMark::kAdded;
      } else if (changed_.count(state.name) && state.kind != ChartKind::kRegion) {
        state.mark = ChartMark::kChanged;
      }
      if (const auto renamed = renamed_.find(state.name); renamed != renamed_.end())
        state.title = "was " + renamed->second + (state.title.empty() ? "" : ": " + state.title);
    }
  }

  static void MarkInternals(const ChartState& old, ChartState& state) {
    const auto known = [](const ChartState& where, const std::string& text) {
      return std::any_of(where.internals.begin(), where.internals.end(),
                         [&](const ChartState::Internal& internal) { return internal.text == text; });
    };
    for (ChartState::Internal& internal : state.internals)
      if (!known(old, internal.text)) internal.mark = ChartMark::kAdded;
    for (ChartState::Internal internal : old.internals) {
      if (known(state, internal.text)) continue;
      internal.mark = ChartMark::kRemoved;
      internal.id = "removed-" + internal.id;
      state.internals.push_back(std::move(internal));
    }
  }

  void MatchTransitions() {
    const std::size_t count = chart_.transitions.size();
    for (std::size_t i = 0; i < count; ++i) chart_.transitions[i].mark = ChartMark::kAdded;
    std::vector<ChartTransition> gone;
    for (ChartTransition old : before_.transitions) {
      old.from = places_[static_cast<std::size_t>(old.from)];
      old.to = places_[static_cast<std::size_t>(old.to)];
      if (!Take(old, count, ChartMark::kSame)) gone.push_back(std::move(old));
    }
    for (ChartTransition& old : gone) {
      if (Take(old, count, ChartMark::kChanged)) continue;
      old.id = "removed-" + old.id;
      old.mark = ChartMark::kRemoved;
      chart_.transitions.push_back(std::move(old));
    }
  }

  // Marks one that stands for `old`: the same in everything, or (kChanged) with another condition or time.
  bool Take(const ChartTransition& old, std::size_t count, ChartMark mark) {
    for (std::size_t i = 0; i < count; ++i) {
      ChartTransition& transition = chart_.transitions[i];
      if (transition.mark != ChartMark::kAdded || transition.from != old.from || transition.to != old.to) continue;
      const auto kind = [](ChartCause cause) { return cause == ChartCause::kIf ? ChartCause::kNext : cause; };
      if (kind(transition.cause) != kind(old.cause)) continue;
      const bool timer = mark == ChartMark::kChanged && old.cause == ChartCause::kTimer;
      if (transition.trigger != old.trigger && !timer) continue;
      if (mark == ChartMark::kSame && transition.condition != old.condition) continue;
      transition.mark = mark;
      if (mark == ChartMark::kChanged && timer && transition.trigger != old.trigger)
        transition.trigger = old.trigger + " -> " + transition.trigger;
      return true;
    }
    return false;
  }

  Chart before_, chart_;
  std::map<std::string, std::string> new_names_, renamed_;
  std::set<std::string> changed_;
  std::vector<int> places_;  // of the older states in the newer chart
};

}  // namespace

Chart BuildDiffChart(const DefinitionDiff& diff, const Definition& before, const Definition& after) {
  return Overlay(diff, BuildChart(before), BuildChart(after)).Build();
}

}  // namespace fermata
