// Whether what a template gives can be what a schema wants: `with` against an operation's input. Used by the checker only.
#pragma once

#include <functional>
#include <string>

#include "engine/expression/expression.h"
#include "engine/language/node.h"
#include "engine/language/report.h"
#include "engine/schema/schema.h"

namespace fermata {

using TypeOfExpression = std::function<Type(const Expression&)>;

// `node` is where the template stands; `owner` what to call it ("the input of bank.authorise"). Expressions have been checked before: `type_of` only tells their types.
void CheckFit(const Template& content, const Node& node, const CompiledSchema& schema, const std::string& owner,
              const TypeOfExpression& type_of, Report& report);

}  // namespace fermata
