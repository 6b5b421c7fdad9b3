// What the engine shows: rows and journals read in the caller's thread. Nothing here enters a shard.
#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/codec/codec.h"
#include "engine/core/decide.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/engine_impl.h"
#include "engine/runtime/replay.h"

namespace fermata {
namespace {

InstanceSummary SummaryOf(const InstanceRow& row) {
  return {row.id,    row.process,        row.version, row.key,        row.status,     row.states,
          row.error, row.open_incidents, row.parent,  row.started_us, row.updated_us, row.ended_us};
}

IncidentView ViewOf(const IncidentRow& row) {
  return {row.instance, row.number, row.process,   row.state,    row.error,
          row.message,  row.open,   row.opened_us, row.closed_us};
}

std::vector<std::string> StatesOf(const InstanceState& state) {
  return IsFinal(state.status) ? std::vector<std::string>() : ActiveStates(state);
}

Error BadCursor(const std::string& cursor) {
  return Error{kInvalidCursor, "Expected a cursor as an earlier page gave it, but got '" + cursor + "'."};
}

// "<number>-<instance id>".
std::string MakeCursor(std::int64_t number, const InstanceId& id) {
  return std::to_string(number) + "-" + id.ToString();
}

std::optional<std::int64_t> ParseNumber(std::string_view text) {
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::pair<std::int64_t, InstanceId>> ParseCursor(const std::string& cursor) {
  std::size_t dash = cursor.rfind('-');
  if (dash == std::string::npos) return std::nullopt;
  std::optional<std::int64_t> number = ParseNumber(std::string_view(cursor).substr(0, dash));
  std::optional<InstanceId> id = InstanceId::Parse(std::string_view(cursor).substr(dash + 1));
  if (!number || !id) return std::nullopt;
  return std::make_pair(*number, *id);
}

}  // namespace

Result<InstanceState> EngineImpl::LoadState(const InstanceId& id) {
  Result<std::optional<StoredInstance>> stored = storage_.LoadInstance(id);
  if (!stored.ok()) return stored.error();
  if (!stored->has_value())
    return Error{kUnknownInstance, "Expected the id of an instance, but none is called '" + id.ToString() + "'."};
  return Rebuild(**stored);
}

Result<InstanceView> EngineImpl::Get(const InstanceId& id) {
  Result<InstanceState> state = LoadState(id);
  if (!state.ok()) return state.error();
  InstanceView view;
  view.summary = SummaryOf(InstanceRowOf(*state));
  view.summary.states = StatesOf(*state);
  view.input = state->input;
  std::vector<MapEntry> variables;
  for (const auto& [name, value] : state->variables) variables.emplace_back(Value::String(name), value);
  view.variables = Value::Map(std::move(variables));
  view.output = state->output;
  view.error = state->error;
  for (const OpenIncident& incident : OpenIncidents(*state))
    view.incidents.push_back(ViewOf(IncidentRowOf(*state, incident)));
  return view;
}

Status EngineImpl::CheckMigration(const InstanceId& id, const std::string& version) {
  Result<InstanceState> state = LoadState(id);
  if (!state.ok()) return state.error();
  const DefinitionPtr from = definitions_.FindByHash(state->process, state->definition_hash);
  const DefinitionPtr target = definitions_.Find(state->process, version);
  if (!from || !target)
    return Error{kUnknownVersion,
                 "Expected a deployed version of '" + state->process + "', but " + version + " is none."};
  return fermata::CheckMigration(*from, *state, *target, clock_.NowUs());
}

// A row with the states and status of this moment.
Result<InstanceSummary> EngineImpl::Refresh(const InstanceRow& row) {
  InstanceSummary summary = SummaryOf(row);
  std::optional<InstanceStatus> status = ParseStatus(row.status);
  if (!row.live || (status && HasSteadyStates(*status))) return summary;
  Result<InstanceState> state = LoadState(row.id);
  if (!state.ok() && state.error().code == kUnknownInstance) return summary;
  if (!state.ok()) return state.error();
  summary = SummaryOf(InstanceRowOf(*state));
  summary.states = StatesOf(*state);
  return summary;
}

Result<Page<InstanceSummary>> EngineImpl::List(const InstanceQuery& query) {
  InstanceFilter filter = query.filter;
  if (!query.cursor.empty()) {
    filter.before = ParseCursor(query.cursor);
    if (!filter.before) return BadCursor(query.cursor);
  }
  // Rows of running instances do not tell their states, so these are looked at one by one.
  std::optional<std::string> wanted = std::exchange(filter.state, std::nullopt);
  if (wanted) {
    filter.live = true;
    filter.limit = kPageItemsMax;
  }
  Page<InstanceSummary> page;
  while (true) {
    Result<std::vector<InstanceRow>> rows = storage_.ListInstances(filter);
    if (!rows.ok()) return rows.error();
    for (const InstanceRow& row : *rows) {
      Result<InstanceSummary> summary = Refresh(row);
      if (!summary.ok()) return summary.error();
      if (wanted && std::find(summary->states.begin(), summary->states.end(), *wanted) == summary->states.end())
        continue;
      page.items.push_back(std::move(*summary));
      if (static_cast<int>(page.items.size()) < query.filter.limit) continue;
      page.next_cursor = MakeCursor(row.started_us, row.id);
      return page;
    }
    if (static_cast<int>(rows->size()) < filter.limit) return page;
    filter.before = std::make_pair(rows->back().started_us, rows->back().id);
  }
}

Result<Page<HistoryEntry>> EngineImpl::History(const InstanceId& id, const std::string& cursor, int limit) {
  std::int64_t after = 0;
  if (!cursor.empty()) {
    std::optional<std::int64_t> number = ParseNumber(cursor);
    if (!number) return BadCursor(cursor);
    after = *number;
  }
  Result<std::vector<JournalRow>> rows = storage_.ReadJournal(id, after, limit);
  if (!rows.ok()) return rows.error();
  if (rows->empty() && after == 0)
    return Error{kUnknownInstance, "Expected the id of an instance, but none is called '" + id.ToString() + "'."};
  Page<HistoryEntry> page;
  for (const JournalRow& row : *rows) {
    Result<std::vector<JournalEvent>> events = DecodeEvents(row.bytes);
    if (!events.ok()) return events.error();
    for (const JournalEvent& event : *events) page.items.push_back({row.seq, row.time_us, DescribeEvent(event)});
  }
  if (static_cast<int>(rows->size()) == limit) page.next_cursor = std::to_string(rows->back().seq);
  return page;
}

Result<Page<IncidentView>> EngineImpl::Incidents(const IncidentQuery& query) {
  IncidentFilter filter = query.filter;
  if (!query.cursor.empty()) {
    auto cursor = ParseCursor(query.cursor);
    if (!cursor) return BadCursor(query.cursor);
    filter.after = std::make_pair(cursor->second, cursor->first);
  }
  Result<std::vector<IncidentRow>> rows = storage_.ListIncidents(filter);
  if (!rows.ok()) return rows.error();
  Page<IncidentView> page;
  for (const IncidentRow& row : *rows) page.items.push_back(ViewOf(row));
  if (static_cast<int>(rows->size()) == filter.limit && !rows->empty())
    page.next_cursor = MakeCursor(rows->back().number, rows->back().instance);
  return page;
}

Result<bool> EngineImpl::EverEntered(const InstanceId& id, const std::string& state) {
  constexpr int kRowsAtOnce = 256;
  std::int64_t after = 0;
  while (true) {
    Result<std::vector<JournalRow>> rows = storage_.ReadJournal(id, after, kRowsAtOnce);
    if (!rows.ok()) return rows.error();
    for (const JournalRow& row : *rows) {
      Result<std::vector<JournalEvent>> events = DecodeEvents(row.bytes);
      if (!events.ok()) return events.error();
      for (const std::string& entered : EnteredStates(*events))
        if (entered == state) return true;
      after = row.seq;
    }
    if (rows->size() < static_cast<std::size_t>(kRowsAtOnce)) return false;
  }
}

void EngineImpl::WhenReached(const InstanceId& id, std::string until, std::int64_t timeout_ms,
                             std::function<void(bool)> callback) {
  std::int64_t waiter = waiters_.Add(id, until, timeout_ms, std::move(callback));
  Result<InstanceState> state = LoadState(id);
  if (!state.ok()) return waiters_.Finish(waiter, false);
  Progress progress{id, std::string(StatusName(state->status)), IsFinal(state->status), ActiveStates(*state)};
  if (Waiters::Reached(progress, until)) return waiters_.Finish(waiter, true);
  if (until.empty() || ParseStatus(until)) return;
  if (Result<bool> entered = EverEntered(id, until); entered.ok() && *entered) waiters_.Finish(waiter, true);
}

}  // namespace fermata
