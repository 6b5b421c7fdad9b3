#include "engine/runtime/event_door.h"

#include <algorithm>
#include <map>

#include "engine/core/decide.h"
#include "engine/model/limits.h"
#include "engine/runtime/codes.h"

namespace fermata {

std::vector<EventMessage> RouteEvent(const DefinitionRegistry& definitions, const std::string& tenant,
                                     const CloudEvent& event,
                                     const std::optional<std::pair<std::string, std::string>>& to) {
  if (to) return {EventMessage{tenant, to->second, {to->first}, true, kKeepDefaultMs, event}};
  std::map<std::string, EventMessage> by_value;
  for (const EventReceiver& receiver : definitions.ReceiversOf(event.type)) {
    std::optional<std::string> value = EvaluateEventKey(*receiver.declaration, event);
    if (!value || value->empty() || value->size() > kKeyBytesMax) continue;
    EventMessage& message = by_value[*value];
    message.tenant = tenant;
    message.value = *value;
    message.event = event;
    message.keep_ms = std::max(message.keep_ms, receiver.declaration->keep_ms);
    const std::string& process = receiver.definition->process;
    if (std::find(message.processes.begin(), message.processes.end(), process) == message.processes.end())
      message.processes.push_back(process);
  }
  std::vector<EventMessage> messages;
  for (auto& [value, message] : by_value) messages.push_back(std::move(message));
  return messages;
}

Result<CloudEvent> ValidateEvent(const DefinitionRegistry& definitions, CloudEvent event) {
  std::vector<EventReceiver> receivers = definitions.ReceiversOf(event.type);
  if (receivers.empty())
    return Error{kUndeclaredEvent,
                 "Expected an event type that a deployed process declares under 'events', but none declares '" +
                     event.type + "'."};
  for (const EventReceiver& receiver : receivers) {
    if (!receiver.live) continue;
    Result<Value> data = ValidateEventData(*receiver.declaration, event.data);
    if (!data.ok()) return data.error();
    event.data = std::move(*data);
  }
  return event;
}

}  // namespace fermata
