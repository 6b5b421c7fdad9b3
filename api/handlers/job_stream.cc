#include "api/handlers/job_stream.h"

#include <algorithm>

#include "api/handlers/views.h"

namespace fermata {

JobStream::JobStream(Engine& engine, EventStream stream, JobFetch wanted)
    : engine_(engine), stream_(std::move(stream)), wanted_(std::move(wanted)) {}

void JobStream::Begin(Engine& engine, EventStream stream, JobFetch wanted) {
  const std::shared_ptr<JobStream> self(new JobStream(engine, std::move(stream), std::move(wanted)));
  self->stream_.OnClosed([weak = self->weak_from_this()] {
    if (const auto here = weak.lock()) here->OnClosed();
  });
  self->Ask();
}

void JobStream::Ask() {
  JobFetch fetch = wanted_;
  {
    std::lock_guard lock(mutex_);
    if (asking_ || held_ >= wanted_.max || stream_.closed()) return;
    asking_ = true;
    fetch.max = static_cast<int>(std::min<std::int64_t>(wanted_.max - held_, kJobsFetchedMax));
  }
  fetch.wait_ms = -1;
  fetch.gone = [stream = stream_] { return stream.closed(); };
  // What the stream waits for keeps it: jobs, or the end of a lease.
  fetch.on_lease_over = [self = shared_from_this()](const JobKey&) { self->OnLeaseOver(); };
  const std::int64_t number = engine_.FetchJobs(
      std::move(fetch),
      [self = shared_from_this()](Result<std::vector<WorkerJob>> jobs) { self->OnJobs(std::move(jobs)); });
  std::lock_guard lock(mutex_);
  fetch_ = std::max(fetch_, number);
}

void JobStream::OnJobs(Result<std::vector<WorkerJob>> jobs) {
  if (!jobs.ok()) return stream_.Close();  // the client connects again
  {
    std::lock_guard lock(mutex_);
    asking_ = false;
    held_ += static_cast<std::int64_t>(jobs->size());
  }
  // What nobody hears any more comes back when its lease lapses.
  for (const WorkerJob& job : *jobs) stream_.Send("job", job.key.ToString(), LeasedView(job));
  Ask();
}

void JobStream::OnLeaseOver() {
  {
    std::lock_guard lock(mutex_);
    held_ -= 1;
  }
  Ask();
}

void JobStream::OnClosed() {
  std::int64_t fetch = 0;
  {
    std::lock_guard lock(mutex_);
    fetch = fetch_;
  }
  engine_.EndFetch(fetch);
}

}  // namespace fermata
