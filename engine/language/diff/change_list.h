// Gathers changes and finds words for them. Not thread-safe; lives as long as one comparison.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/language/diff/diff.h"

namespace fermata {

// As text in a sentence: one line, shortened.
std::string ShowValue(const Value& value);

class ChangeList {
 public:
  explicit ChangeList(std::vector<Change>& changes) : changes_(changes) {}

  // Whose changes follow; "" = the process.
  void SetState(const std::string& state) { state_ = state; }
  const std::string& state() const { return state_; }
  // " of hold", or nothing for the process.
  std::string Of() const { return state_.empty() ? "" : " of " + state_; }

  void Add(std::string_view what, ChangeKind kind, std::string text, const Value* before = nullptr,
           const Value* after = nullptr);
  // "timeout of hold: 10s -> 20s", "new timeout of hold: 20s", "timeout of hold is gone (was 10s)"; nothing if both are equal.
  void Compare(std::string_view what, const std::string& name, const Value* before, const Value* after);
  // The same for what differs inside of maps, to the leaves: "with.amount of hold: 1 -> 2".
  void CompareDeep(std::string_view what, const std::string& name, const Value* before, const Value* after);
  // JSON Schemas: properties, whether they are required, and what is asked of them. `name`: "the input".
  void CompareSchemas(std::string_view what, const std::string& name, const Value* before, const Value* after);
  // The arms of one trigger. `name`: "on declined", "after 30m", "next".
  void CompareArms(const std::string& name, const std::vector<Value>& before, const std::vector<Value>& after);

 private:
  void CompareProperties(std::string_view what, const std::string& name, const Value& before, const Value& after);
  void CompareArm(const std::string& name, const Value& before, const Value& after);

  std::vector<Change>& changes_;
  std::string state_;
};

// Calls visit(key, before, after) for every key of two maps (null where it is not there), in the order of the newer one, removed ones last.
template <class Visit>
void ForEachKey(const Value* before, const Value* after, Visit visit) {
  if (after && after->is_map())
    for (const auto& [key, value] : after->as_map()) {
      const std::string name(key.as_string());
      visit(name, before ? before->Find(name) : nullptr, &value);
    }
  if (before && before->is_map())
    for (const auto& [key, value] : before->as_map()) {
      const std::string name(key.as_string());
      if (!after || !after->Find(name)) visit(name, &value, static_cast<const Value*>(nullptr));
    }
}

}  // namespace fermata
