// `run`: a child instance.
#include "engine/core/behaviors/behaviors.h"
#include "engine/core/verbs/verbs.h"

namespace fermata {
namespace {

InstanceId ChildId(const Machine& machine, ActivationId activation, const std::optional<std::string>& key) {
  const InstanceState& state = machine.state();
  const std::string own = state.id.ToString() + "/" + std::to_string(activation);
  const int shard = HomeShard(state.tenant, key ? *key : own, machine.context().shard_count);
  return InstanceId::MakeChild(static_cast<std::uint8_t>(shard), machine.now_us() / 1000, state.id, activation);
}

struct ChildStart {
  StartChild effect;
  std::optional<ProcessError> error;
};

ChildStart PrepareChild(const Machine& machine, ActivationId id, const RunVerb& verb) {
  InstanceScope names(machine, machine.ScopeOf(id));
  ChildStart start;
  Evaluated input{Value::Map({}), std::nullopt};
  if (verb.with) input = EvaluateJson(*verb.with, names);
  if (!input.ok()) return {{}, std::move(input.error)};
  if (verb.key) {
    Evaluated key = EvaluateText(*verb.key, names, "`key`");
    if (!key.ok()) return {{}, std::move(key.error)};
    start.effect.key = std::string(key.value.as_string());
  } else if (machine.context().child_key) {
    start.effect.key = machine.context().child_key(verb, input.value);
  }
  if (verb.detach && machine.context().child_refusal) start.error = machine.context().child_refusal(verb, input.value);
  start.effect.activation = id;
  start.effect.process = verb.process;
  start.effect.version = verb.version;
  start.effect.input = std::move(input.value);
  start.effect.detach = verb.detach;
  return start;
}

}  // namespace

std::optional<ProcessError> StartRun(Machine& machine, ActivationId id, const RunVerb& verb) {
  ChildStart start = PrepareChild(machine, id, verb);
  if (start.error) return std::move(start.error);
  start.effect.child = ChildId(machine, id, start.effect.key);
  machine.Record(ChildStarted{id, start.effect.child, verb.process, verb.detach});
  machine.Wish(std::move(start.effect));
  if (verb.detach) machine.PushComplete(id, Value());
  return std::nullopt;
}

std::optional<ProcessError> RestartChild(Machine& machine, ActivationId id) {
  return StartRun(machine, id, std::get<RunVerb>(machine.StateOf(id).verb));
}

void SettleChild(Machine& machine, ActivationId id, const ChildResult& result) {
  const InstanceId child = machine.At(id).child->id;
  const std::string process = machine.At(id).child->process;
  machine.Record(ChildFinished{id, child, result.kind, result.error.name});
  const ErrorContext context{IncidentKind::kChild, 0, std::nullopt};
  auto raise = [&](ProcessError error, ErrorClass error_class) {
    RaiseError(machine, id, {std::move(error), error_class, false}, context);
  };
  switch (result.kind) {
    case ChildResult::Kind::kCompleted:
      return CompleteWork(machine, id, result.output, {"", false, child});
    case ChildResult::Kind::kFailed:
      return raise(result.error, ErrorClass::kBusiness);
    case ChildResult::Kind::kCancelled:
      return raise({"cancelled", "Expected '" + process + "' to complete, but it was cancelled.", {}},
                   ErrorClass::kBusiness);
    case ChildResult::Kind::kDuplicate:
      return raise({"duplicate", "Expected a free key for '" + process + "', but it is in use.", {}},
                   ErrorClass::kBusiness);
    case ChildResult::Kind::kRefused:
      return raise({"schema", result.error.message, result.error.data}, ErrorClass::kDefinition);
  }
}

void ReportDetached(Machine& machine, const FinishChild& command) {
  const InstanceState& state = machine.state();
  for (const auto& [number, incident] : state.incidents)
    if (incident.kind == IncidentKind::kDetached && incident.subject == command.activation) return;
  const bool duplicate = command.result.kind == ChildResult::Kind::kDuplicate;
  ProcessError error{duplicate ? "duplicate" : "schema", command.result.error.message, command.result.error.data};
  machine.Record(ChildFinished{command.activation, command.child, command.result.kind, error.name});
  if (machine.ended() || machine.Find(kRootActivation) == nullptr) return;
  OpenIncidentAt(machine, kRootActivation, error, {IncidentKind::kDetached, command.activation, std::nullopt});
}

}  // namespace fermata
