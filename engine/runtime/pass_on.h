// What clients of this node ask of shards that another node owns: each order as a row of the exchange, and its answer's words as the reply that the
// client waits for.
//
// Thread-safe. The exchange must outlive the orders' answers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/runtime/exchange.h"
#include "engine/runtime/pauses.h"
#include "engine/runtime/shard.h"

namespace fermata {

// Sends the order to the node that owns its shard; the order's answer hears what came of it. Never blocks.
void PassOn(Exchange& exchange, StartOrder order);
void PassOn(Exchange& exchange, EventOrder order, int shard_count);
void PassOn(Exchange& exchange, InstanceOrder order);
void PassOn(Exchange& exchange, ReportOrder order);  // whose `may_take` has been asked
void PassOn(Exchange& exchange, LeaseTheseOrder order);

// Jobs of shards of `elsewhere` that may be leased now, as far as storage answers. Reads it once for each operation.
std::vector<JobRow> JobsElsewhere(Storage& storage, const Pauses& pauses, const std::string& tenant,
                                  const std::vector<std::string>& operations, const ShardSet& elsewhere,
                                  std::int64_t now_us);
// Takes those of one shard out of `found` that the fetch may have. Workers that look at the same time do not all want the same: `spread` chooses.
std::vector<JobKey> TakeSome(std::vector<JobRow>& found, const JobFetch& fetch, unsigned spread);
// Both, for one fetch alone.
std::vector<JobKey> FindJobsElsewhere(Storage& storage, const Pauses& pauses, const JobFetch& fetch,
                                      const ShardSet& elsewhere, std::int64_t now_us, unsigned spread);

}  // namespace fermata
