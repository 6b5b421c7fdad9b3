// What CEL's operators mean on values: heterogeneous equality, order across the kinds of numbers, arithmetic without wrap-around.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "engine/expression/ast.h"
#include "engine/model/value.h"

namespace fermata {

class Evaluation;

// CEL's ==. Takes from `steps` as it goes; nullopt when they run out. Bounded stack.
std::optional<bool> EqualWithin(const Value& a, const Value& b, std::int64_t& steps);

// Of two values of which neither list, map nor optional is one.
bool EqualScalars(const Value& a, const Value& b);

bool IsNumber(const Value& value);

// The order of two values that < accepts; nullopt where there is no such overload. Unordered for NaN.
std::optional<std::partial_ordering> Order(const Value& a, const Value& b);

// a + b and its like; false after evaluation.Fail(…).
bool Arithmetic(Evaluation& evaluation, Operation operation, const Value& a, const Value& b, Value& out);
bool NegateNumber(Evaluation& evaluation, const Value& a, Value& out);

// A double as CEL's string() writes it: 2, 0.5, 1e+06, NaN, +Inf.
std::string DoubleText(double number);

}  // namespace fermata
