// What operators have paused: processes, which take no new starts, and connectors and operations, whose calls wait.
//
// Thread-safe. Kept in memory, each with its row in storage; shards ask at every call.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/storage/storage.h"

namespace fermata {

enum class PauseKind { kProcess, kConnector, kOperation };

// "process", "connector", "operation".
std::string_view PauseKindName(PauseKind kind);
std::optional<PauseKind> ParsePauseKind(std::string_view name);

struct Pause {
  PauseKind kind = PauseKind::kProcess;
  std::string name;  // of an operation: connector.operation
  std::string reason, by;
  std::int64_t since_us = 0;
};

class Pauses {
 public:
  // What storage has, and nothing else. Gives whether a pause of calls is not there any more.
  Result<bool> Load(Storage& storage);
  // The row that stands for it in storage; that of a pause that ends needs no bytes.
  static StandingOrderRow RowOf(const Pause& pause);

  void Put(Pause pause);
  void Drop(PauseKind kind, const std::string& name);

  bool none() const { return count_.load(std::memory_order_relaxed) == 0; }
  std::optional<Pause> Find(PauseKind kind, const std::string& name) const;
  std::vector<Pause> All() const;  // by kind and name
  // "connector.operation": paused by itself or with its connector.
  bool HoldsCallsOf(const std::string& operation) const;
  // The refusal of a start, if the process is paused.
  std::optional<Error> RefuseStart(const std::string& process) const;

 private:
  mutable std::shared_mutex mutex_;
  std::map<std::pair<PauseKind, std::string>, Pause> pauses_;
  std::atomic<std::size_t> count_{0};
};

}  // namespace fermata
