// A shard's commands and messages: what each asks of which instance, and what its caller hears once the batch is durable.
#include <algorithm>

#include "engine/base/log.h"
#include "engine/base/trace_context.h"
#include "engine/model/json.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/group_key.h"
#include "engine/runtime/remote_order.h"
#include "engine/runtime/replay.h"
#include "engine/runtime/shard.h"

namespace fermata {
namespace {

std::string EncodeReply(const StartReply& reply) {
  return WriteJson(Value::Object({{"id", Value::String(reply.id.ToString())},
                                  {"process", Value::String(reply.process)},
                                  {"version", Value::String(reply.version)},
                                  {"key", reply.key ? Value::String(*reply.key) : Value::Null()},
                                  {"status", Value::String(reply.status)}}));
}

Result<StartReply> DecodeReply(const std::string& text) {
  Result<Value> json = ParseJson(text);
  if (!json.ok()) return json.error();
  StartReply reply = StartReplyIn(*json);
  reply.repeated = true;
  return reply;
}

Error KeyInUse(const Definition& definition, const std::string& key, const InstanceId& holder) {
  const bool for_ever = definition.unique == Uniqueness::kEver;
  return {kKeyInUse, "Expected a key that no other " + std::string(for_ever ? "" : "live ") + "instance of '" +
                         definition.process + "' has" + (for_ever ? " or had" : "") + ", but '" + key +
                         "' is that of " + holder.ToString() + "."};
}

}  // namespace

void Shard::HandleStart(StartOrder order) {
  auto later = [&](Result<StartReply> reply) { AnswerLater(std::move(order.answer), std::move(reply)); };
  const StartRequest& request = order.request;
  if (std::optional<Result<std::string>> remembered =
          Remembered(request.tenant, request.idempotency_key, request.request_hash))
    return later(remembered->ok() ? DecodeReply(**remembered) : remembered->error());
  if (std::optional<Error> paused = services_.pauses.RefuseStart(order.definition->process))
    return later(*std::move(paused));
  const std::string& tenant = request.tenant;
  if (std::optional<Error> refusal = Refusal(*order.definition, tenant, order.key)) return later(std::move(*refusal));

  StartInstance start;
  start.tenant = tenant;
  start.key = order.key;
  start.input = std::move(order.input);
  start.traceparent = request.traceparent;
  std::uint64_t unique = (++id_counter_ << 40) | (random_() >> 24);
  InstanceId id = InstanceId::Make(static_cast<std::uint8_t>(order.logical_shard), now_us_ / 1000, unique,
                                   static_cast<std::uint8_t>(random_()));
  Result<CachedInstance*> instance = StartInstanceHere(id, order.definition, std::move(start));
  if (!instance.ok()) return later(instance.error());

  const InstanceState& state = (*instance)->state;
  StartReply reply{id, state.process, state.version, state.key, std::string(StatusName(state.status)), false};
  Remember(order.logical_shard, request.tenant, request.idempotency_key, request.request_hash, EncodeReply(reply));
  later(std::move(reply));
}

// The answer that this Idempotency-Key has already, if any.
std::optional<Result<std::string>> Shard::Remembered(const std::string& tenant, const std::string& idempotency_key,
                                                     const std::string& request_hash) {
  if (idempotency_key.empty()) return std::nullopt;
  Result<std::optional<IdempotencyRow>> stored = services_.storage.FindIdempotencyKey(tenant, idempotency_key);
  if (!stored.ok()) return Result<std::string>(stored.error());
  std::vector<IdempotencyRow> rows;
  if (stored->has_value()) rows.push_back(**stored);
  pending_idempotency_.Merge(GroupKey({tenant, idempotency_key}), rows,
                             [](const IdempotencyRow& row) { return row.key; });
  if (rows.empty() || rows.front().expires_us <= now_us_) return std::nullopt;
  if (rows.front().request_hash != request_hash)
    return Result<std::string>(Error{kIdempotencyKeyReused, "Expected a new Idempotency-Key for a new request, but '" +
                                                                idempotency_key + "' was used with another one."});
  return Result<std::string>(rows.front().answer);
}

void Shard::Remember(int logical_shard, const std::string& tenant, const std::string& idempotency_key,
                     const std::string& request_hash, std::string answer) {
  if (idempotency_key.empty()) return;
  IdempotencyRow row{
      logical_shard, tenant, idempotency_key, request_hash, std::move(answer), now_us_ + kIdempotencyKeyMs * 1000};
  pending_idempotency_.Put(Open().number, GroupKey({row.tenant, row.key}), row.key, row);
  Open().rows.idempotency_keys.push_back(std::move(row));
}

Result<std::vector<InstanceRow>> Shard::LiveByKey(const std::string& tenant, const std::string& process,
                                                  const std::string& key) {
  Result<std::vector<InstanceRow>> live = services_.storage.FindLiveByKey(tenant, process, key);
  if (!live.ok()) return live.error();
  pending_keys_.Merge(GroupKey({tenant, process, key}), *live,
                      [](const InstanceRow& row) { return row.id.ToString(); });
  return live;
}

// Whether `unique:` forbids a start with this key.
std::optional<Error> Shard::Refusal(const Definition& definition, const std::string& tenant,
                                    const std::optional<std::string>& key) {
  if (definition.unique == Uniqueness::kNo || !key) return std::nullopt;
  Result<std::vector<InstanceRow>> live = LiveByKey(tenant, definition.process, *key);
  if (!live.ok()) return live.error();
  if (!live->empty()) return KeyInUse(definition, *key, live->front().id);
  return RefusalForEver(definition, tenant, *key);
}

// Whether `unique: ever` forbids a start with this key, which no live instance has.
std::optional<Error> Shard::RefusalForEver(const Definition& definition, const std::string& tenant,
                                           const std::string& key) {
  if (definition.unique != Uniqueness::kEver) return std::nullopt;
  Result<std::optional<EverKeyRow>> ever = services_.storage.FindEverKey(tenant, definition.process, key);
  if (!ever.ok()) return ever.error();
  std::vector<EverKeyRow> rows;
  if (ever->has_value()) rows.push_back(**ever);
  pending_ever_.Merge(GroupKey({tenant, definition.process, key}), rows, [](const EverKeyRow& row) { return row.key; });
  if (rows.empty()) return std::nullopt;
  return KeyInUse(definition, key, rows.front().instance);
}

Result<CachedInstance*> Shard::StartInstanceHere(const InstanceId& id, const DefinitionPtr& definition,
                                                 StartInstance start) {
  Flight& flight = Open();
  std::string tenant = start.tenant;
  std::optional<std::string> key = start.key;
  const std::vector<KeptEventRow> kept = OfferKept(*definition, start);
  auto fresh = std::make_unique<CachedInstance>();
  fresh->state.id = id;
  fresh->definition = definition;
  CachedInstance& instance = cache_.Insert(std::move(fresh));
  Result<Done> decided = DecideOn(instance, std::move(start));
  if (!decided.ok()) {
    cache_.Drop(id);
    return decided.error();
  }
  services_.counters.started.fetch_add(1, std::memory_order_relaxed);
  DropKept(kept);
  if (key) {
    // Known at once, so that the next command of this batch meets the key.
    std::string group = GroupKey({tenant, definition->process, *key});
    if (!IsFinal(instance.state.status))
      pending_keys_.Put(flight.number, group, id.ToString(), InstanceRowOf(instance.state));
    if (definition->unique == Uniqueness::kEver) {
      EverKeyRow row{HomeShardOf(tenant, *key), tenant, definition->process, *key, id};
      pending_ever_.Put(flight.number, group, *key, row);
      flight.rows.ever_keys.push_back(std::move(row));
    }
  }
  return &instance;
}

void Shard::HandleInstance(InstanceOrder order) {
  auto later = [&](Result<CommandReply> reply) { AnswerLater(std::move(order.answer), std::move(reply)); };
  const CommandRequest& request = order.request;
  if (std::optional<Result<std::string>> remembered =
          Remembered(request.tenant, request.idempotency_key, request.request_hash)) {
    if (!remembered->ok()) return later(remembered->error());
    return later(CommandReply{**remembered, true});
  }
  Result<CachedInstance*> instance = Load(request.instance);
  if (!instance.ok()) return later(instance.error());
  Result<Done> decided = DecideOn(**instance, request.command);
  if (!decided.ok()) return later(decided.error());
  CommandReply reply{std::string(StatusName((*instance)->state.status)), false};
  Remember(request.instance.shard(), request.tenant, request.idempotency_key, request.request_hash, reply.status);
  later(std::move(reply));
}

void Shard::HandleOutcome(JobOutcome outcome) {
  submitted_.erase({outcome.instance, outcome.completion.job, outcome.completion.attempt});
  // Refusals are of late outcomes of jobs that nobody awaits any more.
  if (CachedInstance* instance = LoadOrFail(outcome.instance)) (void)DecideOn(*instance, outcome.completion);
}

void Shard::HandleTimer(const TimerFell& fell) {
  services_.counters.timers_fired.fetch_add(1, std::memory_order_relaxed);
  services_.counters.timer_lag_seconds.Observe(static_cast<double>(now_us_ - fell.timer.due_us) / 1e6);
  if (fell.timer.slot == kJobTimeoutSlot || fell.timer.slot == kUndoTimeoutSlot) return HandleJobTimeout(fell.timer);
  CachedInstance* instance = LoadOrFail(fell.timer.instance);
  if (!instance) return;
  TimerId id{fell.timer.activation, static_cast<int>(fell.timer.slot)};
  auto armed = instance->timers.find(id);
  if (armed == instance->timers.end() || armed->second != fell.timer.due_us) return;  // cleared, or armed anew
  (void)DecideOn(*instance, FireTimer{id});
}

void Shard::PostMessage(InboxRow row) {
  std::lock_guard lock(messages_mutex_);
  if (!messages_here_.insert(KeyOf(row)).second) return;
  inbox_.PushInternal(MessageArrived{std::move(row), services_.clock.NowUs()});
}

bool Shard::HasManyMessages() const {
  std::lock_guard lock(messages_mutex_);
  return messages_here_.size() >= options_.inbox_commands_max;
}

// Those that wait; whoever recovers the shards reads them anew, and in order: a cancel that stayed would overtake the start it is meant for.
void Shard::DropMessages(const ShardSet& shards) {
  std::lock_guard lock(messages_mutex_);
  inbox_.EraseIf([&](const ShardItem& item) {
    const auto* message = std::get_if<MessageArrived>(&item);
    if (message == nullptr || !shards[static_cast<std::size_t>(message->row.shard)]) return false;
    messages_here_.erase(KeyOf(message->row));
    return true;
  });
}

void Shard::ForgetMessages(const std::vector<MessageKey>& keys) {
  if (keys.empty()) return;
  std::lock_guard lock(messages_mutex_);
  for (const MessageKey& key : keys) messages_here_.erase(key);
}

void Shard::HandleMessage(const MessageArrived& arrived) {
  const MessageKey key = KeyOf(arrived.row);
  Result<Message> message = DecodeMessage(arrived.row.bytes);
  const Status understood = message.ok() ? KnowVersionsOf(*message) : Status(message.error());
  if (message.ok() && !understood.ok() && !CannotBeUnderstood(understood.error())) {
    Open().messages_taken.push_back(key);
    return FailForNow();
  }
  if (!understood.ok()) {
    // Of a newer release, maybe: the next owner may understand it. This one counts it as here, and so does not take it again.
    LogError("A message cannot be read: it stays in its inbox.", {{"logical_shard", arrived.row.shard},
                                                                  {"sender", arrived.row.sender.ToString()},
                                                                  {"reason", understood.error().message}});
    return;
  }
  InboxRow row = arrived.row;
  row.bytes.clear();
  Open().messages_taken.push_back(key);
  // It was read just before its commit. Should it be there again, it must not wait for one who has not heard of it.
  if (!known_messages_.Remember(key)) return Open().rows.inbox_deleted.push_back(std::move(row));
  if (std::holds_alternative<RemoteOrder>(*message) && WasWithdrawn(arrived)) return;
  TakeMessage(arrived.row, *std::move(message));
  Open().rows.inbox_taken.push_back(std::move(row));
}

// Whoever sent it knew them; it may have been deployed a moment ago, elsewhere. So with the instance that it is for.
Status Shard::KnowVersionsOf(const Message& message) {
  DefinitionRegistry& definitions = services_.definitions;
  Result<DefinitionPtr> known = DefinitionPtr();
  if (const auto* instance = std::get_if<InstanceMessage>(&message))
    if (Result<CachedInstance*> target = Load(instance->target);
        !target.ok() && target.error().code != kUnknownInstance)
      known = target.error();
  if (const auto* start = std::get_if<StartMessage>(&message))
    known = definitions.ResolveOrRead(services_.storage, start->process, start->version);
  if (const auto* scheduled = std::get_if<ScheduledMessage>(&message))
    known = definitions.FindOrRead(services_.storage, scheduled->process, scheduled->version);
  if (const auto* event = std::get_if<EventMessage>(&message))
    for (auto start = event->starts.begin(); known.ok() && start != event->starts.end(); ++start)
      known = definitions.FindOrRead(services_.storage, start->process, start->version);
  return known.ok() ? Status(Done{}) : Status(known.error());
}

void Shard::TakeMessage(const InboxRow& row, Message message) {
  if (auto* instance = std::get_if<InstanceMessage>(&message)) {
    CachedInstance* target = LoadOrFail(instance->target);
    // The sender's shard may be the home of the key, and not the instance's.
    if (auto* deliver = std::get_if<DeliverEvent>(&instance->command); target && deliver && deliver->key)
      deliver->by_business_key |= target->state.key == deliver->key;
    if (target) (void)DecideOn(*target, instance->command);
  } else if (auto* start = std::get_if<StartMessage>(&message)) {
    StartChildHere(*start);
  } else if (auto* event = std::get_if<EventMessage>(&message)) {
    if (Result<EventReply> reply = Correlate(*event); !reply.ok() && !IsRefusal(reply.error())) failed_ = true;
  } else if (auto* subscribe = std::get_if<SubscribeMessage>(&message)) {
    SubscribeHere(*subscribe);
  } else if (auto* scheduled = std::get_if<ScheduledMessage>(&message)) {
    StartScheduledHere(*scheduled);
  } else if (auto* ended = std::get_if<ScheduledEndMessage>(&message)) {
    EndScheduled(*ended);
  } else if (auto* remote = std::get_if<RemoteOrder>(&message)) {
    HandleRemote(row, std::move(*remote));
  }
}

void Shard::StartChildHere(const StartMessage& message) {
  if (IsThere(message.child) || failed_) return;
  auto refuse = [&](ChildResult::Kind kind, const std::string& text) {
    if (message.parent.detached)
      LogWarning("A child that nobody waits for could not start.",
                 {{"instance", message.parent.instance.ToString()},
                  {"process", message.process},
                  {"trace_id", ParseTraceparent(message.traceparent).trace_id},
                  {"error", kind == ChildResult::Kind::kDuplicate ? "duplicate" : "schema"}});
    ChildResult result{kind, Value(),
                       ProcessError{kind == ChildResult::Kind::kDuplicate ? "duplicate" : "schema", text, Value()}};
    message_index_ = 0;
    FinishChild finish{message.parent.activation, message.child, std::move(result), message.parent.detached};
    SendMessage(message.child, 0, message.parent.instance.shard(),
                InstanceMessage{message.parent.instance, std::move(finish)});
  };
  Result<ChildAtDoor> child = ReceiveChild(message.process, message.version, message.input, message.key);
  if (failed_) return;  // its definition could not be read
  if (!child.ok()) return refuse(ChildResult::Kind::kRefused, child.error().message);
  if (std::optional<Error> refusal = Refusal(*child->definition, message.tenant, child->key)) {
    if (refusal->code != kKeyInUse) {
      failed_ = true;
      return;
    }
    return refuse(ChildResult::Kind::kDuplicate, refusal->message);
  }
  StartInstance start;
  start.tenant = message.tenant;
  start.key = std::move(child->key);
  start.input = std::move(child->input);
  start.parent = message.parent;
  start.traceparent = message.traceparent;
  Result<CachedInstance*> started = StartInstanceHere(message.child, child->definition, std::move(start));
  if (!started.ok()) refuse(ChildResult::Kind::kRefused, started.error().message);
}

}  // namespace fermata
