// What the engine shows: rows and journals read in the caller's thread. Nothing here enters a shard.
#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "engine/codec/codec.h"
#include "engine/codec/history_teller.h"
#include "engine/core/decide.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/engine_impl.h"
#include "engine/runtime/replay.h"
#include "engine/runtime/row_views.h"
#include "engine/runtime/shards.h"

namespace fermata {
namespace {

std::vector<std::string> StatesOf(const InstanceState& state) {
  return IsFinal(state.status) ? std::vector<std::string>() : ActiveStates(state);
}

// Rows before a page that are read for the names in it.
constexpr std::int64_t kHistoryLookBack = 1'000;

Error BadCursor(const std::string& cursor) {
  return Error{kInvalidCursor, "Expected a cursor as an earlier page gave it, but got '" + cursor + "'."};
}

// "<number>-<instance id>".
std::string InstanceCursor(std::int64_t number, const InstanceId& id) {
  return std::to_string(number) + "-" + id.ToString();
}

std::optional<std::int64_t> ParseNumber(std::string_view text) {
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::pair<std::int64_t, InstanceId>> ParseInstanceCursor(const std::string& cursor) {
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

Result<InstanceOwner> EngineImpl::FindOwner(const InstanceId& id) {
  // No shard, no row: a database would refuse to look there.
  if (!HasShard(id.shard(), shard_count_))
    return Error{kUnknownInstance, "Expected the id of an instance, but none is called '" + id.ToString() + "'."};
  Result<InstanceState> state = LoadState(id);
  if (!state.ok()) return state.error();
  return InstanceOwner{state->tenant, state->process};
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
  if (const ProcessError* error = ErrorOf(*state)) view.error = *error;
  for (const OpenIncident& incident : OpenIncidents(*state))
    view.incidents.push_back(ViewOf(IncidentRowOf(*state, incident)));
  return view;
}

// A row with the states and status of this moment.
Result<InstanceSummary> EngineImpl::Refresh(const InstanceRow& row) {
  InstanceSummary summary = SummaryOf(row);
  std::optional<InstanceStatus> status = ParseStatus(row.status);
  if (!row.live || (status && HasSteadyStates(*status))) return summary;
  Result<InstanceState> state = LoadState(row.id);
  // Gone meanwhile; or its journal cannot be read, and who lists the others needs it to stand among them.
  if (!state.ok() && (state.error().code == kUnknownInstance || IsUnreadable(state.error()))) return summary;
  if (!state.ok()) return state.error();
  summary = SummaryOf(InstanceRowOf(*state));
  summary.states = StatesOf(*state);
  return summary;
}

Result<Page<InstanceSummary>> EngineImpl::List(const InstanceQuery& query) {
  InstanceFilter filter = query.filter;
  if (!query.cursor.empty()) {
    filter.before = ParseInstanceCursor(query.cursor);
    if (!filter.before) return BadCursor(query.cursor);
  }
  // Rows of running instances do not tell their states, so these are looked at one by one.
  std::optional<std::string> wanted = std::exchange(filter.state, std::nullopt);
  filter.limit = wanted ? kPageItemsMax : filter.limit + 1;
  if (wanted) filter.live = true;
  Page<InstanceSummary> page;
  while (true) {
    Result<std::vector<InstanceRow>> rows = storage_.ListInstances(filter);
    if (!rows.ok()) return rows.error();
    for (const InstanceRow& row : *rows) {
      Result<InstanceSummary> summary = Refresh(row);
      if (!summary.ok()) return summary.error();
      if (wanted && std::find(summary->states.begin(), summary->states.end(), *wanted) == summary->states.end())
        continue;
      if (static_cast<int>(page.items.size()) == query.filter.limit) {  // one more: there is another page
        page.next_cursor = InstanceCursor(page.items.back().started_us, page.items.back().id);
        return page;
      }
      page.items.push_back(std::move(*summary));
    }
    if (static_cast<int>(rows->size()) < filter.limit) return page;
    filter.before = std::make_pair(rows->back().started_us, rows->back().id);
  }
}

Result<Page<HistoryEntry>> EngineImpl::History(const InstanceId& id, const std::string& cursor, int limit) {
  std::int64_t after = 0;
  if (!cursor.empty()) {
    std::optional<std::int64_t> number = ParseNumber(cursor);
    if (!number || *number < 1) return BadCursor(cursor);
    after = *number;
  }
  Result<std::vector<JournalRow>> rows = storage_.ReadJournal(id, after, limit + 1);
  if (!rows.ok()) return rows.error();
  const bool more = CutToPage(*rows, limit);
  if (rows->empty() && after == 0)
    return Error{kUnknownInstance, "Expected the id of an instance, but none is called '" + id.ToString() + "'."};
  HistoryTeller teller;
  const auto tell = [&](std::int64_t seq, const std::vector<JournalEvent>& events) {
    for (const JournalEvent& event : events) teller.Tell(event);
    return seq < after;
  };
  if (after > 0)
    if (Status read = WalkJournal(storage_, id, std::max<std::int64_t>(after - kHistoryLookBack, 0), tell); !read.ok())
      return read.error();
  Page<HistoryEntry> page;
  for (const JournalRow& row : *rows) {
    Result<std::vector<JournalEvent>> events = DecodeEvents(row.bytes);
    if (!events.ok()) return events.error();
    for (const JournalEvent& event : *events)
      page.items.push_back({row.seq, row.time_us, teller.Tell(event), DescribeEvent(event)});
  }
  if (more) page.next_cursor = std::to_string(rows->back().seq);
  return page;
}

Result<std::vector<IncidentCount>> EngineImpl::CountIncidents() { return storage_.CountIncidents(kIncidentSeriesMax); }

Result<Page<IncidentView>> EngineImpl::Incidents(const IncidentQuery& query) {
  IncidentFilter filter = query.filter;
  if (!query.cursor.empty()) {
    auto cursor = ParseInstanceCursor(query.cursor);
    if (!cursor) return BadCursor(query.cursor);
    filter.after = std::make_pair(cursor->second, cursor->first);
  }
  ++filter.limit;  // one more tells whether there is another page
  Result<std::vector<IncidentRow>> rows = storage_.ListIncidents(filter);
  if (!rows.ok()) return rows.error();
  const bool more = CutToPage(*rows, query.filter.limit);
  Page<IncidentView> page;
  for (const IncidentRow& row : *rows) page.items.push_back(ViewOf(row));
  if (more) page.next_cursor = InstanceCursor(rows->back().number, rows->back().instance);
  return page;
}

Result<IncidentView> EngineImpl::FindIncident(const InstanceId& instance, IncidentNumber number) {
  IncidentView view;
  view.instance = instance;
  view.number = number;
  bool found = false;
  struct Call {
    std::string operation;
    std::int64_t attempt = 0;
  };
  std::map<JobId, Call> calls;  // as they were when the incident was opened
  const auto note = [&](const JournalEvent& event) {
    if (const auto* started = std::get_if<InstanceStarted>(&event.body)) view.process = started->process;
    if (const auto* job = std::get_if<JobStarted>(&event.body)) calls[{job->activation, false}] = {job->operation, 1};
    if (const auto* undo = std::get_if<UndoRegistered>(&event.body))
      calls[{undo->record.activation, true}] = {undo->record.operation, 0};
    if (const auto* failed = std::get_if<JobFailed>(&event.body)) calls[failed->job].attempt = failed->attempt;
    if (const auto* opened = std::get_if<IncidentOpened>(&event.body); opened && opened->incident.number == number) {
      found = true;
      view.state = opened->incident.state;
      view.error = opened->incident.error.name;
      view.message = opened->incident.error.message;
      view.opened_us = event.at_us;
      view.data = opened->incident.error.data;
      const IncidentKind kind = opened->incident.kind;
      const auto call = calls.find({opened->incident.activation, kind == IncidentKind::kUndo});
      const bool of_call = kind == IncidentKind::kWork || kind == IncidentKind::kLeftJob || kind == IncidentKind::kUndo;
      if (of_call && call != calls.end()) {
        view.operation = call->second.operation;
        view.attempt = call->second.attempt;
      }
    }
    if (const auto* closed = std::get_if<IncidentClosed>(&event.body); closed && closed->number == number) {
      view.open = false;
      view.closed_us = event.at_us;
      view.closed_how = closed->how;
      view.closed_by = closed->by;
      view.closed_reason = closed->reason;
    }
  };
  Status read = WalkJournal(storage_, instance, 0, [&](std::int64_t, const std::vector<JournalEvent>& events) {
    for (const JournalEvent& event : events) note(event);
    return view.open;
  });
  if (!read.ok()) return read.error();
  if (found) return view;
  return Error{kUnknownIncident, "Expected the id of an incident, but none is called '" + instance.ToString() + "-" +
                                     std::to_string(number) + "'."};
}

Result<bool> EngineImpl::EverEntered(const InstanceId& id, const std::string& state) {
  bool entered = false;
  Status read = WalkJournal(storage_, id, 0, [&](std::int64_t, const std::vector<JournalEvent>& events) {
    const std::vector<std::string> states = EnteredStates(events);
    entered = std::find(states.begin(), states.end(), state) != states.end();
    return !entered;
  });
  if (!read.ok()) return read.error();
  return entered;
}

void EngineImpl::WhenReached(const InstanceId& id, std::string until, std::int64_t timeout_ms,
                             std::function<void(bool)> callback) {
  const std::int64_t waiter = waiters_.Add(id, until, timeout_ms, std::move(callback));
  Result<bool> reached = HasReached(id, until);
  if (!reached.ok() || *reached) waiters_.Finish(waiter, reached.ok());
}

// As storage has it. Fails if there is no such instance.
Result<bool> EngineImpl::HasReached(const InstanceId& id, const std::string& until) {
  Result<InstanceState> state = LoadState(id);
  if (!state.ok()) return state.error();
  Progress progress{id, std::string(StatusName(state->status)), IsFinal(state->status), ActiveStates(*state)};
  if (Waiters::Reached(progress, until)) return true;
  if (until.empty() || ParseStatus(until)) return false;
  Result<bool> entered = EverEntered(id, until);
  return entered.ok() && *entered;
}

}  // namespace fermata
