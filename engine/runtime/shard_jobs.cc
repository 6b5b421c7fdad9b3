// A shard's part in the jobs of external workers: their rows, leases and reports.
#include <algorithm>

#include "engine/base/chance.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/group_key.h"
#include "engine/runtime/shard.h"

namespace fermata {
namespace {

constexpr std::size_t kWindowMax = 1'000;  // jobs of one operation that are known to be available; the others are rows
constexpr int kWindowRead = 200;

TimerRow TimeoutOf(const JobRow& row) {
  return {row.instance, row.activation, row.undo ? kUndoTimeoutSlot : kJobTimeoutSlot, row.ends_us};
}

std::string NameOf(const JobKey& key) { return "'" + key.ToString() + "'"; }

Error UnknownJob(const JobKey& key) {
  return {kUnknownJob, "Expected the id of a job, but none is called " + NameOf(key) + "."};
}

std::string Seconds(std::int64_t ms) { return FormatDuration(FromMillis(ms)); }

}  // namespace

// ---- rows ----

// Called once for each instance that the batch touched, when it closes.
void Shard::GatherJobs(CachedInstance& instance) {
  const std::vector<JobView> in_flight = WorkerJobsInFlight(services_.definitions, instance.definition, instance.state);
  if (in_flight.empty() && instance.jobs.empty()) return;
  std::map<JobId, std::int64_t> wanted;
  for (const JobView& job : in_flight) {
    wanted.emplace(job.job, job.attempt);
    const auto before = instance.jobs.find(job.job);
    if (before == instance.jobs.end() || before->second != job.attempt)
      ChangeJob({instance.state.id, job.job}, JobRowOf(instance.state, job, now_us_));
  }
  for (const auto& [job, attempt] : instance.jobs)
    if (!wanted.count(job)) ChangeJob({instance.state.id, job}, std::nullopt);
  instance.jobs = std::move(wanted);
}

void Shard::ChangeJob(const JobKey& key, std::optional<JobRow> row) {
  Flight& flight = Open();
  const std::string name = key.ToString();
  if (row)
    pending_jobs_.Put(flight.number, name, name, *row);
  else
    pending_jobs_.Delete(flight.number, name, name);
  flight.jobs_changed[key] = std::move(row);
}

void Shard::GatherJobRows() {
  Flight& flight = Open();
  for (const auto& [key, row] : flight.jobs_changed) {
    if (row) {
      flight.rows.jobs.push_back(*row);
      continue;
    }
    JobRow gone;
    gone.instance = key.instance;
    gone.activation = key.job.activation;
    gone.undo = key.job.undo;
    flight.rows.jobs_deleted.push_back(std::move(gone));
  }
}

// As it will be once everything decided is durable.
Result<std::optional<JobRow>> Shard::FindJob(const JobKey& key) {
  Result<std::optional<JobRow>> stored = services_.storage.FindJob(key.instance, key.job.activation, key.job.undo);
  if (!stored.ok()) return stored;
  std::vector<JobRow> rows;
  if (stored->has_value()) rows.push_back(std::move(**stored));
  pending_jobs_.Merge(key.ToString(), rows, [](const JobRow& row) { return KeyOf(row).ToString(); });
  if (rows.empty()) return std::optional<JobRow>();
  return std::optional<JobRow>(std::move(rows.front()));
}

// The rows are durable: who waits for jobs may come, and who holds one that is gone may know.
void Shard::SettleJobs(const Flight& flight) {
  std::map<Topic, int> available;
  for (const auto& [key, row] : flight.jobs_changed) {
    const bool leased = row && row->lease_until_us > 0;
    if (!leased) services_.router.LeaseOver(key);
    if (!row || leased) continue;
    available[{row->tenant, row->operation}] += 1;
    auto window = windows_.find({row->tenant, row->operation});
    if (window == windows_.end() || !window->second.complete) continue;
    if (window->second.jobs.size() < kWindowMax)
      window->second.jobs.push_back({key, row->opened_us});
    else
      window->second.complete = false;
  }
  for (const auto& [key, lease_ms] : flight.leases_extended) services_.router.LeaseExtended(key, lease_ms);
  for (const auto& [topic, count] : available)
    services_.router.JobsAvailable(topic.first, topic.second, options_.index, count);
}

// ---- leases ----

void Shard::HandleLease(LeaseOrder order) {
  const JobFetch& fetch = order.fetch;
  LeaseGrant grant;
  Status leased = fetch.may_take ? LeaseOfSome(fetch, grant) : LeaseAny(fetch, grant);
  if (leased.ok() && grant.jobs.empty() && fetch.wait_ms != 0) leased = WatchLapses(fetch);
  if (!leased.ok()) return AnswerLater<LeaseGrant>(std::move(order.answer), leased.error());
  AnswerLater<LeaseGrant>(std::move(order.answer), std::move(grant));
}

// The oldest that the windows have.
Status Shard::LeaseAny(const JobFetch& fetch, LeaseGrant& grant) {
  std::set<std::string> read;  // operations whose window was filled for this order: nothing newer is to be found
  std::optional<Error> failed;
  const auto next = [&]() -> std::optional<JobKey> {
    Window* oldest = nullptr;
    for (const std::string& operation : fetch.operations) {
      if (services_.pauses.HoldsCallsOf(operation)) continue;
      auto window = windows_.find({fetch.tenant, operation});
      const bool must_read = window == windows_.end() || (window->second.jobs.empty() && !window->second.complete);
      if (must_read && read.insert(operation).second) {
        if (Status filled = FillWindow(fetch.tenant, operation); !filled.ok()) failed = filled.error();
        window = windows_.find({fetch.tenant, operation});
      }
      if (window == windows_.end() || window->second.jobs.empty()) continue;
      if (!oldest || window->second.jobs.front().opened_us < oldest->jobs.front().opened_us) oldest = &window->second;
    }
    if (!oldest) return std::nullopt;
    const JobKey key = oldest->jobs.front().key;
    oldest->jobs.pop_front();
    return key;
  };
  while (!failed && static_cast<int>(grant.jobs.size()) < fetch.max) {
    const std::optional<JobKey> key = next();
    if (!key) break;
    Result<std::optional<WorkerJob>> leased = Lease(*key, fetch);
    if (!leased.ok()) failed = leased.error();
    if (leased.ok() && leased->has_value()) grant.jobs.push_back(std::move(**leased));
  }
  for (const std::string& operation : fetch.operations) {
    auto window = windows_.find({fetch.tenant, operation});
    if (window == windows_.end()) continue;
    grant.more |= !window->second.jobs.empty();
    if (window->second.jobs.empty()) windows_.erase(window);
  }
  return failed ? Status(*failed) : Status(Done{});
}

// The oldest of the processes that the worker may have. The windows are of all, so storage is asked.
Status Shard::LeaseOfSome(const JobFetch& fetch, LeaseGrant& grant) {
  std::set<std::string> processes;
  for (const DeployedDefinition& deployed : services_.definitions.All())
    if (fetch.may_take(deployed.definition->process)) processes.insert(deployed.definition->process);
  // Those that are leased in batches under way still look available to storage.
  std::size_t wanted = static_cast<std::size_t>(fetch.max) + Open().jobs_changed.size();
  for (const auto& flight : flights_) wanted += flight->jobs_changed.size();
  std::vector<JobRow> rows;
  for (const std::string& operation : std::set<std::string>(fetch.operations.begin(), fetch.operations.end())) {
    if (services_.pauses.HoldsCallsOf(operation)) continue;
    for (const std::string& process : processes) {
      JobFilter filter{fetch.tenant, operation, process, std::nullopt, false, now_us_, std::nullopt, kWindowRead};
      std::size_t found = 0;
      while (found < wanted) {
        Result<std::vector<JobRow>> page = services_.storage.ListJobs(filter);
        if (!page.ok()) return page.error();
        for (const JobRow& row : *page) {
          if (!Owns(row.instance.shard())) continue;
          rows.push_back(row);
          ++found;
        }
        if (page->size() < static_cast<std::size_t>(kWindowRead)) break;
        const JobRow& last = page->back();
        filter.after = JobPlace{last.opened_us, last.instance, last.activation, last.undo};
      }
    }
  }
  std::sort(rows.begin(), rows.end(), [](const JobRow& a, const JobRow& b) {
    return std::make_tuple(a.opened_us, KeyOf(a)) < std::make_tuple(b.opened_us, KeyOf(b));
  });
  for (const JobRow& row : rows) {
    if (static_cast<int>(grant.jobs.size()) >= fetch.max) break;
    Result<std::optional<WorkerJob>> leased = Lease(KeyOf(row), fetch);
    if (!leased.ok()) return leased.error();
    if (leased->has_value()) grant.jobs.push_back(std::move(**leased));
  }
  grant.more = static_cast<int>(grant.jobs.size()) >= fetch.max;
  return Done{};
}

Status Shard::FillWindow(const std::string& tenant, const std::string& operation) {
  // Those that are leased in batches under way still look available to storage.
  std::size_t under_way = Open().jobs_changed.size();
  for (const auto& flight : flights_) under_way += flight->jobs_changed.size();
  const int limit = kWindowRead + static_cast<int>(under_way);
  ShardSet own;
  for (int shard = options_.index; shard < kShardsMax; shard += options_.count)
    own.set(static_cast<std::size_t>(shard));
  Result<std::vector<JobRow>> rows = services_.storage.FindAvailableJobs({tenant, operation, now_us_, own, limit});
  if (!rows.ok()) return rows.error();
  if (rows->empty()) return Done{};
  Window& window = windows_[{tenant, operation}];
  window.complete = static_cast<int>(rows->size()) < limit;
  for (const JobRow& row : *rows) window.jobs.push_back({KeyOf(row), row.opened_us});
  return Done{};
}

// Nothing if somebody has it, or nobody waits for it any more.
Result<std::optional<WorkerJob>> Shard::Lease(const JobKey& key, const JobFetch& fetch) {
  const std::optional<WorkerJob> none;
  Result<std::optional<JobRow>> found = FindJob(key);
  if (!found.ok()) return found.error();
  if (!found->has_value() || (*found)->lease_until_us > now_us_) return none;
  JobRow& row = **found;
  // What this batch has decided of it is not in its row yet. An instance that is not in memory has nothing undecided.
  if (CachedInstance* instance = cache_.Find(key.instance)) {
    const std::optional<JobView> job = FindJobInFlight(instance->state, key.job);
    if (!job || job->attempt != row.attempt) return none;
  }
  Result<StoredJob> stored = DecodeJob(row.bytes);
  if (!stored.ok()) return stored.error();
  const bool first = row.ends_us == 0;
  if (first) row.ends_us = now_us_ + stored->timeout_ms * 1000;
  if (row.ends_us <= now_us_) return none;  // its timer is about to tell
  row.lease_until_us = std::min(now_us_ + fetch.lease_ms * 1000, row.ends_us);
  row.lease_token = RandomHex(16);
  row.worker = fetch.worker;
  Result<WorkerJob> job = WorkerJobOf(row, now_us_);
  if (!job.ok()) return job.error();
  job->lease_token = row.lease_token;
  Flight& flight = Open();
  if (first) {
    flight.rows.timers.push_back(TimeoutOf(row));
    flight.timers_set.push_back(TimeoutOf(row));
  } else {
    services_.router.LeaseOver(key);  // the holder before has let it lapse
  }
  NoteLapse({row.tenant, row.operation}, row.lease_until_us);
  ChangeJob(key, std::move(row));
  return std::optional<WorkerJob>(std::move(*job));
}

void Shard::NoteLapse(const Topic& topic, std::int64_t due_us) {
  const auto [known, fresh] = lapses_.try_emplace(topic, due_us);
  if (!fresh) known->second = std::min(known->second, due_us);
}

// For who waits for a lease to lapse that was given before this server began, or is known to storage only.
Status Shard::WatchLapses(const JobFetch& fetch) {
  for (const std::string& operation : fetch.operations) {
    if (lapses_.count({fetch.tenant, operation})) continue;
    Result<std::int64_t> next = services_.storage.NextLeaseEnd(fetch.tenant, operation, now_us_);
    if (!next.ok()) return next.error();
    if (*next != 0) NoteLapse({fetch.tenant, operation}, *next);
  }
  return Done{};
}

void Shard::HandleLapse(const LeaseLapsed& lapsed) {
  const Topic topic{lapsed.tenant, lapsed.operation};
  lapses_.erase(topic);
  windows_.erase(topic);  // it has come back in front of those
  services_.router.JobsAvailable(lapsed.tenant, lapsed.operation, options_.index, 1);
}

std::int64_t Shard::NextLapseUs() const {
  std::int64_t next_us = INT64_MAX;
  for (const auto& [topic, due_us] : lapses_) next_us = std::min(next_us, due_us);
  return next_us;
}

// ---- reports ----

void Shard::HandleReport(ReportOrder order) {
  Result<JobReply> reply = TakeReport(order.report);
  AnswerLater(std::move(order.answer), std::move(reply));
}

Result<JobReply> Shard::TakeReport(const JobReport& report) {
  if (report.may_take) {
    Result<CachedInstance*> instance = Load(report.key.instance);
    if (!instance.ok() && instance.error().code != kUnknownInstance) return instance.error();
    if (!instance.ok() || !report.may_take((*instance)->state.process)) return UnknownJob(report.key);
  }
  const std::string once = report.outcome ? "lease " + report.lease_token : std::string();
  for (const std::string& key : {report.idempotency_key, once}) {
    std::optional<Result<std::string>> remembered = Remembered(report.tenant, key, report.request_hash);
    if (!remembered) continue;
    if (remembered->ok()) return JobReply{**remembered, 0, true};
    if (key != once) return remembered->error();
    return Error{kLeaseLost, "Expected one outcome of the job, but this lease has been used to report another one."};
  }
  Result<CachedInstance*> instance = Load(report.key.instance);
  if (!instance.ok()) return instance.error().code == kUnknownInstance ? UnknownJob(report.key) : instance.error();
  const InstanceState& state = (*instance)->state;
  const ActivationId activation = report.key.job.activation;
  if (state.tenant != report.tenant || activation >= state.next_activation) return UnknownJob(report.key);
  const std::optional<JobView> job = FindJobInFlight(state, report.key.job);
  if (!job) return Error{kJobGone, WhyGone(state, report.key.job)};
  const OperationManifest* operation = FindWorkerOperation(services_.definitions, (*instance)->definition, state, *job);
  if (operation == nullptr) return UnknownJob(report.key);
  Result<std::optional<JobRow>> row = FindJob(report.key);
  if (!row.ok()) return row.error();
  if (!row->has_value()) return UnknownJob(report.key);
  if (std::optional<Error> refused = RefuseLease(**row, report)) return *std::move(refused);
  if (!report.outcome) return Extend(**row, report);

  if (std::vector<Error> mistakes = MistakesOf(*operation, *report.outcome); !mistakes.empty())
    return std::move(mistakes.front());
  Result<Done> decided = DecideOn(**instance, CompleteJob{report.key.job, job->attempt, *report.outcome});
  if (!decided.ok()) return decided.error();
  JobReply reply{std::string(StatusName(state.status)), 0, false};
  for (const std::string& key : {report.idempotency_key, once})
    Remember(report.key.instance.shard(), report.tenant, key, report.request_hash, reply.status);
  return reply;
}

std::optional<Error> Shard::RefuseLease(const JobRow& row, const JobReport& report) const {
  const std::string head = "Expected the token of the job's lease, but ";
  if (row.lease_token.empty())
    return Error{kLeaseLost, head + "nobody holds one: try " + std::to_string(row.attempt) + " waits to be fetched."};
  if (!EqualInConstantTime(row.lease_token, report.lease_token))
    return Error{kLeaseLost, head + "this is another: the lease was given to " +
                                 (row.worker.empty() ? "a worker" : "'" + row.worker + "'") + "."};
  if (row.lease_until_us > now_us_) return std::nullopt;
  return Error{kLeaseLost, "Expected a lease that holds, but it lapsed at " +
                               FormatTimestamp(FromMicros(row.lease_until_us)) + "."};
}

JobReply Shard::Extend(JobRow row, const JobReport& report) {
  row.lease_until_us = std::min(now_us_ + report.lease_ms * 1000, row.ends_us);
  JobReply reply{"", row.lease_until_us, false};
  const JobKey key = KeyOf(row);
  Open().leases_extended.emplace_back(key, (row.lease_until_us - now_us_) / 1000);
  ChangeJob(key, std::move(row));
  return reply;
}

// A try that was fetched is over, whoever holds it.
void Shard::HandleJobTimeout(const TimerRow& timer) {
  Open().rows.timers_deleted.push_back(timer);
  Open().timers_cleared.push_back(timer);
  const JobKey key{timer.instance, {timer.activation, timer.slot == kUndoTimeoutSlot}};
  Result<std::optional<JobRow>> row = FindJob(key);
  if (!row.ok()) {
    failed_ = true;
    return;
  }
  if (!row->has_value() || (*row)->ends_us != timer.due_us) return;
  CachedInstance* instance = LoadOrFail(timer.instance);
  const std::optional<JobView> job = instance ? FindJobInFlight(instance->state, key.job) : std::nullopt;
  if (!job || job->attempt != (*row)->attempt) return;
  TechnicalFailure late{TechnicalError::kTimeout,
                        "Expected an outcome within " + Seconds(job->timeout_ms) + " of the job's first fetch, but " +
                            ((*row)->worker.empty() ? "the worker" : "'" + (*row)->worker + "'") + " gave none.",
                        0};
  (void)DecideOn(*instance, CompleteJob{key.job, job->attempt, std::move(late)});
}

// Whether the try is one for a worker, and none has ever held a lease on it. What is leased after this decision looks at the
// instance first (Lease), so that either the worker has the job or the decision has withdrawn it.
bool Shard::HasNotBegun(const CachedInstance& instance, const JobId& job, std::int64_t attempt) {
  const std::optional<JobView> call = FindJobInFlight(instance.state, job);
  if (!call || FindWorkerOperation(services_.definitions, instance.definition, instance.state, *call) == nullptr)
    return false;
  const auto known = instance.jobs.find(job);
  if (known == instance.jobs.end() || known->second != attempt) return true;  // of this batch: it has no row yet
  Result<std::optional<JobRow>> row = FindJob({instance.state.id, job});
  if (!row.ok()) {
    failed_ = true;
    return false;
  }
  return row->has_value() && (*row)->attempt == attempt && (*row)->ends_us == 0;
}

// A release without workers may have left calls in flight that have no row. What storage does not have now is put by a batch.
Status Shard::LookForMissingJobs(const CachedInstance& instance) {
  for (const auto& [job, attempt] : instance.jobs) {
    Result<std::optional<JobRow>> row = services_.storage.FindJob(instance.state.id, job.activation, job.undo);
    if (!row.ok()) return row.error();
    if (row->has_value()) continue;
    PostInternal(JobsMissing{instance.state.id});
    return Done{};
  }
  return Done{};
}

void Shard::HandleJobsMissing(const JobsMissing& missing) {
  CachedInstance* instance = LoadOrFail(missing.instance);
  if (instance == nullptr) return;
  for (const JobView& job : WorkerJobsInFlight(services_.definitions, instance->definition, instance->state)) {
    const JobKey key{missing.instance, job.job};
    Result<std::optional<JobRow>> row = FindJob(key);
    if (!row.ok()) failed_ = true;
    if (row.ok() && !row->has_value()) ChangeJob(key, JobRowOf(instance->state, job, now_us_));
  }
}

}  // namespace fermata
