#include "engine/runtime/replay.h"

#include <algorithm>
#include <array>

#include "engine/codec/codec.h"
#include "engine/codec/codes.h"
#include "engine/core/apply.h"
#include "engine/model/json.h"
#include "engine/model/limits.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/tasks.h"
#include "engine/storage/codes.h"

namespace fermata {

Result<InstanceState> Rebuild(const StoredInstance& stored) {
  InstanceState state;
  if (stored.snapshot) {
    Result<InstanceState> decoded = DecodeSnapshot(stored.snapshot->bytes);
    if (!decoded.ok()) return decoded.error();
    state = std::move(*decoded);
  }
  state.id = stored.row.id;
  for (const JournalRow& row : stored.tail) {
    Result<std::vector<JournalEvent>> events = DecodeEvents(row.bytes);
    if (!events.ok()) return events.error();
    ApplyRow(state, *events);
  }
  return state;
}

bool IsUnreadable(const Error& error) {
  constexpr std::array kCodes = {kStoredTextMalformed, kStoredVersionUnknown, kSealingKeyMissing, kSealedRowUnreadable,
                                 kCorruptMessage};
  return std::find(kCodes.begin(), kCodes.end(), error.code) != kCodes.end();
}

bool HasSteadyStates(InstanceStatus status) {
  return status == InstanceStatus::kWaiting || status == InstanceStatus::kSuspended;
}

const ProcessError* ErrorOf(const InstanceState& state) {
  if (state.error) return &*state.error;
  const auto root = state.rollbacks.find(kRootActivation);
  if (root == state.rollbacks.end()) return nullptr;
  const Continuation& then = root->second.then;
  const bool fails = then.kind == Continuation::Kind::kFinish && then.status == InstanceStatus::kFailed;
  return fails ? &then.error.error : nullptr;
}

InstanceRow InstanceRowOf(const InstanceState& state) {
  InstanceRow row;
  row.id = state.id;
  row.tenant = state.tenant;
  row.process = state.process;
  row.version = state.version;
  row.definition_hash = state.definition_hash;
  row.key = state.key;
  row.status = StatusName(state.status);
  row.live = !IsFinal(state.status);
  if (HasSteadyStates(state.status)) row.states = ActiveStates(state);
  if (const ProcessError* error = ErrorOf(state)) row.error = error->name;
  row.open_incidents = static_cast<std::int64_t>(state.incidents.size());
  if (state.parent) row.parent = state.parent->instance;
  row.started_us = state.started_us;
  row.updated_us = state.updated_us;
  row.ended_us = state.ended_us;
  return row;
}

IncidentRow IncidentRowOf(const InstanceState& state, const OpenIncident& incident) {
  IncidentRow row;
  row.instance = state.id;
  row.number = incident.number;
  row.tenant = state.tenant;
  row.process = state.process;
  row.state = incident.state;
  row.error = incident.error.name;
  row.message = incident.error.message;
  row.opened_us = incident.opened_us;
  return row;
}

const StashedCommand* FindStashedAnswer(const InstanceState& state, ActivationId activation) {
  for (const auto& [number, stashed] : state.stash)
    if (const auto* answer = std::get_if<CompleteTask>(&stashed.command); answer && answer->activation == activation)
      return &stashed;
  return nullptr;
}

bool HasStashedAnswer(const InstanceState& state) {
  return std::any_of(state.stash.begin(), state.stash.end(),
                     [](const auto& stashed) { return std::holds_alternative<CompleteTask>(stashed.second.command); });
}

std::map<ActivationId, TaskRow> TaskRowsOf(const InstanceState& state) {
  std::map<ActivationId, TaskRow> rows;
  if (IsFinal(state.status)) return rows;
  for (const auto& [id, activation] : state.activations) {
    if (!activation.task || FindStashedAnswer(state, id) != nullptr) continue;
    const TaskState& task = *activation.task;
    TaskRow row;
    row.instance = state.id;
    row.activation = id;
    row.tenant = state.tenant;
    row.process = state.process;
    row.state = activation.state;
    row.role = task.role;
    row.user = task.user;
    if (task.due_us != 0) row.due_us = task.due_us;
    row.opened_us = activation.entered_us;
    row.bytes = EncodeTask(task, state.definition_hash);
    row.claimed = task.claimed;
    rows.emplace(id, std::move(row));
  }
  return rows;
}

std::map<std::string, std::string> SearchValuesOf(const Definition& definition, const InstanceState& state) {
  std::map<std::string, std::string> values;
  for (const std::string& name : definition.searchable) {
    const auto found = state.variables.find(name);
    if (found == state.variables.end()) continue;
    const Value& value = found->second;
    std::string text;
    if (value.is_string()) {
      text = value.as_string();
    } else if (!value.is_null() && !value.is_list() && !value.is_map()) {
      text = WriteJson(value);
    }
    if (text.size() > kKeyBytesMax) text.clear();
    values.emplace(name, std::move(text));
  }
  return values;
}

Status WalkInbox(Storage& storage, const ShardSet& shards, const std::function<void(InboxRow)>& visit) {
  Result<bool> walked = WalkInboxUntil(storage, shards, [&](InboxRow row) {
    visit(std::move(row));
    return true;
  });
  if (!walked.ok()) return walked.error();
  return Done{};
}

Result<bool> WalkInboxUntil(Storage& storage, const ShardSet& shards, const std::function<bool(InboxRow)>& visit) {
  constexpr int kInboxRowsAtOnce = 1'000;
  std::optional<InboxRow> last;
  while (true) {
    Result<std::vector<InboxRow>> page = storage.ReadInbox(shards, last, kInboxRowsAtOnce);
    if (!page.ok()) return page.error();
    if (page->empty()) return false;
    const bool last_page = page->size() < static_cast<std::size_t>(kInboxRowsAtOnce);
    last = page->back();
    last->bytes.clear();
    for (InboxRow& row : *page)
      if (!visit(std::move(row))) return true;
    if (last_page) return false;
  }
}

Status WalkJournal(Storage& storage, const InstanceId& id, std::int64_t after,
                   const std::function<bool(std::int64_t seq, const std::vector<JournalEvent>& events)>& visit) {
  constexpr int kRowsAtOnce = 256;
  while (true) {
    Result<std::vector<JournalRow>> rows = storage.ReadJournal(id, after, kRowsAtOnce);
    if (!rows.ok()) return rows.error();
    for (const JournalRow& row : *rows) {
      Result<std::vector<JournalEvent>> events = DecodeEvents(row.bytes);
      if (!events.ok()) return events.error();
      if (!visit(row.seq, *events)) return Done{};
      after = row.seq;
    }
    if (rows->size() < static_cast<std::size_t>(kRowsAtOnce)) return Done{};
  }
}

Status WalkJournalBack(Storage& storage, const InstanceId& id, std::int64_t last, std::int64_t limit,
                       const std::function<bool(std::int64_t seq, const std::vector<JournalEvent>& events)>& visit) {
  constexpr std::int64_t kBackAtOnce = 256;
  const std::int64_t first = std::max<std::int64_t>(last - limit, 0);
  while (last > first) {
    const std::int64_t before = std::max(last - kBackAtOnce, first);
    Result<std::vector<JournalRow>> rows = storage.ReadJournal(id, before, static_cast<int>(last - before));
    if (!rows.ok()) return rows.error();
    for (auto row = rows->rbegin(); row != rows->rend(); ++row) {
      Result<std::vector<JournalEvent>> events = DecodeEvents(row->bytes);
      if (!events.ok()) return events.error();
      if (!visit(row->seq, *events)) return Done{};
    }
    last = before;
  }
  return Done{};
}

std::vector<std::string> EnteredStates(const std::vector<JournalEvent>& events) {
  std::vector<std::string> states;
  for (const JournalEvent& event : events)
    if (const auto* entered = std::get_if<StateEntered>(&event.body);
        entered && entered->kind == ActivationKind::kState)
      states.push_back(entered->state);
  return states;
}

}  // namespace fermata
