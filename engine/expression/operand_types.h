// What the operators of expressions accept and give, on types.
#pragma once

#include <optional>
#include <vector>

#include "engine/expression/ast.h"
#include "engine/expression/type.h"

namespace fermata {

// The alternatives of a union; any other type alone.
std::vector<Type> AlternativesOf(const Type& type);

// Whether == can ever hold. Numbers of any kind can be equal, and null can be compared with everything.
bool CanEqual(const Type& a, const Type& b);

// Whether < has an overload for some of their alternatives.
bool CanOrder(const Type& a, const Type& b);

// The type of a + b and its like; nullopt where no overload can fit.
std::optional<Type> ResultOfArithmetic(Operation operation, const Type& a, const Type& b);

}  // namespace fermata
