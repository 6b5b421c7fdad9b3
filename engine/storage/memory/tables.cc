#include "engine/storage/memory/tables.h"

#include <algorithm>

#include "engine/storage/memory/keys.h"

namespace fermata::memory {
namespace {

// Erases at most `limit` entries that expired; gives how many.
template <class Map>
std::int64_t EraseExpired(Map& map, std::int64_t now_us, int limit) {
  std::int64_t erased = 0;
  for (auto at = map.begin(); at != map.end() && erased < limit;) {
    const bool expired = at->second.expires_us <= now_us;
    at = expired ? map.erase(at) : std::next(at);
    erased += expired ? 1 : 0;
  }
  return erased;
}

template <class Map, class Key, class IsOfInstance>
void EraseFrom(Map& map, const Key& first, IsOfInstance is_of_instance) {
  auto at = map.lower_bound(first);
  while (at != map.end() && is_of_instance(at->first)) at = map.erase(at);
}

}  // namespace

bool Tables::Apply(const Batch& batch) {
  if (!Allowed(batch)) return false;
  ApplyDeletes(batch);
  ApplyInstances(batch);
  ApplyEvents(batch);
  ApplyTasks(batch);
  ApplyJobs(batch);
  ApplyDeliveries(batch);
  ApplyDefinitions(batch);
  ApplySecurity(batch);
  return true;
}

bool Tables::Allowed(const Batch& batch) const {
  std::set<RowKey> journal;
  for (const JournalRow& row : batch.journal) {
    const RowKey key{row.instance, row.seq};
    if (journal_.contains(key) || !journal.insert(key).second) return false;
  }
  std::set<std::pair<std::string, std::string>> definitions;
  for (const DefinitionRow& row : batch.definitions) {
    const std::pair key{row.process, row.version};
    if (definitions_.contains(key) || !definitions.insert(key).second) return false;
  }
  if (!HasMessages(batch.inbox_taken)) return false;
  return std::none_of(batch.audit.begin(), batch.audit.end(), [this](const AuditRow& row) {
    return audit_.contains({row.tenant, row.seq});
  });
}

void Tables::ApplyDeletes(const Batch& batch) {
  for (const TimerRow& row : batch.timers_deleted) timers_.erase(KeyOf(row));
  for (const SubscriptionRow& row : batch.subscriptions_deleted) subscriptions_.erase(KeyOf(row));
  for (const InboxRow& row : batch.inbox_taken) inbox_.erase(KeyOf(row));
  for (const InboxRow& row : batch.inbox_deleted) inbox_.erase(KeyOf(row));
  for (const KeptEventRow& row : batch.kept_events_deleted) kept_events_.erase(KeyOf(row));
  for (const TaskRow& row : batch.tasks_deleted) DeleteTask({row.instance, row.activation});
  for (const InstanceId& id : batch.instances_deleted) DeleteInstance(id);
  for (const StandingOrderRow& row : batch.standing_orders_deleted) standing_orders_.erase({row.kind, row.id});
  for (const ScheduleRow& row : batch.schedules_deleted) schedules_.erase(MakeWords(row.tenant, row.process));
}

void Tables::DeleteInstance(const InstanceId& id) {
  const auto found = instances_.find(id);
  if (found != instances_.end()) {
    by_start_.erase({found->second.started_us, id});
    if (found->second.key) live_keys_.erase({MakeWords(found->second.tenant, *found->second.key), id});
    instances_.erase(found);
  }
  const auto of_instance = [&](const auto& key) { return key.first == id; };
  EraseFrom(journal_, RowKey{id, 0}, of_instance);
  EraseFrom(incidents_, RowKey{id, 0}, of_instance);
  EraseFrom(search_values_, std::pair(id, std::string()), of_instance);
  snapshots_.erase(id);
}

void Tables::DeleteTask(const RowKey& key) {
  const auto found = tasks_.find(key);
  if (found == tasks_.end()) return;
  tasks_by_due_.erase({found->second.due_us, key.first, key.second});
  tasks_.erase(found);
}

void Tables::ApplyTasks(const Batch& batch) {
  for (const TaskRow& row : batch.tasks) {
    DeleteTask({row.instance, row.activation});
    tasks_[{row.instance, row.activation}] = row;
    tasks_by_due_.insert({row.due_us, row.instance, row.activation});
  }
  for (const SearchRow& row : batch.search_values) search_values_[{row.instance, row.name}] = row;
  for (const ScheduleRow& row : batch.schedules) schedules_[MakeWords(row.tenant, row.process)] = row;
}

void Tables::ApplyInstances(const Batch& batch) {
  for (const JournalRow& row : batch.journal) {
    journal_[{row.instance, row.seq}] = row;
    Raise(last_time_us_, row.time_us);
  }
  for (const SnapshotRow& row : batch.snapshots) snapshots_[row.instance] = row;
  for (const InstanceRow& row : batch.instances) {
    InstanceRow& stored = instances_[row.id];
    by_start_.erase({stored.started_us, row.id});
    if (stored.key) live_keys_.erase({MakeWords(stored.tenant, *stored.key), row.id});
    stored = row;
    by_start_.insert({row.started_us, row.id});
    if (row.key && row.live) live_keys_.insert({MakeWords(row.tenant, *row.key), row.id});
  }
  for (const TimerRow& row : batch.timers) timers_[KeyOf(row)] = row;
  for (const IncidentRow& row : batch.incidents) incidents_[{row.instance, row.number}] = row;
}

void Tables::ApplyEvents(const Batch& batch) {
  for (const SubscriptionRow& row : batch.subscriptions) subscriptions_[KeyOf(row)] = row;
  for (const InboxRow& row : batch.inbox) inbox_[KeyOf(row)] = row;
  for (const KeptEventRow& row : batch.kept_events) {
    kept_events_[KeyOf(row)] = row;
    Raise(last_kept_event_orders_[row.shard], row.order);
  }
  for (const EventIdentityRow& row : batch.event_identities) {
    event_identities_[MakeWords(row.tenant, row.source, row.id, row.value)] = row;
  }
  for (const IdempotencyRow& row : batch.idempotency_keys) idempotency_keys_[MakeWords(row.tenant, row.key)] = row;
  for (const EverKeyRow& row : batch.ever_keys) ever_keys_[MakeWords(row.tenant, row.process, row.key)] = row;
}

void Tables::ApplyDefinitions(const Batch& batch) {
  for (const DefinitionRow& row : batch.definitions) definitions_[{row.process, row.version}] = row;
  for (const auto& [process, hash] : batch.live_versions) live_versions_[process] = hash;
  for (const StandingOrderRow& row : batch.standing_orders) standing_orders_[{row.kind, row.id}] = row;
  for (const ManifestRow& row : batch.manifests) manifests_[{row.connector, row.version}] = row;
}

void Tables::ApplySecurity(const Batch& batch) {
  for (const std::string& id : batch.api_keys_deleted) api_keys_.erase(id);
  for (const ApiKeyRow& row : batch.api_keys) api_keys_[row.id] = row;
  for (const AuditRow& row : batch.audit) audit_[{row.tenant, row.seq}] = row;
}

std::int64_t Tables::DeleteExpired(std::int64_t now_us, int limit) {
  return EraseExpired(kept_events_, now_us, limit) + EraseExpired(event_identities_, now_us, limit) +
         EraseExpired(idempotency_keys_, now_us, limit) + DeleteOldDeliveries(now_us, limit);
}

}  // namespace fermata::memory
