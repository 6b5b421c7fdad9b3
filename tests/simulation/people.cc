#include "tests/simulation/people.h"

#include <gtest/gtest.h>

#include "engine/codec/codec.h"

namespace fermata {
namespace {

constexpr std::size_t kHeldMax = 40;

Value ResultOf(const WorkerJob& job) { return Value::Object({{"lease", Value::String(job.lease_token)}}); }

}  // namespace

void SimPeople::Act() {
  if (random_() % 2 == 0) return ClerkActs();
  WorkerActs();
}

void SimPeople::Fetch(std::size_t desk, int max, Manner manner) {
  JobFetch fetch;
  fetch.operations = {"hands.pack", "hands.unpack"};
  fetch.max = max;
  fetch.lease_ms = 1'000 + static_cast<std::int64_t>(random_() % 5'000);
  fetch.worker = "w-" + std::to_string(next_++);
  door_.Fetch(desk, LeaseOrder{std::move(fetch), [this, manner](Result<LeaseGrant> grant) {
                                 if (!grant.ok()) return;
                                 for (WorkerJob& job : grant->jobs) {
                                   Take(std::move(job));
                                   if (manner == Manner::kHonest)
                                     Report(held_.back(), JobSuccess{ResultOf(held_.back().job)});
                                 }
                               }});
}

void SimPeople::Take(WorkerJob job) {
  if (hear_ == Hear::kAtOnce) {
    EXPECT_FALSE(finished_.contains(job.key)) << "the job " << job.key.ToString() << " was given out though it is done";
  }
  if (const auto packed = finished_.find({job.key.instance, {job.key.job.activation, false}});
      job.key.job.undo && packed != finished_.end()) {
    const Value* lease = job.input.Find("lease");
    ASSERT_TRUE(lease != nullptr && lease->is_string());
    EXPECT_TRUE(packed->second.contains(std::string(lease->as_string()))) << "it is not what was packed";
  }
  held_.push_back({std::move(job), std::nullopt});
}

void SimPeople::Report(Held& held, std::optional<Outcome> outcome) {
  const bool is_success = outcome && std::holds_alternative<JobSuccess>(*outcome);
  JobReport report;
  report.key = held.job.key;
  report.lease_token = held.job.lease_token;
  report.lease_ms = 5'000;
  report.request_hash = !outcome ? "longer" : is_success ? "done" : "failed";
  report.outcome = outcome;
  if (outcome) held.said = std::move(outcome);
  door_.Post(report.key.instance.shard(), ReportOrder{report, [this, is_success, key = report.key,
                                                               lease = report.lease_token](Result<JobReply> reply) {
                                                        if (reply.ok() && is_success) finished_[key].insert(lease);
                                                      }});
}

Outcome SimPeople::RandomOutcome(const WorkerJob& job) {
  const auto dice = random_() % 8;
  if (dice == 0 && job.operation == "hands.pack") return BusinessFailure{"empty", "Nothing is in it.", Value()};
  if (dice < 3) return TechnicalFailure{TechnicalError::kUnavailable, "The tape is out.", 0};
  return JobSuccess{ResultOf(job)};
}

void SimPeople::WorkerActs() {
  if (held_.empty() || random_() % 3 == 0)
    return Fetch(random_() % door_.desks(), 1 + static_cast<int>(random_() % 3), Manner::kCareless);
  std::swap(held_.back(), held_[random_() % held_.size()]);
  Held& held = held_.back();
  switch (random_() % 8) {
    case 0:
      return held_.pop_back();  // it dies, and nobody hears of it
    case 1:
    case 2:
      return Report(held, std::nullopt);  // it needs longer
    default:
      // Once more, or, as a worker that has lost its memory, otherwise.
      Report(held, held.said && random_() % 2 == 0 ? held.said : RandomOutcome(held.job));
      if (held_.size() > kHeldMax) held_.pop_back();
  }
}

void SimPeople::Answer(const TaskRow& task) {
  const std::string by = "clerk-" + std::to_string(next_++);
  CompleteTask answer{task.activation, "yes", Value(), by};
  const auto sent = [this, by, key = std::pair(task.instance, task.activation)](Result<CommandReply> reply) {
    if (reply.ok()) answered_[key].insert(by);
  };
  const CommandRequest request{task.instance, answer, by, "yes"};
  const int owner = task.instance.shard();
  door_.Post(owner, InstanceOrder{request, sent});
  if (random_() % 2 == 0) door_.Post(owner, InstanceOrder{request, sent});  // with one key: once
}

void SimPeople::ClerkActs() {
  TaskFilter open;
  open.limit = 20;
  const std::vector<TaskRow> tasks = tables_.ListTasks(open);
  if (tasks.empty()) return;
  const TaskRow& task = tasks[random_() % tasks.size()];
  const std::string by = "clerk-" + std::to_string(random_() % 3);
  Command command;
  switch (random_() % 6) {
    case 0:
      command = ClaimTask{task.activation, by};
      break;
    case 1:
      command = ReleaseTask{task.activation, by};
      break;
    case 2:
      command = AssignTask{task.activation, "packer", "", by};
      break;
    case 3:
      command = CommentTask{task.activation, "Where is the tape?", by};
      break;
    default:
      return Answer(task);
  }
  door_.Post(task.instance.shard(), InstanceOrder{{task.instance, std::move(command)}, [](Result<CommandReply>) {}});
}

void SimPeople::WorkOff() {
  held_.clear();
  for (const TaskRow& task : tables_.ListTasks({})) Answer(task);
  if (tables_.ListJobs({}).empty()) return;
  for (std::size_t desk = 0; desk < door_.desks(); ++desk) Fetch(desk, kJobsFetchedMax, Manner::kHonest);
}

void SimPeople::Verify() const {
  std::set<InstanceId> concerned;
  for (const auto& [key, leases] : finished_) {
    concerned.insert(key.instance);
    EXPECT_EQ(leases.size(), 1u) << "the job " << key.ToString() << " was completed under several leases";
  }
  for (const auto& [task, people] : answered_) {
    concerned.insert(task.first);
    EXPECT_EQ(people.size(), 1u) << "a task of " << task.first.ToString() << " was completed by several people";
  }
  // What they were told is what the journal has.
  for (const InstanceId& id : concerned) {
    for (const JournalRow& row : tables_.ReadJournal(id, 0, 1'000'000)) {
      const Result<std::vector<JournalEvent>> events = DecodeEvents(row.bytes);
      ASSERT_TRUE(events.ok());
      for (const JournalEvent& event : *events) {
        const auto* done = std::get_if<WorkCompleted>(&event.body);
        if (done == nullptr) continue;
        const Value* lease = done->output.is_map() ? done->output.Find("lease") : nullptr;
        const auto finished = finished_.find({id, {done->activation, false}});
        if (lease != nullptr && finished != finished_.end()) {
          EXPECT_EQ(finished->second.count(std::string(lease->as_string())), 1u) << id.ToString();
        }
        const auto answered = answered_.find({id, done->activation});
        if (answered != answered_.end()) {
          EXPECT_EQ(answered->second.count(done->by), 1u) << id.ToString();
        }
      }
    }
  }
}

}  // namespace fermata
