// Overloads of functions, read from their texts in the function tables, and matched against argument types.
#pragma once

#include <optional>
#include <vector>

#include "engine/expression/function.h"
#include "engine/expression/type.h"

namespace fermata {

// The type of a call with these argument types: what all overloads that can fit have in common. nullopt if none can.
std::optional<Type> ResultOfCall(const Function& function, const std::vector<Type>& arguments);

// "string.charAt(int)", "math.abs(int or uint or double)": for messages.
std::string DescribeOverloads(const Function& function);

}  // namespace fermata
