// What clients of this node ask of shards that another node owns: each order as a row of the exchange, and its answer's words as the reply that the
// client waits for.
//
// Thread-safe. The exchange must outlive the orders' answers.
#pragma once

#include <optional>

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

// Jobs of one shard of `elsewhere` that may be leased now, for the fetch; none if storage has none or does not answer. Workers that look at
// the same time do not all want the same: `spread` chooses. Reads storage.
std::vector<JobKey> FindJobsElsewhere(Storage& storage, const Pauses& pauses, const JobFetch& fetch,
                                      const ShardSet& elsewhere, std::int64_t now_us, unsigned spread);

}  // namespace fermata
