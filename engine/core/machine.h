// One decision under way: the state it changes, the events and effects that it has made so far, and what is still to be done in this macrostep.
//
// Verbs and behaviours are free functions on a Machine. Used by one thread for one call of Decide.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/core/decide.h"
#include "engine/expression/expression.h"

namespace fermata {

// What an incident needs to be retried, carried along with an error until somebody handles it.
struct ErrorContext {
  IncidentKind kind = IncidentKind::kWork;
  std::int64_t subject = 0;
  std::optional<CloudEvent> event;
};

// One piece of the macrostep's agenda. Dropped when its activation has been left by then.
struct Step {
  enum class Kind {
    kNext,         // choose in `next`
    kRaise,        // an error appears inside the state
    kComplete,     // the verb's work is done with `output`
    kFinishScope,  // an `end` was entered: its scope is done with `output`
  };
  Kind kind = Kind::kNext;
  ActivationId activation = 0;
  Value output;
  RaisedError error;
  ErrorContext context;
};

class Machine {
 public:
  // All three must outlive the machine.
  Machine(const Definition& definition, InstanceState& state, const DecisionContext& context)
      : definition_(definition), state_(state), context_(context) {}

  const Definition& definition() const { return definition_; }
  const InstanceState& state() const { return state_; }
  const DecisionContext& context() const { return context_; }
  std::int64_t now_us() const { return context_.now_us; }

  // The one way to change the state: applied at once, and part of the decision.
  void Record(EventBody body);
  void Wish(Effect effect) { decision_.effects.push_back(std::move(effect)); }

  void NoteTaken(const TransitionArm& arm) { decision_.taken.push_back(&arm); }

  void Push(Step step) { agenda_.push_back(std::move(step)); }
  void PushNext(ActivationId activation) { Push({Step::Kind::kNext, activation, {}, {}, {}}); }
  void PushComplete(ActivationId activation, Value output) {
    Push({Step::Kind::kComplete, activation, std::move(output), {}, {}});
  }
  void PushRaise(ActivationId activation, RaisedError error, ErrorContext context) {
    Push({Step::Kind::kRaise, activation, {}, std::move(error), std::move(context)});
  }
  std::optional<Step> Pop();

  // Asserts that it is active.
  const Activation& At(ActivationId activation) const;
  const Activation* Find(ActivationId activation) const { return state_.Find(activation); }
  const State& StateOf(const Activation& activation) const {
    return definition_.states[static_cast<std::size_t>(activation.index)];
  }
  const State& StateOf(ActivationId activation) const { return StateOf(At(activation)); }

  // The item whose variables the entries of this activation's state see and set; 0 = the instance's.
  ActivationId ScopeOf(ActivationId activation) const;
  // The nearest region or item around it (or itself), or the root.
  ActivationId RegionOf(ActivationId activation) const;
  bool IsInside(ActivationId inner, ActivationId outer) const;  // or the same
  // The activations around it, outermost first, without the root and itself.
  ScopePath PathTo(ActivationId activation) const;

  bool ended() const { return IsFinal(state_.status); }
  Decision TakeDecision() { return std::move(decision_); }

  // ---- of this macrostep ----
  int transitions = 0;  // taken so far; livelock counts them
  int livelocks = 0;
  bool entered_state = false;  // kept events are to be offered

 private:
  const Definition& definition_;
  InstanceState& state_;
  const DecisionContext& context_;
  Decision decision_;
  std::deque<Step> agenda_;
};

// The names that an expression of a state sees: bound ones first, then `input`, `instance`, `now`, then the variables of its scope.
class InstanceScope final : public Scope {
 public:
  InstanceScope(const Machine& machine, ActivationId scope);
  InstanceScope(const Machine& machine, const Variables& variables) : machine_(machine), variables_(variables) {}

  // In front of everything bound before; `name` must outlive the scope.
  void Bind(std::string_view name, Value value) { bound_.emplace_back(name, std::move(value)); }
  const Value* Find(std::string_view name) const override;

 private:
  const Machine& machine_;
  const Variables& variables_;
  std::vector<std::pair<std::string_view, Value>> bound_;
  mutable std::optional<Value> now_, instance_;
};

// A template's value in JSON form, or the definition error `expression`.
struct Evaluated {
  Value value;
  std::optional<ProcessError> error;
  bool ok() const { return !error.has_value(); }
};
Evaluated EvaluateJson(const Template& source, const Scope& scope);
// As a string: a key, a text. Other kinds are the definition error `expression`; `what` says what it is ("a key").
Evaluated EvaluateText(const Template& source, const Scope& scope, std::string_view what);
// Whether an `if` holds.
Evaluated EvaluateCondition(const Expression& condition, const Scope& scope);

// `value` fitted to the schema (null = anything), or an error of this name.
Evaluated CheckShape(const SchemaPtr& schema, const Value& value, std::string_view error_name, std::string_view what);

ErrorClass ClassOf(std::string_view error_name);  // by the eight reserved names
inline RaisedError DefinitionError(ProcessError error) { return {std::move(error), ErrorClass::kDefinition, false}; }
Value ToValue(const ProcessError& error);  // {name, message, data}

}  // namespace fermata
