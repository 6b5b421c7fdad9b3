#include "engine/scenario/world.h"

#include <algorithm>
#include <tuple>

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
  const auto* technical = std::get_if<TechnicalFailure>(&outcome);
  const bool timed_out = technical != nullptr && technical->error == TechnicalError::kTimeout;
  answered_.emplace(std::tuple(call.instance, call.job, call.attempt), timed_out);
  Decide(call.instance, CompleteJob{call.job, call.attempt, outcome});
  Settle();
}

void World::EndStub(const WorldCall& call, const ChildResult& result) {
  std::erase_if(calls_, [&](const WorldCall& other) { return other.child == call.child; });
  Decide(call.instance, FinishChild{call.job.activation, call.child, result});
  Settle();
}

std::optional<Error> World::Migrate(const InstanceId& instance, const DefinitionPtr& target) {
  std::optional<Error> refused = Decide(instance, MigrateInstance{target->version}, target);
  Settle();
  return refused;
}

std::optional<Error> World::Decide(const InstanceId& id, const Command& command, const DefinitionPtr& target) {
  auto found = instances_.find(id);
  if (found == instances_.end()) return std::nullopt;  // a child that never began
  LiveInstance& live = found->second;
  DecisionContext context;
  context.now_us = now_us_;
  context.migrate_to = target.get();
  std::optional<Error> refused;
  // Events are told apart by their identity before they come here; everything else must be harmless when it comes again.
  const int times = hardship_ == Hardship::kRepeats && !std::holds_alternative<DeliverEvent>(command) ? 2 : 1;
  for (int i = 0; i < times; ++i) {
    Result<Decision> decision = fermata::Decide(*live.definition, live.state, command, context);
    if (!decision.ok()) {
      if (i == 0) refused = decision.error();
      continue;
    }
    if (target) live.definition = target;
    Note(live, *decision);
    for (const Effect& effect : decision->effects) Take(id, effect);
    DropFinishedCalls(live);
    if (IsFinal(live.state.status)) scheduler_.End(id, now_us_, BeginScheduled());
  }
  return refused;
}

Scheduler::Begin World::BeginScheduled() {
  return [this](const DefinitionPtr& definition, const InstanceId& id, const Value& input,
                const std::optional<std::string>& key) { return Begin(definition, id, input, key, std::nullopt).ok(); };
}

bool World::FireTick(std::int64_t until_us) {
  const std::optional<std::int64_t> tick_us = scheduler_.NextTickUs();
  if (!tick_us || *tick_us > until_us) return false;
  now_us_ = std::max(now_us_, *tick_us);
  scheduler_.Fire(now_us_, BeginScheduled());
  Settle();
  return true;
}

void World::Note(LiveInstance& live, Decision& decision) {
  for (const JournalEvent& event : decision.events) {
    if (const auto* undone = std::get_if<UndoSucceeded>(&event.body); undone != nullptr && !undone->skipped)
      undone_.emplace_back(live.state.id, undone->state);
    if (const auto* entered = std::get_if<StateEntered>(&event.body);
        entered != nullptr && entered->kind == ActivationKind::kState) {
      entered_.insert(live.definition->FindState(entered->state));
      live.path.push_back(entered->state);
    }
  }
  taken_.insert(decision.taken.begin(), decision.taken.end());
  if (decision.events.empty()) return;
  rows_.emplace_back(live.state.id, live.dropped + live.journal.size());
  live.journal.push_back(std::move(decision.events));
  if (live.journal.size() == 2 * kRowsKept) DropOldRows(live);
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
    // One that was answered in time has no late answer.
    const auto answer = answered_.find({call->instance, call->job, call->attempt});
    if (answer == answered_.end() || answer->second)
      let_go_.push_back(std::move(*call));
    else
      answered_.erase(answer);
    call = calls_.erase(call);
  }
}

void World::Settle() {
  for (int turns = 0;; ++turns) {
    FinishEngineCancels();
    if (messages_.empty()) return;
    if (turns == kScenarioTurnsMax) {
      endless_ = "Expected the instances to come to rest, but they have sent each other " +
                 std::to_string(kScenarioTurnsMax) + " messages in one step.";
      return messages_.clear();
    }
    Message message = std::move(messages_.front());
    messages_.pop_front();
    Decide(message.to, message.command);
  }
}

std::vector<const WorldCall*> World::EngineCalls() const {
  std::vector<const WorldCall*> calls;
  for (const PendingCancel& pending : engine_cancels_) calls.push_back(&pending.call);
  return calls;
}

std::optional<WorldCall> World::TakeLetGo(std::string_view operation) {
  for (const bool timed_out : {false, true}) {
    for (auto call = let_go_.begin(); call != let_go_.end(); ++call) {
      const auto answer = answered_.find({call->instance, call->job, call->attempt});
      const bool fits = timed_out ? answer != answered_.end() && answer->second : answer == answered_.end();
      if (call->operation != operation || !fits) continue;
      std::optional<WorldCall> taken = std::move(*call);
      let_go_.erase(call);
      return taken;
    }
  }
  return std::nullopt;
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
  int turns = 0;
  while (true) {
    const std::optional<DueThing> due = NextDue(until_us);
    const bool ticked = FireTick(due ? due->due_us - 1 : until_us);  // of one instant timers come first
    if (!due && !ticked) break;
    if (++turns > kScenarioTurnsMax) {
      endless_ =
          "Expected the timers to come to rest, but " + std::to_string(kScenarioTurnsMax) + " have fired in one step.";
      return;
    }
    if (endless_) return;
    if (ticked) continue;
    now_us_ = std::max(now_us_, due->due_us);
    if (const auto* fire = std::get_if<FireTimer>(&due->command)) timers_.erase({due->instance, fire->timer});
    if (const auto* timeout = std::get_if<CompleteJob>(&due->command))
      answered_.emplace(std::tuple(due->instance, timeout->job, timeout->attempt), true);
    Submit(due->instance, due->command);
    if (endless_) return;
  }
  now_us_ = until_us;
}

}  // namespace fermata
