#include "engine/runtime/instance_cache.h"

#include "engine/base/assert.h"

namespace fermata {

CachedInstance* InstanceCache::Find(const InstanceId& id) {
  auto found = instances_.find(id);
  if (found == instances_.end()) return nullptr;
  by_use_.splice(by_use_.begin(), by_use_, found->second->place);
  return found->second.get();
}

CachedInstance& InstanceCache::Insert(std::unique_ptr<CachedInstance> instance) {
  InstanceId id = instance->state.id;
  by_use_.push_front(id);
  instance->place = by_use_.begin();
  auto [place, inserted] = instances_.emplace(id, std::move(instance));
  FERMATA_ASSERT(inserted);
  return *place->second;
}

void InstanceCache::Drop(const InstanceId& id) {
  auto found = instances_.find(id);
  if (found == instances_.end()) return;
  by_use_.erase(found->second->place);
  instances_.erase(found);
}

void InstanceCache::Clear() {
  instances_.clear();
  by_use_.clear();
}

void InstanceCache::Trim(std::size_t instances_max) {
  auto candidate = by_use_.end();
  while (instances_.size() > instances_max && candidate != by_use_.begin()) {
    --candidate;
    auto found = instances_.find(*candidate);
    if (found->second->pins > 0) continue;
    candidate = by_use_.erase(candidate);
    instances_.erase(found);
  }
}

}  // namespace fermata
