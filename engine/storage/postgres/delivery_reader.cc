// What is to be sent to webhooks, and what was.
#include <limits>

#include "engine/storage/postgres/reader.h"

namespace fermata::postgres {
namespace {

#define FERMATA_DELIVERY_COLUMNS "shard, webhook, id, tenant, status, created_us, due_us, bytes"

constexpr const char* kFindDelivery =
    "SELECT " FERMATA_DELIVERY_COLUMNS " FROM deliveries WHERE shard = $1 AND webhook = $2 AND id = $3";
// An empty status filters nothing.
constexpr const char* kListDeliveries =
    "SELECT " FERMATA_DELIVERY_COLUMNS
    " FROM deliveries WHERE webhook = $1 AND ($2 = '' OR status = $2) AND (created_us, id) < ($3, $4) ORDER BY "
    "created_us DESC, id DESC LIMIT $5";
constexpr const char* kReadDeliveries =
    "SELECT " FERMATA_DELIVERY_COLUMNS
    " FROM deliveries WHERE webhook = $1 AND status = $2 AND due_us < $3{of} ORDER BY due_us, id LIMIT $4";
constexpr const char* kCountDeliveries =
    "SELECT webhook, status, count(*), min(created_us) FROM deliveries GROUP BY webhook, status ORDER BY webhook, "
    "status";

DeliveryRow ReadDeliveryRow(const Rows& rows, int i) {
  return {static_cast<int>(rows.Int(i, 0)),
          rows.Text(i, 1),
          rows.Text(i, 2),
          rows.Text(i, 3),
          rows.Text(i, 4),
          rows.Int(i, 5),
          rows.Int(i, 6),
          rows.Text(i, 7)};
}

}  // namespace

Result<std::vector<DeliveryRow>> Reader::ListDeliveries(const DeliveryFilter& filter) {
  const auto before = filter.before.value_or(std::pair(std::numeric_limits<std::int64_t>::max(), std::string()));
  const Query query{kListDeliveries,
                    {Text(filter.webhook), Text(filter.status.value_or("")), Int8(before.first), Text(before.second),
                     Int8(filter.limit)}};
  return Read(query, ReadDeliveryRow);
}

Result<std::optional<DeliveryRow>> Reader::FindDelivery(int shard, std::string_view webhook, std::string_view id) {
  const Query query{kFindDelivery, {Int2(shard), Text(webhook), Text(id)}};
  return ReadFirst<DeliveryRow>(query, ReadDeliveryRow);
}

Result<std::vector<DeliveryRow>> Reader::ReadDeliveries(const ShardSet& of, std::string_view webhook,
                                                        std::string_view status, std::int64_t due_before_us,
                                                        int limit) {
  const Query query{kReadDeliveries, {Text(webhook), Text(status), Int8(due_before_us), Int8(limit)}};
  return Read(Of(of, query), ReadDeliveryRow);
}

Result<std::vector<DeliveryCount>> Reader::CountDeliveries() {
  const auto read = [](const Rows& rows, int i) {
    return DeliveryCount{rows.Text(i, 0), rows.Text(i, 1), rows.Int(i, 2), rows.Int(i, 3)};
  };
  return Read<DeliveryCount>({kCountDeliveries, {}}, read);
}

}  // namespace fermata::postgres
