// `fail`: a business error of the process's own.
#include "engine/core/verbs/verbs.h"

namespace fermata {

std::optional<ProcessError> StartFail(Machine& machine, ActivationId activation, const FailVerb& verb) {
  InstanceScope names(machine, machine.ScopeOf(activation));
  ProcessError error{verb.error, "", {}};
  if (verb.message) {
    Evaluated message = EvaluateText(*verb.message, names, "`message`");
    if (!message.ok()) return std::move(message.error);
    error.message = message.value.as_string();
  }
  if (verb.with) {
    Evaluated data = EvaluateJson(*verb.with, names);
    if (!data.ok()) return std::move(data.error);
    error.data = std::move(data.value);
  }
  machine.PushRaise(activation, {std::move(error), ErrorClass::kBusiness, false},
                    {IncidentKind::kError, 0, std::nullopt});
  return std::nullopt;
}

}  // namespace fermata
