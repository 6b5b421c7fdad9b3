#include "engine/language/raised.h"

#include "engine/language/operations.h"
#include "engine/language/walk.h"

namespace fermata {

Raised RaisedBy(const State& state) {
  Raised raised;
  if (const auto* call = std::get_if<CallVerb>(&state.verb)) {
    raised.technical = true;
    raised.anything = call->manifest == nullptr;
    if (call->manifest) raised.business.insert(call->manifest->errors.begin(), call->manifest->errors.end());
  }
  if (const auto* fail = std::get_if<FailVerb>(&state.verb)) raised.business.insert(fail->error);
  const auto* run = std::get_if<RunVerb>(&state.verb);
  if (run && !run->detach) raised.anything = raised.technical = true;
  return raised;
}

void AddRaised(const Raised& more, Raised& raised) {
  raised.business.insert(more.business.begin(), more.business.end());
  raised.anything |= more.anything;
  raised.technical |= more.technical;
}

bool MayTake(const ErrorHandler& handler, const Raised& raised) {
  if (IsDefinitionError(handler.name) || raised.anything) return true;
  if (handler.name == "technical" || IsTechnicalError(handler.name)) return raised.technical;
  return handler.name == "any" ? !raised.business.empty() : raised.business.count(handler.name) > 0;
}

}  // namespace fermata
