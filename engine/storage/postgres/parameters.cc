#include "engine/storage/postgres/parameters.h"

#include <utility>

#include "engine/base/assert.h"

namespace fermata::postgres {
namespace {

void AppendInteger(std::string& out, std::int64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> shift & 0xff);
  }
}

std::string Integer(std::int64_t value, int bytes) {
  std::string out;
  AppendInteger(out, value, bytes);
  return out;
}

int WidthOf(Type type) {
  switch (type) {
    case Type::kBool:
      return 1;
    case Type::kInt2:
      return 2;
    case Type::kInt8:
      return 8;
    case Type::kBytea:
    case Type::kText:
      break;
  }
  FERMATA_ASSERT(false);
  return 0;
}

unsigned ArrayOf(Type type) {
  switch (type) {
    case Type::kBool:
      return 1000;
    case Type::kBytea:
      return 1001;
    case Type::kInt2:
      return 1005;
    case Type::kText:
      return 1009;
    case Type::kInt8:
      return 1016;
  }
  return 0;
}

std::string_view BytesOf(const InstanceId& id) {
  return {reinterpret_cast<const char*>(id.bytes().data()), id.bytes().size()};
}

}  // namespace

Parameter Int8(std::int64_t value) { return {static_cast<unsigned>(Type::kInt8), Integer(value, 8)}; }
Parameter Int2(int value) { return {static_cast<unsigned>(Type::kInt2), Integer(value, 2)}; }
Parameter Text(std::string_view text) { return {static_cast<unsigned>(Type::kText), std::string(text)}; }
Parameter Bytea(std::string_view bytes) { return {static_cast<unsigned>(Type::kBytea), std::string(bytes)}; }
Parameter Bytea(const InstanceId& id) { return Bytea(BytesOf(id)); }

Parameter Int2s(const ShardSet& shards) {
  Column column(Type::kInt2);
  for (int shard = 0; shard < kShardsMax; ++shard)
    if (Contains(shards, shard)) column.Add(shard);
  return std::move(column).Finish();
}

Column::Column(Type type) : type_(type) {}

void Column::Add(std::int64_t value) {
  const int width = WidthOf(type_);
  AppendInteger(elements_, width, 4);
  AppendInteger(elements_, value, width);
  ++count_;
}

void Column::Add(std::string_view bytes) {
  AppendInteger(elements_, static_cast<std::int64_t>(bytes.size()), 4);
  elements_ += bytes;
  ++count_;
}

void Column::Add(const InstanceId& id) { Add(BytesOf(id)); }

void Column::AddNull() {
  AppendInteger(elements_, -1, 4);
  has_null_ = true;
  ++count_;
}

Parameter Column::Finish() && {
  std::string array;
  array.reserve(20 + elements_.size());
  AppendInteger(array, 1, 4);  // dimensions
  AppendInteger(array, has_null_ ? 1 : 0, 4);
  AppendInteger(array, static_cast<std::int64_t>(type_), 4);
  AppendInteger(array, count_, 4);
  AppendInteger(array, 1, 4);  // lowest index
  array += elements_;
  return {ArrayOf(type_), std::move(array)};
}

}  // namespace fermata::postgres
