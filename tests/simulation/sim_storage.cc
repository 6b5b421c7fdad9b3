#include "tests/simulation/sim_storage.h"

#include <algorithm>
#include <iterator>

#include "engine/runtime/codes.h"

namespace fermata {

void SimStorage::Commit(int lane, Batch batch, CommitCallback done) {
  queue_.push_back({lane, std::move(batch), std::move(done), nodes_ ? nodes_->epoch() : 0});
}

// False: a journal row twice. Two writers, or a state that is behind its journal.
bool SimStorage::Apply(const Waiting& waiting) {
  if (nodes_ && cluster_->on_write) cluster_->on_write(nodes_->self().name, waiting.epoch, waiting.batch);
  cluster_->members.CountChanges(waiting.batch);
  return cluster_->tables.Apply(waiting.batch);
}

std::deque<SimStorage::Waiting>::iterator SimStorage::Next() {
  if (!nodes_) return queue_.begin();
  const int lane = queue_[random_() % queue_.size()].lane;
  return std::find_if(queue_.begin(), queue_.end(), [&](const Waiting& waiting) { return waiting.lane == lane; });
}

bool SimStorage::FinishOne() {
  if (queue_.empty()) return false;
  const auto next = Next();
  Waiting waiting = std::move(*next);
  queue_.erase(next);
  CommitOutcome outcome = CommitOutcome::kCommitted;
  if (poisoned_.count(waiting.lane)) {
    outcome = CommitOutcome::kFailed;
  } else if (!MayWrite(waiting)) {
    outcome = CommitOutcome::kFenced;
    poisoned_.insert(waiting.lane);
  } else if (!cluster_->tables.HasMessages(waiting.batch.inbox_taken)) {
    outcome = CommitOutcome::kFailed;  // whoever sent one has withdrawn it meanwhile
    poisoned_.insert(waiting.lane);
  } else if (Fault()) {
    bool lost_on_the_way_back = random_() % 2 == 0;
    if (lost_on_the_way_back && random_() % 2 == 0 && !Apply(waiting)) FERMATA_ASSERT(false);
    outcome = lost_on_the_way_back ? CommitOutcome::kUnknown : CommitOutcome::kFailed;
    poisoned_.insert(waiting.lane);
  } else if (!Apply(waiting)) {
    FERMATA_ASSERT(false);
  }
  waiting.done(outcome);
  return true;
}

void SimStorage::LosePower() {
  std::vector<Waiting> lost;
  while (!queue_.empty() && random_() % 2 == 0) {
    const bool written = !poisoned_.count(queue_.front().lane) && MayWrite(queue_.front()) &&
                         cluster_->tables.HasMessages(queue_.front().batch.inbox_taken);
    if (!written) poisoned_.insert(queue_.front().lane);
    if (written && !Apply(queue_.front())) FERMATA_ASSERT(false);
    lost.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  std::move(queue_.begin(), queue_.end(), std::back_inserter(lost));
  queue_.clear();
  poisoned_.clear();
  for (const Waiting& waiting : lost) waiting.done(CommitOutcome::kUnknown);
}

template <class T>
Result<T> SimStorage::Read(T value) {
  if (Fault()) return Error{kStorageUnavailable, "Expected an answer, but the simulator says no."};
  return value;
}

Result<std::optional<StoredInstance>> SimStorage::LoadInstance(const InstanceId& id) {
  return Read(cluster_->tables.LoadInstance(id));
}
Result<std::vector<JournalRow>> SimStorage::ReadJournal(const InstanceId& id, std::int64_t after_seq, int limit) {
  return Read(cluster_->tables.ReadJournal(id, after_seq, limit));
}
Result<std::vector<InstanceRow>> SimStorage::ListInstances(const InstanceFilter& filter) {
  return Read(cluster_->tables.ListInstances(filter));
}
Result<std::vector<InstanceRow>> SimStorage::FindLiveByKey(std::string_view tenant, std::string_view process,
                                                           std::string_view key) {
  return Read(cluster_->tables.FindLiveByKey(tenant, process, key));
}
Result<std::optional<EverKeyRow>> SimStorage::FindEverKey(std::string_view tenant, std::string_view process,
                                                          std::string_view key) {
  return Read(cluster_->tables.FindEverKey(tenant, process, key));
}
Result<std::vector<SubscriptionRow>> SimStorage::FindSubscriptions(std::string_view tenant, std::string_view type,
                                                                   std::string_view value) {
  return Read(cluster_->tables.FindSubscriptions(tenant, type, value));
}
Result<std::vector<KeptEventRow>> SimStorage::FindKeptEvents(std::string_view tenant, std::string_view process,
                                                             std::string_view value) {
  return Read(cluster_->tables.FindKeptEvents(tenant, value, process, std::nullopt));
}
Result<std::vector<KeptEventRow>> SimStorage::FindKeptEventsOfType(std::string_view tenant, std::string_view type,
                                                                   std::string_view value) {
  return Read(cluster_->tables.FindKeptEvents(tenant, value, std::nullopt, type));
}
Result<std::optional<EventIdentityRow>> SimStorage::FindEventIdentity(std::string_view tenant, std::string_view source,
                                                                      std::string_view id, std::string_view value) {
  return Read(cluster_->tables.FindEventIdentity(tenant, source, id, value));
}
Result<std::optional<IdempotencyRow>> SimStorage::FindIdempotencyKey(std::string_view tenant, std::string_view key) {
  return Read(cluster_->tables.FindIdempotencyKey(tenant, key));
}
Result<std::vector<IncidentRow>> SimStorage::ListIncidents(const IncidentFilter& filter) {
  return Read(cluster_->tables.ListIncidents(filter));
}
Result<std::vector<TaskRow>> SimStorage::ListTasks(const TaskFilter& filter) {
  return Read(cluster_->tables.ListTasks(filter));
}
Result<std::vector<TaskCount>> SimStorage::CountTasks(std::string_view tenant, std::string_view user,
                                                      std::int64_t now_us) {
  return Read(cluster_->tables.CountTasks(tenant, user, now_us));
}
Result<std::vector<JobRow>> SimStorage::ListJobs(const JobFilter& filter) {
  return Read(cluster_->tables.ListJobs(filter));
}
Result<std::optional<JobRow>> SimStorage::FindJob(const InstanceId& instance, std::int64_t activation, bool undo) {
  return Read(cluster_->tables.FindJob(instance, activation, undo));
}
Result<std::vector<JobRow>> SimStorage::FindAvailableJobs(const JobsWanted& wanted) {
  return Read(cluster_->tables.FindAvailableJobs(wanted));
}
Result<std::int64_t> SimStorage::NextLeaseEnd(std::string_view tenant, std::string_view operation,
                                              std::int64_t now_us) {
  return Read(cluster_->tables.NextLeaseEnd(tenant, operation, now_us));
}
Result<std::vector<IncidentCount>> SimStorage::CountIncidents(int limit) {
  return Read(cluster_->tables.CountIncidents(limit));
}
Result<std::vector<JobCount>> SimStorage::CountJobs(std::int64_t now_us) {
  return Read(cluster_->tables.CountJobs(now_us));
}
Result<std::vector<ScheduleRow>> SimStorage::ReadSchedules() { return Read(cluster_->tables.ReadSchedules()); }
Result<std::vector<InstanceId>> SimStorage::ListBusyInstances(const ShardSet& of, const InstanceId& after, int limit) {
  return Read(cluster_->tables.ListBusyInstances(of, after, limit));
}
Result<std::vector<InstanceRow>> SimStorage::ReadEndedInstances(const EndedFilter& filter) {
  return Read(cluster_->tables.ReadEndedInstances(filter));
}
Result<std::vector<InstanceRow>> SimStorage::ReadLiveInstances(const std::optional<InstanceRow>& after, int limit) {
  return Read(cluster_->tables.ReadLiveInstances(after, limit));
}
Result<std::vector<TimerRow>> SimStorage::ReadTimers(const ShardSet& of, std::int64_t due_before_us,
                                                     const std::optional<TimerRow>& after, int limit) {
  return Read(cluster_->tables.ReadTimers(of, due_before_us, after, limit));
}
Result<std::vector<InboxRow>> SimStorage::ReadInbox(const ShardSet& of, const std::optional<InboxRow>& after,
                                                    int limit) {
  return Read(cluster_->tables.ReadInbox(of, after, limit));
}

}  // namespace fermata
