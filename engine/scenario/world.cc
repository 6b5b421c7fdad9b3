#include "engine/scenario/world.h"

#include <algorithm>
#include <tuple>

#include "engine/codec/codec.h"
#include "engine/core/apply.h"
#include "engine/model/command_codes.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

// A call is answered when the case says so, however long that takes. Only a timeout that the state itself sets apart from its manifest's is played.
bool IsTimeoutOfState(const Definition& definition, const DispatchJob& job) {
  const State* state = definition.FindState(job.state);
  const auto* call = state != nullptr && !job.job.undo ? std::get_if<CallVerb>(&state->verb) : nullptr;
  if (call == nullptr) return false;
  std::int64_t standard_ms = kJobTimeoutDefaultMs;
  if (call->manifest != nullptr && call->manifest->timeout_ms) standard_ms = *call->manifest->timeout_ms;
  return call->timeout_ms && *call->timeout_ms != standard_ms;
}

}  // namespace

std::vector<const LiveInstance*> World::InOrder() const {
  std::vector<const LiveInstance*> all;
  for (const auto& [id, live] : instances_) all.push_back(&live);
  std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) { return a->order < b->order; });
  return all;
}

const LiveInstance* World::Find(const InstanceId& id) const {
  auto found = instances_.find(id);
  return found == instances_.end() ? nullptr : &found->second;
}

Result<InstanceId> World::Start(const DefinitionPtr& definition, const Value& input,
                                const std::optional<std::string>& key) {
  Result<Value> fitted = ValidateStart(*definition, input);
  if (!fitted.ok()) return std::move(fitted).error();
  Result<std::optional<std::string>> own = EvaluateKey(*definition, *fitted, now_us_);
  if (!own.ok()) return std::move(own).error();
  const std::optional<std::string> used = *own ? *own : key;
  if (key && *own && *key != **own)
    return Error{kKeyMismatch, "Expected the key '" + **own + "' that the process gives, but it is '" + *key + "'."};
  const InstanceId id = InstanceId::Make(0, now_us_ / 1000, ++ids_, 0);
  Result<InstanceId> begun = Begin(definition, id, *fitted, used, std::nullopt);
  Settle();
  return begun;
}

Result<InstanceId> World::Begin(const DefinitionPtr& definition, const InstanceId& id, const Value& input,
                                const std::optional<std::string>& key, const std::optional<ParentLink>& parent) {
  if (definition->unique != Uniqueness::kNo && key) {
    const bool live_only = definition->unique == Uniqueness::kRunning;
    if (FindByKey(definition->process, *key, live_only) != nullptr)
      return Error{kKeyInUse, "Expected a free key, but '" + *key + "' is in use."};
  }
  LiveInstance live;
  live.definition = definition;
  live.state.id = id;
  live.order = static_cast<int>(instances_.size());
  instances_.emplace(id, std::move(live));
  StartInstance start;
  start.key = key;
  start.input = input;
  start.parent = parent;
  TakeKept(definition->process, start);
  started_.emplace_back(definition->process, id);
  std::optional<Error> refused = Decide(id, start);
  if (!refused) return id;
  instances_.erase(id);
  started_.pop_back();
  return *std::move(refused);
}

std::optional<Error> World::Submit(const InstanceId& instance, const Command& command) {
  std::optional<Error> refused = Decide(instance, command);
  Settle();
  return refused;
}

void World::Answer(const WorldCall& call, const Outcome& outcome) {
  answered_.emplace(call.instance, call.job, call.attempt);
  Decide(call.instance, CompleteJob{call.job, call.attempt, outcome});
  Settle();
}

void World::EndStub(const WorldCall& call, const ChildResult& result) {
  std::erase_if(calls_, [&](const WorldCall& other) { return other.child == call.child; });
  Decide(call.instance, FinishChild{call.job.activation, call.child, result});
  Settle();
}

std::optional<Error> World::Decide(const InstanceId& id, const Command& command) {
  auto found = instances_.find(id);
  if (found == instances_.end()) return std::nullopt;  // a child that never began
  LiveInstance& live = found->second;
  DecisionContext context;
  context.now_us = now_us_;
  std::optional<Error> refused;
  // Events are told apart by their identity before they come here; everything else must be harmless when it comes again.
  const int times = hardship_ == Hardship::kRepeats && !std::holds_alternative<DeliverEvent>(command) ? 2 : 1;
  for (int i = 0; i < times; ++i) {
    Result<Decision> decision = fermata::Decide(*live.definition, live.state, command, context);
    if (!decision.ok()) {
      if (i == 0) refused = decision.error();
      continue;
    }
    if (!decision->events.empty()) live.journal.push_back(EncodeEvents(decision->events));
    Note(id, *decision);
    for (const Effect& effect : decision->effects) Take(id, effect);
    DropFinishedCalls(live);
  }
  return refused;
}

void World::Note(const InstanceId& id, const Decision& decision) {
  for (const JournalEvent& event : decision.events)
    if (const auto* undone = std::get_if<UndoSucceeded>(&event.body); undone != nullptr && !undone->skipped)
      undone_.emplace_back(id, undone->state);
  taken_.insert(decision.taken.begin(), decision.taken.end());
}

void World::DropFinishedCalls(const LiveInstance& live) {
  const std::vector<JobView> in_flight = JobsInFlight(live.state);
  for (auto call = calls_.begin(); call != calls_.end();) {
    const bool of_this = call->instance == live.state.id && call->child.empty();
    const bool awaited = std::any_of(in_flight.begin(), in_flight.end(), [&](const JobView& job) {
      return job.job == call->job && job.attempt == call->attempt;
    });
    if (!of_this || awaited) {
      ++call;
      continue;
    }
    let_go_.push_back(std::move(*call));
    call = calls_.erase(call);
  }
}

void World::Settle() {
  for (;;) {
    while (!messages_.empty()) {
      Message message = std::move(messages_.front());
      messages_.pop_front();
      Decide(message.to, message.command);
    }
    FinishEngineCancels();
    if (messages_.empty()) return;
  }
}

void World::Take(const InstanceId& from, const Effect& effect) {
  struct Taker {
    World& world;
    const InstanceId& from;
    void operator()(const DispatchJob& e) {
      WorldCall call{from, e.job, e.attempt, e.operation, e.input, 0, {}};
      if (IsTimeoutOfState(*world.Find(from)->definition, e)) call.times_out_us = world.now_us_ + e.timeout_ms * 1000;
      if (e.operation.starts_with("engine.")) return world.RunEngineOperation(call);
      std::erase_if(world.calls_, [&](const WorldCall& other) {
        return other.instance == from && other.job == e.job && other.child.empty();
      });
      world.calls_.push_back(std::move(call));
    }
    void operator()(const SetTimer& e) { world.timers_.emplace(from, e.timer); }
    void operator()(const ClearTimer& e) { world.timers_.erase({from, e.timer}); }
    void operator()(const Subscribe& e) { world.OfferKept(from, e); }
    void operator()(const Unsubscribe&) {}  // subscriptions are read from the states
    void operator()(const StartChild& e) { world.StartChildOf(from, e); }
    void operator()(const CancelChild& e) { Send(e.child, CancelInstance{e.reason}); }
    void operator()(const UndoChild& e) { Send(e.child, UndoInstance{e.reason}); }
    void operator()(const NotifyParent& e) {
      world.Tell(e.parent.instance, FinishChild{e.parent.activation, from, e.result});
    }
    void operator()(const Publish& e) {
      world.emissions_.push_back({e.event, e.to});
      std::optional<std::pair<std::string, std::optional<std::string>>> to;
      if (e.to) to = {e.to->first, e.to->second};
      world.Accept(e.event, std::nullopt, to);
    }
    // A child that is not there is final at once.
    void Send(const InstanceId& child, Command command) {
      auto stub = world.stubs_.find(child);
      if (stub == world.stubs_.end()) return world.Tell(child, std::move(command));
      std::erase_if(world.calls_, [&](const WorldCall& other) { return other.child == child; });
      ChildResult result;
      result.kind = ChildResult::Kind::kCancelled;
      world.Tell(from, FinishChild{stub->second.job.activation, child, result});
    }
  };
  std::visit(Taker{*this, from}, effect);
}

void World::Reply(const InstanceId& parent, const StartChild& effect, ChildResult::Kind kind, std::string message) {
  ChildResult result;
  result.kind = kind;
  result.error.message = std::move(message);
  Tell(parent, FinishChild{effect.activation, effect.child, std::move(result), effect.detach});
}

void World::StartChildOf(const InstanceId& parent, const StartChild& effect) {
  if (instances_.contains(effect.child) || stubs_.contains(effect.child)) return;  // starting twice is starting once
  const DefinitionPtr definition = project_.Find(effect.process, effect.version);
  if (definition == nullptr && project_.Find(effect.process) != nullptr)
    return Reply(parent, effect, ChildResult::Kind::kRefused,
                 "Expected a version of '" + effect.process + "' in " + effect.version + ", but there is none.");
  if (definition == nullptr) {
    WorldCall stub{parent, {effect.activation, false}, 1, "run." + effect.process, effect.input, 0, effect.child};
    stubs_.emplace(effect.child, stub);
    calls_.push_back(std::move(stub));
    started_.emplace_back(effect.process, effect.child);
    return;
  }
  Result<Value> fitted = ValidateStart(*definition, effect.input);
  if (!fitted.ok()) return Reply(parent, effect, ChildResult::Kind::kRefused, fitted.error().message);
  std::optional<std::string> key = effect.key;
  Result<std::optional<std::string>> own = EvaluateKey(*definition, *fitted, now_us_);
  if (!own.ok()) return Reply(parent, effect, ChildResult::Kind::kRefused, own.error().message);
  if (!key) key = *own;
  Result<InstanceId> begun =
      Begin(definition, effect.child, *fitted, key, ParentLink{parent, effect.activation, effect.detach});
  if (begun.ok()) return;
  const bool duplicate = begun.error().code == kKeyInUse;
  Reply(parent, effect, duplicate ? ChildResult::Kind::kDuplicate : ChildResult::Kind::kRefused, begun.error().message);
}

std::optional<World::DueThing> World::NextDue(std::int64_t until_us) const {
  std::optional<DueThing> first;
  auto consider = [&](DueThing thing) {
    if (thing.due_us > until_us) return;
    auto rank = [](const DueThing& t) { return std::tie(t.due_us, t.kind, t.order, t.state, t.slot); };
    if (!first || rank(thing) < rank(*first)) first = std::move(thing);
  };
  for (const auto& [id, live] : instances_) {
    if (IsFinal(live.state.status)) continue;
    for (const TimerView& timer : Timers(live.state)) {
      const Activation* at = live.state.Find(timer.timer.activation);
      consider(
          {timer.due_us, 0, live.order, at != nullptr ? at->index : 0, timer.timer.slot, id, FireTimer{timer.timer}});
    }
  }
  int order = 0;
  for (const WorldCall& call : calls_) {
    ++order;
    if (call.times_out_us == 0) continue;
    TechnicalFailure timeout{TechnicalError::kTimeout, "Expected an answer within the timeout, but there was none.", 0};
    consider({call.times_out_us, 1, order, 0, 0, call.instance, CompleteJob{call.job, call.attempt, timeout}});
  }
  return first;
}

void World::Advance(std::int64_t us) {
  const std::int64_t until_us = now_us_ + us;
  while (std::optional<DueThing> due = NextDue(until_us)) {
    now_us_ = std::max(now_us_, due->due_us);
    if (const auto* fire = std::get_if<FireTimer>(&due->command)) timers_.erase({due->instance, fire->timer});
    Submit(due->instance, due->command);
  }
  now_us_ = until_us;
}

std::optional<std::string> World::Restart() {
  if (hardship_ != Hardship::kRestarts) return std::nullopt;
  for (auto& [id, live] : instances_) {
    InstanceState replayed;
    replayed.id = id;
    for (const std::string& row : live.journal) {
      Result<std::vector<JournalEvent>> events = DecodeEvents(row);
      if (!events.ok()) return "a journal row cannot be read: " + row;
      ApplyRow(replayed, *events);
    }
    if (!(replayed == live.state))
      return "the replayed state differs: " + EncodeSnapshot(replayed) + " is not " + EncodeSnapshot(live.state);
    Result<InstanceState> snapshot = DecodeSnapshot(EncodeSnapshot(replayed));
    if (!snapshot.ok() || !(*snapshot == replayed)) return "the snapshot differs: " + EncodeSnapshot(replayed);
    std::size_t in_flight = 0;
    for (const WorldCall& call : calls_) in_flight += call.instance == id && call.child.empty();
    for (const PendingCancel& cancel : engine_cancels_) in_flight += cancel.call.instance == id;
    if (PendingEffects(replayed).size() != in_flight) return "the calls in flight differ";
    for (const TimerView& timer : Timers(replayed))
      if (!IsFinal(replayed.status) && !timers_.contains({id, timer.timer}))
        return "a timer of the state was never set";
    live.state = std::move(*snapshot);
  }
  for (const auto& [id, timer] : timers_) {
    const LiveInstance* live = Find(id);
    if (live == nullptr) continue;
    const std::vector<TimerView> armed = Timers(live->state);
    if (std::none_of(armed.begin(), armed.end(), [&](const TimerView& one) { return one.timer == timer; }))
      return "a timer was set and never cleared: " + std::to_string(timer.activation) + "/" +
             std::to_string(timer.slot);
  }
  return std::nullopt;
}

}  // namespace fermata
