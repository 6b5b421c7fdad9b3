#include "engine/language/diff/change_list.h"

#include <algorithm>

#include "engine/language/drawing/chart_text.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

constexpr double kShownWidth = 48;  // about 80 characters

bool Same(const Value* a, const Value* b) { return a && b ? *a == *b : a == b; }

std::string GoText(const Value& arm) {
  const Value* go = arm.Find("go");
  return go ? " to " + ShowValue(*go) : " without leaving";
}

std::string IfText(const Value& arm) {
  const Value* condition = arm.Find("if");
  return condition ? " if " + ShowValue(*condition) : "";
}

// Takes pairs of arms out of both lists for which `alike` holds.
template <class Alike, class Take>
void TakePairs(std::vector<Value>& before, std::vector<Value>& after, Alike alike, Take take) {
  for (auto a = before.begin(); a != before.end();) {
    const auto b = std::find_if(after.begin(), after.end(), [&](const Value& other) { return alike(*a, other); });
    if (b == after.end()) {
      ++a;
      continue;
    }
    take(*a, *b);
    after.erase(b);
    a = before.erase(a);
  }
}

}  // namespace

std::string ShowValue(const Value& value) {
  const std::string text = OneLine(value.is_string() ? std::string(value.as_string()) : WriteJson(value));
  const std::vector<std::string> lines = WrapText(text, 1, kShownWidth, 1);
  return lines.empty() ? "''" : lines[0];
}

void ChangeList::Add(std::string_view what, ChangeKind kind, std::string text, const Value* before,
                     const Value* after) {
  Change change;
  change.state = state_;
  change.what = what;
  change.kind = kind;
  change.before = before ? *before : Value::Null();
  change.after = after ? *after : Value::Null();
  change.text = std::move(text);
  changes_.push_back(std::move(change));
}

void ChangeList::Compare(std::string_view what, const std::string& name, const Value* before, const Value* after) {
  if (Same(before, after)) return;
  const std::string subject = name + Of();
  if (!before) return Add(what, ChangeKind::kAdded, "new " + subject + ": " + ShowValue(*after), nullptr, after);
  if (!after)
    return Add(what, ChangeKind::kRemoved, subject + " is gone (was " + ShowValue(*before) + ")", before, nullptr);
  Add(what, ChangeKind::kChanged, subject + ": " + ShowValue(*before) + " -> " + ShowValue(*after), before, after);
}

void ChangeList::CompareDeep(std::string_view what, const std::string& name, const Value* before, const Value* after) {
  const bool maps = before && after && before->is_map() && after->is_map();
  if (!maps) return Compare(what, name, before, after);
  ForEachKey(before, after, [&](const std::string& key, const Value* was, const Value* is) {
    CompareDeep(what, name + "." + key, was, is);
  });
}

void ChangeList::CompareSchemas(std::string_view what, const std::string& name, const Value* before,
                                const Value* after) {
  if (Same(before, after)) return;
  if (!before || !after || !before->is_map() || !after->is_map()) {
    const std::string schema = "schema of " + name + Of();
    const ChangeKind kind = !before ? ChangeKind::kAdded : !after ? ChangeKind::kRemoved : ChangeKind::kChanged;
    const std::string text = !before ? "new " + schema : !after ? schema + " is gone" : schema + " is another one";
    return Add(what, kind, text, before, after);
  }
  CompareProperties(what, name, *before, *after);
  ForEachKey(before, after, [&](const std::string& key, const Value* was, const Value* is) {
    if (key != "properties" && key != "required") CompareDeep(what, key + " of " + name, was, is);
  });
}

void ChangeList::CompareProperties(std::string_view what, const std::string& name, const Value& before,
                                   const Value& after) {
  const auto required = [](const Value& schema, const std::string& property) {
    const Value* list = schema.Find("required");
    return list && list->is_list() &&
           std::find(list->as_list().begin(), list->as_list().end(), Value::String(property)) != list->as_list().end();
  };
  ForEachKey(before.Find("properties"), after.Find("properties"),
             [&](const std::string& key, const Value* was, const Value* is) {
               const std::string property = "property " + key + " of " + name;
               const bool needed = required(after, key);
               if (!was) {
                 const Value* type = is->Find("type");
                 Add(what, ChangeKind::kAdded,
                     "new " + property + Of() + (type ? ": " + ShowValue(*type) : "") + (needed ? ", required" : ""),
                     nullptr, is);
               } else if (!is) {
                 Add(what, ChangeKind::kRemoved, property + Of() + " is gone", was, nullptr);
               } else {
                 CompareSchemas(what, property, was, is);
                 if (needed != required(before, key))
                   Add(what, ChangeKind::kChanged,
                       property + Of() + (needed ? " is now required" : " is no longer required"));
               }
             });
}

void ChangeList::CompareArms(const std::string& name, const std::vector<Value>& before,
                             const std::vector<Value>& after) {
  std::vector<Value> gone = before, fresh = after;
  const auto key = [](const char* word) {
    return [word](const Value& a, const Value& b) { return Same(a.Find(word), b.Find(word)); };
  };
  TakePairs(
      gone, fresh, [](const Value& a, const Value& b) { return a == b; }, [](const Value&, const Value&) {});
  if (gone.empty() && fresh.empty() && before != after)
    Add("transition", ChangeKind::kMoved, "transitions" + Of() + " " + name + " are tried in another order");
  const auto compare = [&](const Value& a, const Value& b) { CompareArm(name, a, b); };
  TakePairs(gone, fresh, key("go"), compare);
  TakePairs(gone, fresh, key("if"), compare);
  for (const Value& arm : fresh)
    Add("transition", ChangeKind::kAdded, "new transition" + Of() + " " + name + GoText(arm) + IfText(arm), nullptr,
        &arm);
  for (const Value& arm : gone)
    Add("transition", ChangeKind::kRemoved, "transition" + Of() + " " + name + GoText(arm) + IfText(arm) + " is gone",
        &arm, nullptr);
}

void ChangeList::CompareArm(const std::string& name, const Value& before, const Value& after) {
  const std::string transition = "transition" + Of() + " " + name;
  ForEachKey(&before, &after, [&](const std::string& key, const Value* was, const Value* is) {
    if (Same(was, is)) return;
    const ChangeKind kind = !was ? ChangeKind::kAdded : !is ? ChangeKind::kRemoved : ChangeKind::kChanged;
    const std::string change = !was  ? ShowValue(*is)
                               : !is ? "is gone (was " + ShowValue(*was) + ")"
                                     : ShowValue(*was) + " -> " + ShowValue(*is);
    if (key == "go") return Add("transition", ChangeKind::kChanged, transition + ": " + change, was, is);
    const std::string subject = (key == "if" ? "guard" : key) + " of the " + transition + GoText(after);
    Add(key == "if" ? "guard" : "transition", kind, (was ? "" : "new ") + subject + (is ? ": " : " ") + change, was,
        is);
  });
}

}  // namespace fermata
