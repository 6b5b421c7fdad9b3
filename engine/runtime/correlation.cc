// Events at their home shard: who gets one, what is kept, what was seen before.
#include <algorithm>

#include "engine/base/assert.h"
#include "engine/model/json.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/group_key.h"
#include "engine/runtime/shard.h"
#include "engine/runtime/shards.h"

namespace fermata {
namespace {

std::string KeptIdentity(const KeptEventRow& row) { return std::to_string(row.order); }

std::string SubscriptionIdentity(const SubscriptionRow& row) {
  return row.instance.ToString() + "/" + std::to_string(row.activation);
}

KeptEventRow KeyOnly(KeptEventRow row) {
  row.bytes.clear();
  return row;
}

bool Starts(const EventMessage& message, const std::string& process) {
  return std::any_of(message.starts.begin(), message.starts.end(),
                     [&](const EventStart& start) { return start.process == process; });
}

}  // namespace

int Shard::HomeShardOf(const std::string& tenant, std::string_view value) const {
  return HomeShard(tenant, value, shard_count_);
}

// The value under which the event's identity is noted. Parts of an event that has several are accepted one by one; one
// that has a single value is known without it, so that the same identity with other data is the same event. Over
// several shards that holds for the same value only, which is what leads to the shard. The value of one that is addressed
// to an instance is the instance's id.
const std::string& Shard::IdentityValue(const EventMessage& message) const {
  static const std::string kAny;
  return message.alone && shard_count_ == 1 ? kAny : message.value;
}

Result<bool> Shard::WasAccepted(const EventMessage& message) {
  const CloudEvent& event = message.event;
  for (const std::string& value : {std::string(), message.value}) {
    if (value.empty() && shard_count_ > 1) continue;
    Result<std::optional<EventIdentityRow>> seen =
        services_.storage.FindEventIdentity(message.tenant, event.source, event.id, value);
    if (!seen.ok()) return seen.error();
    std::vector<EventIdentityRow> identities;
    if (seen->has_value()) identities.push_back(**seen);
    pending_identities_.Merge(GroupKey({message.tenant, event.source, event.id, value}), identities,
                              [](const EventIdentityRow&) { return std::string(); });
    if (!identities.empty() && identities.front().expires_us > now_us_) return true;
  }
  return false;
}

Result<EventReply> Shard::Correlate(const EventMessage& message) {
  const CloudEvent& event = message.event;
  EventReply reply;
  Result<bool> accepted = WasAccepted(message);
  if (!accepted.ok()) return accepted.error();
  if (*accepted) {
    reply.duplicate = true;
    return reply;
  }

  if (message.instance) return DeliverTo(message);
  Result<std::set<InstanceId>> receivers = FindReceivers(message);
  if (!receivers.ok()) return receivers.error();
  Result<std::vector<PlannedStart>> starts = PlanStarts(message, *receivers);
  if (!starts.ok()) return starts.error();
  bool received = false;  // an instance that has ended gets nothing, though it was found
  for (const InstanceId& receiver : *receivers) {
    DeliverEvent deliver{event, std::nullopt, false};
    if (!message.addressed) deliver.key = message.value;
    Result<Fate> fate = Offer(receiver, HomeOf(message, shard_count_), std::move(deliver));
    if (!fate.ok() && fate.error().code != kTooManyKeptEvents) return fate.error();
    if (!fate.ok() && receivers->size() == 1) return fate.error();
    if (fate.ok()) Count(*fate, reply);
    received |= !fate.ok() || *fate != Fate::kEnded;
  }
  if (!received)
    if (Status kept = Keep(message, reply); !kept.ok()) return kept.error();
  for (PlannedStart& start : *starts) {
    Status started = StartBy(message, std::move(start), reply);
    const bool nothing_else = reply.delivered == 0 && !reply.kept && reply.started.empty();
    if (!started.ok() && nothing_else) return started.error();
  }

  NoteIdentity(message);
  return reply;
}

void Shard::NoteIdentity(const EventMessage& message) {
  const CloudEvent& event = message.event;
  Flight& flight = Open();
  int shard = HomeShardOf(message.tenant, message.value);
  std::int64_t remember_us = std::max(message.keep_ms, kEventIdentityMs) * 1000;
  const std::string& value = IdentityValue(message);
  EventIdentityRow identity{shard, message.tenant, event.source, event.id, value, now_us_ + remember_us};
  pending_identities_.Put(flight.number, GroupKey({message.tenant, event.source, event.id, value}), std::string(),
                          identity);
  flight.rows.event_identities.push_back(std::move(identity));
  services_.counters.events_accepted.fetch_add(1, std::memory_order_relaxed);
}

// What a decision has made of the event; it may take others along that were kept.
Shard::Fate Shard::FateOf(const CloudEvent& event, const std::vector<JournalEvent>& events) {
  for (const JournalEvent& happened : events) {
    if (const auto* taken = std::get_if<EventTaken>(&happened.body);
        taken && taken->id == event.id && taken->source == event.source)
      return Fate::kTaken;
    if (const auto* kept = std::get_if<EventKept>(&happened.body); kept && kept->kept.event == event)
      return Fate::kKept;
    if (std::holds_alternative<CommandStashed>(happened.body)) return Fate::kKept;
  }
  return Fate::kIgnored;
}

void Shard::Count(Fate fate, EventReply& reply) {
  if (fate != Fate::kEnded) reply.delivered += 1;
  if (fate == Fate::kKept) reply.kept = true;
  if (fate == Fate::kSent) reply.taken.reset();
  if (fate == Fate::kTaken && reply.taken) *reply.taken += 1;
}

// One that waits for the value by `match` may be written by another shard. `home`: of the event.
Result<Shard::Fate> Shard::Offer(const InstanceId& receiver, int home, DeliverEvent deliver) {
  if (!Owns(receiver.shard())) {
    deliver.by_business_key = !deliver.key;
    SendEvent(receiver, home, NextArrival(), std::move(deliver));
    return Fate::kSent;
  }
  Result<CachedInstance*> instance = Load(receiver);
  if (!instance.ok()) {
    if (instance.error().code == kUnknownInstance) return Fate::kEnded;
    return instance.error();
  }
  const std::optional<std::string>& key = (*instance)->state.key;
  deliver.by_business_key = !deliver.key || (key && *key == *deliver.key);
  Fate fate = Fate::kIgnored;
  Result<Done> decided = DecideOn(**instance, deliver, &fate);
  if (decided.ok()) return fate;
  if (decided.error().code == kTooManyKeptEvents) return decided.error();
  return Fate::kEnded;
}

// For one instance alone, as its own version declares the event. It is written here: Publish saw to it.
Result<EventReply> Shard::DeliverTo(const EventMessage& message) {
  const InstanceId& id = *message.instance;
  const CloudEvent& event = message.event;
  const Error unknown{kUnknownInstance, "Expected the id of an instance, but none is called '" + id.ToString() + "'.",
                      "/instance"};
  if (!HasShard(id.shard(), shard_count_)) return unknown;
  FERMATA_ASSERT(Owns(id.shard()));
  Result<CachedInstance*> instance = Load(id);
  if (!instance.ok()) return instance.error().code == kUnknownInstance ? unknown : instance.error();
  const InstanceState* state = &(*instance)->state;
  if (state->tenant != message.tenant) return unknown;
  if (IsFinal(state->status))
    return Error{kStatusForbids, "Expected a live instance, but it is " + std::string(StatusName(state->status)) + ".",
                 "/instance"};
  const DefinitionPtr definition = services_.definitions.FindByHash(state->process, state->definition_hash);
  const EventDeclaration* declaration = definition ? definition->FindEvent(event.type) : nullptr;
  if (declaration == nullptr)
    return Error{kUndeclaredEvent,
                 "Expected an event that '" + state->process + "' " + state->version +
                     " declares under 'events', but it declares no '" + event.type + "'.",
                 "/type"};
  Result<Value> data = ValidateEventData(*declaration, event.data);
  if (!data.ok()) return data.error();
  DeliverEvent deliver{event, std::nullopt, false};
  deliver.event.data = std::move(*data);
  Result<Fate> fate = Offer(id, id.shard(), std::move(deliver));
  if (!fate.ok()) return fate.error();
  EventReply reply;
  Count(*fate, reply);
  NoteIdentity(message);
  return reply;
}

// Grows over restarts, too, even when nothing that has an older number is stored any more.
std::int64_t Shard::NextArrival() { return kept_order_ = std::max(kept_order_ + 1, now_us_); }

// An event has no sender; its arrival at its home shard, which one thread of all nodes has, stands for one. Below zero, where no journal counts.
void Shard::SendEvent(const InstanceId& receiver, int home, std::int64_t arrival, DeliverEvent deliver) {
  message_index_ = home;
  SendMessage(receiver, -arrival, receiver.shard(), InstanceMessage{receiver, std::move(deliver)});
}

// Live instances with this business key of the processes concerned, and those that wait for the value by `match`.
Result<std::set<InstanceId>> Shard::FindReceivers(const EventMessage& message) {
  std::set<InstanceId> receivers;
  for (const std::string& process : message.processes) {
    Result<std::vector<InstanceRow>> live = LiveByKey(message.tenant, process, message.value);
    if (!live.ok()) return live.error();
    for (const InstanceRow& row : *live) receivers.insert(row.id);
  }
  if (message.addressed || message.processes.empty()) return receivers;
  Result<std::vector<SubscriptionRow>> waiting =
      services_.storage.FindSubscriptions(message.tenant, message.event.type, message.value);
  if (!waiting.ok()) return waiting.error();
  pending_subscriptions_.Merge(GroupKey({message.tenant, message.event.type, message.value}), *waiting,
                               SubscriptionIdentity);
  for (const SubscriptionRow& row : *waiting) receivers.insert(row.instance);
  return receivers;
}

// Oldest first.
Result<std::vector<KeptEventRow>> Shard::KeptFor(const std::string& tenant, const std::string& process,
                                                 const std::string& value) {
  Result<std::vector<KeptEventRow>> rows = services_.storage.FindKeptEvents(tenant, process, value);
  if (!rows.ok()) return rows.error();
  pending_kept_.Merge(GroupKey({tenant, process, value}), *rows, KeptIdentity);
  std::sort(rows->begin(), rows->end(), [](const KeptEventRow& a, const KeptEventRow& b) { return a.order < b.order; });
  return rows;
}

Status Shard::Keep(const EventMessage& message, EventReply& reply) {
  for (const std::string& process : message.processes) {
    Result<std::vector<KeptEventRow>> there = KeptFor(message.tenant, process, message.value);
    if (!there.ok()) return there.error();
    std::erase_if(*there, [&](const KeptEventRow& row) { return row.expires_us <= now_us_; });
    if (there->size() >= kKeptEventsPerValueMax)
      return Error{kTooManyKeptEvents, "Expected at most " + std::to_string(kKeptEventsPerValueMax) +
                                           " events waiting for '" + message.value +
                                           "', but there are as many already."};
  }
  for (const std::string& process : message.processes) {
    if (Starts(message, process)) continue;
    DefinitionPtr definition = services_.definitions.Live(process);
    const EventDeclaration* declaration = definition ? definition->FindEvent(message.event.type) : nullptr;
    std::int64_t keep_ms = declaration ? declaration->keep_ms : message.keep_ms;
    if (keep_ms <= 0) continue;
    KeptEventRow row{HomeShardOf(message.tenant, message.value),
                     message.tenant,
                     process,
                     message.value,
                     NextArrival(),
                     message.event.type,
                     now_us_ + keep_ms * 1000,
                     WriteJson(EventToStored(message.event))};
    pending_kept_.Put(Open().number, GroupKey({message.tenant, process, message.value}), KeptIdentity(row), row);
    Open().rows.kept_events.push_back(std::move(row));
    reply.kept = true;
  }
  return Done{};
}

// The events that wait for this process and key, oldest first: the new instance's, once it has begun.
std::vector<KeptEventRow> Shard::OfferKept(const Definition& definition, StartInstance& start) {
  if (definition.events.empty() || !start.key) return {};
  Result<std::vector<KeptEventRow>> rows = KeptFor(start.tenant, definition.process, *start.key);
  if (!rows.ok()) {
    failed_ = true;  // the whole batch is decided again
    return {};
  }
  for (const KeptEventRow& row : *rows) {
    if (row.expires_us <= now_us_ || !definition.FindEvent(row.type)) continue;
    Result<Value> stored = ParseJson(row.bytes);
    if (!stored.ok()) continue;
    start.kept.push_back(EventFromStored(*stored));
    start.kept_until_us.push_back(row.expires_us);
  }
  return std::move(*rows);
}

void Shard::DropKept(const std::vector<KeptEventRow>& rows) {
  for (const KeptEventRow& row : rows) {
    pending_kept_.Delete(Open().number, GroupKey({row.tenant, row.process, row.value}), KeptIdentity(row));
    Open().rows.kept_events_deleted.push_back(KeyOnly(row));
  }
}

void Shard::SubscribeHere(const SubscribeMessage& message) {
  Flight& flight = Open();
  const int home = HomeShardOf(message.tenant, message.value);
  SubscriptionRow row{home, message.tenant, message.type, message.value, message.instance, message.activation};
  std::string group = GroupKey({message.tenant, message.type, message.value});
  if (!message.subscribe) {
    pending_subscriptions_.Delete(flight.number, group, SubscriptionIdentity(row));
    flight.rows.subscriptions_deleted.push_back(std::move(row));
    return;
  }
  pending_subscriptions_.Put(flight.number, group, SubscriptionIdentity(row), row);
  flight.rows.subscriptions.push_back(std::move(row));

  // Of all processes' kept events of this value, those of the subscriber's own process.
  Result<std::vector<KeptEventRow>> kept = KeptFor(message.tenant, message.process, message.value);
  if (!kept.ok()) {
    failed_ = true;
    return;
  }
  std::string kept_group = GroupKey({message.tenant, message.process, message.value});
  for (const KeptEventRow& waiting : *kept) {
    if (waiting.type != message.type) continue;
    pending_kept_.Delete(flight.number, kept_group, KeptIdentity(waiting));
    flight.rows.kept_events_deleted.push_back(KeyOnly(waiting));
    Result<Value> stored = ParseJson(waiting.bytes);
    if (waiting.expires_us <= now_us_ || !stored.ok()) continue;
    SendEvent(message.instance, home, waiting.order,
              {EventFromStored(*stored), message.value, false, waiting.expires_us});
  }
}

}  // namespace fermata
