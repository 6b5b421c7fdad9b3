// Under which keys the tables keep rows, and how their counters grow; see tables.h. Pure.
#pragma once

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "engine/storage/storage.h"

namespace fermata::memory {

template <class... Text>
std::vector<std::string> MakeWords(const Text&... text) {
  return {std::string(text)...};
}

inline std::tuple<std::int64_t, InstanceId, std::int64_t, std::int64_t> KeyOf(const TimerRow& row) {
  return {row.due_us, row.instance, row.activation, row.slot};
}

inline std::tuple<std::vector<std::string>, InstanceId, std::int64_t> KeyOf(const SubscriptionRow& row) {
  return {MakeWords(row.tenant, row.type, row.value), row.instance, row.activation};
}

inline std::tuple<InstanceId, std::int64_t, std::int64_t> KeyOf(const InboxRow& row) {
  return {row.sender, row.seq, row.index};
}

inline std::tuple<std::vector<std::string>, std::string, std::int64_t> KeyOf(const KeptEventRow& row) {
  return {MakeWords(row.tenant, row.value), row.process, row.order};
}

inline void Raise(std::int64_t& counter, std::int64_t value) { counter = std::max(counter, value); }

}  // namespace fermata::memory
