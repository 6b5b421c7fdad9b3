// The engine's part of workers' jobs: to the desk, to the shard that owns the instance, and what operators see.
#include <charconv>

#include "engine/runtime/codes.h"
#include "engine/runtime/engine_impl.h"
#include "engine/runtime/shards.h"

namespace fermata {
namespace {

// "<opened>_<job>".
std::string JobCursor(const JobRow& row) { return std::to_string(row.opened_us) + "_" + KeyOf(row).ToString(); }

std::optional<JobPlace> ParseJobCursor(std::string_view cursor) {
  JobPlace place;
  const char* end = cursor.data() + cursor.size();
  const auto opened = std::from_chars(cursor.data(), end, place.opened_us);
  if (opened.ec != std::errc() || opened.ptr == end || *opened.ptr != '_') return std::nullopt;
  const std::optional<JobKey> key =
      JobKey::Parse(std::string_view(opened.ptr + 1, static_cast<std::size_t>(end - opened.ptr - 1)));
  if (!key) return std::nullopt;
  place.instance = key->instance;
  place.activation = key->job.activation;
  place.undo = key->job.undo;
  return place;
}

}  // namespace

std::int64_t EngineImpl::FetchJobs(JobFetch fetch, Answer<std::vector<WorkerJob>> answer) {
  return desk_->Fetch(std::move(fetch), std::move(answer));
}

void EngineImpl::EndFetch(std::int64_t fetch) { desk_->End(fetch); }

void EngineImpl::JobsAvailable(const std::string& tenant, const std::string& operation, int shard, int count) {
  desk_->JobsAvailable(tenant, operation, shard, count);
  if (HasOthers()) nodes_->Tell(Hint::Kind::kJobs, tenant + "/" + operation);
}

void EngineImpl::Report(JobReport report, Answer<JobReply> answer) {
  const InstanceId id = report.key.instance;
  if (!HasShard(id.shard(), shard_count_))
    return answer(Error{kUnknownJob, "Expected the id of a job, but none is called '" + report.key.ToString() + "'."});
  Place(id.shard(), ReportOrder{std::move(report), answer}, answer);
}

Result<Page<WorkerJob>> EngineImpl::Jobs(const JobQuery& query) {
  JobFilter filter = query.filter;
  filter.now_us = clock_.NowUs();
  if (!query.cursor.empty()) {
    filter.after = ParseJobCursor(query.cursor);
    if (!filter.after)
      return Error{kInvalidCursor, "Expected a cursor as an earlier page gave it, but got '" + query.cursor + "'."};
  }
  ++filter.limit;  // one more tells whether there is another page
  Result<std::vector<JobRow>> rows = storage_.ListJobs(filter);
  if (!rows.ok()) return rows.error();
  const bool more = CutToPage(*rows, query.filter.limit);
  Page<WorkerJob> page;
  for (const JobRow& row : *rows) {
    Result<WorkerJob> job = WorkerJobOf(row, filter.now_us);
    if (!job.ok()) return job.error();
    page.items.push_back(std::move(*job));
  }
  if (more) page.next_cursor = JobCursor(rows->back());
  return page;
}

Result<WorkerJob> EngineImpl::FindJob(const std::string& tenant, const JobKey& key) {
  const Error unknown{kUnknownJob, "Expected the id of a job, but none is called '" + key.ToString() + "'."};
  if (!HasShard(key.instance.shard(), shard_count_)) return unknown;
  Result<InstanceState> state = LoadState(key.instance);
  if (!state.ok()) return state.error().code == kUnknownInstance ? unknown : state.error();
  if (state->tenant != tenant || key.job.activation >= state->next_activation) return unknown;
  Result<std::optional<JobRow>> row = storage_.FindJob(key.instance, key.job.activation, key.job.undo);
  if (!row.ok()) return row.error();
  if (row->has_value()) return WorkerJobOf(**row, clock_.NowUs());
  Result<DefinitionPtr> definition = DefinitionOf(*state);
  if (!definition.ok()) return definition.error();
  const std::optional<JobView> call = FindJobInFlight(*state, key.job);
  if (call && FindWorkerOperation(definitions_, *definition, *state, *call) == nullptr)
    return unknown;  // the server's own
  return Error{kJobGone, WhyGone(*state, key.job)};
}

Result<std::vector<JobCount>> EngineImpl::CountJobs() { return storage_.CountJobs(clock_.NowUs()); }

}  // namespace fermata
