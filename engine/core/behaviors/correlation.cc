// Events: who takes them, and what becomes of those that nobody takes now. language.md 3, 10.7, 11.1.
#include <algorithm>

#include "engine/core/behaviors/behaviors.h"

namespace fermata {
namespace {

struct Offer {
  const CloudEvent& event;
  const std::optional<std::string>& key;
  bool by_business_key;
  Value value;  // `event` as expressions see it
};

struct Taking {
  ActivationId activation = 0;
  const TransitionArm* arm = nullptr;
  ActivationId domain = 0;  // 0: it leaves nothing
};

bool IsMatch(const Activation& activation, int handler, int arm, const EventHandler::Arm& spec, const Offer& offer) {
  if (!offer.key) return true;  // addressed to this instance
  if (!spec.match) return offer.by_business_key;
  for (const Subscription& subscription : activation.subscriptions)
    if (subscription.handler == handler && subscription.arm == arm) return subscription.value == *offer.key;
  return false;
}

// The first arm of this activation that takes the event now.
const TransitionArm* FindArm(Machine& machine, const Activation& activation, const Offer& offer) {
  if (activation.kind == ActivationKind::kItem || activation.kind == ActivationKind::kRegion) return nullptr;
  const State& state = machine.StateOf(activation);
  const ActivationId id = activation.id;
  std::optional<InstanceScope> names;
  for (std::size_t h = 0; h < state.on.size(); ++h) {
    if (state.on[h].type != offer.event.type) continue;
    for (std::size_t a = 0; a < state.on[h].arms.size(); ++a) {
      const EventHandler::Arm& arm = state.on[h].arms[a];
      if (!IsMatch(machine.At(id), static_cast<int>(h), static_cast<int>(a), arm, offer)) continue;
      if (IsBlocked(machine, id, arm.transition.target)) continue;
      if (!arm.transition.condition) return &arm.transition;
      if (!names) {
        names.emplace(machine, machine.ScopeOf(id));
        names->Bind("event", offer.value);
      }
      Evaluated holds = EvaluateCondition(*arm.transition.condition, *names);
      if (!holds.ok()) machine.Record(GuardFailed{id, state.name, holds.error->message});
      if (holds.ok() && holds.value.as_bool()) return &arm.transition;
    }
  }
  return nullptr;
}

void CollectLeaves(const Machine& machine, ActivationId at, std::vector<ActivationId>& leaves) {
  const Activation& activation = machine.At(at);
  if (activation.children.empty()) leaves.push_back(at);
  for (ActivationId child : activation.children) CollectLeaves(machine, child, leaves);
}

bool Conflict(const Machine& machine, const Taking& a, const Taking& b) {
  if (a.domain == 0 || b.domain == 0) return false;
  return machine.IsInside(a.domain, b.domain) || machine.IsInside(b.domain, a.domain);
}

// Of conflicting transitions the inner one wins, then document order.
void Add(const Machine& machine, std::vector<Taking>& takings, const Taking& taking) {
  for (const Taking& other : takings)
    if (Conflict(machine, taking, other) && !machine.IsInside(taking.activation, other.activation)) return;
  std::erase_if(takings, [&](const Taking& other) { return Conflict(machine, taking, other); });
  takings.push_back(taking);
}

bool IsListened(const Definition& definition, std::string_view type) {
  for (const State& state : definition.states)
    for (const EventHandler& handler : state.on)
      if (handler.type == type) return true;
  return false;
}

std::vector<Taking> FindTakings(Machine& machine, const Offer& offer) {
  std::vector<Taking> takings;
  if (machine.Find(kRootActivation) == nullptr || !IsListened(machine.definition(), offer.event.type)) return takings;
  std::vector<ActivationId> leaves, seen;
  CollectLeaves(machine, kRootActivation, leaves);
  for (ActivationId leaf : leaves) {
    for (ActivationId at = leaf; at != 0; at = machine.At(at).parent) {
      if (std::find(seen.begin(), seen.end(), at) != seen.end()) break;  // an entry runs once
      const TransitionArm* arm = FindArm(machine, machine.At(at), offer);
      if (arm == nullptr) continue;
      seen.push_back(at);
      const ActivationId domain = arm->target == kNoState ? 0 : DomainOf(machine, at, arm->target);
      Add(machine, takings, {at, arm, domain});
      break;
    }
  }
  return takings;
}

}  // namespace

std::optional<ProcessError> ArmSubscriptions(Machine& machine, ActivationId activation) {
  const State& state = machine.StateOf(activation);
  InstanceScope names(machine, machine.ScopeOf(activation));
  std::optional<ProcessError> first;
  for (std::size_t h = 0; h < state.on.size(); ++h) {
    for (std::size_t a = 0; a < state.on[h].arms.size(); ++a) {
      const EventHandler::Arm& arm = state.on[h].arms[a];
      if (!arm.match) continue;
      const int handler = static_cast<int>(h), index = static_cast<int>(a);
      bool told = false, there = false;
      Evaluated value = EvaluateText(*arm.match, names, "`match`");
      for (const Subscription& other : machine.At(activation).subscriptions) {
        there = there || (other.handler == handler && other.arm == index);
        told = told || (value.ok() && other.type == state.on[h].type && other.value == value.value.as_string());
      }
      if (there) continue;
      if (!value.ok()) {
        if (!first) first = std::move(value.error);
        continue;
      }
      const std::string text(value.value.as_string());
      machine.Record(SubscriptionAdded{activation, {handler, index, state.on[h].type, text}});
      if (!told) machine.Wish(Subscribe{activation, state.on[h].type, text});
    }
  }
  return first;
}

bool OfferEvent(Machine& machine, const CloudEvent& event, const std::optional<std::string>& key,
                bool by_business_key) {
  const Offer offer{event, key, by_business_key, ToValue(event)};
  const std::vector<Taking> takings = FindTakings(machine, offer);
  const BoundName bound{"event", offer.value, event.data};
  std::vector<std::pair<ActivationId, ProcessError>> failed;
  std::vector<const Taking*> taken;
  for (const Taking& taking : takings) {
    machine.Record(EventTaken{event.type, event.source, event.id, machine.At(taking.activation).state});
    ArmRun run = RunArm(machine, taking.activation, *taking.arm, &bound);
    if (run.is_taken) taken.push_back(&taking);
    if (run.error) failed.emplace_back(taking.activation, std::move(*run.error));
  }
  for (const Taking* taking : taken)
    if (machine.Find(taking->activation) != nullptr) FollowArm(machine, taking->activation, *taking->arm);
  for (const auto& [activation, error] : failed)
    if (machine.Find(activation) != nullptr)
      RaiseError(machine, activation, DefinitionError(error), {IncidentKind::kEvent, 0, event});
  return !takings.empty();
}

std::int64_t KeepUntil(const Machine& machine, const DeliverEvent& delivery, std::int64_t arrived_us) {
  if (delivery.until_us != 0) return delivery.until_us;
  const EventDeclaration* declaration = machine.definition().FindEvent(delivery.event.type);
  return declaration == nullptr ? 0 : arrived_us + declaration->keep_ms * 1000;
}

void KeepEvent(Machine& machine, const DeliverEvent& delivery) {
  if (machine.definition().FindEvent(delivery.event.type) == nullptr) return;
  const std::int64_t until_us = KeepUntil(machine, delivery, machine.now_us());
  if (until_us <= machine.now_us() || machine.state().kept.size() >= kKeptEventsPerInstanceMax) return;
  machine.Record(
      EventKept{{machine.state().next_kept, delivery.event, delivery.key, delivery.by_business_key, until_us}});
}

void Deliver(Machine& machine, const DeliverEvent& command) {
  if (!OfferEvent(machine, command.event, command.key, command.by_business_key)) KeepEvent(machine, command);
}

bool OfferKept(Machine& machine) {
  std::vector<std::int64_t> numbers;
  for (const auto& [number, kept] : machine.state().kept) numbers.push_back(number);
  for (std::int64_t number : numbers) {
    const KeptEvent kept = machine.state().kept.at(number);
    if (kept.until_us <= machine.now_us()) {
      machine.Record(KeptEventDropped{number, true});
      continue;
    }
    if (OfferEvent(machine, kept.event, kept.key, kept.by_business_key)) {
      machine.Record(KeptEventDropped{number, false});
      return true;
    }
  }
  return false;
}

}  // namespace fermata
