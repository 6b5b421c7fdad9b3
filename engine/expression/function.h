// The functions of CEL and its extensions: one table for the evaluator and the checker.
//
// The table is built once, before main's first expression, and never changes: thread-safe.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "engine/model/value.h"

namespace fermata {

class Evaluation;

enum class FunctionStyle : std::uint8_t { kGlobal, kMember };
using enum FunctionStyle;  // tables of functions are read more often than written

// The arguments, a receiver first. Returns false after evaluation.Fail(…); what it builds it charges.
using Implementation = bool (*)(Evaluation& evaluation, std::span<const Value* const> arguments, Value& out);

struct Function {
  std::string_view name;  // "charAt", "math.abs"
  FunctionStyle style;
  Implementation call;
  // "string,int->string", the receiver first. A and B stand for any type, num for the three kinds of number; a last "T..." repeats.
  std::vector<std::string_view> signatures;
};

// Null if there is none.
const Function* FindFunction(std::string_view name, FunctionStyle style);
const std::vector<const Function*>& AllFunctions();

// One table a library, each in a file of its own.
std::span<const Function> StandardFunctions();
std::span<const Function> TimeFunctions();
std::span<const Function> StringFunctions();
std::span<const Function> MathFunctions();
std::span<const Function> ListFunctions();
std::span<const Function> OptionalFunctions();

}  // namespace fermata
