// The lists and sets extensions, and reverse() for strings too.
#include <algorithm>
#include <numeric>

#include "engine/expression/codes.h"
#include "engine/expression/evaluation.h"
#include "engine/expression/function.h"
#include "engine/expression/operators.h"
#include "engine/expression/sorting.h"
#include "engine/expression/utf8.h"

namespace fermata {
namespace {

using Arguments = std::span<const Value* const>;

bool Slice(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 3 || !arguments[0]->is_list() || arguments[1]->kind() != ValueKind::kInt ||
      arguments[2]->kind() != ValueKind::kInt) {
    return evaluation.NoOverload();
  }
  const auto& list = arguments[0]->as_list();
  const std::int64_t start = arguments[1]->as_int();
  const std::int64_t end = arguments[2]->as_int();
  if (start < 0 || start > end || end > static_cast<std::int64_t>(list.size())) {
    return evaluation.Fail(kEvaluationIndexOutOfRange, "Expected a start and an end in order within 0 and " +
                                                           std::to_string(list.size()) + ", but got " +
                                                           std::to_string(start) + " and " + std::to_string(end) + ".");
  }
  if (!evaluation.ChargeItems(static_cast<std::size_t>(end - start))) return false;
  out = Value::List({list.begin() + start, list.begin() + end});
  return true;
}

// Depth is bounded by how deep values are.
bool FlattenInto(Evaluation& evaluation, const Value& list, std::int64_t depth, std::vector<Value>& items) {
  for (const Value& item : list.as_list()) {
    if (item.is_list() && depth > 0) {
      if (!evaluation.ChargeSteps(1) || !FlattenInto(evaluation, item, depth - 1, items)) return false;
    } else {
      if (!evaluation.ChargeItems(1)) return false;
      items.push_back(item);
    }
  }
  return true;
}

bool Flatten(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.empty() || arguments.size() > 2 || !arguments[0]->is_list()) return evaluation.NoOverload();
  if (arguments.size() == 2 && arguments[1]->kind() != ValueKind::kInt) return evaluation.NoOverload();
  const std::int64_t depth = arguments.size() == 2 ? arguments[1]->as_int() : 1;
  if (depth < 0)
    return evaluation.Fail(kEvaluationBadArgument,
                           "Expected a level that is non-negative, but got " + std::to_string(depth) + ".");
  std::vector<Value> items;
  if (!FlattenInto(evaluation, *arguments[0], depth, items)) return false;
  out = Value::List(std::move(items));
  return true;
}

bool Range(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1 || arguments[0]->kind() != ValueKind::kInt) return evaluation.NoOverload();
  const std::int64_t count = arguments[0]->as_int();
  if (count > kEvaluationStepsMax) return evaluation.ChargeSteps(count);
  std::vector<Value> items;
  if (count > 0 && !evaluation.ChargeItems(static_cast<std::size_t>(count))) return false;
  for (std::int64_t i = 0; i < count; ++i) items.push_back(Value::Int(i));
  out = Value::List(std::move(items));
  return true;
}

// Of a list or of a string, by characters.
bool Reverse(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1) return evaluation.NoOverload();
  if (arguments[0]->is_list()) {
    const auto& list = arguments[0]->as_list();
    if (!evaluation.ChargeItems(list.size())) return false;
    out = Value::List({list.rbegin(), list.rend()});
    return true;
  }
  if (!arguments[0]->is_string()) return evaluation.NoOverload();
  const std::string_view text = arguments[0]->as_string();
  if (!evaluation.ChargeBytes(text.size())) return false;
  std::string reversed(text.size(), '\0');
  std::size_t end = text.size();
  for (std::size_t offset = 0; offset < text.size();) {
    const std::size_t start = offset;
    NextCodePoint(text, offset);
    end -= offset - start;
    text.copy(reversed.data() + end, offset - start, start);
  }
  out = Value::String(reversed);
  return true;
}

bool Distinct(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1 || !arguments[0]->is_list()) return evaluation.NoOverload();
  std::vector<Value> items;
  for (const Value& item : arguments[0]->as_list()) {
    bool known = false;
    for (std::size_t i = 0; !known && i < items.size(); ++i) {
      if (!evaluation.ChargeSteps(1) || !evaluation.Equals(items[i], item, known)) return false;
    }
    if (known) continue;
    if (!evaluation.ChargeItems(1)) return false;
    items.push_back(item);
  }
  out = Value::List(std::move(items));
  return true;
}

bool Sort(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1 || !arguments[0]->is_list()) return evaluation.NoOverload();
  return SortByKeys(evaluation, arguments[0]->as_list(), arguments[0]->as_list(), out);
}

bool IsIn(Evaluation& evaluation, const Value& item, const Value& list, bool& found) {
  found = false;
  for (const Value& other : list.as_list()) {
    if (!evaluation.ChargeSteps(1) || !evaluation.Equals(item, other, found)) return false;
    if (found) return true;
  }
  return true;
}

bool ContainsAll(Evaluation& evaluation, const Value& list, const Value& items, bool& all) {
  all = true;
  for (const Value& item : items.as_list()) {
    if (!IsIn(evaluation, item, list, all)) return false;
    if (!all) return true;
  }
  return true;
}

bool AreTwoLists(Arguments arguments) {
  return arguments.size() == 2 && arguments[0]->is_list() && arguments[1]->is_list();
}

bool SetsContains(Evaluation& evaluation, Arguments arguments, Value& out) {
  bool all = true;
  if (!AreTwoLists(arguments)) return evaluation.NoOverload();
  if (!ContainsAll(evaluation, *arguments[0], *arguments[1], all)) return false;
  out = Value::Bool(all);
  return true;
}

bool SetsEquivalent(Evaluation& evaluation, Arguments arguments, Value& out) {
  bool all = true;
  if (!AreTwoLists(arguments)) return evaluation.NoOverload();
  if (!ContainsAll(evaluation, *arguments[0], *arguments[1], all)) return false;
  if (all && !ContainsAll(evaluation, *arguments[1], *arguments[0], all)) return false;
  out = Value::Bool(all);
  return true;
}

bool SetsIntersects(Evaluation& evaluation, Arguments arguments, Value& out) {
  bool any = false;
  if (!AreTwoLists(arguments)) return evaluation.NoOverload();
  for (const Value& item : arguments[0]->as_list()) {
    if (!IsIn(evaluation, item, *arguments[1], any)) return false;
    if (any) break;
  }
  out = Value::Bool(any);
  return true;
}

}  // namespace

bool SortByKeys(Evaluation& evaluation, std::vector<Value> items, const std::vector<Value>& keys, Value& out) {
  for (const Value& key : keys) {
    if (!Order(key, key))
      return evaluation.Fail(kEvaluationBadArgument, "Expected keys that have an order, but got " +
                                                         std::string(KindName(key)) + ": not comparable.");
    if (key.kind() != keys[0].kind()) {
      return evaluation.Fail(kEvaluationBadArgument, "Expected keys of the same type, but got " +
                                                         std::string(KindName(keys[0])) + " and " +
                                                         std::string(KindName(key)) + ".");
    }
  }
  std::int64_t text = 0;
  for (const Value& key : keys) text += key.is_string() ? static_cast<std::int64_t>(key.as_string().size() >> 6) : 0;
  constexpr std::int64_t kComparisons = 20;  // log2 of the largest list
  if (!evaluation.ChargeItems(items.size()) || !evaluation.ChargeSteps(text * kComparisons)) return false;
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // NaN compares as equal to everything, which is no order to sort by; it goes last.
  const auto is_nan = [&](std::size_t i) {
    return keys[i].kind() == ValueKind::kDouble && keys[i].as_double() != keys[i].as_double();
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (is_nan(a) || is_nan(b)) return !is_nan(a) && is_nan(b);
    return *Order(keys[a], keys[b]) < 0;
  });
  std::vector<Value> sorted;
  sorted.reserve(items.size());
  for (const std::size_t i : order) sorted.push_back(std::move(items[i]));
  out = Value::List(std::move(sorted));
  return true;
}

std::span<const Function> ListFunctions() {
  static const Function functions[] = {
      {"slice", kMember, Slice, {"list(A),int,int->list(A)"}},
      {"flatten", kMember, Flatten, {"list(A)->list(dyn)", "list(A),int->list(dyn)"}},
      {"distinct", kMember, Distinct, {"list(A)->list(A)"}},
      {"reverse", kMember, Reverse, {"list(A)->list(A)", "string->string"}},
      {"sort", kMember, Sort, {"list(A)->list(A)"}},
      {"lists.range", kGlobal, Range, {"int->list(int)"}},
      {"sets.contains", kGlobal, SetsContains, {"list(A),list(B)->bool"}},
      {"sets.equivalent", kGlobal, SetsEquivalent, {"list(A),list(B)->bool"}},
      {"sets.intersects", kGlobal, SetsIntersects, {"list(A),list(B)->bool"}},
  };
  return functions;
}

}  // namespace fermata
