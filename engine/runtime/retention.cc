#include "engine/runtime/retention.h"

#include "engine/model/limits.h"

namespace fermata {

bool Retention::IsOver(const InstanceRow& row, std::int64_t now_us) const {
  if (row.live) return false;
  const DefinitionPtr definition = definitions_.FindByHash(row.process, row.definition_hash);
  const std::int64_t keep_ms =
      definition ? definition->retention_ms.value_or(kRetentionDefaultMs) : kRetentionDefaultMs;
  return keep_ms <= (now_us - row.ended_us) / 1000;
}

Result<std::vector<InstanceId>> Retention::Next(std::int64_t now_us, int limit) {
  Result<std::vector<InstanceRow>> rows = storage_.ReadInstances(place_, limit);
  if (!rows.ok()) return rows.error();
  std::vector<InstanceId> over;
  for (const InstanceRow& row : *rows) {
    if (!IsOver(row, now_us)) continue;
    if (row.parent) {
      Result<std::optional<StoredInstance>> parent = storage_.LoadInstance(*row.parent);
      if (!parent.ok()) return parent.error();
      if (parent->has_value()) continue;
    }
    over.push_back(row.id);
  }
  place_ = static_cast<int>(rows->size()) < limit ? InstanceId() : rows->back().id;
  return over;
}

}  // namespace fermata
