#include "engine/core/machine.h"

#include <algorithm>
#include <array>

#include "engine/core/apply.h"
#include "engine/expression/template.h"
#include "engine/model/json.h"
#include "engine/schema/schema.h"

namespace fermata {

void Machine::Record(EventBody body) {
  decision_.events.push_back({context_.now_us, std::move(body)});
  Apply(state_, decision_.events.back());
}

std::optional<Step> Machine::Pop() {
  while (!agenda_.empty()) {
    Step step = std::move(agenda_.front());
    agenda_.pop_front();
    if (Find(step.activation) != nullptr) return step;
  }
  return std::nullopt;
}

const Activation& Machine::At(ActivationId activation) const {
  const Activation* found = state_.Find(activation);
  FERMATA_ASSERT(found != nullptr);
  return *found;
}

ActivationId Machine::ScopeOf(ActivationId activation) const {
  for (const Activation* at = Find(activation); at != nullptr; at = Find(at->parent))
    if (at->kind == ActivationKind::kItem) return at->id;
  return 0;
}

ActivationId Machine::RegionOf(ActivationId activation) const {
  for (const Activation* at = Find(activation); at != nullptr; at = Find(at->parent))
    if (at->kind == ActivationKind::kItem || at->kind == ActivationKind::kRegion) return at->id;
  return kRootActivation;
}

bool Machine::IsInside(ActivationId inner, ActivationId outer) const {
  for (const Activation* at = Find(inner); at != nullptr; at = Find(at->parent))
    if (at->id == outer) return true;
  return false;
}

ScopePath Machine::PathTo(ActivationId activation) const {
  ScopePath path;
  for (const Activation* at = Find(At(activation).parent); at != nullptr && at->id != kRootActivation;
       at = Find(at->parent))
    path.push_back({at->id, at->kind == ActivationKind::kState ? at->state : std::string()});
  std::reverse(path.begin(), path.end());
  return path;
}

InstanceScope::InstanceScope(const Machine& machine, ActivationId scope)
    : machine_(machine), variables_(scope == 0 ? machine.state().variables : machine.At(scope).variables) {}

const Value* InstanceScope::Find(std::string_view name) const {
  for (auto bound = bound_.rbegin(); bound != bound_.rend(); ++bound)
    if (bound->first == name) return &bound->second;
  const InstanceState& state = machine_.state();
  if (name == "input") return &state.input;
  if (name == "now") {
    if (!now_) now_ = Value::Time(FromMicros(machine_.now_us()));
    return &*now_;
  }
  if (name == "instance") {
    if (!instance_) {
      instance_ = Value::Object({{"id", Value::String(state.id.ToString())},
                                 {"key", state.key ? Value::String(*state.key) : Value()},
                                 {"process", Value::String(state.process)},
                                 {"version", Value::String(state.version)},
                                 {"startedAt", Value::Time(FromMicros(state.started_us))}});
    }
    return &*instance_;
  }
  auto found = variables_.find(name);
  return found == variables_.end() ? nullptr : &found->second;
}

namespace {

Evaluated ExpressionFailed(std::string message) { return {{}, ProcessError{"expression", std::move(message), {}}}; }

}  // namespace

Evaluated EvaluateJson(const Template& source, const Scope& scope) {
  if (const auto* literal = std::get_if<Value>(&source.content)) return {*literal, std::nullopt};
  EvaluationResult result = EvaluateTemplate(source, scope);
  if (!result.ok()) return ExpressionFailed(result.error().message);
  Result<Value> json = ToJsonValue(result.value());
  if (!json.ok()) return ExpressionFailed(json.error().message);
  return {std::move(json).value(), std::nullopt};
}

Evaluated EvaluateText(const Template& source, const Scope& scope, std::string_view what) {
  Evaluated text = EvaluateJson(source, scope);
  if (!text.ok() || text.value.is_string()) return text;
  return ExpressionFailed("Expected " + std::string(what) + " to be a string, but it is " +
                          std::string(CelTypeName(text.value.kind())) + ".");
}

Evaluated EvaluateCondition(const Expression& condition, const Scope& scope) {
  EvaluationResult result = Evaluate(*condition.compiled, scope);
  if (!result.ok()) return ExpressionFailed(result.error().message);
  if (result.value().kind() == ValueKind::kBool) return {result.value(), std::nullopt};
  return ExpressionFailed("Expected an `if` to be true or false, but it is " +
                          std::string(CelTypeName(result.value().kind())) + ".");
}

Evaluated CheckShape(const SchemaPtr& schema, const Value& value, std::string_view error_name, std::string_view what) {
  if (schema == nullptr) return {value, std::nullopt};
  Result<Value> fitted = ValidateAndNormalise(*schema, value);
  if (fitted.ok()) return {std::move(fitted).value(), std::nullopt};
  std::string message(what);
  message += " at '" + fitted.error().path + "': " + fitted.error().message;
  return {{}, ProcessError{std::string(error_name), std::move(message), {}}};
}

ErrorClass ClassOf(std::string_view error_name) {
  constexpr std::array<std::string_view, 4> kTechnical = {"unavailable", "timeout", "invalid-response", "internal"};
  constexpr std::array<std::string_view, 4> kDefinition = {"expression", "schema", "no-transition", "livelock"};
  if (std::find(kTechnical.begin(), kTechnical.end(), error_name) != kTechnical.end()) return ErrorClass::kTechnical;
  if (std::find(kDefinition.begin(), kDefinition.end(), error_name) != kDefinition.end())
    return ErrorClass::kDefinition;
  return ErrorClass::kBusiness;
}

Value ToValue(const ProcessError& error) {
  return Value::Object(
      {{"name", Value::String(error.name)}, {"message", Value::String(error.message)}, {"data", error.data}});
}

}  // namespace fermata
