// What the senders of webhooks ask of the deliveries. There are few where memory is the storage: each question looks at all of them.
#include <algorithm>
#include <tuple>

#include "engine/storage/memory/tables.h"

namespace fermata::memory {
namespace {

void Cut(std::vector<DeliveryRow>& rows, int limit) {
  if (rows.size() > static_cast<std::size_t>(std::max(limit, 0))) rows.resize(static_cast<std::size_t>(limit));
}

}  // namespace

void Tables::ApplyDeliveries(const Batch& batch) {
  for (const DeliveryRow& row : batch.deliveries_deleted) deliveries_.erase({row.webhook, row.id});
  for (const DeliveryRow& row : batch.deliveries) deliveries_[{row.webhook, row.id}] = row;
}

std::vector<DeliveryRow> Tables::ListDeliveries(const DeliveryFilter& filter) const {
  const auto place = [](const DeliveryRow& row) { return std::pair(row.created_us, row.id); };
  std::vector<DeliveryRow> rows;
  for (const auto& [key, row] : deliveries_)
    if (row.webhook == filter.webhook && (!filter.status || row.status == *filter.status) &&
        (!filter.before || place(row) < *filter.before))
      rows.push_back(row);
  std::sort(rows.begin(), rows.end(), [&](const DeliveryRow& a, const DeliveryRow& b) { return place(a) > place(b); });
  Cut(rows, filter.limit);
  return rows;
}

std::optional<DeliveryRow> Tables::FindDelivery(std::string_view webhook, std::string_view id) const {
  const auto found = deliveries_.find({std::string(webhook), std::string(id)});
  if (found == deliveries_.end()) return std::nullopt;
  return found->second;
}

std::vector<DeliveryRow> Tables::ReadDeliveries(const ShardSet& of, std::string_view webhook, std::string_view status,
                                                std::int64_t due_before_us, int limit) const {
  std::vector<DeliveryRow> rows;
  for (const auto& [key, row] : deliveries_)
    if (row.webhook == webhook && row.status == status && row.due_us < due_before_us && Contains(of, row.shard))
      rows.push_back(row);
  std::sort(rows.begin(), rows.end(), [](const DeliveryRow& a, const DeliveryRow& b) {
    return std::tie(a.due_us, a.id) < std::tie(b.due_us, b.id);
  });
  Cut(rows, limit);
  return rows;
}

std::vector<DeliveryCount> Tables::CountDeliveries() const {
  std::map<std::pair<std::string, std::string>, DeliveryCount> counts;
  for (const auto& [key, row] : deliveries_) {
    DeliveryCount& count = counts[{row.webhook, row.status}];
    if (count.count == 0 || row.created_us < count.oldest_us) count.oldest_us = row.created_us;
    count = {row.webhook, row.status, count.count + 1, count.oldest_us};
  }
  std::vector<DeliveryCount> rows;
  for (auto& [name, count] : counts) rows.push_back(std::move(count));
  return rows;
}

std::int64_t Tables::DeleteOldDeliveries(std::int64_t now_us, int limit) {
  std::int64_t deleted = 0;
  for (auto at = deliveries_.begin(); at != deliveries_.end() && deleted < limit;) {
    const bool old = at->second.status != "pending" && at->second.due_us <= now_us;
    at = old ? deliveries_.erase(at) : std::next(at);
    deleted += old ? 1 : 0;
  }
  return deleted;
}

}  // namespace fermata::memory
