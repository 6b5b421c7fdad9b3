// What workers and operators ask of the jobs. There are few where memory is the storage: each question looks at all of them.
#include <algorithm>
#include <tuple>

#include "engine/storage/memory/tables.h"

namespace fermata::memory {
namespace {

bool IsOlder(const JobRow& a, const JobRow& b) {
  return std::tie(a.opened_us, a.instance, a.activation, a.undo) <
         std::tie(b.opened_us, b.instance, b.activation, b.undo);
}

// Never fetched ones have no lease and come last.
bool IsSooner(const JobRow& a, const JobRow& b) {
  const bool a_new = a.lease_until_us == 0, b_new = b.lease_until_us == 0;
  if (a_new != b_new) return b_new;
  if (a.lease_until_us != b.lease_until_us) return a.lease_until_us < b.lease_until_us;
  return IsOlder(a, b);
}

bool Matches(const JobRow& row, const JobFilter& filter) {
  return row.tenant == filter.tenant && (!filter.operation || row.operation == *filter.operation) &&
         (!filter.process || row.process == *filter.process) &&
         (!filter.instance || row.instance == *filter.instance) &&
         (!filter.leased || (row.lease_until_us > filter.now_us) == *filter.leased);
}

bool IsAfter(const JobRow& row, const JobPlace& place) {
  return std::tie(row.opened_us, row.instance, row.activation, row.undo) >
         std::tie(place.opened_us, place.instance, place.activation, place.undo);
}

void Cut(std::vector<JobRow>& rows, int limit) {
  if (rows.size() > static_cast<std::size_t>(std::max(limit, 0))) rows.resize(static_cast<std::size_t>(limit));
}

}  // namespace

void Tables::ApplyJobs(const Batch& batch) {
  for (const JobRow& row : batch.jobs_deleted) jobs_.erase({row.instance, row.activation, row.undo});
  for (const JobRow& row : batch.jobs) jobs_[{row.instance, row.activation, row.undo}] = row;
}

std::vector<JobRow> Tables::ListJobs(const JobFilter& filter) const {
  std::vector<JobRow> rows;
  for (const auto& [key, row] : jobs_)
    if (Matches(row, filter) && (!filter.after || IsAfter(row, *filter.after))) rows.push_back(row);
  std::sort(rows.begin(), rows.end(), IsOlder);
  Cut(rows, filter.limit);
  return rows;
}

std::optional<JobRow> Tables::FindJob(const InstanceId& instance, std::int64_t activation, bool undo) const {
  const auto found = jobs_.find({instance, activation, undo});
  if (found == jobs_.end()) return std::nullopt;
  return found->second;
}

std::vector<JobRow> Tables::FindAvailableJobs(const JobsWanted& wanted) const {
  std::vector<JobRow> rows;
  for (const auto& [key, row] : jobs_)
    if (row.tenant == wanted.tenant && row.operation == wanted.operation && row.lease_until_us <= wanted.now_us &&
        Contains(wanted.of, row.instance.shard()))
      rows.push_back(row);
  std::sort(rows.begin(), rows.end(), IsSooner);
  Cut(rows, wanted.limit);
  return rows;
}

std::int64_t Tables::NextLeaseEnd(std::string_view tenant, std::string_view operation, std::int64_t now_us) const {
  std::int64_t next_us = 0;
  for (const auto& [key, row] : jobs_)
    if (row.tenant == tenant && row.operation == operation && row.lease_until_us > now_us &&
        (next_us == 0 || row.lease_until_us < next_us))
      next_us = row.lease_until_us;
  return next_us;
}

std::vector<JobCount> Tables::CountJobs(std::int64_t now_us) const {
  std::map<std::pair<std::string, std::string>, JobCount> counts;
  for (const auto& [key, row] : jobs_) {
    JobCount& count = counts[{row.tenant, row.operation}];
    count.tenant = row.tenant;
    count.operation = row.operation;
    (row.lease_until_us > now_us ? count.leased : count.available) += 1;
    if (count.oldest_us == 0 || row.opened_us < count.oldest_us) count.oldest_us = row.opened_us;
  }
  std::vector<JobCount> rows;
  for (auto& [name, count] : counts) rows.push_back(std::move(count));
  return rows;
}

}  // namespace fermata::memory
