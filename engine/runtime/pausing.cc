// Pauses as the engine's commands: durable first, then in force.
#include <algorithm>

#include "engine/runtime/codes.h"
#include "engine/runtime/commit_now.h"
#include "engine/runtime/engine_impl.h"

namespace fermata {
namespace {

constexpr int kPauseLane = 1'003;  // beside the shards' own

// Whether a version of the process, or any manifest, is known by this name.
bool IsKnown(const std::vector<ConnectorInfo>& connectors, const Pause& pause) {
  const std::string connector = pause.name.substr(0, pause.name.find('.'));
  return std::any_of(connectors.begin(), connectors.end(), [&](const ConnectorInfo& info) {
    if (info.manifest->connector != connector) return false;
    return pause.kind == PauseKind::kConnector
               ? pause.name == connector
               : pause.name.size() > connector.size() &&
                     info.manifest->Find(std::string_view(pause.name).substr(connector.size() + 1)) != nullptr;
  });
}

}  // namespace

Result<Pause> EngineImpl::SetPause(Pause pause) {
  const std::string kind(PauseKindName(pause.kind));
  const bool known = pause.kind == PauseKind::kProcess ? definitions_.Live(pause.name) != nullptr
                                                       : IsKnown(definitions_.Connectors(), pause);
  if (!known && pause.kind == PauseKind::kProcess) return UnknownDefinition(pause.name, "");
  if (!known)
    return Error{kUnknownPause, "Expected a known " + kind + ", but none is called '" + pause.name + "'.", "",
                 "GET /v1/connectors tells which there are."};
  std::lock_guard lock(pause_mutex_);
  // Again is no new pause: when it began stays.
  const std::optional<Pause> there = pauses_.Find(pause.kind, pause.name);
  pause.since_us = there ? there->since_us : clock_.NowUs();
  Batch batch;
  batch.standing_orders.push_back(Pauses::RowOf(pause));
  if (Status committed = CommitNow(storage_, kPauseLane, std::move(batch)); !committed.ok()) return committed.error();
  pauses_.Put(pause);
  AwaitOthers();
  return pause;
}

Result<Pause> EngineImpl::FindPause(PauseKind kind, const std::string& name) {
  std::optional<Pause> pause = pauses_.Find(kind, name);
  if (pause) return *std::move(pause);
  return Error{kUnknownPause,
               "Expected a " + std::string(PauseKindName(kind)) + " that is paused, but '" + name + "' is not."};
}

std::vector<Pause> EngineImpl::AllPauses() { return pauses_.All(); }

Result<Pause> EngineImpl::EndPause(PauseKind kind, const std::string& name) {
  std::lock_guard lock(pause_mutex_);
  Result<Pause> pause = FindPause(kind, name);
  if (!pause.ok()) return pause;
  Batch batch;
  batch.standing_orders_deleted.push_back(Pauses::RowOf(*pause));
  if (Status committed = CommitNow(storage_, kPauseLane, std::move(batch)); !committed.ok()) return committed.error();
  pauses_.Drop(kind, name);
  if (kind != PauseKind::kProcess) LetPausedGo();
  AwaitOthers();
  return pause;
}

void EngineImpl::LetPausedGo() {
  for (auto& shard : shards_) shard->PostInternal(PauseOver{});
  AnythingAvailable();  // workers that wait may fetch
}

}  // namespace fermata
