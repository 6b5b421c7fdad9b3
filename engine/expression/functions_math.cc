// The math extension: math.greatest, math.least, rounding, signs, bits.
#include <cmath>

#include "engine/expression/codes.h"
#include "engine/expression/evaluation.h"
#include "engine/expression/function.h"
#include "engine/expression/operators.h"

namespace fermata {
namespace {

using Arguments = std::span<const Value* const>;

// The extreme of the arguments, or of the one argument if it is a list. The first of equal ones; `wanted` is how the next must compare.
template <bool greatest>
bool Extreme(Evaluation& evaluation, Arguments arguments, Value& out) {
  std::vector<const Value*> items(arguments.begin(), arguments.end());
  if (arguments.size() == 1 && arguments[0]->is_list()) {
    items.clear();
    for (const Value& item : arguments[0]->as_list()) items.push_back(&item);
    if (items.empty())
      return evaluation.Fail(kEvaluationBadArgument, "Expected at least one number in the list, but it is empty.");
  }
  if (items.empty() || !evaluation.ChargeSteps(static_cast<std::int64_t>(items.size())))
    return items.empty() && evaluation.NoOverload();
  const Value* best = items[0];
  for (const Value* item : items) {
    if (!IsNumber(*item)) return evaluation.NoOverload();
    const auto order = *Order(*item, *best);
    if (greatest ? order > 0 : order < 0) best = item;
  }
  out = *best;
  return true;
}

template <double (*function)(double)>
bool OnDouble(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1 || arguments[0]->kind() != ValueKind::kDouble) return evaluation.NoOverload();
  out = Value::Double(function(arguments[0]->as_double()));
  return true;
}

double Ceil(double x) { return std::ceil(x); }
double Floor(double x) { return std::floor(x); }
double Round(double x) { return std::round(x); }  // halves away from zero
double Trunc(double x) { return std::trunc(x); }

template <bool (*predicate)(double)>
bool AskDouble(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1 || arguments[0]->kind() != ValueKind::kDouble) return evaluation.NoOverload();
  out = Value::Bool(predicate(arguments[0]->as_double()));
  return true;
}

bool IsNaN(double x) { return std::isnan(x); }
bool IsInf(double x) { return std::isinf(x); }
bool IsFinite(double x) { return std::isfinite(x); }

bool Abs(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1 || !IsNumber(*arguments[0])) return evaluation.NoOverload();
  const Value& x = *arguments[0];
  if (x.kind() == ValueKind::kInt && x.as_int() < 0) return NegateNumber(evaluation, x, out);
  out = x.kind() == ValueKind::kDouble ? Value::Double(std::fabs(x.as_double())) : x;
  return true;
}

bool Sign(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1) return evaluation.NoOverload();
  const Value& x = *arguments[0];
  switch (x.kind()) {
    case ValueKind::kInt:
      out = Value::Int(x.as_int() > 0 ? 1 : x.as_int() < 0 ? -1 : 0);
      return true;
    case ValueKind::kUint:
      out = Value::Uint(x.as_uint() > 0 ? 1 : 0);
      return true;
    case ValueKind::kDouble:
      out = std::isnan(x.as_double()) ? x : Value::Double(x.as_double() > 0 ? 1 : x.as_double() < 0 ? -1 : 0);
      return true;
    default:
      return evaluation.NoOverload();
  }
}

bool SquareRoot(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1 || !IsNumber(*arguments[0])) return evaluation.NoOverload();
  const Value& x = *arguments[0];
  const double number = x.kind() == ValueKind::kInt    ? static_cast<double>(x.as_int())
                        : x.kind() == ValueKind::kUint ? static_cast<double>(x.as_uint())
                                                       : x.as_double();
  out = Value::Double(std::sqrt(number));
  return true;
}

std::uint64_t BitsOf(const Value& value) {
  return value.kind() == ValueKind::kInt ? static_cast<std::uint64_t>(value.as_int()) : value.as_uint();
}
Value FromBits(std::uint64_t bits, ValueKind kind) {
  return kind == ValueKind::kInt ? Value::Int(static_cast<std::int64_t>(bits)) : Value::Uint(bits);
}
bool IsWhole(const Value& value) { return value.kind() == ValueKind::kInt || value.kind() == ValueKind::kUint; }

template <class Operation>
bool OnBits(Evaluation& evaluation, Arguments arguments, Value& out, Operation operation) {
  if (arguments.size() != 2 || !IsWhole(*arguments[0]) || arguments[0]->kind() != arguments[1]->kind())
    return evaluation.NoOverload();
  out = FromBits(operation(BitsOf(*arguments[0]), BitsOf(*arguments[1])), arguments[0]->kind());
  return true;
}

bool BitAnd(Evaluation& evaluation, Arguments arguments, Value& out) {
  return OnBits(evaluation, arguments, out, [](auto a, auto b) { return a & b; });
}
bool BitOr(Evaluation& evaluation, Arguments arguments, Value& out) {
  return OnBits(evaluation, arguments, out, [](auto a, auto b) { return a | b; });
}
bool BitXor(Evaluation& evaluation, Arguments arguments, Value& out) {
  return OnBits(evaluation, arguments, out, [](auto a, auto b) { return a ^ b; });
}

bool BitNot(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1 || !IsWhole(*arguments[0])) return evaluation.NoOverload();
  out = FromBits(~BitsOf(*arguments[0]), arguments[0]->kind());
  return true;
}

// Right shifts fill with zeros, for negative ints too.
template <bool left>
bool BitShift(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 2 || !IsWhole(*arguments[0]) || arguments[1]->kind() != ValueKind::kInt)
    return evaluation.NoOverload();
  const std::int64_t places = arguments[1]->as_int();
  if (places < 0) {
    return evaluation.Fail(kEvaluationBadArgument, "Expected a number of places that is not negative, but got " +
                                                       std::to_string(places) + ": negative offset.");
  }
  const std::uint64_t bits = BitsOf(*arguments[0]);
  out = FromBits(places >= 64 ? 0 : left ? bits << places : bits >> places, arguments[0]->kind());
  return true;
}

}  // namespace

std::span<const Function> MathFunctions() {
  static const Function functions[] = {
      {"math.greatest", kGlobal, Extreme<true>, {"num...->num", "list(num)->num"}},
      {"math.least", kGlobal, Extreme<false>, {"num...->num", "list(num)->num"}},
      {"math.ceil", kGlobal, OnDouble<Ceil>, {"double->double"}},
      {"math.floor", kGlobal, OnDouble<Floor>, {"double->double"}},
      {"math.round", kGlobal, OnDouble<Round>, {"double->double"}},
      {"math.trunc", kGlobal, OnDouble<Trunc>, {"double->double"}},
      {"math.isNaN", kGlobal, AskDouble<IsNaN>, {"double->bool"}},
      {"math.isInf", kGlobal, AskDouble<IsInf>, {"double->bool"}},
      {"math.isFinite", kGlobal, AskDouble<IsFinite>, {"double->bool"}},
      {"math.abs", kGlobal, Abs, {"int->int", "uint->uint", "double->double"}},
      {"math.sign", kGlobal, Sign, {"int->int", "uint->uint", "double->double"}},
      {"math.sqrt", kGlobal, SquareRoot, {"num->double"}},
      {"math.bitAnd", kGlobal, BitAnd, {"int,int->int", "uint,uint->uint"}},
      {"math.bitOr", kGlobal, BitOr, {"int,int->int", "uint,uint->uint"}},
      {"math.bitXor", kGlobal, BitXor, {"int,int->int", "uint,uint->uint"}},
      {"math.bitNot", kGlobal, BitNot, {"int->int", "uint->uint"}},
      {"math.bitShiftLeft", kGlobal, BitShift<true>, {"int,int->int", "uint,int->uint"}},
      {"math.bitShiftRight", kGlobal, BitShift<false>, {"int,int->int", "uint,int->uint"}},
  };
  return functions;
}

}  // namespace fermata
