#include "engine/runtime/pauses.h"

#include <algorithm>
#include <array>

#include "engine/base/time.h"
#include "engine/model/json.h"
#include "engine/model/json_field.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"process", "connector", "operation"};
constexpr std::string_view kPauseOrders = "pause";

}  // namespace

std::string_view PauseKindName(PauseKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

std::optional<PauseKind> ParsePauseKind(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<PauseKind>(i);
  return std::nullopt;
}

StandingOrderRow Pauses::RowOf(const Pause& pause) {
  const Value bytes = Value::Object({{"pauses", Value::String(PauseKindName(pause.kind))},
                                     {"name", Value::String(pause.name)},
                                     {"reason", Value::String(pause.reason)},
                                     {"by", Value::String(pause.by)},
                                     {"since", Value::Int(pause.since_us)}});
  return {std::string(kPauseOrders), std::string(PauseKindName(pause.kind)) + "/" + pause.name, WriteJson(bytes)};
}

Result<bool> Pauses::Load(Storage& storage) {
  Result<std::vector<StandingOrderRow>> rows = storage.ReadStandingOrders(kPauseOrders);
  if (!rows.ok()) return rows.error();
  std::map<std::pair<PauseKind, std::string>, Pause> stored;
  for (const StandingOrderRow& row : *rows) {
    Result<Value> json = ParseJson(row.bytes);
    if (!json.ok()) return json.error();
    const std::optional<PauseKind> kind = ParsePauseKind(field::Text(*json, "pauses"));
    if (!kind) return Error{kCorruptMessage, "Expected a stored pause, but '" + row.id + "' cannot be read."};
    const std::string name = field::Text(*json, "name");
    stored[{*kind, name}] = {*kind, name, field::Text(*json, "reason"), field::Text(*json, "by"),
                             field::Integer(*json, "since")};
  }
  std::unique_lock lock(mutex_);
  const bool lets_go = std::any_of(pauses_.begin(), pauses_.end(), [&](const auto& before) {
    return before.first.first != PauseKind::kProcess && !stored.contains(before.first);
  });
  pauses_ = std::move(stored);
  count_ = pauses_.size();
  return lets_go;
}

void Pauses::Put(Pause pause) {
  std::unique_lock lock(mutex_);
  std::pair<PauseKind, std::string> key{pause.kind, pause.name};
  pauses_.insert_or_assign(std::move(key), std::move(pause));
  count_ = pauses_.size();
}

void Pauses::Drop(PauseKind kind, const std::string& name) {
  std::unique_lock lock(mutex_);
  pauses_.erase({kind, name});
  count_ = pauses_.size();
}

std::optional<Pause> Pauses::Find(PauseKind kind, const std::string& name) const {
  if (none()) return std::nullopt;
  std::shared_lock lock(mutex_);
  const auto found = pauses_.find({kind, name});
  if (found == pauses_.end()) return std::nullopt;
  return found->second;
}

std::vector<Pause> Pauses::All() const {
  std::shared_lock lock(mutex_);
  std::vector<Pause> all;
  for (const auto& [key, pause] : pauses_) all.push_back(pause);
  return all;
}

bool Pauses::HoldsCallsOf(const std::string& operation) const {
  if (none()) return false;
  std::shared_lock lock(mutex_);
  return pauses_.contains({PauseKind::kOperation, operation}) ||
         pauses_.contains({PauseKind::kConnector, operation.substr(0, operation.find('.'))});
}

std::optional<Error> Pauses::RefuseStart(const std::string& process) const {
  const std::optional<Pause> pause = Find(PauseKind::kProcess, process);
  if (!pause) return std::nullopt;
  return Error{kProcessPaused,
               "Expected a process that takes starts, but '" + process + "' is paused since " +
                   FormatTimestamp(FromMicros(pause->since_us)) + (pause->by.empty() ? "" : ", by " + pause->by) +
                   (pause->reason.empty() ? "." : ": " + pause->reason),
               "", "Send it again when the pause is over."};
}

}  // namespace fermata
