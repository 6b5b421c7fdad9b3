// What workers and operators ask of the jobs.
#include <limits>

#include "engine/storage/sqlite/reader.h"

namespace fermata::sqlite {
namespace {

#define FERMATA_JOB_COLUMNS                                                                                          \
  "instance, activation, undo, tenant, process, state, operation, attempt, opened_us, lease_until_us, lease_token, " \
  "worker, ends_us, bytes"

constexpr const char* kFindJob =
    "SELECT " FERMATA_JOB_COLUMNS " FROM jobs WHERE instance = ? AND activation = ? AND undo = ?";
// An absent filter is null; ?5 is 1 for leased ones, 0 for the others.
constexpr const char* kListJobs =
    "SELECT " FERMATA_JOB_COLUMNS
    " FROM jobs WHERE tenant = ?1 AND (?2 IS NULL OR operation = ?2) AND (?3 IS NULL OR process = ?3) AND (?4 IS NULL "
    "OR instance = ?4) AND (?5 IS NULL OR (lease_until_us > ?6) = ?5) AND (opened_us, instance, activation, undo) > "
    "(?7, ?8, ?9, ?10) ORDER BY opened_us, instance, activation, undo LIMIT ?11";
constexpr const char* kLapsedJobs =
    "SELECT " FERMATA_JOB_COLUMNS
    " FROM jobs WHERE tenant = ? AND operation = ? AND lease_until_us > 0 AND lease_until_us <= ? ORDER BY "
    "lease_until_us, instance LIMIT ?";
constexpr const char* kNewJobs =
    "SELECT " FERMATA_JOB_COLUMNS
    " FROM jobs WHERE tenant = ? AND operation = ? AND lease_until_us = 0 ORDER BY opened_us, instance LIMIT ?";
constexpr const char* kNextLeaseEnd =
    "SELECT coalesce(min(lease_until_us), 0) FROM jobs WHERE tenant = ? AND operation = ? AND lease_until_us > 0 AND "
    "lease_until_us > ?";
constexpr const char* kCountJobs =
    "SELECT tenant, operation, sum(lease_until_us <= ?1), sum(lease_until_us > ?1), min(opened_us) FROM jobs GROUP BY "
    "tenant, operation ORDER BY tenant, operation";

JobRow ReadJobRow(const Statement& row) {
  return {row.Id(0),  row.Int(1), row.Int(2) != 0, row.Text(3),  row.Text(4),  row.Text(5), row.Text(6),
          row.Int(7), row.Int(8), row.Int(9),      row.Text(10), row.Text(11), row.Int(12), row.Text(13)};
}

}  // namespace

Result<std::vector<JobRow>> Reader::ListJobs(const JobFilter& filter) {
  constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
  const JobPlace from = filter.after.value_or(JobPlace{kLowest, InstanceId(), kLowest, false});
  return connection_->Query(kListJobs, ReadJobRow, filter.tenant, filter.operation, filter.process, filter.instance,
                            filter.leased, filter.now_us, from.opened_us, from.instance, from.activation, from.undo,
                            filter.limit);
}

Result<std::optional<JobRow>> Reader::FindJob(const InstanceId& instance, std::int64_t activation, bool undo) {
  Result<std::vector<JobRow>> rows = connection_->Query(kFindJob, ReadJobRow, instance, activation, undo);
  if (!rows) return rows.error();
  if (rows->empty()) return std::optional<JobRow>();
  return std::optional<JobRow>(std::move(rows->front()));
}

Result<std::vector<JobRow>> Reader::FindAvailableJobs(const JobsWanted& wanted) {
  if (!wanted.of[kTheShard]) return std::vector<JobRow>();
  Result<std::vector<JobRow>> rows =
      connection_->Query(kLapsedJobs, ReadJobRow, wanted.tenant, wanted.operation, wanted.now_us, wanted.limit);
  if (!rows) return rows;
  const int left = wanted.limit - static_cast<int>(rows->size());
  if (left <= 0) return rows;
  Result<std::vector<JobRow>> fresh = connection_->Query(kNewJobs, ReadJobRow, wanted.tenant, wanted.operation, left);
  if (!fresh) return fresh;
  rows->insert(rows->end(), std::make_move_iterator(fresh->begin()), std::make_move_iterator(fresh->end()));
  return rows;
}

Result<std::int64_t> Reader::NextLeaseEnd(std::string_view tenant, std::string_view operation, std::int64_t now_us) {
  const auto read = [](const Statement& s) { return s.Int(0); };
  Result<std::vector<std::int64_t>> rows =
      connection_->Query<std::int64_t>(kNextLeaseEnd, read, tenant, operation, now_us);
  if (!rows) return rows.error();
  return rows->front();
}

Result<std::vector<JobCount>> Reader::CountJobs(std::int64_t now_us) {
  const auto read = [](const Statement& s) { return JobCount{s.Text(0), s.Text(1), s.Int(2), s.Int(3), s.Int(4)}; };
  return connection_->Query<JobCount>(kCountJobs, read, now_us);
}

}  // namespace fermata::sqlite
