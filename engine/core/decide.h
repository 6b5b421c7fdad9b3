// The pure statechart machine: a command in, journal events and effects out.
//
// No clock, no thread, no chance: what is undetermined comes in with the context. Everything here is thread-safe as long as
// one state is used by one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/command.h"
#include "engine/model/definition.h"
#include "engine/model/effect.h"
#include "engine/model/instance_state.h"
#include "engine/model/journal_event.h"

namespace fermata {

struct DecisionContext {
  std::int64_t now_us = 0;   // never earlier than that of the decision before
  std::uint64_t random = 0;  // for retry jitter only
  int shard_count = 1;       // where children live: HomeShard()
  // The business key that a child's own definition makes of its input, where `run` gives none: a child lives on the shard of its key. May be absent.
  std::function<std::optional<std::string>(const RunVerb& run, const Value& input)> child_key{};
  // Why a child that nobody will wait for could not start, as far as that is known already. May be absent.
  std::function<std::optional<ProcessError>(const RunVerb& run, const Value& input)> child_refusal{};
  // The version that MigrateInstance asks for (to take a migration back: of which the last of state.crossings tells); must outlive the decision.
  // Null for all other commands, and where there is nothing to take back.
  const Definition* migrate_to = nullptr;
  // Whether it is certain that nobody has begun this try of a call in flight. Then it is withdrawn when its state is left, undo or not. May be absent:
  // what is in flight has begun.
  std::function<bool(const JobId& job, std::int64_t attempt)> has_not_begun{};
};

struct Decision {
  std::vector<JournalEvent>
      events;  // one journal row; empty when the command changed nothing (a late timer, a repeated cancel)
  std::vector<Effect> effects;              // in the order in which they were wished
  std::vector<const TransitionArm*> taken;  // of the definition, for the coverage of scenarios; not stored
};

// Takes one macrostep. `state` has every event applied when this returns a decision; a refused command (unknown incident, status does not allow it: code and reason for the client)
// leaves it untouched. For StartInstance `state` is fresh: InstanceState with id set.
// If the decision's commit fails, the caller drops `state` and loads it anew. After MigrateInstance the caller decides
// with the new definition.
Result<Decision> Decide(const Definition& definition, InstanceState& state, const Command& command,
                        const DecisionContext& context);

// What a migration would do, or taking one back.
struct MigrationPlan {
  std::string from, version;  // of the process: now, afterwards
  std::vector<std::pair<std::string, std::string>>
      states;                             // active ones, outer first: the name now, the name afterwards
  std::vector<std::string> set, dropped;  // variables that get another value, or are no more
};
// Refused like the migration itself; changes nothing. `context` as for Decide.
Result<MigrationPlan> PlanMigration(const Definition& definition, const InstanceState& state,
                                    const MigrateInstance& migrate, const DecisionContext& context);

// The effects that a live instance had out when the node died: jobs in flight. (Timers, subscriptions and messages are rows.)
std::vector<Effect> PendingEffects(const InstanceState& state);

// ---- at the door, before an instance exists ----

// Validates a start's input (422 with paths) and gives it normalised; null input counts as {}.
Result<Value> ValidateStart(const Definition& definition, const Value& input);

// The business key from `key:`; nullopt if the definition has none. A key that fails to evaluate or is no string refuses the start.
Result<std::optional<std::string>> EvaluateKey(const Definition& definition, const Value& input, std::int64_t now_us);

// The key of an event by this declaration: nullopt when it has none or evaluating it fails (then the event is for addressing or starting only).
std::optional<std::string> EvaluateEventKey(const EventDeclaration& declaration, const CloudEvent& event);
// Why that gives none, as a whole sentence.
std::string WhyNoEventKey(const EventDeclaration& declaration, const CloudEvent& event);
// The instance that the event is addressed to by its attribute `instance`; empty = none.
std::string AddresseeOf(const CloudEvent& event);

// Validates an event's data against the declaration's schema; gives it normalised.
Result<Value> ValidateEventData(const EventDeclaration& declaration, const Value& data);

}  // namespace fermata
