// Which shard takes a message.
#pragma once

#include <optional>
#include <string_view>

#include "engine/base/result.h"

namespace fermata {

// Of `shard_count` logical shards the one that a message (the payload of an inbox row) is for; nullopt: it is between servers, and means nothing once they
// are gone. Fails if the message cannot be read. Pure and thread-safe.
Result<std::optional<int>> ShardOfMessage(std::string_view bytes, int shard_count);

}  // namespace fermata
