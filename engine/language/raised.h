// What can go wrong in a state, by name, and which handlers would take it. Used by the checker only; pure.
#pragma once

#include <set>
#include <string>

#include "engine/model/definition.h"

namespace fermata {

struct Raised {
  std::set<std::string> business;
  bool anything = false;  // what a child or an unknown operation raises is not known here
  bool technical = false;
};

// By the state itself, not by what is inside it.
Raised RaisedBy(const State& state);
void AddRaised(const Raised& more, Raised& raised);

// Whether a handler with this name may take something of it. Definition errors can happen everywhere.
bool MayTake(const ErrorHandler& handler, const Raised& raised);

}  // namespace fermata
