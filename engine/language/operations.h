// Resolves what a process names outside of itself: operations of connectors; and the undo that calls them. Used by the parsers only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/language/parsed.h"
#include "engine/language/retry.h"
#include "engine/model/limits.h"

namespace fermata {

struct OperationRef {
  std::string connector, operation;
  const OperationManifest* manifest = nullptr;  // null after a report
};
// "billing.debit", against the manifests at hand; the manifest becomes part of the definition.
OperationRef ReadOperation(const Node& node, ParseContext& context);

std::optional<UndoSpec> ReadUndo(const Node& node, ParseContext& context);

// The state where a composite, an item or the root begins: `start`, or the first child. Reports a name that is no direct child.
StateIndex ReadStart(const State& owner, const NodeEntry* start, ParseContext& context);

// unavailable, timeout, … : the eight names that no business error may have, and `any` and `technical`.
bool IsReservedError(std::string_view name);
bool IsTechnicalError(std::string_view name);
bool IsDefinitionError(std::string_view name);

}  // namespace fermata
