#include "engine/model/ids.h"

#include "engine/base/assert.h"

namespace fermata {
namespace {

constexpr std::string_view kDigits =
    "0123456789abcdefghjkmnpqrstvwxyz";  // Crockford's base 32, in ascending ASCII order
constexpr std::size_t kTextLength = 26;

// FNV-1a with a final mix (that of MurmurHash3). Ids and shards depend on it for ever.
class StableHash {
 public:
  explicit StableHash(std::uint64_t seed) : hash_(0xcbf29ce484222325ULL ^ seed) {}

  void Add(const void* bytes, std::size_t size) {
    const auto* at = static_cast<const unsigned char*>(bytes);
    for (std::size_t i = 0; i < size; ++i) hash_ = (hash_ ^ at[i]) * 0x100000001b3ULL;
  }
  void Add(std::string_view text) {
    AddNumber(text.size());
    Add(text.data(), text.size());
  }
  void AddNumber(std::uint64_t number) {
    unsigned char bytes[8];
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<unsigned char>(number >> (8 * i));
    Add(bytes, sizeof bytes);
  }
  std::uint64_t Get() const {
    std::uint64_t mixed = hash_;
    mixed = (mixed ^ (mixed >> 33)) * 0xff51afd7ed558ccdULL;
    mixed = (mixed ^ (mixed >> 33)) * 0xc4ceb9fe1a85ec53ULL;
    return mixed ^ (mixed >> 33);
  }

 private:
  std::uint64_t hash_;
};

}  // namespace

InstanceId InstanceId::Make(std::uint8_t shard, std::int64_t epoch_ms, std::uint64_t unique_high,
                            std::uint8_t unique_low) {
  InstanceId id;
  id.bytes_[0] = shard;
  for (int i = 0; i < 6; ++i) id.bytes_[1 + i] = static_cast<std::uint8_t>(epoch_ms >> (8 * (5 - i)));
  for (int i = 0; i < 8; ++i) id.bytes_[7 + i] = static_cast<std::uint8_t>(unique_high >> (8 * (7 - i)));
  id.bytes_[15] = unique_low;
  return id;
}

InstanceId InstanceId::MakeChild(std::uint8_t shard, std::int64_t epoch_ms, const InstanceId& parent,
                                 std::int64_t activation) {
  StableHash high(1), low(2);
  for (StableHash* hash : {&high, &low}) {
    hash->Add(parent.bytes_.data(), parent.bytes_.size());
    hash->AddNumber(static_cast<std::uint64_t>(activation));
  }
  return Make(shard, epoch_ms, high.Get(), static_cast<std::uint8_t>(low.Get()));
}

InstanceId InstanceId::MakeDerived(std::uint8_t shard, std::int64_t epoch_ms, std::string_view words) {
  StableHash high(3), low(4);
  for (StableHash* hash : {&high, &low}) hash->Add(words);
  return Make(shard, epoch_ms, high.Get(), static_cast<std::uint8_t>(low.Get()));
}

std::optional<InstanceId> InstanceId::Parse(std::string_view text) {
  if (text.size() != kTextLength) return std::nullopt;
  InstanceId id;
  unsigned buffer = 0;
  int bits = -2;  // 26 digits are 130 bits: the first two must be 0
  std::size_t byte = 0;
  for (char character : text) {
    std::size_t digit = kDigits.find(character);
    if (digit == std::string_view::npos) return std::nullopt;
    buffer = buffer << 5 | static_cast<unsigned>(digit);
    bits += 5;
    if (byte == 0 && bits == 3 && buffer > 7) return std::nullopt;
    if (bits >= 8) {
      bits -= 8;
      id.bytes_[byte++] = static_cast<std::uint8_t>(buffer >> bits);
      buffer &= (1u << bits) - 1;
    }
  }
  return id;
}

InstanceId InstanceId::FromBytes(const std::array<std::uint8_t, 16>& bytes) {
  InstanceId id;
  id.bytes_ = bytes;
  return id;
}

std::int64_t InstanceId::epoch_ms() const {
  std::int64_t ms = 0;
  for (int i = 1; i <= 6; ++i) ms = ms << 8 | bytes_[static_cast<std::size_t>(i)];
  return ms;
}

std::string InstanceId::ToString() const {
  std::string text;
  text.reserve(kTextLength);
  unsigned buffer = 0;
  int bits = 2;  // two leading zero bits make 130 of 128
  for (std::uint8_t byte : bytes_) {
    buffer = buffer << 8 | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text.push_back(kDigits[buffer >> bits]);
      buffer &= (1u << bits) - 1;
    }
  }
  return text;
}

std::size_t InstanceIdHash::operator()(const InstanceId& id) const {
  StableHash hash(5);
  hash.Add(id.bytes().data(), id.bytes().size());
  return hash.Get();
}

int HomeShard(std::string_view tenant, std::string_view key, int shard_count) {
  FERMATA_ASSERT(shard_count > 0 && shard_count <= 256);
  StableHash hash(6);
  hash.Add(tenant);
  hash.Add(key);
  return static_cast<int>(hash.Get() % static_cast<std::uint64_t>(shard_count));
}

}  // namespace fermata
