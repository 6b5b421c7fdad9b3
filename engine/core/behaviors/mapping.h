// Where everything that an instance is made of has its place in another version of its process. language.md 10.12.
//
// Pure; used by one thread for one decision.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/definition.h"
#include "engine/model/instance_state.h"
#include "engine/model/journal_event.h"

namespace fermata {

inline const State& StateAt(const Definition& definition, StateIndex index) {
  return definition.states[static_cast<std::size_t>(index)];
}

// What the states of one version are called in another one.
struct StateNames {
  std::map<std::string, std::string> renamed;               // those that are not named keep theirs
  std::map<ActivationId, std::string> named;                // where the name alone does not tell, or tells otherwise
  std::map<std::string, std::vector<std::string>> unclear;  // it may be any of these
  std::map<std::string, std::string> moved;                 // another state has the name there; this one has none
  std::string advice;                                       // where a state has no name there
};

// As the migration tells it.
StateNames NamesForth(const Migration& migration);
// The other way round: from `newer`, to which the instance has crossed, to `older`.
StateNames NamesBack(const Crossing& crossing, const Definition& older, const Definition& newer);

// The names of `older` that the ones of the newer version do not tell afterwards, by what carries them: for Crossing::named.
std::map<ActivationId, std::string> NamesToRemember(const InstanceState& state, const Definition& older,
                                                    const StateNames& forth);

struct Mapping {
  InstanceMigrated migrated;
  std::vector<std::string> reasons;  // why it cannot be carried: whole sentences; empty = it can
};
Mapping MapOnto(const InstanceState& state, const Definition& from, const Definition& to, const StateNames& names);

}  // namespace fermata
