// Kills a writing process at random moments: what it was told is durable must be there, and nothing by halves.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <random>

#include "tests/storage/conformance.h"

namespace fermata::test {
namespace {

constexpr int kLanes = 3;
constexpr int kRounds = 8;
constexpr int kRowsPerBatch = 3;

struct Report {
  int lane = 0;
  int batch = 0;
};

// The `number`-th batch of a lane in one round. Each lane writes one instance a round.
Batch MakeBatch(const InstanceId& id, int number) {
  Batch batch;
  for (int i = 0; i < kRowsPerBatch; ++i) {
    batch.journal.push_back(JournalWith(id, (number - 1) * kRowsPerBatch + i + 1, std::string(500, 'x')));
  }
  batch.instances = {InstanceWith(id)};
  batch.instances[0].updated_us = number;
  batch.timers = {{id, number, 0, number}};
  if (number > 1) batch.timers_deleted = {{id, number - 1, 0, number - 1}};
  return batch;
}

// In the child: writes on all lanes until it is killed, and reports each committed batch to the pipe.
[[noreturn]] void WriteUntilKilled(Backend& backend, int round, int pipe) {
  Result<std::unique_ptr<Storage>> storage = backend.Open();
  if (!storage) ::_exit(3);
  std::atomic<int> waiting{0};
  for (int number = 1;; ++number) {
    for (int lane = 0; lane < kLanes; ++lane) {
      ++waiting;
      (*storage)->Commit(
          lane, MakeBatch(IdOf(**storage, round * kLanes + lane), number), [&, lane, number](CommitOutcome outcome) {
            const Report report{lane, number};
            if (outcome != CommitOutcome::kCommitted || ::write(pipe, &report, sizeof report) != sizeof report)
              ::_exit(4);
            --waiting;
            waiting.notify_one();
          });
    }
    for (int now = waiting; now > 4 * kLanes; now = waiting) waiting.wait(now);
  }
}

class Durability : public testing::TestWithParam<BackendKind> {
 protected:
  Durability() : backend_(MakeBackend(GetParam())) {}

  // One life of a writer. Gives the newest batch reported for each lane.
  std::vector<int> RunAndKill(int round, int reports_before_kill) {
    int pipe[2];
    EXPECT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(pipe[0]);
      WriteUntilKilled(*backend_, round, pipe[1]);
    }
    ::close(pipe[1]);
    std::vector<int> reported(kLanes, 0);
    Report report;
    for (int count = 0; ::read(pipe[0], &report, sizeof report) == sizeof report; ++count) {
      reported[static_cast<std::size_t>(report.lane)] = report.batch;
      if (count == reports_before_kill) ::kill(child, SIGKILL);
    }
    ::close(pipe[0]);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself: " << WEXITSTATUS(status);
    return reported;
  }

  void Check(Storage& storage, int round, const std::vector<int>& reported) {
    for (int lane = 0; lane < kLanes; ++lane) {
      const InstanceId id = IdOf(storage, round * kLanes + lane);
      const std::optional<StoredInstance> stored = storage.LoadInstance(id).value();
      ASSERT_TRUE(stored) << "round " << round << " lane " << lane;
      const auto rows = static_cast<int>(stored->tail.size());
      EXPECT_EQ(rows % kRowsPerBatch, 0) << "half a batch is there";
      EXPECT_GE(rows / kRowsPerBatch, reported[static_cast<std::size_t>(lane)]) << "a reported batch is missing";
      EXPECT_EQ(stored->row.updated_us, rows / kRowsPerBatch) << "row and journal of two moments";
      EXPECT_EQ(stored->tail.back().seq, rows) << "a gap in the journal";
    }
  }

  std::unique_ptr<Backend> backend_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, Durability, testing::Values(BackendKind::kSqlite));
INSTANTIATE_TEST_SUITE_P(Postgres, Durability, testing::Values(BackendKind::kPostgres));

TEST_P(Durability, KilledWritersLoseNothingReportedAndLeaveNoHalves) {
  std::mt19937 random(20'240'229);
  std::vector<std::vector<int>> reported;
  for (int round = 0; round < kRounds; ++round) {
    reported.push_back(RunAndKill(round, static_cast<int>(20 + random() % 200)));
    if (HasFatalFailure() || HasNonfatalFailure()) return;
    Result<std::unique_ptr<Storage>> storage = backend_->Open();
    ASSERT_TRUE(storage) << storage.error().message;
    for (int before = 0; before <= round; ++before)
      Check(**storage, before, reported[static_cast<std::size_t>(before)]);
    EXPECT_EQ((*storage)->ReadTimers(AllShards(), 1'000'000, std::nullopt, 1'000)->size(),
              static_cast<std::size_t>((round + 1) * kLanes));
  }
}

}  // namespace
}  // namespace fermata::test
