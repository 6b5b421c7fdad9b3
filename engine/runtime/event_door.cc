#include "engine/runtime/event_door.h"

#include <algorithm>
#include <map>

#include "engine/base/nearest_word.h"
#include "engine/core/decide.h"
#include "engine/model/limits.h"
#include "engine/runtime/codes.h"

namespace fermata {

namespace {

bool IsStartedBy(const EventReceiver& receiver, const CloudEvent& event) {
  return receiver.live && receiver.definition->start_on == event.type;
}

// The business key of the instance that the event starts.
Result<std::optional<std::string>> KeyOfStart(const Definition& definition, const CloudEvent& event,
                                              std::int64_t now_us) {
  Result<Value> input = ValidateStart(definition, event.data);
  if (!input.ok() && definition.unique == Uniqueness::kNo) return input.error();
  Result<std::optional<std::string>> key = EvaluateKey(definition, input.ok() ? *input : event.data, now_us);
  if (!key.ok() && !input.ok()) return input.error();
  return key;
}

Error Undeclared(const DefinitionRegistry& definitions, const std::string& type) {
  std::vector<std::string> types;
  for (const DeployedDefinition& deployed : definitions.All())
    for (const EventDeclaration& declared : deployed.definition->events) types.push_back(declared.type);
  const std::string nearest = NearestWord(type, types);
  return {kUndeclaredEvent,
          "Expected an event type that a deployed process declares under 'events', but none declares '" + type + "'.",
          "/type", nearest.empty() ? "" : "Did you mean '" + nearest + "'?"};
}

}  // namespace

std::vector<EventMessage> RouteEvent(const DefinitionRegistry& definitions, const std::string& tenant,
                                     const CloudEvent& event,
                                     const std::optional<std::pair<std::string, std::string>>& to,
                                     std::int64_t now_us) {
  if (to) return {EventMessage{tenant, to->second, {to->first}, true, kKeepDefaultMs, event}};
  std::map<std::string, EventMessage> by_value;
  const auto message_for = [&](const std::string& value) -> EventMessage& {
    EventMessage& message = by_value[value];
    message.tenant = tenant;
    message.value = value;
    message.event = event;
    return message;
  };
  for (const EventReceiver& receiver : definitions.ReceiversOf(event.type)) {
    if (IsStartedBy(receiver, event)) {
      const Definition& definition = *receiver.definition;
      // Without a key the event's identity decides where the instance lives.
      if (Result<std::optional<std::string>> key = KeyOfStart(definition, event, now_us); key.ok())
        message_for(*key ? **key : event.source + "\n" + event.id)
            .starts.push_back({definition.process, definition.version, key->has_value()});
    }
    std::optional<std::string> value = EvaluateEventKey(*receiver.declaration, event);
    if (!value || value->empty() || value->size() > kKeyBytesMax) continue;
    EventMessage& message = message_for(*value);
    message.keep_ms = std::max(message.keep_ms, receiver.declaration->keep_ms);
    const std::string& process = receiver.definition->process;
    if (std::find(message.processes.begin(), message.processes.end(), process) == message.processes.end())
      message.processes.push_back(process);
  }
  std::vector<EventMessage> messages;
  for (auto& [value, message] : by_value) messages.push_back(std::move(message));
  if (messages.size() == 1) messages.front().alone = true;
  return messages;
}

std::vector<std::string> WhyNotBrought(const DefinitionRegistry& definitions, const CloudEvent& event) {
  struct Candidate {
    const EventReceiver* receiver = nullptr;  // the live version, or the newest
    bool reached = false;                     // by some version
  };
  const std::vector<EventReceiver> receivers = definitions.ReceiversOf(event.type);
  std::map<std::string, Candidate> processes;
  for (const EventReceiver& receiver : receivers) {
    Candidate& candidate = processes[receiver.definition->process];
    if (candidate.receiver == nullptr || receiver.live) candidate.receiver = &receiver;
    candidate.reached |= IsStartedBy(receiver, event) || EvaluateEventKey(*receiver.declaration, event).has_value();
  }
  std::vector<std::string> reasons;
  for (const auto& [process, candidate] : processes) {
    if (candidate.reached) continue;
    const EventDeclaration& declaration = *candidate.receiver->declaration;
    const std::string in = "'" + process + "' " + candidate.receiver->definition->version;
    reasons.push_back(declaration.key
                          ? "No instance of " + in + " got the event, for its key there cannot be evaluated: " +
                                WhyNoEventKey(declaration, event)
                          : "No instance of " + in +
                                " got the event, for it is declared without a key there: name one "
                                "instance by the attribute 'instance'.");
  }
  return reasons;
}

Result<CloudEvent> ValidateEvent(const DefinitionRegistry& definitions, CloudEvent event, std::int64_t now_us) {
  if (std::optional<Error> unroutable = definitions.WhyUnroutable(event.type)) return *std::move(unroutable);
  std::vector<EventReceiver> receivers = definitions.ReceiversOf(event.type);
  if (receivers.empty()) return Undeclared(definitions, event.type);
  for (const EventReceiver& receiver : receivers) {
    if (!receiver.live) continue;
    Result<Value> data = ValidateEventData(*receiver.declaration, event.data);
    if (!data.ok()) return data.error();
    event.data = std::move(*data);
  }
  for (const EventReceiver& receiver : receivers) {
    if (!IsStartedBy(receiver, event)) continue;
    Result<std::optional<std::string>> key = KeyOfStart(*receiver.definition, event, now_us);
    if (key.ok()) continue;
    const bool of_input = key.error().code == kInvalidInput;
    return Error{kInvalidEvent, key.error().message, of_input ? "/data" + key.error().path : "/data"};
  }
  return event;
}

}  // namespace fermata
