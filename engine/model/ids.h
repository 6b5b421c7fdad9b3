// Who is who: tenants, instances, activations.
//
// Plain values; thread-safe.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace fermata {

// 16 bytes, ordered by time within a shard: 1 byte shard, 6 bytes milliseconds since the epoch, 9 bytes that make it unique.
// The text form is 26 characters of Crockford's base 32 in lower case, and sorts as the bytes do.
class InstanceId {
 public:
  InstanceId() = default;
  static InstanceId Make(std::uint8_t shard, std::int64_t epoch_ms, std::uint64_t unique_high, std::uint8_t unique_low);
  // The id of what `parent`'s activation `number` starts: always the same, so starting twice is starting once.
  static InstanceId MakeChild(std::uint8_t shard, std::int64_t epoch_ms, const InstanceId& parent,
                              std::int64_t activation);
  // From text that names something once only (a schedule's tick, an event's identity): always the same for the same words.
  static InstanceId MakeDerived(std::uint8_t shard, std::int64_t epoch_ms, std::string_view words);
  static std::optional<InstanceId> Parse(std::string_view text);
  static InstanceId FromBytes(const std::array<std::uint8_t, 16>& bytes);

  std::uint8_t shard() const { return bytes_[0]; }
  std::int64_t epoch_ms() const;
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  bool empty() const { return *this == InstanceId(); }
  std::string ToString() const;

  friend auto operator<=>(const InstanceId&, const InstanceId&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

struct InstanceIdHash {
  std::size_t operator()(const InstanceId& id) const;
};

// Which of `shard_count` logical shards (1 to 256) owns everything with this business key. A function of the words alone, the same for ever:
// rows are stored by it.
int HomeShard(std::string_view tenant, std::string_view key, int shard_count);

// Counts the activations of one instance: each time a state is entered it gets the next number. The root is 1.
// It is the second half of the idempotency key, and names timers, jobs and incidents.
using ActivationId = std::int64_t;

inline constexpr std::string_view kDefaultTenant = "default";

}  // namespace fermata
