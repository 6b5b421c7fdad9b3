// A process as its file has it, with its states side by side instead of inside each other. Pure and thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/definition.h"
#include "engine/model/value.h"

namespace fermata {

struct FlatState {
  std::string name, parent;           // parent: a state, or "" for the process; regions are left out
  Value body;                         // without what is inside
  std::string entered_from, goes_to;  // neighbours by its transitions; "" if there are none
};

struct FlatProcess {
  Value root;  // without `states`
  std::vector<FlatState> states;
  const FlatState* Find(std::string_view name) const;
};

// References to `schemas` are replaced by what stands there.
FlatProcess Flatten(const Definition& definition, const std::map<std::string, std::string>& schemas);

// A `next`, or an entry of `on`, `after` or `on_error`, as a list of {go, if, …} however it was abbreviated.
std::vector<Value> ArmsOf(const Value& transitions);

// The states that this body's transitions go to, those of `next` first.
std::vector<std::string> TargetsOf(const Value& body);

// The same value with names of states replaced where a name of a state can stand.
Value WithNames(const Value& body, const std::map<std::string, std::string>& names);

}  // namespace fermata
