#include "engine/language/operations.h"

#include <algorithm>

#include "engine/language/codes.h"
#include "engine/language/fields.h"
#include "engine/language/templates.h"
#include "engine/language/transitions.h"

namespace fermata {
namespace {

const ManifestPtr* FindManifest(std::string_view connector, ParseContext& context) {
  for (const ManifestPtr& manifest : context.manifests)
    if (manifest->connector == connector) return &manifest;
  return nullptr;
}

// What was checked against belongs to the definition.
void Keep(const ManifestPtr& manifest, Definition& definition) {
  const bool kept = std::any_of(definition.manifests.begin(), definition.manifests.end(),
                                [&](const ManifestPtr& known) { return known == manifest; });
  if (!kept) definition.manifests.push_back(manifest);
}

}  // namespace

OperationRef ReadOperation(const Node& node, ParseContext& context) {
  OperationRef reference;
  const std::size_t dot = node.text.find('.');
  if (!node.is_string() || dot == std::string::npos || !IsDottedName(node.text)) {
    context.report.Error(kBadName, node,
                         "Expected an operation such as 'billing.debit', but there is " + node.Describe() + ".",
                         "it is written connector.operation");
    return reference;
  }
  reference.connector = node.text.substr(0, dot);
  reference.operation = node.text.substr(dot + 1);
  const ManifestPtr* manifest = FindManifest(reference.connector, context);
  if (!manifest) {
    std::vector<std::string> names;
    std::string list;
    for (const ManifestPtr& known : context.manifests) {
      names.push_back(known->connector);
      list += (list.empty() ? "" : ", ") + known->connector;
    }
    std::string hint = DidYouMean(reference.connector, names);
    if (hint.empty())
      hint = "there are manifests of: " + list +
             "; that of a further one goes into connectors/ beside the process, or is deployed before it";
    context.report.Error(
        kUnknownConnector, node,
        "Expected a connector that has a manifest, but there is none for '" + reference.connector + "'.",
        std::move(hint));
    return reference;
  }
  Keep(*manifest, *context.parsed.definition);
  reference.manifest = (*manifest)->Find(reference.operation);
  if (reference.manifest) return reference;
  std::vector<std::string> names;
  std::string list;
  for (const OperationManifest& known : (*manifest)->operations) {
    names.push_back(known.name);
    list += (list.empty() ? "" : ", ") + known.name;
  }
  std::string hint = DidYouMean(reference.operation, names);
  if (hint.empty()) hint = "'" + reference.connector + "' has: " + list;
  // The place of the part behind the dot.
  const SourcePosition at = context.report.source().Locate(node, static_cast<int>(dot) + 1);
  context.report.Add(Severity::kError, kUnknownOperation, at, CountCharacters(reference.operation),
                     "Expected an operation of the connector '" + reference.connector + "', but '" +
                         reference.operation + "' is none.",
                     std::move(hint));
  return reference;
}

std::optional<UndoSpec> ReadUndo(const Node& node, ParseContext& context) {
  if (!ExpectMap(node, "{call, with, retry, timeout, replaces}", context.report)) return std::nullopt;
  CheckKeys(node, {"call", "with", "retry", "timeout", "replaces"}, "'undo'", context.report);
  UndoSpec undo;
  undo.at = node.at;
  const NodeEntry* call = node.Find("call");
  if (!call) {
    context.report.Error(kMissingKey, node, "Expected 'call' in 'undo', but it is missing.");
    return std::nullopt;
  }
  const OperationRef operation = ReadOperation(call->value, context);
  undo.operation = operation.connector + "." + operation.operation;
  if (operation.manifest) {
    undo.retry = operation.manifest->retry;
    undo.timeout_ms = operation.manifest->timeout_ms;
  }
  if (const NodeEntry* with = node.Find("with")) undo.with = ReadTemplate(with->value, context);
  if (const NodeEntry* timeout = node.Find("timeout")) undo.timeout_ms = ReadSpan(timeout->value, context.report);
  if (const NodeEntry* retry = node.Find("retry")) {
    const RetryPolicy* base = operation.manifest && operation.manifest->retry ? &*operation.manifest->retry : nullptr;
    undo.retry = ReadRetry(retry->value, base, context.report);
  }
  if (const NodeEntry* replaces = node.Find("replaces"))
    if (auto state = ReadStateName(replaces->value, context))
      undo.replaces = context.parsed.definition->states[static_cast<std::size_t>(*state)].name;
  return undo;
}

StateIndex ReadStart(const State& owner, const NodeEntry* start, ParseContext& context) {
  const StateIndex first = owner.children.empty() ? kNoState : owner.children.front();
  if (!start) return first;
  const Definition& definition = *context.parsed.definition;
  std::vector<std::string> names;
  for (StateIndex child : owner.children) {
    const State& state = definition.states[static_cast<std::size_t>(child)];
    if (start->value.is_string() && state.name == start->value.text) return child;
    names.push_back(state.name);
  }
  context.parsed.targets_unknown = true;
  context.report.Error(
      kUnknownStart, start->value,
      "Expected one of the states that stand directly under 'states', but 'start' is " + start->value.Describe() + ".",
      DidYouMean(start->value.text, names));
  return first;
}

bool IsTechnicalError(std::string_view name) {
  return name == "unavailable" || name == "timeout" || name == "invalid-response" || name == "internal";
}

bool IsDefinitionError(std::string_view name) {
  return name == "expression" || name == "schema" || name == "no-transition" || name == "livelock";
}

bool IsReservedError(std::string_view name) {
  return IsTechnicalError(name) || IsDefinitionError(name) || name == "any" || name == "technical";
}

}  // namespace fermata
