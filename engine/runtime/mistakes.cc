// What is said to a request that is refused: everything that is wrong with it, and what was probably meant.
#include "engine/base/nearest_word.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/engine_impl.h"
#include "engine/schema/schema.h"

namespace fermata {
namespace {

// Everything that a schema says against `value`, which stands at `path` in the request.
void AddViolations(const SchemaPtr& schema, const Value& value, ErrorCode code, const std::string& path,
                   std::vector<Error>& mistakes) {
  if (!schema) return;
  for (SchemaViolation& violation : Validate(*schema, value))
    mistakes.push_back({code, std::move(violation.message), path + violation.path});
}

}  // namespace

std::vector<Error> EngineImpl::MistakesOf(const StartRequest& request) {
  std::vector<Error> mistakes;
  const DefinitionPtr definition = GetDefinition(request.process, request.version);
  const Value& input = request.input;
  if (definition && (input.is_map() || input.is_null()))
    AddViolations(definition->input, input.is_null() ? Value::Map({}) : input, kInvalidInput, "/input", mistakes);
  return mistakes;
}

std::vector<Error> EngineImpl::MistakesOf(const CloudEvent& event) {
  std::vector<Error> mistakes;
  for (const EventReceiver& receiver : definitions_.ReceiversOf(event.type)) {
    if (!receiver.live) continue;
    AddViolations(receiver.declaration->data, event.data, kInvalidEvent, "/data", mistakes);
    if (receiver.definition->start_on == event.type)
      AddViolations(receiver.definition->input, event.data, kInvalidEvent, "/data", mistakes);
  }
  return mistakes;
}

std::vector<Error> EngineImpl::MistakesOf(const InstanceId& instance, const CompleteTask& answer) {
  std::vector<Error> mistakes;
  const Result<InstanceState> state = LoadState(instance);
  if (!state.ok()) return mistakes;
  const DefinitionPtr definition = definitions_.FindByHash(state->process, state->definition_hash);
  const Activation* asking = state->Find(answer.activation);
  const State* asked = definition && asking ? definition->FindState(asking->state) : nullptr;
  if (const auto* ask = asked ? std::get_if<AskVerb>(&asked->verb) : nullptr)
    AddViolations(ask->form, answer.data.is_null() ? Value::Map({}) : answer.data, kInvalidAnswer, "/data", mistakes);
  return mistakes;
}

std::vector<Error> EngineImpl::MistakesOf(const JobReport& report) {
  if (!report.outcome) return {};
  const Result<InstanceState> state = LoadState(report.key.instance);
  if (!state.ok()) return {};
  const DefinitionPtr definition = definitions_.FindByHash(state->process, state->definition_hash);
  const std::optional<JobView> job = FindJobInFlight(*state, report.key.job);
  const OperationManifest* operation =
      definition && job ? FindWorkerOperation(definitions_, definition, *state, *job) : nullptr;
  return operation ? fermata::MistakesOf(*operation, *report.outcome) : std::vector<Error>();
}

Error EngineImpl::UnknownDefinition(const std::string& process, const std::string& version) {
  return definitions_.Unknown(process, version);
}

Error DefinitionRegistry::Unknown(const std::string& process, const std::string& version) const {
  const std::string live_hash = LiveHash(process);
  const auto is_meant = [&](const UnreadableVersion& there) {
    return version.empty() ? there.hash == live_hash : there.version == version;
  };
  if (std::optional<Error> unreadable = WhyUnreadable(process, is_meant)) return TryLater(*std::move(unreadable));
  if (const DefinitionPtr live = Live(process))
    return {kUnknownVersion, "Expected a deployed version of '" + process + "', but " + version + " is none.", "",
            "The live version is " + live->version + "."};
  std::vector<std::string> names;
  for (const DeployedDefinition& deployed : All()) names.push_back(deployed.definition->process);
  const std::string nearest = NearestWord(process, names);
  return {kUnknownProcess, "Expected the name of a deployed process, but none is called '" + process + "'.", "",
          nearest.empty() ? "" : "Did you mean '" + nearest + "'?"};
}

}  // namespace fermata
