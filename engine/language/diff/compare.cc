#include <algorithm>
#include <set>

#include "engine/language/diff/change_list.h"
#include "engine/language/diff/diff.h"
#include "engine/language/diff/flat_process.h"

namespace fermata {
namespace {

constexpr std::string_view kVerbs[] = {"call", "ask", "run", "emit", "each", "parallel", "rollback", "end", "fail"};

std::string_view VerbOf(const Value& body) {
  for (std::string_view verb : kVerbs)
    if (body.Find(verb)) return verb;
  return "";
}

// Of a call what is called; of verbs that hold a map nothing.
std::string WorkOf(const Value& body) {
  const std::string_view verb = VerbOf(body);
  if (verb.empty()) return body.Find("on") || body.Find("after") ? "waits" : "does nothing";
  const Value& work = *body.Find(verb);
  return std::string(verb) + (work.is_map() ? "" : " " + ShowValue(work));
}

class Comparison {
 public:
  Comparison(const DiffSide& before, const DiffSide& after, DefinitionDiff& diff)
      : before_(Flatten(*before.definition, before.schemas)),
        after_(Flatten(*after.definition, after.schemas)),
        diff_(diff),
        list_(diff.changes) {
    FindRenamed();
  }

  void Run() {
    CompareProcess();
    for (const FlatState& state : after_.states) {
      list_.SetState(state.name);
      const FlatState* old = OldOf(state);
      old ? CompareState(*old, state) : AddState(state);
    }
    for (const FlatState& state : before_.states) {
      list_.SetState(state.name);
      if (!NewOf(state)) RemoveState(state);
    }
  }

 private:
  const FlatState* OldOf(const FlatState& state) const {
    const auto renamed = diff_.renamed.find(state.name);
    return before_.Find(renamed == diff_.renamed.end() ? state.name : renamed->second);
  }
  const FlatState* NewOf(const FlatState& old) const { return after_.Find(NewName(old.name)); }
  std::string NewName(const std::string& old) const {
    const auto found = new_names_.find(old);
    return found == new_names_.end() ? old : found->second;
  }

  // A state that is gone and a new one beside the same neighbours that does the same work are one.
  void FindRenamed() {
    for (const FlatState& state : after_.states) {
      if (before_.Find(state.name)) continue;
      const FlatState* best = nullptr;
      double best_likeness = 0.5;
      for (const FlatState& old : before_.states) {
        if (after_.Find(old.name) || new_names_.count(old.name) || NewName(old.parent) != state.parent) continue;
        if (const double likeness = Likeness(old, state); likeness > best_likeness) {
          best = &old;
          best_likeness = likeness;
        }
      }
      if (!best) continue;
      diff_.renamed[state.name] = best->name;
      new_names_[best->name] = state.name;
    }
  }

  // The share of equal keys; 0 if they do different work.
  double Likeness(const FlatState& old, const FlatState& state) const {
    if (WorkOf(old.body) != WorkOf(state.body)) return 0;
    std::map<std::string, std::string> names = new_names_;
    names[old.name] = state.name;
    const Value a = WithNames(old.body, names), b = WithNames(state.body, {});
    double same = 0, all = 0;
    ForEachKey(&a, &b, [&](const std::string&, const Value* was, const Value* is) {
      ++all;
      same += was && is && *was == *is ? 1 : 0;
    });
    return all == 0 ? 0 : same / all;
  }

  static std::string PlaceOf(const FlatState& state) {
    if (!state.entered_from.empty() && !state.goes_to.empty() && state.entered_from != state.goes_to)
      return "between " + state.entered_from + " and " + state.goes_to;
    if (!state.entered_from.empty()) return "after " + state.entered_from;
    return state.goes_to.empty() ? "" : "before " + state.goes_to;
  }

  void AddState(const FlatState& state) {
    const std::string place = PlaceOf(state);
    const std::string inside = state.parent.empty() ? "" : " in " + state.parent;
    list_.Add("state", ChangeKind::kAdded,
              "new state " + state.name + inside + (place.empty() ? "" : " " + place) + ": " + WorkOf(state.body),
              nullptr, &state.body);
  }

  void RemoveState(const FlatState& state) {
    const std::string place = PlaceOf(state);
    list_.Add(
        "state", ChangeKind::kRemoved,
        "state " + state.name + " is gone (was" + (place.empty() ? "" : " " + place) + ": " + WorkOf(state.body) + ")",
        &state.body, nullptr);
  }

  static std::string Home(const std::string& parent) { return parent.empty() ? "the process" : parent; }

  void CompareState(const FlatState& old, const FlatState& state) {
    const Value was = Value::String(old.name), is = Value::String(state.name);
    if (old.name != state.name)
      list_.Add("state", ChangeKind::kRenamed, "state " + old.name + " is now called " + state.name, &was, &is);
    if (NewName(old.parent) != state.parent) {
      const Value from = Value::String(old.parent), to = Value::String(state.parent);
      list_.Add("state", ChangeKind::kMoved,
                "state " + state.name + " moved from " + Home(old.parent) + " to " + Home(state.parent), &from, &to);
    }
    CompareBodies(WithNames(old.body, new_names_), WithNames(state.body, {}));
  }

  // Of states and of the process.
  void CompareBodies(const Value& was, const Value& is) {
    if (!list_.state().empty() && VerbOf(was) != VerbOf(is)) {
      const Value before = Value::String(WorkOf(was)), after = Value::String(WorkOf(is));
      list_.Add("work", ChangeKind::kChanged, "work" + list_.Of() + ": " + WorkOf(was) + " -> " + WorkOf(is), &before,
                &after);
    }
    ForEachKey(&was, &is, [&](const std::string& key, const Value* before, const Value* after) {
      CompareKey(key, before, after, VerbOf(was) != VerbOf(is));
    });
  }

  void CompareKey(const std::string& key, const Value* before, const Value* after, bool other_verb) {
    const bool is_verb = std::find(std::begin(kVerbs), std::end(kVerbs), key) != std::end(kVerbs);
    if (is_verb && other_verb && !list_.state().empty()) return;
    if (key == "on" || key == "after" || key == "on_error") return CompareTriggers(key, before, after);
    if (key == "next") return list_.CompareArms("by next", Arms(before), Arms(after));
    if (key == "retry") return CompareRetry(before, after);
    if (key == "undo") return CompareUndo(before, after);
    if (key == "form") return list_.CompareSchemas(key, "the form", before, after);
    list_.CompareDeep(key, key, before, after);
  }

  static std::vector<Value> Arms(const Value* transitions) {
    return transitions ? ArmsOf(*transitions) : std::vector<Value>{};
  }

  void CompareTriggers(const std::string& key, const Value* before, const Value* after) {
    std::set<std::string> told;
    if (key == "after") CompareTimers(before, after, told);
    const std::string word = key == "on_error" ? "on error " : key + " ";
    ForEachKey(before, after, [&](const std::string& trigger, const Value* was, const Value* is) {
      if (!told.count(trigger)) list_.CompareArms(word + trigger, Arms(was), Arms(is));
    });
  }

  // A timer that is gone and a new one that does the same are one with another time.
  void CompareTimers(const Value* before, const Value* after, std::set<std::string>& told) {
    if (!before || !after || !before->is_map() || !after->is_map()) return;
    for (const auto& [old_time, old_arms] : before->as_map()) {
      if (after->Find(old_time.as_string())) continue;
      for (const auto& [time, arms] : after->as_map()) {
        const std::string name(time.as_string());
        if (before->Find(name) || told.count(name) || Arms(&old_arms) != Arms(&arms)) continue;
        told.insert({name, std::string(old_time.as_string())});
        list_.Add("timer", ChangeKind::kChanged, "timer" + list_.Of() + ": " + ShowValue(old_time) + " -> " + name,
                  &old_time, &time);
        break;
      }
    }
  }

  static std::string Attempts(const Value* retry) {
    const Value* attempts = retry->is_map() ? retry->Find("attempts") : nullptr;
    return attempts ? ShowValue(*attempts) + " attempts" : ShowValue(*retry);
  }

  void CompareRetry(const Value* before, const Value* after) {
    const std::string retry = "retry" + list_.Of();
    if (!before) return list_.Add("retry", ChangeKind::kAdded, "new " + retry + ": " + Attempts(after), nullptr, after);
    if (!after)
      return list_.Add("retry", ChangeKind::kRemoved, retry + " is gone (was " + Attempts(before) + ")", before);
    if (!before->is_map() || !after->is_map()) {
      if (*before == *after) return;
      return list_.Add("retry", ChangeKind::kChanged, retry + ": " + Attempts(before) + " -> " + Attempts(after),
                       before, after);
    }
    ForEachKey(before, after, [&](const std::string& key, const Value* was, const Value* is) {
      if (was && is && *was == *is) return;
      const std::string change = (was ? ShowValue(*was) : "not set") + " -> " + (is ? ShowValue(*is) : "not set");
      list_.Add("retry", ChangeKind::kChanged,
                retry + ": " + (key == "attempts" ? change + " attempts" : key + " " + change), was, is);
    });
  }

  void CompareUndo(const Value* before, const Value* after) {
    const auto call = [](const Value* undo) { return undo && undo->is_map() ? undo->Find("call") : nullptr; };
    if (!before || !after) {
      const Value* operation = call(before ? before : after);
      const std::string name = operation ? ShowValue(*operation) : "";
      return before
                 ? list_.Add("undo", ChangeKind::kRemoved, "undo" + list_.Of() + " is gone (was " + name + ")", before)
                 : list_.Add("undo", ChangeKind::kAdded, "new undo" + list_.Of() + ": " + name, nullptr, after);
    }
    list_.Compare("undo", "undo", call(before), call(after));
    ForEachKey(before, after, [&](const std::string& key, const Value* was, const Value* is) {
      if (key != "call") list_.CompareDeep("undo", "undo." + key, was, is);
    });
  }

  void CompareProcess() {
    const Value was = WithNames(before_.root, new_names_), is = WithNames(after_.root, {});
    static constexpr std::string_view kSpecial[] = {"input", "output", "events", "vars", "start"};
    std::vector<MapEntry> plain_was, plain_is;
    const auto keep = [](const Value& from, std::vector<MapEntry>& into) {
      for (const MapEntry& entry : from.as_map())
        if (std::find(std::begin(kSpecial), std::end(kSpecial), entry.first.as_string()) == std::end(kSpecial))
          into.push_back(entry);
    };
    keep(was, plain_was);
    keep(is, plain_is);
    CompareBodies(Value::Map(std::move(plain_was)), Value::Map(std::move(plain_is)));
    CompareStart(was, is);
    list_.CompareSchemas("input", "the input", was.Find("input"), is.Find("input"));
    list_.CompareSchemas("output", "the output", was.Find("output"), is.Find("output"));
    ForEachKey(was.Find("vars"), is.Find("vars"), [&](const std::string& name, const Value* a, const Value* b) {
      list_.CompareDeep("vars", "variable " + name, a, b);
    });
    CompareEvents(was.Find("events"), is.Find("events"));
    CompareOrder();
  }

  // Without `start` it is the first state.
  void CompareStart(const Value& was, const Value& is) {
    const auto start = [](const Value& root, const FlatProcess& process) {
      const Value* given = root.Find("start");
      return given ? *given : process.states.empty() ? Value::Null() : Value::String(process.states[0].name);
    };
    Value before = start(was, before_);
    if (before.is_string()) before = Value::String(NewName(std::string(before.as_string())));
    const Value after = start(is, after_);
    list_.Compare("start", "start", &before, &after);
  }

  void CompareEvents(const Value* before, const Value* after) {
    ForEachKey(before, after, [&](const std::string& type, const Value* was, const Value* is) {
      if (!was) return list_.Add("events", ChangeKind::kAdded, "new event " + type, nullptr, is);
      if (!is) return list_.Add("events", ChangeKind::kRemoved, "event " + type + " is gone", was);
      ForEachKey(was, is, [&](const std::string& key, const Value* a, const Value* b) {
        if (key == "data") return list_.CompareSchemas("events", "the event " + type, a, b);
        list_.CompareDeep("events", key + " of the event " + type, a, b);
      });
    });
  }

  // Document order decides between transitions of regions, so it is not just a matter of layout.
  void CompareOrder() {
    std::vector<std::string> was, is;
    for (const FlatState& state : before_.states)
      if (NewOf(state) && NewOf(state)->parent == NewName(state.parent)) was.push_back(NewName(state.name));
    for (const FlatState& state : after_.states)
      if (OldOf(state) && NewName(OldOf(state)->parent) == state.parent) is.push_back(state.name);
    if (was != is) list_.Add("states", ChangeKind::kMoved, "states stand in another order");
  }

  const FlatProcess before_, after_;
  DefinitionDiff& diff_;
  ChangeList list_;
  std::map<std::string, std::string> new_names_;  // older name -> newer name
};

}  // namespace

DefinitionDiff CompareDefinitions(const DiffSide& before, const DiffSide& after) {
  DefinitionDiff diff;
  diff.process_before = before.definition->process;
  diff.process_after = after.definition->process;
  diff.version_before = before.definition->version;
  diff.version_after = after.definition->version;
  Comparison(before, after, diff).Run();
  return diff;
}

}  // namespace fermata
