// What is asked of the tables; see storage.h.
#include <algorithm>

#include "engine/storage/memory/keys.h"
#include "engine/storage/memory/tables.h"

namespace fermata::memory {
namespace {

bool Full(std::size_t count, int limit) { return count >= static_cast<std::size_t>(std::max(limit, 0)); }

bool HasWord(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool Matches(const InstanceRow& row, const InstanceFilter& filter) {
  return row.tenant == filter.tenant && (!filter.process || row.process == *filter.process) &&
         (!filter.status || row.status == *filter.status) && (!filter.key || row.key == filter.key) &&
         (!filter.started_from_us || row.started_us >= *filter.started_from_us) &&
         (!filter.started_before_us || row.started_us < *filter.started_before_us) &&
         (!filter.live || row.live == *filter.live) &&
         (!filter.state || (row.live && HasWord(row.states, *filter.state)));
}

bool Matches(const IncidentRow& row, const IncidentFilter& filter) {
  return row.tenant == filter.tenant && (!filter.process || row.process == *filter.process) &&
         (!filter.instance || row.instance == *filter.instance) && (!filter.open || row.open == *filter.open);
}

bool IsFor(const TaskRow& row, const std::vector<std::string>& candidates) {
  return (row.role.empty() && row.user.empty()) || HasWord(candidates, row.role) || HasWord(candidates, row.user);
}

bool Matches(const TaskRow& row, const TaskFilter& filter) {
  return row.tenant == filter.tenant && (!filter.process || row.process == *filter.process) &&
         (!filter.state || row.state == *filter.state) && (!filter.role || row.role == *filter.role) &&
         (!filter.user || row.user == *filter.user) && (!filter.instance || row.instance == *filter.instance) &&
         (!filter.assignee || row.user == *filter.assignee || row.claimed == *filter.assignee) &&
         (filter.candidates.empty() || (row.claimed.empty() && IsFor(row, filter.candidates)));
}

template <class Map, class Key>
auto Lookup(const Map& map, const Key& key) -> std::optional<typename Map::mapped_type> {
  const auto found = map.find(key);
  if (found == map.end()) return std::nullopt;
  return found->second;
}

template <class Map>
std::vector<typename Map::mapped_type> AllOf(const Map& map) {
  std::vector<typename Map::mapped_type> rows;
  for (const auto& [key, row] : map) rows.push_back(row);
  return rows;
}

std::int64_t Highest(const std::map<int, std::int64_t>& counters, const ShardSet& of) {
  std::int64_t highest = 0;
  for (const auto& [shard, value] : counters)
    if (Contains(of, shard)) Raise(highest, value);
  return highest;
}

}  // namespace

bool Tables::HasValues(const InstanceRow& row, const InstanceFilter& filter) const {
  return std::all_of(filter.values.begin(), filter.values.end(), [&](const auto& wanted) {
    const auto found = search_values_.find({row.id, wanted.first});
    return found != search_values_.end() && found->second.value == wanted.second;
  });
}

std::optional<StoredInstance> Tables::LoadInstance(const InstanceId& id) const {
  const auto found = instances_.find(id);
  if (found == instances_.end()) return std::nullopt;
  StoredInstance stored{found->second, Lookup(snapshots_, id), {}};
  const std::int64_t after_seq = stored.snapshot ? stored.snapshot->seq : 0;
  auto at = journal_.upper_bound({id, after_seq});
  for (; at != journal_.end() && at->first.first == id; ++at) stored.tail.push_back(at->second);
  return stored;
}

std::vector<JournalRow> Tables::ReadJournal(const InstanceId& id, std::int64_t after_seq, int limit) const {
  std::vector<JournalRow> rows;
  auto at = journal_.upper_bound({id, after_seq});
  for (; at != journal_.end() && at->first.first == id && !Full(rows.size(), limit); ++at) rows.push_back(at->second);
  return rows;
}

std::vector<InstanceRow> Tables::ListInstances(const InstanceFilter& filter) const {
  std::vector<InstanceRow> rows;
  auto at = filter.before ? by_start_.lower_bound(*filter.before) : by_start_.end();
  while (at != by_start_.begin() && !Full(rows.size(), filter.limit)) {
    --at;
    const InstanceRow& row = instances_.at(at->second);
    if (Matches(row, filter) && HasValues(row, filter)) rows.push_back(row);
  }
  return rows;
}

std::vector<InstanceRow> Tables::FindLiveByKey(std::string_view tenant, std::string_view process,
                                               std::string_view key) const {
  std::vector<InstanceRow> rows;
  const std::vector<std::string> words = MakeWords(tenant, key);
  for (auto at = live_keys_.lower_bound({words, InstanceId()}); at != live_keys_.end() && at->first == words; ++at) {
    const InstanceRow& row = instances_.at(at->second);
    if (process.empty() || row.process == process) rows.push_back(row);
  }
  return rows;
}

std::optional<EverKeyRow> Tables::FindEverKey(std::string_view tenant, std::string_view process,
                                              std::string_view key) const {
  return Lookup(ever_keys_, MakeWords(tenant, process, key));
}

std::vector<SubscriptionRow> Tables::FindSubscriptions(std::string_view tenant, std::string_view type,
                                                       std::string_view value) const {
  std::vector<SubscriptionRow> rows;
  const std::vector<std::string> words = MakeWords(tenant, type, value);
  auto at = subscriptions_.lower_bound({words, InstanceId(), 0});
  for (; at != subscriptions_.end() && std::get<0>(at->first) == words; ++at) rows.push_back(at->second);
  return rows;
}

std::vector<KeptEventRow> Tables::FindKeptEvents(std::string_view tenant, std::string_view value,
                                                 std::optional<std::string_view> process,
                                                 std::optional<std::string_view> type) const {
  std::vector<KeptEventRow> rows;
  const std::vector<std::string> words = MakeWords(tenant, value);
  auto at = kept_events_.lower_bound({words, "", 0});
  for (; at != kept_events_.end() && std::get<0>(at->first) == words; ++at) {
    const KeptEventRow& row = at->second;
    if ((!process || row.process == *process) && (!type || row.type == *type)) rows.push_back(row);
  }
  const auto older = [](const KeptEventRow& a, const KeptEventRow& b) {
    return std::tie(a.order, a.process) < std::tie(b.order, b.process);
  };
  std::sort(rows.begin(), rows.end(), older);
  return rows;
}

std::optional<EventIdentityRow> Tables::FindEventIdentity(std::string_view tenant, std::string_view source,
                                                          std::string_view id, std::string_view value) const {
  return Lookup(event_identities_, MakeWords(tenant, source, id, value));
}

std::optional<IdempotencyRow> Tables::FindIdempotencyKey(std::string_view tenant, std::string_view key) const {
  return Lookup(idempotency_keys_, MakeWords(tenant, key));
}

std::vector<IncidentCount> Tables::CountIncidents(int limit) const {
  std::map<std::tuple<std::string, std::string, std::string>, std::int64_t> counts;
  for (const auto& [key, row] : incidents_)
    if (row.open) counts[{row.tenant, row.process, row.state}] += 1;
  std::vector<IncidentCount> rows;
  for (const auto& [common, count] : counts)
    if (!Full(rows.size(), limit))
      rows.push_back({std::get<0>(common), std::get<1>(common), std::get<2>(common), count});
  return rows;
}

std::vector<IncidentRow> Tables::ListIncidents(const IncidentFilter& filter) const {
  std::vector<IncidentRow> rows;
  auto at = filter.after ? incidents_.upper_bound(*filter.after) : incidents_.begin();
  for (; at != incidents_.end() && !Full(rows.size(), filter.limit); ++at) {
    if (Matches(at->second, filter)) rows.push_back(at->second);
  }
  return rows;
}

std::vector<TaskRow> Tables::ListTasks(const TaskFilter& filter) const {
  std::vector<TaskRow> rows;
  auto at = tasks_by_due_.begin();
  if (filter.after)
    at = tasks_by_due_.upper_bound({filter.after->due_us, filter.after->instance, filter.after->activation});
  for (; at != tasks_by_due_.end() && !Full(rows.size(), filter.limit); ++at) {
    const auto& [due_us, instance, activation] = *at;
    const TaskRow& row = tasks_.at({instance, activation});
    if (Matches(row, filter)) rows.push_back(row);
  }
  return rows;
}

std::vector<TaskCount> Tables::CountTasks(std::string_view tenant, std::string_view user, std::int64_t now_us) const {
  std::map<std::tuple<std::string, std::string, std::string, bool, bool, bool>, std::int64_t> counts;
  for (const auto& [key, row] : tasks_) {
    if (row.tenant != tenant) continue;
    const bool mine = !user.empty() && (row.claimed == user || row.user == user);
    counts[{row.process, row.state, row.role, mine, row.claimed.empty() && row.user.empty(), row.due_us < now_us}] += 1;
  }
  std::vector<TaskCount> rows;
  for (const auto& [group, count] : counts) {
    const auto& [process, state, role, mine, free, overdue] = group;
    rows.push_back({process, state, role, mine, free, overdue, count});
  }
  return rows;
}

std::vector<ScheduleRow> Tables::ReadSchedules() const { return AllOf(schedules_); }

std::vector<InstanceId> Tables::ListBusyInstances(const ShardSet& of, const InstanceId& after, int limit) const {
  std::vector<InstanceId> ids;
  for (auto at = instances_.upper_bound(after); at != instances_.end() && !Full(ids.size(), limit); ++at) {
    const std::string& status = at->second.status;
    const bool busy = status == "running" || status == "compensating";
    if (busy && Contains(of, at->first.shard())) ids.push_back(at->first);
  }
  return ids;
}

std::vector<InstanceRow> Tables::ReadEndedInstances(const EndedFilter& filter) const {
  const auto place = [](const InstanceRow& row) { return std::pair(row.ended_us, row.id); };
  std::vector<InstanceRow> rows;
  for (const auto& [id, row] : instances_)
    if (!row.live && row.process == filter.process && row.version == filter.version &&
        row.ended_us <= filter.ended_by_us && (!filter.after || place(row) > *filter.after))
      rows.push_back(row);
  std::sort(rows.begin(), rows.end(), [&](const InstanceRow& a, const InstanceRow& b) { return place(a) < place(b); });
  if (Full(rows.size(), filter.limit)) rows.resize(static_cast<std::size_t>(std::max(filter.limit, 0)));
  return rows;
}

std::vector<InstanceRow> Tables::ReadLiveInstances(const std::optional<InstanceRow>& after, int limit) const {
  const auto place = [](const InstanceRow& row) { return std::tie(row.tenant, row.started_us, row.id); };
  std::vector<InstanceRow> rows;
  for (const auto& [id, row] : instances_)
    if (row.live && (!after || place(row) > place(*after))) rows.push_back(row);
  std::sort(rows.begin(), rows.end(), [&](const InstanceRow& a, const InstanceRow& b) { return place(a) < place(b); });
  if (Full(rows.size(), limit)) rows.resize(static_cast<std::size_t>(std::max(limit, 0)));
  return rows;
}

std::vector<StandingOrderRow> Tables::ReadStandingOrders(std::string_view kind) const {
  std::vector<StandingOrderRow> rows;
  for (const auto& [key, row] : standing_orders_)
    if (row.kind == kind) rows.push_back(row);
  return rows;
}

std::vector<TimerRow> Tables::ReadTimers(const ShardSet& of, std::int64_t due_before_us,
                                         const std::optional<TimerRow>& after, int limit) const {
  std::vector<TimerRow> rows;
  auto at = after ? timers_.upper_bound(KeyOf(*after)) : timers_.begin();
  for (; at != timers_.end() && at->second.due_us < due_before_us && !Full(rows.size(), limit); ++at) {
    if (Contains(of, at->second.instance.shard())) rows.push_back(at->second);
  }
  return rows;
}

std::vector<InboxRow> Tables::ReadInbox(const ShardSet& of, const std::optional<InboxRow>& after, int limit) const {
  std::vector<InboxRow> rows;
  auto at = after ? inbox_.upper_bound(KeyOf(*after)) : inbox_.begin();
  for (; at != inbox_.end() && !Full(rows.size(), limit); ++at)
    if (Contains(of, at->second.shard)) rows.push_back(at->second);
  return rows;
}

std::vector<InboxRow> Tables::ReadMailbox(int mailbox, const std::optional<InboxRow>& after, int limit) const {
  std::vector<InboxRow> rows;
  auto at = after ? inbox_.upper_bound(KeyOf(*after)) : inbox_.begin();
  for (; at != inbox_.end() && !Full(rows.size(), limit); ++at)
    if (at->second.shard == mailbox) rows.push_back(at->second);
  return rows;
}

void Tables::EmptyMailbox(int mailbox) {
  std::erase_if(inbox_, [&](const auto& entry) { return entry.second.shard == mailbox; });
}

bool Tables::HasMessages(const std::vector<InboxRow>& rows) const {
  return std::all_of(rows.begin(), rows.end(), [this](const InboxRow& row) { return inbox_.contains(KeyOf(row)); });
}

std::vector<InboxRow> Tables::Withdraw(const std::vector<InboxRow>& rows) {
  std::vector<InboxRow> withdrawn;
  for (const InboxRow& row : rows)
    if (inbox_.erase(KeyOf(row)) > 0) withdrawn.push_back({row.shard, row.sender, row.seq, row.index, ""});
  return withdrawn;
}

std::int64_t Tables::LastKeptEventOrder(const ShardSet& of) const { return Highest(last_kept_event_orders_, of); }

std::vector<DefinitionRow> Tables::ReadDefinitions() const { return AllOf(definitions_); }

std::vector<std::pair<std::string, std::string>> Tables::ReadLiveVersions() const {
  return {live_versions_.begin(), live_versions_.end()};
}

std::vector<ManifestRow> Tables::ReadManifests() const { return AllOf(manifests_); }

std::vector<ApiKeyRow> Tables::ReadApiKeys() const { return AllOf(api_keys_); }

std::vector<AuditRow> Tables::ReadAudit(std::string_view tenant, std::int64_t after_seq, int limit) const {
  std::vector<AuditRow> rows;
  auto at = audit_.upper_bound({std::string(tenant), after_seq});
  for (; at != audit_.end() && at->first.first == tenant && !Full(rows.size(), limit); ++at) rows.push_back(at->second);
  return rows;
}

std::vector<AuditRow> Tables::ReadAuditHeads() const {
  std::vector<AuditRow> heads;
  for (const auto& [key, row] : audit_) {
    if (!heads.empty() && heads.back().tenant == row.tenant) heads.pop_back();
    heads.push_back(row);
  }
  return heads;
}

}  // namespace fermata::memory
