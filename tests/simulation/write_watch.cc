#include "tests/simulation/write_watch.h"

#include <gtest/gtest.h>

namespace fermata {
namespace {

// The shards whose rows the batch changes. What it leaves in the inboxes of others is none of these.
ShardSet ShardsWritten(const Batch& batch) {
  ShardSet written;
  const auto note = [&](int shard) {
    if (shard < kShardsMax) written.set(static_cast<std::size_t>(shard));
  };
  for (const JournalRow& row : batch.journal) note(row.instance.shard());
  for (const InstanceRow& row : batch.instances) note(row.id.shard());
  for (const TimerRow& row : batch.timers) note(row.instance.shard());
  for (const TimerRow& row : batch.timers_deleted) note(row.instance.shard());
  for (const JobRow& row : batch.jobs) note(row.instance.shard());
  for (const JobRow& row : batch.jobs_deleted) note(row.instance.shard());
  for (const ScheduleRow& row : batch.schedules) note(row.shard);
  for (const InboxRow& row : batch.inbox_deleted) note(row.shard);
  for (const InboxRow& row : batch.inbox_taken) note(row.shard);
  return written;
}

}  // namespace

void WatchWrites(SimCluster& cluster) {
  cluster.on_write = [&members = cluster.members](const std::string& node, std::int64_t epoch, const Batch& batch) {
    const ClusterView view = members.Beat({}, false, {});
    std::int64_t holds = 0;
    for (const NodeRow& row : view.nodes)
      if (row.name == node) holds = row.epoch;
    EXPECT_EQ(holds, epoch) << node << " writes under an epoch that is over";
    const ShardSet written = ShardsWritten(batch);
    for (std::size_t shard = 0; shard < written.size(); ++shard)
      if (written[shard]) {
        EXPECT_EQ(view.shards[shard].node, node) << "the writer of shard " << shard;
      }
  };
}

}  // namespace fermata
