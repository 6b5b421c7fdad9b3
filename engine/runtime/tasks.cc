#include "engine/runtime/tasks.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <utility>

#include "engine/codec/codec.h"
#include "engine/model/json.h"
#include "engine/model/json_field.h"
#include "engine/model/limits.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/engine_impl.h"
#include "engine/runtime/replay.h"
#include "engine/runtime/shards.h"

namespace fermata {
namespace {

constexpr std::int64_t kNoDue = std::numeric_limits<std::int64_t>::max();

Error UnknownTask(const InstanceId& instance, ActivationId activation) {
  return Error{kUnknownTask, "Expected the id of a task, but none is called '" + instance.ToString() + "-" +
                                 std::to_string(activation) + "'."};
}

void Fill(TaskView& view, const TaskState& task) {
  view.title = task.title;
  view.data = task.data;
  view.outcomes = task.outcomes;
  view.role = task.role;
  view.user = task.user;
  view.due_us = task.due_us;
  view.reminded = task.reminded;
  view.claimed = task.claimed;
  view.comments = task.comments;
}

void Close(TaskView& view, std::int64_t at_us, const std::string& how, const std::string& by) {
  view.open = false;
  view.closed_us = at_us;
  view.closed_how = how;
  view.closed_by = by;
}

// How it ended, with the answer as the process got it. Its state is left after its work is done.
void NoteEnd(TaskView& view, const JournalEvent& event) {
  const auto* done = std::get_if<WorkCompleted>(&event.body);
  if (done && done->activation == view.activation) {
    Close(view, event.at_us, done->skipped ? "skipped" : "answered", done->by);
    const Value* outcome = done->output.is_map() ? done->output.Find("outcome") : nullptr;
    if (outcome && outcome->is_string()) view.outcome = std::string(outcome->as_string());
    if (const Value* data = done->output.is_map() ? done->output.Find("data") : nullptr) view.answer = *data;
  }
  const auto* exited = std::get_if<StateExited>(&event.body);
  if (exited && exited->activation == view.activation && view.closed_us == 0) Close(view, event.at_us, "left", "");
}

// What happened to a task after it was opened, as its state would have it.
void FollowTask(TaskView& view, const JournalEvent& event) {
  if (const auto* claimed = std::get_if<TaskClaimed>(&event.body); claimed && claimed->activation == view.activation)
    view.claimed = claimed->by;
  if (const auto* left = std::get_if<TaskReleased>(&event.body); left && left->activation == view.activation)
    view.claimed.clear();
  if (const auto* given = std::get_if<TaskAssigned>(&event.body); given && given->activation == view.activation) {
    view.role = given->role;
    view.user = given->user;
    view.claimed.clear();
  }
  if (const auto* said = std::get_if<TaskCommented>(&event.body); said && said->activation == view.activation)
    view.comments += 1;
  if (const auto* told = std::get_if<TaskReminded>(&event.body); told && told->activation == view.activation)
    view.reminded += 1;
}

// As the instance's state has it; false: it is no open task of it. An answer that waits for the end of a suspension has closed it.
bool FillFromState(TaskView& view, const InstanceState& state) {
  const Activation* there = state.Find(view.activation);
  if (!there || !there->task || IsFinal(state.status)) return false;
  view.state = there->state;
  view.opened_us = there->entered_us;
  Fill(view, *there->task);
  if (const StashedCommand* stashed = FindStashedAnswer(state, view.activation)) {
    const auto& answer = std::get<CompleteTask>(stashed->command);
    Close(view, stashed->time_us, "answered", answer.by);
    view.outcome = answer.outcome;
    view.answer = answer.data;
  }
  return true;
}

// The activation that an event is about; 0 if it is about none.
ActivationId ActivationOf(const JournalEvent& event) {
  return std::visit(
      [](const auto& body) -> ActivationId {
        if constexpr (requires { ActivationId{body.activation}; }) return body.activation;
        return 0;
      },
      event.body);
}

// All tasks that the events tell of, by activation.
class TaskList {
 public:
  TaskList(const InstanceId& instance, std::string process) : instance_(instance), process_(std::move(process)) {}

  void Follow(const JournalEvent& event) {
    const ActivationId activation = ActivationOf(event);
    if (const auto* entered = std::get_if<StateEntered>(&event.body)) states_[activation] = entered->state;
    if (const auto* opened = std::get_if<TaskOpened>(&event.body)) {
      TaskView& view = tasks_[activation];
      view.instance = instance_;
      view.activation = activation;
      view.process = process_;
      view.state = states_[activation];
      view.opened_us = event.at_us;
      Fill(view, opened->task);
    }
    if (const auto found = tasks_.find(activation); found != tasks_.end()) {
      FollowTask(found->second, event);
      NoteEnd(found->second, event);
    }
    if (std::holds_alternative<StateExited>(event.body)) states_.erase(activation);
    if (std::holds_alternative<InstanceEnded>(event.body))
      for (auto& [id, view] : tasks_)
        if (view.open) Close(view, event.at_us, "left", "");
  }
  // Those that were opened before what was followed.
  void AddOpen(const InstanceState& state) {
    for (const auto& [id, activation] : state.activations) {
      TaskView view;
      view.instance = instance_;
      view.process = process_;
      view.activation = id;
      if (FillFromState(view, state)) tasks_.try_emplace(id, std::move(view));
    }
  }
  std::map<ActivationId, TaskView>& tasks() { return tasks_; }

 private:
  const InstanceId instance_;
  const std::string process_;
  std::map<ActivationId, std::string> states_;  // those that are active
  std::map<ActivationId, TaskView> tasks_;
};

// "<due>_<activation>-<instance>".
std::string TaskCursor(const TaskRow& row) {
  return std::to_string(row.due_us) + "_" + std::to_string(row.activation) + "-" + row.instance.ToString();
}

std::optional<TaskPlace> ParseTaskCursor(std::string_view cursor) {
  TaskPlace place;
  const char* end = cursor.data() + cursor.size();
  const auto due = std::from_chars(cursor.data(), end, place.due_us);
  if (due.ec != std::errc() || due.ptr == end || *due.ptr != '_') return std::nullopt;
  const auto activation = std::from_chars(due.ptr + 1, end, place.activation);
  if (activation.ec != std::errc() || activation.ptr == end || *activation.ptr != '-') return std::nullopt;
  const std::optional<InstanceId> id =
      InstanceId::Parse(std::string_view(activation.ptr + 1, static_cast<std::size_t>(end - activation.ptr - 1)));
  if (!id) return std::nullopt;
  place.instance = *id;
  return place;
}

}  // namespace

std::string EncodeTask(const TaskState& task, const std::string& definition_hash) {
  return WriteJson(Value::Object({{"title", Value::String(task.title)},
                                  {"data", task.data},
                                  {"outcomes", field::ListOf(task.outcomes)},
                                  {"reminded", Value::Int(task.reminded)},
                                  {"comments", Value::Int(task.comments)},
                                  {"definition", Value::String(definition_hash)}}));
}

Result<StoredTask> DecodeTask(std::string_view bytes) {
  Result<Value> json = ParseJson(bytes);
  if (!json.ok()) return json.error();
  const auto field = [&](std::string_view name, ValueKind kind) {
    const Value* value = json->Find(name);
    return value && value->kind() == kind ? value : nullptr;
  };
  const Value* title = field("title", ValueKind::kString);
  const Value* outcomes = field("outcomes", ValueKind::kList);
  const Value* reminded = field("reminded", ValueKind::kInt);
  const Value* definition = field("definition", ValueKind::kString);
  if (!title || !outcomes || !reminded || !definition)
    return Error{kCorruptMessage, "Expected a task, but its row has something else."};
  StoredTask stored;
  stored.task.title = title->as_string();
  if (const Value* data = json->Find("data")) stored.task.data = *data;
  for (const Value& outcome : outcomes->as_list())
    if (outcome.is_string()) stored.task.outcomes.emplace_back(outcome.as_string());
  stored.task.reminded = reminded->as_int();
  if (const Value* comments = field("comments", ValueKind::kInt)) stored.task.comments = comments->as_int();
  stored.definition_hash = definition->as_string();
  return stored;
}

void EngineImpl::FillFromDefinition(TaskView& view, const std::string& definition_hash) const {
  const DefinitionPtr definition = definitions_.FindByHash(view.process, definition_hash);
  const State* asking = definition ? definition->FindState(view.state) : nullptr;
  const auto* ask = asking ? std::get_if<AskVerb>(&asking->verb) : nullptr;
  if (!ask) return;
  view.form = ask->form_source;
  for (const std::int64_t after_ms : ask->remind_ms) view.reminders.push_back(view.opened_us + after_ms * 1000);
}

Result<Page<TaskView>> EngineImpl::Tasks(const TaskQuery& query) {
  TaskFilter filter = query.filter;
  if (!query.cursor.empty()) {
    filter.after = ParseTaskCursor(query.cursor);
    if (!filter.after)
      return Error{kInvalidCursor, "Expected a cursor as an earlier page gave it, but got '" + query.cursor + "'."};
  }
  ++filter.limit;  // one more tells whether there is another page
  Result<std::vector<TaskRow>> rows = storage_.ListTasks(filter);
  if (!rows.ok()) return rows.error();
  const bool more = CutToPage(*rows, query.filter.limit);
  Page<TaskView> page;
  for (const TaskRow& row : *rows) {
    Result<StoredTask> stored = DecodeTask(row.bytes);
    if (!stored.ok()) return stored.error();
    stored->task.role = row.role;
    stored->task.user = row.user;
    stored->task.claimed = row.claimed;
    stored->task.due_us = row.due_us == kNoDue ? 0 : row.due_us;
    TaskView view;
    view.instance = row.instance;
    view.activation = row.activation;
    view.process = row.process;
    view.state = row.state;
    view.opened_us = row.opened_us;
    Fill(view, stored->task);
    FillFromDefinition(view, stored->definition_hash);
    page.items.push_back(std::move(view));
  }
  if (more) page.next_cursor = TaskCursor(rows->back());
  return page;
}

Result<TaskView> EngineImpl::FindTask(const InstanceId& instance, ActivationId activation) {
  if (!HasShard(instance.shard(), shard_count_)) return UnknownTask(instance, activation);
  Result<InstanceState> state = LoadState(instance);
  if (!state.ok() && state.error().code == kUnknownInstance) return UnknownTask(instance, activation);
  if (!state.ok()) return state.error();
  TaskView view;
  view.instance = instance;
  view.activation = activation;
  view.process = state->process;
  if (FillFromState(view, *state)) {
    FillFromDefinition(view, state->definition_hash);
    return view;
  }
  if (Result<bool> closed = ReadClosedTask(view); !closed.ok()) {
    return closed.error();
  } else if (!*closed) {
    return UnknownTask(instance, activation);
  }
  FillFromDefinition(view, state->definition_hash);
  return view;
}

// What the journal says of a task that is not open any more; false if there never was one.
Result<bool> EngineImpl::ReadClosedTask(TaskView& view) {
  bool found = false, over = false;
  Status read = WalkJournal(storage_, view.instance, 0, [&](std::int64_t, const std::vector<JournalEvent>& events) {
    for (const JournalEvent& event : events) {
      if (const auto* entered = std::get_if<StateEntered>(&event.body);
          entered && entered->activation == view.activation)
        view.state = entered->state;
      const auto* opened = std::get_if<TaskOpened>(&event.body);
      if (opened && opened->activation == view.activation) {
        view.opened_us = event.at_us;
        view.open = false;
        Fill(view, opened->task);
        found = true;
      }
      if (!found) continue;
      if (const auto* exited = std::get_if<StateExited>(&event.body); exited && exited->activation == view.activation)
        over = true;
      FollowTask(view, event);
      NoteEnd(view, event);
    }
    return !over;
  });
  if (!read.ok()) return read.error();
  return found;
}

// The cursor is the last task that is known.
Result<Page<TaskView>> EngineImpl::TasksOf(const InstanceId& instance, const std::string& cursor, int limit) {
  ActivationId after = 0;
  if (!cursor.empty()) {
    const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), after);
    if (error != std::errc() || end != cursor.data() + cursor.size() || after < 1)
      return Error{kInvalidCursor, "Expected a cursor as an earlier page gave it, but got '" + cursor + "'."};
  }
  if (!HasShard(instance.shard(), shard_count_))
    return Error{kUnknownInstance, "Expected the id of an instance, but none is called '" + instance.ToString() + "'."};
  Result<InstanceState> state = LoadState(instance);
  if (!state.ok()) return state.error();
  TaskList list(instance, state->process);
  const std::int64_t before = std::max<std::int64_t>(state->seq - kTaskRowsMax, 0);
  Status read = WalkJournal(storage_, instance, before, [&](std::int64_t seq, const std::vector<JournalEvent>& events) {
    for (const JournalEvent& event : events) list.Follow(event);
    return seq < state->seq;  // what comes meanwhile is left to the next look
  });
  if (!read.ok()) return read.error();
  if (before > 0) list.AddOpen(*state);
  Page<TaskView> page;
  for (auto at = list.tasks().upper_bound(after); at != list.tasks().end(); ++at) {
    if (static_cast<int>(page.items.size()) == limit) {
      page.next_cursor = std::to_string(page.items.back().activation);
      break;
    }
    FillFromState(at->second, *state);  // a migration may have given its state another name
    FillFromDefinition(at->second, state->definition_hash);
    page.items.push_back(std::move(at->second));
  }
  return page;
}

// The cursor is the number of comments that are known.
Result<Page<TaskComment>> EngineImpl::Comments(const InstanceId& instance, ActivationId activation,
                                               const std::string& cursor, int limit) {
  std::int64_t skip = 0;
  if (!cursor.empty()) {
    const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), skip);
    if (error != std::errc() || end != cursor.data() + cursor.size() || skip < 1)
      return Error{kInvalidCursor, "Expected a cursor as an earlier page gave it, but got '" + cursor + "'."};
  }
  if (!HasShard(instance.shard(), shard_count_)) return UnknownTask(instance, activation);
  Page<TaskComment> page;
  bool found = false, more = false;
  std::int64_t number = 0;
  Status read = WalkJournal(storage_, instance, 0, [&](std::int64_t, const std::vector<JournalEvent>& events) {
    for (const JournalEvent& event : events) {
      const auto* opened = std::get_if<TaskOpened>(&event.body);
      found |= opened && opened->activation == activation;
      const auto* said = std::get_if<TaskCommented>(&event.body);
      if (!said || said->activation != activation || ++number <= skip) continue;
      more = static_cast<int>(page.items.size()) == limit;
      if (more) return false;
      page.items.push_back({event.at_us, said->by, said->text});
    }
    return true;
  });
  if (!read.ok()) return read.error();
  if (!found) return UnknownTask(instance, activation);
  if (more) page.next_cursor = std::to_string(skip + limit);
  return page;
}

Result<std::vector<TaskCount>> EngineImpl::CountTasks(const std::string& tenant, const std::string& user) {
  return storage_.CountTasks(tenant, user, clock_.NowUs());
}

}  // namespace fermata
