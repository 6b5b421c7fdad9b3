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

// One message a key value: that of the event, and the business keys of the instances that it starts. `to` (process, key) addresses an instance
// instead. Empty when no deployed process can take the event by key, or is started by it.
std::vector<EventMessage> RouteEvent(const DefinitionRegistry& definitions, const std::string& tenant,
                                     const CloudEvent& event,
                                     const std::optional<std::pair<std::string, std::string>>& to, std::int64_t now_us);

// For each process that declares the type but does not get the event by its key, why not: a whole sentence.
std::vector<std::string> WhyNotBrought(const DefinitionRegistry& definitions, const CloudEvent& event);

// Validates data against the declaration of each process's live version and gives it normalised (422 otherwise). What starts a process must be an
// input of it; where its key is unique the instance that has it may take the event as it is.
Result<CloudEvent> ValidateEvent(const DefinitionRegistry& definitions, CloudEvent event, std::int64_t now_us);

}  // namespace fermata
