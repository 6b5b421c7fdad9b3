// The variables of a process: who writes them, where they are certainly set, and of which type they are. Used by the checker only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/expression/expression.h"
#include "engine/language/graph.h"
#include "engine/language/parsed.h"

namespace fermata {

// One place that assigns.
struct Write {
  std::string name;
  StateIndex state = kRoot;
  SourcePosition at;
  int length = 1;
};
// In document order.
std::vector<Write> CollectWrites(const ParsedDefinition& parsed);

// A set of variables by number.
using VariableSet = std::vector<bool>;

class Variables {
 public:
  Variables(const ParsedDefinition& parsed, const Graph& graph, const std::vector<Write>& writes);

  // -1 if no variable is called so.
  int NumberOf(std::string_view name) const;
  const std::vector<std::string>& names() const { return names_; }
  std::string Name(int number) const { return names_[static_cast<std::size_t>(number)]; }

  // What is certainly set when the state is entered, after its `set`, and when its verb is through. Everything for states that nothing enters.
  const VariableSet& AtEntry(StateIndex state) const { return entry_[static_cast<std::size_t>(state)]; }
  VariableSet AfterSet(const State& state) const;
  VariableSet AfterVerb(const State& state) const;
  // With what an arm adds by its `save`.
  VariableSet With(VariableSet set, const std::string& name) const;

 private:
  void Flow(const Graph& graph);
  // Lowers what is set at the target's entry; true if that changed something.
  bool Meet(StateIndex target, const VariableSet& arriving);
  VariableSet Arriving(const State& from, const TransitionArm& arm, VariableSet set) const;
  VariableSet AfterEnds(const State& state) const;

  const Definition& definition_;
  std::vector<bool> reached_;
  std::vector<std::string> names_;
  std::map<std::string, int, std::less<>> numbers_;
  std::vector<VariableSet> entry_;
};

// The outermost `each` that the state is inside of and `target` is not; kNoState if there is none.
StateIndex EachLeftBy(const Definition& definition, StateIndex state, StateIndex target);

}  // namespace fermata
