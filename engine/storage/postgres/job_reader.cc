// What workers and operators ask of the jobs.
#include <limits>

#include "engine/storage/postgres/reader.h"

namespace fermata::postgres {
namespace {

#define FERMATA_JOB_COLUMNS                                                                                          \
  "instance, activation, undo, tenant, process, state, operation, attempt, opened_us, lease_until_us, lease_token, " \
  "worker, ends_us, bytes"

constexpr const char* kFindJob =
    "SELECT " FERMATA_JOB_COLUMNS
    " FROM jobs WHERE shard = $1 AND instance = $2 AND activation = $3 AND undo = ($4 = 1)";
// Empty texts and a shard of -1 filter nothing; $6 is 1 for leased ones, 0 for the others, -1 for both.
constexpr const char* kListJobs = "SELECT " FERMATA_JOB_COLUMNS
                                  " FROM jobs WHERE tenant = $1 AND ($2 = '' OR operation = $2) AND ($3 = '' OR "
                                  "process = $3) AND ($4 < 0 OR (shard = "
                                  "$4 AND instance = $5)) AND ($6 < 0 OR (lease_until_us > $7) = ($6 = 1)) AND "
                                  "(opened_us, instance, activation, undo) "
                                  "> ($8, $9, $10, $11 = 1) ORDER BY opened_us, instance, activation, undo LIMIT $12";
constexpr const char* kLapsedJobs = "SELECT " FERMATA_JOB_COLUMNS
                                    " FROM jobs WHERE tenant = $1 AND operation = $2 AND "
                                    "lease_until_us > 0 AND lease_until_us <= $4{of} "
                                    "ORDER BY lease_until_us, instance LIMIT $3";
constexpr const char* kNewJobs =
    "SELECT " FERMATA_JOB_COLUMNS
    " FROM jobs WHERE tenant = $1 AND operation = $2 AND lease_until_us = 0{of} ORDER BY opened_us, "
    "instance LIMIT $3";
constexpr const char* kNextLeaseEnd =
    "SELECT coalesce(min(lease_until_us), 0) FROM jobs WHERE tenant = $1 AND operation = $2 AND lease_until_us > 0 AND "
    "lease_until_us > $3";
constexpr const char* kCountJobs =
    "SELECT tenant, operation, count(*) FILTER (WHERE lease_until_us <= $1), count(*) FILTER (WHERE lease_until_us > "
    "$1), min(opened_us) FROM jobs GROUP BY tenant, operation ORDER BY tenant, operation";

JobRow ReadJobRow(const Rows& rows, int i) {
  return {rows.Id(i, 0),    rows.Int(i, 1),   rows.Int(i, 2) != 0, rows.Text(i, 3), rows.Text(i, 4),
          rows.Text(i, 5),  rows.Text(i, 6),  rows.Int(i, 7),      rows.Int(i, 8),  rows.Int(i, 9),
          rows.Text(i, 10), rows.Text(i, 11), rows.Int(i, 12),     rows.Text(i, 13)};
}

}  // namespace

Result<std::vector<JobRow>> Reader::ListJobs(const JobFilter& filter) {
  constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
  const JobPlace from = filter.after.value_or(JobPlace{kLowest, InstanceId(), kLowest, false});
  const InstanceId instance = filter.instance.value_or(InstanceId());
  const Query query{
      kListJobs,
      {Text(filter.tenant), Text(filter.operation.value_or("")), Text(filter.process.value_or("")),
       Int2(filter.instance ? instance.shard() : -1), Bytea(instance),
       Int2(filter.leased ? static_cast<int>(*filter.leased) : -1), Int8(filter.now_us), Int8(from.opened_us),
       Bytea(from.instance), Int8(from.activation), Int2(from.undo ? 1 : 0), Int8(filter.limit)}};
  return Read(query, ReadJobRow);
}

Result<std::optional<JobRow>> Reader::FindJob(const InstanceId& instance, std::int64_t activation, bool undo) {
  const Query query{kFindJob, {Int2(instance.shard()), Bytea(instance), Int8(activation), Int2(undo ? 1 : 0)}};
  return ReadFirst<JobRow>(query, ReadJobRow);
}

Result<std::vector<JobRow>> Reader::FindAvailableJobs(const JobsWanted& wanted) {
  std::vector<Parameter> parameters = {Text(wanted.tenant), Text(wanted.operation), Int8(wanted.limit)};
  Query fresh = Of(wanted.of, {kNewJobs, parameters});
  parameters.push_back(Int8(wanted.now_us));
  Result<std::vector<Rows>> all = RunAll({Of(wanted.of, {kLapsedJobs, std::move(parameters)}), std::move(fresh)});
  if (!all) return all.error();
  std::vector<JobRow> jobs;
  for (const Rows& rows : *all)
    for (int i = 0; i < rows.count() && static_cast<int>(jobs.size()) < wanted.limit; ++i)
      jobs.push_back(ReadJobRow(rows, i));
  return jobs;
}

Result<std::int64_t> Reader::NextLeaseEnd(std::string_view tenant, std::string_view operation, std::int64_t now_us) {
  const auto read = [](const Rows& rows, int i) { return rows.Int(i, 0); };
  Result<std::vector<std::int64_t>> rows =
      Read<std::int64_t>({kNextLeaseEnd, {Text(tenant), Text(operation), Int8(now_us)}}, read);
  if (!rows) return rows.error();
  return rows->front();
}

Result<std::vector<JobCount>> Reader::CountJobs(std::int64_t now_us) {
  const auto read = [](const Rows& rows, int i) {
    return JobCount{rows.Text(i, 0), rows.Text(i, 1), rows.Int(i, 2), rows.Int(i, 3), rows.Int(i, 4)};
  };
  return Read<JobCount>({kCountJobs, {Int8(now_us)}}, read);
}

}  // namespace fermata::postgres
