// A world in memory for one case: instances that run on the core with a virtual clock, and the runtime's rules of delivery between them.
//
// Deterministic. Used by one thread. `project` must outlive the world.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/core/decide.h"
#include "engine/model/limits.h"
#include "engine/scenario/project.h"
#include "engine/scenario/scheduler.h"

namespace fermata {

// How hard the case is made for the engine.
enum class Hardship {
  kNone,
  kRestarts,  // after every step the states are dropped and replayed from the journals, and compared
  kRepeats,   // every command is sent twice
};

// Journal rows of an instance that are kept, at least: what a failed case tells of them is less. Older ones go, so that an `each` over 100,000 items fits.
inline constexpr std::size_t kRowsKept = 10 * kScenarioHistoryMax;

struct LiveInstance {
  DefinitionPtr definition;
  InstanceState state;
  std::vector<std::vector<JournalEvent>> journal;  // its newest rows: at most twice kRowsKept
  std::size_t dropped = 0;                         // older rows, which are gone
  std::size_t stored = 0;                          // rows of `journal` that have been through the codec
  std::optional<InstanceState> base;               // replayed from the rows that are gone; only under kRestarts
  std::vector<std::string> path;                   // every state entered, composites before what is inside
  int order = 0;                                   // of its start
};

// A call in flight, or one that was let go; also a child that is not there ("run.NAME").
struct WorldCall {
  InstanceId instance;
  JobId job;
  std::int64_t attempt = 1;
  std::string operation;
  Value input;
  std::int64_t times_out_us = 0;  // 0 = never
  InstanceId child;               // of a stubbed child
};

struct WorldEmission {
  CloudEvent event;
  std::optional<std::pair<std::string, std::string>> to;
};

class World {
 public:
  World(const ScenarioProject& project, std::int64_t now_us, Hardship hardship)
      : project_(project), now_us_(now_us), hardship_(hardship) {}

  // ---- what clients do; the error is the refusal ----
  Result<InstanceId> Start(const DefinitionPtr& definition, const Value& input, const std::optional<std::string>& key);
  // From outside, or published. `key` replaces what the declarations' `key` gives. Delivered by the next Settle.
  std::optional<Error> Accept(const CloudEvent& event, const std::optional<std::string>& key,
                              const std::optional<std::pair<std::string, std::optional<std::string>>>& to);
  std::optional<Error> Submit(const InstanceId& instance, const Command& command);
  std::optional<Error> Migrate(const InstanceId& instance, const DefinitionPtr& target);
  // From now on this process's schedule ticks, if it has one.
  void FollowSchedule(const DefinitionPtr& definition) { scheduler_.Follow(definition, now_us_); }
  // Answers a call in flight (or one that was let go).
  void Answer(const WorldCall& call, const Outcome& outcome);
  // Ends a stubbed child.
  void EndStub(const WorldCall& call, const ChildResult& result);
  void Settle();  // delivers messages until there are none
  // Fires what falls due until then, one by one in time order, the last instant included.
  void Advance(std::int64_t us);
  // Drops every state and replays it; what is not equal then is the text. Only under kRestarts.
  std::optional<std::string> Restart();

  // ---- what can be seen ----
  const std::map<InstanceId, LiveInstance>& instances() const { return instances_; }
  std::vector<const LiveInstance*> InOrder() const;
  const LiveInstance* Find(const InstanceId& id) const;
  const std::vector<WorldCall>& calls() const { return calls_; }
  const std::vector<WorldEmission>& emissions() const { return emissions_; }
  // (instance, state), over all instances in the order in which they were undone.
  const std::vector<std::pair<InstanceId, std::string>>& undone() const { return undone_; }
  const std::vector<std::pair<std::string, InstanceId>>& started() const {
    return started_;
  }  // process, instance; stubs too
  const std::set<const TransitionArm*>& taken() const { return taken_; }
  const std::set<const State*>& entered() const { return entered_; }
  // Every journal row, by instance and number, in the order in which they were decided.
  const std::vector<std::pair<InstanceId, std::size_t>>& rows() const { return rows_; }
  // Calls of the engine's own operations that wait for others to end.
  std::vector<const WorldCall*> EngineCalls() const;
  bool repeats() const { return hardship_ == Hardship::kRepeats; }
  // What went on and on, if anything did: the case has failed.
  const std::optional<std::string>& endless() const { return endless_; }
  std::int64_t now_us() const { return now_us_; }
  std::string NextEventId() { return "e-" + std::to_string(++event_ids_); }
  // Takes the oldest call of this operation that was let go and has had no answer; of those that timed out, if there is no other.
  std::optional<WorldCall> TakeLetGo(std::string_view operation);

 private:
  struct Message {
    InstanceId to;
    Command command;
  };
  struct KeptCopy {
    std::string process, value;  // `value` is the event's key, or that of the addressee
    bool addressed = false;
    CloudEvent event;
    std::int64_t until_us = 0;
  };
  struct DueThing {
    std::int64_t due_us = 0;
    int kind = 0;                        // 0 a timer, 1 a call's timeout
    int order = 0, state = 0, slot = 0;  // document order within one instant
    InstanceId instance;
    Command command;
  };

  // Decides one command; effects become messages, calls and emissions.
  std::optional<Error> Decide(const InstanceId& instance, const Command& command,
                              const DefinitionPtr& target = nullptr);
  void Note(LiveInstance& live, Decision& decision);
  // Bounds the memory of a long life.
  void DropOldRows(LiveInstance& live);
  void Take(const InstanceId& from, const Effect& effect);
  void DropFinishedCalls(const LiveInstance& live);
  static std::optional<std::string> Replay(const InstanceId& id, LiveInstance& live);
  // Through the bytes, once; the text says what could not be read.
  static std::optional<std::string> Store(LiveInstance& live);
  bool SameCalls(const InstanceId& id, const InstanceState& replayed) const;
  std::optional<DueThing> NextDue(std::int64_t until_us) const;
  // Fires the schedule's tick if it falls due by then.
  bool FireTick(std::int64_t until_us);
  Scheduler::Begin BeginScheduled();

  void StartChildOf(const InstanceId& parent, const StartChild& effect);
  void Tell(const InstanceId& to, Command command) { messages_.push_back({to, std::move(command)}); }
  void Reply(const InstanceId& parent, const StartChild& effect, ChildResult::Kind kind, std::string message);
  Result<InstanceId> Begin(const DefinitionPtr& definition, const InstanceId& id, const Value& input,
                           const std::optional<std::string>& key, const std::optional<ParentLink>& parent);

  // delivery.cc
  std::optional<Error> AcceptAddressed(const CloudEvent& event, const std::string& process,
                                       const std::optional<std::string>& key);
  bool StartBy(const DefinitionPtr& definition, const CloudEvent& event, std::optional<Error>& refused);
  void TakeKept(const std::string& process, StartInstance& start);
  void OfferKept(const InstanceId& instance, const Subscribe& subscription);
  const LiveInstance* FindByKey(const std::string& process, const std::string& key, bool live_only) const;

  // engine_operations.cc
  void RunEngineOperation(const WorldCall& call);
  void FinishEngineCancels();

  const ScenarioProject& project_;
  std::int64_t now_us_;
  Hardship hardship_;
  std::map<InstanceId, LiveInstance> instances_;
  std::vector<WorldCall> calls_, let_go_;
  // Answered calls; true = with a timeout, so that the real answer may still come.
  std::map<std::tuple<InstanceId, JobId, std::int64_t>, bool> answered_;
  struct PendingCancel {
    WorldCall call;
    std::vector<InstanceId> waits_for;
  };
  std::vector<PendingCancel> engine_cancels_;
  std::deque<Message> messages_;
  std::map<InstanceId, WorldCall> stubs_;
  std::vector<WorldEmission> emissions_;
  std::vector<KeptCopy> kept_;
  std::set<std::pair<std::string, std::string>> identities_;
  std::vector<std::pair<InstanceId, std::string>> undone_;
  std::vector<std::pair<std::string, InstanceId>> started_;
  std::set<const TransitionArm*> taken_;
  std::set<const State*> entered_;
  std::vector<std::pair<InstanceId, std::size_t>> rows_;
  std::optional<std::string> endless_;
  std::set<std::pair<InstanceId, TimerId>> timers_;  // as the effects say
  Scheduler scheduler_;
  std::uint64_t ids_ = 0;
  std::int64_t event_ids_ = 0;
};

}  // namespace fermata
