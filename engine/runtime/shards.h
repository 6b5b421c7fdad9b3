// Which logical shards there are.
#pragma once

namespace fermata {

// Whether an id with this shard can be known here. Where there is one shard, ids of any may: they come from a storage that has more.
inline bool HasShard(int shard, int shard_count) { return shard_count == 1 || shard < shard_count; }

}  // namespace fermata
