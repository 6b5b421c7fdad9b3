#include "engine/language/error_checker.h"

#include <algorithm>

#include "engine/base/quoted.h"
#include "engine/language/codes.h"
#include "engine/language/operations.h"
#include "engine/language/raised.h"
#include "engine/language/walk.h"

namespace fermata {
namespace {

class ErrorChecker {
 public:
  ErrorChecker(const ParsedDefinition& parsed, const Graph& graph, Report& report)
      : parsed_(parsed), definition_(*parsed.definition), graph_(graph), report_(report) {}

  void Check() {
    const bool complete = !parsed_.targets_unknown && !parsed_.states_unknown;
    for (const State& state : definition_.states) {
      // A state that nothing enters has been blamed for that.
      if (complete && !graph_.reached[static_cast<std::size_t>(state.index)]) continue;
      CheckHandlers(state);
      CheckCall(state);
      CheckRetry(state);
    }
  }

 private:
  bool IsHandled(const State& state, const std::string& error) const {
    // What is written counts, even if it could not be read.
    for (StateIndex at = state.index; at != kNoState; at = StateAt(definition_, at).parent) {
      const NodeEntry* handlers = parsed_.Find(at, "on_error");
      if (handlers && (!handlers->value.is_map() || handlers->value.Find(error) || handlers->value.Find("any")))
        return true;
    }
    return false;
  }

  void CheckCall(const State& state) {
    const auto* call = std::get_if<CallVerb>(&state.verb);
    const NodeEntry* entry = call ? parsed_.Find(state.index, "call") : nullptr;
    if (!call || !entry || !call->manifest) return;
    std::vector<std::string> unhandled;
    for (const std::string& error : call->manifest->errors)
      if (!IsHandled(state, error)) unhandled.push_back(error);
    if (!unhandled.empty())
      report_.Add(Severity::kWarning, kUnhandledError, entry->value.at, entry->value.length,
                  "Expected the business error" + std::string(unhandled.size() > 1 ? "s " : " ") +
                      QuotedTogether(unhandled) + " of " + call->full() + " to be handled, but nothing does.",
                  "write: on_error: { " + unhandled.front() + ": … }");
    if (!parsed_.Find(state.index, "undo") && !OnlyReads(*call) && InAtomicScope(state))
      report_.Add(Severity::kInformation, kEffectWithoutUndo, entry->value.at, entry->value.length,
                  call->full() + " has no 'undo': its effect stays when what is around it is rolled back.");
  }

  static bool OnlyReads(const CallVerb& call) {
    const Value* method = call.manifest->http.is_map() ? call.manifest->http.Find("method") : nullptr;
    const bool reads = method && method->is_string() && (method->as_string() == "GET" || method->as_string() == "HEAD");
    return reads || call.full() == "engine.find";
  }

  // An `undo` of what is around the state stands for all that is inside.
  bool InAtomicScope(const State& state) const {
    for (StateIndex outer = state.parent; outer != kNoState; outer = StateAt(definition_, outer).parent) {
      if (StateAt(definition_, outer).atomic) return true;
      if (StateAt(definition_, outer).undo) return false;
    }
    return false;
  }

  // A retry that waits for an error which never comes.
  void CheckRetry(const State& state) {
    const auto* call = std::get_if<CallVerb>(&state.verb);
    const NodeEntry* retry = call && call->manifest ? parsed_.Find(state.index, "retry") : nullptr;
    const NodeEntry* on = retry ? retry->value.Find("on") : nullptr;
    if (!on) return;
    std::vector<std::string> names = call->manifest->errors;
    for (const char* technical : {"unavailable", "timeout", "invalid-response", "internal", "technical"})
      names.push_back(technical);
    for (const Node& item : on->value.items) {
      if (std::find(names.begin(), names.end(), item.text) != names.end()) continue;
      report_.Add(
          Severity::kWarning, kErrorNeverRaised, item.at, item.length,
          "Expected the name of an error that " + call->full() + " can raise, but it never raises '" + item.text + "'.",
          DidYouMean(item.text, names));
    }
  }

  void CheckHandlers(const State& state) {
    if (state.on_error.empty() || parsed_.states_unknown) return;
    Raised raised;
    for (const State& inner : definition_.states)
      if (IsInside(definition_, inner.index, state.index)) AddRaised(RaisedBy(inner), raised);
    std::vector<std::string> known(raised.business.begin(), raised.business.end());
    for (const char* name : {"any", "technical", "unavailable", "timeout", "invalid-response", "internal", "expression",
                             "schema", "no-transition", "livelock"})
      known.push_back(name);
    for (const ErrorHandler& handler : state.on_error) {
      if (handler.name == "any" || MayTake(handler, raised)) continue;
      report_.Add(Severity::kWarning, kErrorNeverRaised, handler.at, CountCharacters(handler.name),
                  "Expected the name of an error that can happen here, but nothing raises '" + handler.name + "'.",
                  IsReservedError(handler.name) ? "" : DidYouMean(handler.name, known));
    }
  }

  const ParsedDefinition& parsed_;
  const Definition& definition_;
  const Graph& graph_;
  Report& report_;
};

}  // namespace

void CheckErrors(const ParsedDefinition& parsed, const Graph& graph, Report& report) {
  ErrorChecker(parsed, graph, report).Check();
}

}  // namespace fermata
