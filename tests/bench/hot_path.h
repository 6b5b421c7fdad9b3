// One instance of five calls, driven by hand: the pure part of what `fermata bench chain5` does.
#pragma once

#include <string>
#include <vector>

#include "engine/core/decide.h"

namespace fermata::test {

// Not thread-safe.
class Chain5 {
 public:
  Chain5();

  // A fresh instance that has started: its first call is in flight.
  void Start();
  // The outcome of the call in flight; the decision of it.
  Decision Complete();
  bool ended() const { return IsFinal(state_.status); }
  const InstanceState& state() const { return state_; }

  // All rows of one run, as they are stored.
  std::vector<std::string> Rows();

 private:
  Decision Do(const Command& command);

  DefinitionPtr definition_;
  InstanceState state_;
};

// The state that these rows give. Asserts that they can be read.
InstanceState Replay(const std::vector<std::string>& rows);

}  // namespace fermata::test
