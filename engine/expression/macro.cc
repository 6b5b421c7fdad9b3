// The macros that run over a list or a map: all, exists, exists_one, map, filter, transform…, sortBy.
#include "engine/expression/codes.h"
#include "engine/expression/evaluation.h"
#include "engine/expression/sorting.h"

namespace fermata {

// What a macro gathers while it runs.
struct Evaluation::Fold {
  bool decided = false;            // all and exists: the answer is known
  std::optional<Failure> failure;  // all and exists: the first error, unless something decides
  std::int64_t count = 0;          // exists_one
  std::vector<Value> items;
  std::vector<Value> keys;  // sortBy
  std::vector<MapEntry> entries;
  Value key;    // of the current item: its index or key
  Value item;   // what a single variable sees
  Value value;  // what the second variable sees
};

const Value* Evaluation::EvalMacro(const SyntaxNode& node, Value& scratch) {
  Value range_scratch;
  const Value* range = Eval(*node.children[0], range_scratch);
  if (range == nullptr) return nullptr;
  if (!range->is_list() && !(range->is_map() && node.operation != Operation::kSortBy)) {
    const std::string_view macro = std::string_view(expression_.source).substr(node.span.at, node.span.length);
    return FailAt(node.span, kEvaluationNoOverload,
                  "Expected a list or a map for '" + std::string(macro) + "', but got " +
                      std::string(KindName(*range)) + ": no such overload.");
  }
  Fold fold;
  if (!RunFold(node, *range, fold)) return nullptr;
  node_ = &node;
  return Give(FinishFold(node, fold, scratch), scratch);
}

bool Evaluation::RunFold(const SyntaxNode& node, const Value& range, Fold& fold) {
  const bool list = range.is_list();
  const std::size_t size = list ? range.as_list().size() : range.as_map().size();
  for (std::size_t i = 0; i < size && !fold.decided; ++i) {
    fold.key = list ? Value::Int(static_cast<std::int64_t>(i)) : range.as_map()[i].first;
    fold.value = list ? range.as_list()[i] : range.as_map()[i].second;
    fold.item = list ? fold.value : fold.key;
    const auto slot = static_cast<std::size_t>(node.slot);
    if (slot < slot_failures_.size()) slot_failures_[slot] = nullptr;
    slots_[slot] = node.two_variables ? fold.key : fold.item;
    if (node.two_variables) {
      const auto slot2 = static_cast<std::size_t>(node.slot2);
      if (slot2 < slot_failures_.size()) slot_failures_[slot2] = nullptr;
      slots_[slot2] = fold.value;
    }
    if (!StepFold(node, fold)) return false;
  }
  return true;
}

bool Evaluation::StepFold(const SyntaxNode& node, Fold& fold) {
  bool holds = true;
  if (node.operation == Operation::kAll || node.operation == Operation::kExists) {
    if (Test(*node.children[1], holds)) {
      fold.decided = holds == (node.operation == Operation::kExists);
      return true;
    }
    if (fatal()) return false;
    if (!fold.failure) fold.failure = failure_;
    failure_ = {};
    return true;
  }
  if (node.operation == Operation::kExistsOne || node.operation == Operation::kFilter) {
    if (!Test(*node.children[1], holds)) return false;
    fold.count += holds ? 1 : 0;
    if (holds && node.operation == Operation::kFilter) fold.items.push_back(fold.item);
    return true;
  }
  if (node.has_filter && !Test(*node.children[1], holds)) return false;
  if (!holds) return true;
  Value scratch;
  const Value* result = Eval(*node.children.back(), scratch);
  if (result == nullptr) return false;
  node_ = &node;
  switch (node.operation) {
    case Operation::kTransformMap:
      fold.entries.emplace_back(fold.key, *result);
      return ChargeBytes(sizeof(MapEntry));
    case Operation::kTransformMapEntry:
      if (!result->is_map()) {
        return Fail(kEvaluationNoOverload, "Expected transformMapEntry's expression to give a map, but it gives " +
                                               std::string(KindName(*result)) + ".");
      }
      fold.entries.insert(fold.entries.end(), result->as_map().begin(), result->as_map().end());
      return ChargeBytes(result->as_map().size() * sizeof(MapEntry));
    case Operation::kSortBy:
      fold.items.push_back(fold.item);
      fold.keys.push_back(*result);
      return ChargeBytes(2 * sizeof(Value));
    default:
      fold.items.push_back(result == &scratch ? std::move(scratch) : *result);
      return ChargeBytes(sizeof(Value));
  }
}

bool Evaluation::FinishFold(const SyntaxNode& node, Fold& fold, Value& out) {
  switch (node.operation) {
    case Operation::kAll:
    case Operation::kExists:
      if (!fold.decided && fold.failure) {
        failure_ = *std::move(fold.failure);
        return false;
      }
      out = Value::Bool(fold.decided == (node.operation == Operation::kExists));
      return true;
    case Operation::kExistsOne:
      out = Value::Bool(fold.count == 1);
      return true;
    case Operation::kTransformMap:
    case Operation::kTransformMapEntry: {
      std::size_t duplicate = 0;
      std::optional<Value> map = Value::TryMap(fold.entries, duplicate);
      if (!map)
        return Fail(kEvaluationBadArgument, "Expected each key once, but transformMapEntry gives a repeated key.");
      out = *std::move(map);
      return true;
    }
    case Operation::kSortBy:
      return SortByKeys(*this, std::move(fold.items), fold.keys, out);
    default:
      out = Value::List(std::move(fold.items));
      return ChargeBytes(0);
  }
}

}  // namespace fermata
