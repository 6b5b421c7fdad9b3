// Gives every variable of a macro its slot, joins plain selections from an outside name into one path, and looks functions up.
#pragma once

#include <vector>

#include "engine/expression/ast.h"

namespace fermata {

// Fills `expression` from the parsed `root`. Adds to `errors` what is too high a tree.
void Resolve(NodePtr root, CompiledExpression& expression, std::vector<ExpressionError>& errors);

// "int", "list", "google.protobuf.Timestamp" …: names that are types where nothing else has the name.
bool IsTypeName(std::string_view name);

// Whether `node` is a call of matches() whose pattern is written out.
bool IsConstantMatch(const SyntaxNode& node);

}  // namespace fermata
