// What is to be sent to webhooks, and what was.
#include "engine/storage/sqlite/reader.h"

namespace fermata::sqlite {
namespace {

#define FERMATA_DELIVERY_COLUMNS "webhook, id, tenant, status, created_us, due_us, bytes"

constexpr const char* kFindDelivery =
    "SELECT " FERMATA_DELIVERY_COLUMNS " FROM deliveries WHERE webhook = ? AND id = ?";
// An absent status is null.
constexpr const char* kListDeliveries =
    "SELECT " FERMATA_DELIVERY_COLUMNS
    " FROM deliveries WHERE webhook = ?1 AND (?2 IS NULL OR status = ?2) AND (?3 IS NULL OR (created_us, id) < (?3, "
    "?4)) ORDER BY created_us DESC, id DESC LIMIT ?5";
constexpr const char* kReadDeliveries =
    "SELECT " FERMATA_DELIVERY_COLUMNS
    " FROM deliveries WHERE webhook = ? AND status = ? AND due_us < ? ORDER BY due_us, id LIMIT ?";
constexpr const char* kCountDeliveries =
    "SELECT webhook, status, count(*), min(created_us) FROM deliveries GROUP BY webhook, status ORDER BY webhook, "
    "status";

DeliveryRow ReadDeliveryRow(const Statement& row) {
  return {0, row.Text(0), row.Text(1), row.Text(2), row.Text(3), row.Int(4), row.Int(5), row.Text(6)};
}

}  // namespace

Result<std::vector<DeliveryRow>> Reader::ListDeliveries(const DeliveryFilter& filter) {
  std::optional<std::int64_t> created_us;
  if (filter.before) created_us = filter.before->first;
  const std::string id = filter.before ? filter.before->second : std::string();
  return connection_->Query(kListDeliveries, ReadDeliveryRow, filter.webhook, filter.status, created_us, id,
                            filter.limit);
}

Result<std::optional<DeliveryRow>> Reader::FindDelivery(int, std::string_view webhook, std::string_view id) {
  Result<std::vector<DeliveryRow>> rows = connection_->Query(kFindDelivery, ReadDeliveryRow, webhook, id);
  if (!rows) return rows.error();
  if (rows->empty()) return std::optional<DeliveryRow>();
  return std::optional<DeliveryRow>(std::move(rows->front()));
}

Result<std::vector<DeliveryRow>> Reader::ReadDeliveries(const ShardSet& of, std::string_view webhook,
                                                        std::string_view status, std::int64_t due_before_us,
                                                        int limit) {
  if (!of[kTheShard]) return std::vector<DeliveryRow>();
  return connection_->Query(kReadDeliveries, ReadDeliveryRow, webhook, status, due_before_us, limit);
}

Result<std::vector<DeliveryCount>> Reader::CountDeliveries() {
  const auto read = [](const Statement& s) { return DeliveryCount{s.Text(0), s.Text(1), s.Int(2), s.Int(3)}; };
  return connection_->Query<DeliveryCount>(kCountDeliveries, read);
}

}  // namespace fermata::sqlite
