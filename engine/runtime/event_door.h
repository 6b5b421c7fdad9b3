// Where an event goes: the keys that each deployed version declares are evaluated here, once.
//
// Pure but for the registry; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/cloud_event.h"
#include "engine/runtime/definition_registry.h"
#include "engine/runtime/message.h"

namespace fermata {

// One message a key value. `to` (process, key) addresses an instance instead. Empty when no deployed process can take the event by key.
std::vector<EventMessage> RouteEvent(const DefinitionRegistry& definitions, const std::string& tenant,
                                     const CloudEvent& event,
                                     const std::optional<std::pair<std::string, std::string>>& to);

// Validates data against the declaration of each process's live version and gives it normalised (422 otherwise).
Result<CloudEvent> ValidateEvent(const DefinitionRegistry& definitions, CloudEvent event);

}  // namespace fermata
