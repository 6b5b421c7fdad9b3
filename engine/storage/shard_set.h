// Some of the logical shards.
//
// A plain value.
#pragma once

#include <bitset>

#include "engine/model/limits.h"

namespace fermata {

using ShardSet = std::bitset<kShardsMax>;

inline ShardSet AllShards() { return ShardSet().set(); }

}  // namespace fermata
