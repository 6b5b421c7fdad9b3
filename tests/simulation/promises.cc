#include "tests/simulation/promises.h"

#include <gtest/gtest.h>

#include "engine/codec/codec.h"
#include "engine/core/decide.h"
#include "engine/model/json.h"
#include "engine/runtime/replay.h"
#include "tests/simulation/parcels.h"

namespace fermata {
namespace {

using SimRows = std::map<InstanceId, InstanceRow>;

std::string HistoryOf(const StoredInstance& stored) {
  std::string text;
  for (const JournalRow& row : stored.tail) {
    text += std::to_string(row.seq) + "\n";
    if (Result<std::vector<JournalEvent>> events = DecodeEvents(row.bytes); events.ok())
      for (const JournalEvent& event : *events) text += "  " + WriteJson(DescribeEvent(event)) + "\n";
  }
  return text;
}

// `start_on`: one instance an accepted event, however often it was sent.
void VerifyReceipts(const SimRun& run, const SimRows& rows) {
  std::map<std::string, int> receipts;
  for (const auto& [id, row] : rows)
    if (row.process == "receipt") receipts[*row.key] += 1;
  for (const auto& [customer, count] : receipts) EXPECT_EQ(count, 1) << customer;
  for (const std::string& event : run.clients.accepted_events())
    EXPECT_EQ(receipts.count("c-" + event.substr(2)), 1u) << "the accepted event " << event << " started nothing";
}

// One instance a tick, and none beside another: the schedule skips while one is live.
void VerifySweeps(const SimRun& run, const SimRows& rows) {
  constexpr std::int64_t kMinuteMs = 60'000;
  std::map<std::int64_t, InstanceRow> sweeps;
  for (const auto& [id, row] : rows) {
    if (row.process != "sweep") continue;
    EXPECT_TRUE(IsScheduled(id, "sweep"));
    EXPECT_EQ(id.epoch_ms() % kMinuteMs, 0);
    EXPECT_TRUE(sweeps.emplace(id.epoch_ms(), row).second) << "one tick, two instances";
  }
  EXPECT_GT(sweeps.size(), 50u) << "the schedule stands still";
  if (run.clocks == SimRun::Clocks::kSeveral) return;
  std::int64_t free_us = 0;
  for (const auto& [tick_ms, row] : sweeps) {
    EXPECT_GE(row.started_us, free_us) << "a sweep began before the one before it had ended";
    free_us = row.ended_us;
  }
}

void VerifyInstances(const SimRun& run, const SimRows& rows) {
  const memory::Tables& tables = run.tables;
  std::map<std::string, int> kept_charges;  // by instance; an effect's key begins with it
  for (const auto& [key, operation] : run.outside.effects())
    if (operation == "charge" || operation == "refund")
      kept_charges[key.substr(0, key.find('/'))] += operation == "charge" ? 1 : -1;
  for (const auto& [id, row] : rows) {
    std::optional<StoredInstance> stored = tables.LoadInstance(id);
    ASSERT_TRUE(stored);
    Result<InstanceState> state = Rebuild(*stored);
    ASSERT_TRUE(state.ok()) << state.error().message;
    if (row.key) {
      EXPECT_EQ(id.shard(), HomeShard(row.tenant, *row.key, run.shard_count)) << "a key's instance lives elsewhere";
    }
    InstanceRow expected = InstanceRowOf(*state);
    expected.updated_us = row.updated_us;
    EXPECT_EQ(expected, row) << "the row of " << id.ToString() << " is not what its journal says";
    EXPECT_TRUE(IsFinal(state->status)) << row.process << " " << id.ToString() << " stands in " << row.status << "\n"
                                        << HistoryOf(*stored);
    if (row.process != "saga") continue;
    const int kept = kept_charges[id.ToString()];
    const Value* result = state->output.Find("result");
    bool paid = row.status == "completed" && result && *result == Value::String("paid");
    EXPECT_EQ(kept, paid ? 1 : 0) << id.ToString() << " " << row.status << ": the charges and refunds do not fit\n"
                                  << HistoryOf(*stored);
  }
}

}  // namespace

int VerifyPromises(const SimRun& run) {
  const memory::Tables& tables = run.tables;
  InstanceFilter everything;
  everything.limit = 1'000'000;
  SimRows rows;
  for (const InstanceRow& row : tables.ListInstances(everything)) rows.emplace(row.id, row);

  for (const auto& [key, id] : run.clients.answered())
    EXPECT_TRUE(rows.count(id)) << "the answered start " << key << " is lost";
  VerifyInstances(run, rows);
  run.people.Verify();
  const int unpacked = VerifyParcels(tables, run.people.finished());
  EXPECT_TRUE(tables.ListJobs({}).empty()) << "jobs of finished instances are left";
  EXPECT_TRUE(tables.ListTasks({}).empty()) << "tasks of finished instances are open";
  EXPECT_EQ(run.counters.losses_found, 0u) << "an instance had lost what it waited for";
  VerifyReceipts(run, rows);
  VerifySweeps(run, rows);
  std::vector<TimerRow> timers = tables.ReadTimers(AllShards(), INT64_MAX, std::nullopt, 1'000'000);
  EXPECT_TRUE(timers.empty()) << timers.size() << " timers of finished instances are left";
  IncidentFilter open;
  open.open = true;
  EXPECT_TRUE(tables.ListIncidents(open).empty()) << "incidents of finished instances are open";
  EXPECT_TRUE(tables.ReadInbox(AllShards(), std::nullopt, 1'000'000).empty()) << "messages are left";
  return unpacked;
}

}  // namespace fermata
