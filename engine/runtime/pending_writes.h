// Rows that are decided but not yet durable, laid over what storage says.
//
// A shard decides ahead of its commits, so a read of storage may or may not show its newest rows. Puts and deletes are idempotent:
// merging them over any read gives the state that the next decision must see.
//
// Not thread-safe: belongs to one shard.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace fermata {

// `Row` has an operator-free identity given by `identity` (a text, unique within the group that queries ask for).
template <class Row>
class PendingWrites {
 public:
  void Put(std::int64_t batch, const std::string& group, std::string identity, Row row) {
    Add(batch, group, std::move(identity), std::move(row));
  }
  void Delete(std::int64_t batch, const std::string& group, std::string identity) {
    Add(batch, group, std::move(identity), std::nullopt);
  }

  // Changes `rows`, as read from storage, into what they will be. `identity_of(row)` gives each row's identity.
  template <class IdentityOf>
  void Merge(const std::string& group, std::vector<Row>& rows, IdentityOf identity_of) const {
    auto found = groups_.find(group);
    if (found == groups_.end()) return;
    for (const Entry& entry : found->second) {
      auto same =
          std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return identity_of(row) == entry.identity; });
      if (!entry.row) {
        if (same != rows.end()) rows.erase(same);
      } else if (same != rows.end()) {
        *same = *entry.row;
      } else {
        rows.push_back(*entry.row);
      }
    }
  }

  // The batch is durable: storage shows its rows now.
  void Release(std::int64_t batch) {
    while (!order_.empty() && order_.front().first <= batch) {
      auto group = groups_.find(order_.front().second);
      group->second.pop_front();
      if (group->second.empty()) groups_.erase(group);
      order_.pop_front();
    }
  }

  void Clear() {
    groups_.clear();
    order_.clear();
  }

 private:
  struct Entry {
    std::string identity;
    std::optional<Row> row;  // nullopt = deleted
  };

  void Add(std::int64_t batch, const std::string& group, std::string identity, std::optional<Row> row) {
    groups_[group].push_back({std::move(identity), std::move(row)});
    order_.emplace_back(batch, group);
  }

  // Batches only grow, so each group's entries and the order of all are oldest first.
  std::unordered_map<std::string, std::deque<Entry>> groups_;
  std::deque<std::pair<std::int64_t, std::string>> order_;
};

}  // namespace fermata
