// At the door: what is checked before an instance exists or an event is let in.
#include "engine/core/decide.h"
#include "engine/core/machine.h"
#include "engine/model/command_codes.h"
#include "engine/schema/schema.h"

namespace fermata {

Result<Value> ValidateStart(const Definition& definition, const Value& input) {
  const Value given = input.is_null() ? Value::Map({}) : input;
  if (!given.is_map()) return Error{kInvalidInput, "Expected the input to be an object, but it is none.", ""};
  if (definition.input == nullptr) return given;
  Result<Value> fitted = ValidateAndNormalise(*definition.input, given);
  if (fitted.ok()) return fitted;
  return Error{kInvalidInput, fitted.error().message, fitted.error().path};
}

Result<std::optional<std::string>> EvaluateKey(const Definition& definition, const Value& input, std::int64_t now_us) {
  if (!definition.key) return std::optional<std::string>();
  InstanceState seen;
  seen.process = definition.process;
  seen.version = definition.version;
  seen.input = input;
  seen.started_us = now_us;
  DecisionContext context;
  context.now_us = now_us;
  Machine view(definition, seen, context);
  InstanceScope names(view, 0);
  Evaluated key = EvaluateText(*definition.key, names, "the business key");
  if (!key.ok()) return Error{kInvalidKey, key.error->message, "/key"};
  const std::string_view text = key.value.as_string();
  if (text.empty() || text.size() > kKeyBytesMax) {
    return Error{kInvalidKey,
                 "Expected a business key of 1 to " + std::to_string(kKeyBytesMax) + " bytes, but it has " +
                     std::to_string(text.size()) + ".",
                 "/key"};
  }
  return std::optional<std::string>(text);
}

namespace {

Result<std::string> KeyOfEvent(const EventDeclaration& declaration, const CloudEvent& event) {
  if (!declaration.key) return Error{kInvalidKey, "It is declared without a key."};
  NamesScope names;
  names.Bind("event", ToValue(event));
  Evaluated key = EvaluateText(*declaration.key, names, "the event's key");
  if (!key.ok()) return Error{kInvalidKey, key.error->message};
  const std::string_view text = key.value.as_string();
  if (text.empty() || text.size() > kKeyBytesMax)
    return Error{kInvalidKey, "Expected an event's key of 1 to " + std::to_string(kKeyBytesMax) +
                                  " bytes, but it has " + std::to_string(text.size()) + "."};
  return std::string(text);
}

}  // namespace

std::optional<std::string> EvaluateEventKey(const EventDeclaration& declaration, const CloudEvent& event) {
  Result<std::string> key = KeyOfEvent(declaration, event);
  if (!key.ok()) return std::nullopt;
  return *std::move(key);
}

std::string WhyNoEventKey(const EventDeclaration& declaration, const CloudEvent& event) {
  const Result<std::string> key = KeyOfEvent(declaration, event);
  return key.ok() ? std::string() : key.error().message;
}

std::string AddresseeOf(const CloudEvent& event) {
  const Value* instance = event.extensions.is_map() ? event.extensions.Find("instance") : nullptr;
  return instance != nullptr && instance->is_string() ? std::string(instance->as_string()) : std::string();
}

Result<Value> ValidateEventData(const EventDeclaration& declaration, const Value& data) {
  if (declaration.data == nullptr) return data;
  Result<Value> fitted = ValidateAndNormalise(*declaration.data, data);
  if (fitted.ok()) return fitted;
  return Error{kInvalidEvent, fitted.error().message, "/data" + fitted.error().path};
}

}  // namespace fermata
