// From rows to states and back: the one way in which storage and live state meet.
//
// Pure and thread-safe.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/definition.h"
#include "engine/model/instance_state.h"
#include "engine/model/journal_event.h"
#include "engine/storage/storage.h"

namespace fermata {

// Snapshot and tail through Apply.
Result<InstanceState> Rebuild(const StoredInstance& stored);
// Whether what failed was to understand this one instance: its bytes are damaged, of a newer release, or sealed by a key that is not there.
// Reading it again does not help, and others may be read.
bool IsUnreadable(const Error& error);

// Whether an instance's row tells its active states. While it runs they change with every decision, and rewriting the row each time would cost as much as
// the journal: lists read them from the journal instead (reads.cc).
bool HasSteadyStates(InstanceStatus status);

// What the instance failed with, or will have failed with once its undoing is through; null if there is none.
const ProcessError* ErrorOf(const InstanceState& state);
InstanceRow InstanceRowOf(const InstanceState& state);
IncidentRow IncidentRowOf(const InstanceState& state, const OpenIncident& incident);
// The answer to this task that waits for the end of a suspension; null if there is none.
const StashedCommand* FindStashedAnswer(const InstanceState& state, ActivationId activation);
bool HasStashedAnswer(const InstanceState& state);
// Open human tasks, by activation; none of an instance that has ended, and none that is answered.
std::map<ActivationId, TaskRow> TaskRowsOf(const InstanceState& state);
// The searchable variables that are set, as text. What has no text (lists, maps, null, and what is too long) is "", which nobody searches for.
std::map<std::string, std::string> SearchValuesOf(const Definition& definition, const InstanceState& state);
// Every row of these shards' inboxes, by sender and in its order.
Status WalkInbox(Storage& storage, const ShardSet& shards, const std::function<void(InboxRow)>& visit);
// The same, until `visit` gives false; whether it has.
Result<bool> WalkInboxUntil(Storage& storage, const ShardSet& shards, const std::function<bool(InboxRow)>& visit);

// Shows an instance's journal row by row, after the row `after`, until `visit` gives false.
Status WalkJournal(Storage& storage, const InstanceId& id, std::int64_t after,
                   const std::function<bool(std::int64_t seq, const std::vector<JournalEvent>& events)>& visit);
// The other way round, from the row `last` on backwards; at most `limit` rows. Shows a row's events in their order.
Status WalkJournalBack(Storage& storage, const InstanceId& id, std::int64_t last, std::int64_t limit,
                       const std::function<bool(std::int64_t seq, const std::vector<JournalEvent>& events)>& visit);
// Names of the states that these events enter.
std::vector<std::string> EnteredStates(const std::vector<JournalEvent>& events);

}  // namespace fermata
