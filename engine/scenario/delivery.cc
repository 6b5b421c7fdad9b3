// How events find their instances: language.md 3, 10.7, 10.13. The runtime does the same over storage.
#include <algorithm>

#include "engine/model/command_codes.h"
#include "engine/scenario/world.h"

namespace fermata {
namespace {

bool HasSubscription(const InstanceState& state, const std::string& type, const std::string& value) {
  for (const auto& [id, activation] : state.activations)
    for (const Subscription& subscription : activation.subscriptions)
      if (subscription.type == type && subscription.value == value) return true;
  return false;
}

std::int64_t KeepUntil(const Definition& definition, const std::string& type, std::int64_t now_us) {
  const EventDeclaration* declaration = definition.FindEvent(type);
  return declaration == nullptr ? 0 : now_us + declaration->keep_ms * 1000;
}

}  // namespace

const LiveInstance* World::FindByKey(const std::string& process, const std::string& key, bool live_only) const {
  for (const auto& [id, live] : instances_) {
    if (live.definition->process != process || live.state.key != key) continue;
    if (!live_only || !IsFinal(live.state.status)) return &live;
  }
  return nullptr;
}

std::optional<Error> World::AcceptAddressed(const CloudEvent& event, const std::string& process,
                                            const std::optional<std::string>& key) {
  const DefinitionPtr definition = project_.Find(process);
  if (definition == nullptr) return std::nullopt;  // somebody outside of the folder
  const EventDeclaration* declaration = definition->FindEvent(event.type);
  if (declaration == nullptr)
    return Error{kUndeclaredEvent,
                 "Expected an event that '" + process + "' declares, but it does not declare '" + event.type + "'."};
  Result<Value> data = ValidateEventData(*declaration, event.data);
  if (!data.ok()) return std::move(data).error();
  CloudEvent fitted = event;
  fitted.data = *data;
  bool delivered = false;
  for (const LiveInstance* live : InOrder()) {
    if (live->definition->process != process || IsFinal(live->state.status)) continue;
    if (key && live->state.key != key) continue;
    Tell(live->state.id, DeliverEvent{fitted, std::nullopt, false});
    delivered = true;
  }
  if (!delivered && key) kept_.push_back({process, *key, true, fitted, KeepUntil(*definition, event.type, now_us_)});
  return std::nullopt;
}

bool World::StartBy(const DefinitionPtr& definition, const CloudEvent& event, std::optional<Error>& refused) {
  Result<Value> input = ValidateStart(*definition, event.data);
  if (!input.ok()) {
    refused = input.error();
    return false;
  }
  Result<std::optional<std::string>> key = EvaluateKey(*definition, *input, now_us_);
  if (!key.ok()) {
    refused = key.error();
    return false;
  }
  if (*key && definition->unique != Uniqueness::kNo) {
    if (const LiveInstance* live = FindByKey(definition->process, **key, true)) {
      Tell(live->state.id, DeliverEvent{event, std::nullopt, false});
      return true;
    }
  }
  const InstanceId id =
      InstanceId::MakeDerived(0, now_us_ / 1000, definition->process + "\n" + event.source + "\n" + event.id);
  Result<InstanceId> begun = Begin(definition, id, *input, *key, std::nullopt);
  if (!begun.ok()) refused = begun.error();
  return begun.ok();
}

std::optional<Error> World::Accept(const CloudEvent& event, const std::optional<std::string>& key,
                                   const std::optional<std::pair<std::string, std::optional<std::string>>>& to) {
  if (!identities_.emplace(event.source, event.id).second) return std::nullopt;  // accepted once
  if (to) {
    std::optional<Error> refused = AcceptAddressed(event, to->first, to->second);
    if (refused) identities_.erase({event.source, event.id});
    return refused;
  }
  bool declared = false, accepted = false;
  std::optional<Error> refused;
  for (const DefinitionPtr& definition : project_.definitions) {
    if (project_.Find(definition->process) != definition) continue;  // the live version speaks for the process
    const EventDeclaration* declaration = definition->FindEvent(event.type);
    const bool starts = definition->start_on == event.type;
    if (declaration == nullptr && !starts) continue;
    declared = true;
    CloudEvent fitted = event;
    std::optional<std::string> value = key;
    if (declaration != nullptr) {
      Result<Value> data = ValidateEventData(*declaration, event.data);
      if (!data.ok()) {
        refused = data.error();
        continue;
      }
      fitted.data = *data;
      if (!value) value = EvaluateEventKey(*declaration, fitted);
    }
    bool delivered = false, has_key_owner = false;
    for (const LiveInstance* live : InOrder()) {
      if (!value || live->definition->process != definition->process || IsFinal(live->state.status)) continue;
      const bool by_key = live->state.key == value;
      if (!by_key && !HasSubscription(live->state, event.type, *value)) continue;
      Tell(live->state.id, DeliverEvent{fitted, value, by_key});
      delivered = true;
      has_key_owner = has_key_owner || by_key;
    }
    // Only where the key is unique does its owner get the event instead of a new instance.
    if (starts && (!has_key_owner || definition->unique == Uniqueness::kNo))
      delivered = StartBy(definition, fitted, refused) || delivered;
    accepted = accepted || delivered || (value.has_value() && !starts);
    if (!delivered && value && !starts)
      kept_.push_back({definition->process, *value, false, fitted, KeepUntil(*definition, event.type, now_us_)});
  }
  if (!declared)
    refused =
        Error{kUndeclaredEvent, "Expected an event that a process declares, but none declares '" + event.type + "'."};
  if (accepted) return std::nullopt;
  if (refused) identities_.erase({event.source, event.id});
  return refused;
}

void World::TakeKept(const std::string& process, StartInstance& start) {
  if (!start.key) return;
  std::erase_if(kept_, [&](const KeptCopy& kept) {
    if (kept.process != process || kept.value != *start.key) return false;
    if (kept.until_us > now_us_) {
      start.kept.push_back(kept.event);
      start.kept_until_us.push_back(kept.until_us);
    }
    return true;
  });
}

void World::OfferKept(const InstanceId& instance, const Subscribe& subscription) {
  const LiveInstance* live = Find(instance);
  std::erase_if(kept_, [&](const KeptCopy& kept) {
    if (kept.addressed || kept.process != live->definition->process || kept.event.type != subscription.type)
      return false;
    if (kept.value != subscription.value) return false;
    if (kept.until_us > now_us_)
      Tell(instance, DeliverEvent{kept.event, kept.value, live->state.key == kept.value, kept.until_us});
    return true;
  });
}

}  // namespace fermata
