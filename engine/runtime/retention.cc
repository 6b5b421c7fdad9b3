#include "engine/runtime/retention.h"

#include "engine/model/limits.h"

namespace fermata {

Result<Retention::Helping> Retention::Next(std::int64_t now_us, int limit) {
  if (at_ >= versions_.size()) BeginPass(now_us);
  for (; at_ < versions_.size(); ++at_) {
    const Definition& definition = *versions_[at_].definition;
    const std::int64_t keep_ms = definition.retention_ms.value_or(kRetentionDefaultMs);
    if (keep_ms > now_us / 1000) continue;
    EndedFilter filter{definition.process, definition.version, now_us - keep_ms * 1000};
    filter.limit = limit;
    const auto after = after_.find({definition.process, definition.version});
    if (after != after_.end()) filter.after = after->second;
    Result<std::vector<InstanceRow>> rows = storage_.ReadEndedInstances(filter);
    if (!rows.ok()) return rows.error();
    if (rows->empty()) continue;
    Result<std::vector<InstanceId>> over = WithoutParents(*rows);
    if (!over.ok()) return over.error();
    after_[{definition.process, definition.version}] = Place(rows->back().ended_us, rows->back().id);
    return Helping{*std::move(over), false};
  }
  return Helping{{}, true};
}

void Retention::BeginPass(std::int64_t now_us) {
  versions_ = definitions_.All();
  at_ = 0;
  if (now_us < again_us_) return;
  after_.clear();
  again_us_ = now_us + kAgainMs * 1000;
}

Result<std::vector<InstanceId>> Retention::WithoutParents(const std::vector<InstanceRow>& rows) {
  std::map<InstanceId, bool> is_there;
  std::vector<InstanceId> without;
  for (const InstanceRow& row : rows) {
    if (row.parent && !is_there.contains(*row.parent)) {
      Result<std::optional<StoredInstance>> parent = storage_.LoadInstance(*row.parent);
      if (!parent.ok()) return parent.error();
      is_there[*row.parent] = parent->has_value();
    }
    if (!row.parent || !is_there[*row.parent]) without.push_back(row.id);
  }
  return without;
}

}  // namespace fermata
