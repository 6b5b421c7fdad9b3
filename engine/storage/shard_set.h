// Some of the logical shards.
//
// A plain value.
#pragma once

#include <bitset>
#include <cstddef>

#include "engine/model/limits.h"

namespace fermata {

using ShardSet = std::bitset<kShardsMax>;

inline ShardSet AllShards() { return ShardSet().set(); }

// False for what is no shard: a node's mailbox has a number beyond them.
inline bool Contains(const ShardSet& shards, int shard) {
  return shard >= 0 && shard < kShardsMax && shards[static_cast<std::size_t>(shard)];
}

}  // namespace fermata
