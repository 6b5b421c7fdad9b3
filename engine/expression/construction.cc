// The nodes that build: lists, maps, bound names, optionals.
#include "engine/expression/codes.h"
#include "engine/expression/evaluation.h"

namespace fermata {

const Value* Evaluation::EvalList(const SyntaxNode& node, Value& scratch) {
  std::vector<Value> items;
  items.reserve(node.children.size());
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    Value item;
    const Value* value = Eval(*node.children[i], item);
    if (value == nullptr) return nullptr;
    if (!node.optional[i]) {
      items.push_back(value == &item ? std::move(item) : *value);
      continue;
    }
    if (value->kind() != ValueKind::kOptional) {
      return FailAt(node.children[i]->span, kEvaluationNoOverload,
                    "Expected an optional behind '?', but got " + std::string(KindName(*value)) + ".");
    }
    if (value->optional_has_value()) items.push_back(value->optional_value());
  }
  node_ = &node;
  if (!ChargeBytes(items.size() * sizeof(Value))) return nullptr;
  scratch = Value::List(std::move(items));
  return &scratch;
}

const Value* Evaluation::EvalMap(const SyntaxNode& node, Value& scratch) {
  std::vector<MapEntry> entries;
  entries.reserve(node.children.size() / 2);
  for (std::size_t i = 0; i < node.children.size(); i += 2) {
    Value key_scratch;
    Value value_scratch;
    const Value* key = Eval(*node.children[i], key_scratch);
    if (key == nullptr) return nullptr;
    const Value* value = Eval(*node.children[i + 1], value_scratch);
    if (value == nullptr) return nullptr;
    if (!IsKeyKind(*key)) {
      return FailAt(node.children[i]->span, kEvaluationNoOverload,
                    "Expected a string, bool, int or uint as a key, but got " + std::string(KindName(*key)) +
                        ": unsupported key type.");
    }
    if (!node.optional[i / 2]) {
      entries.emplace_back(*key, *value);
      continue;
    }
    if (value->kind() != ValueKind::kOptional) {
      return FailAt(node.children[i + 1]->span, kEvaluationNoOverload,
                    "Expected an optional for a '?' key, but got " + std::string(KindName(*value)) + ".");
    }
    if (value->optional_has_value()) entries.emplace_back(*key, value->optional_value());
  }
  node_ = &node;
  if (!ChargeBytes(entries.size() * sizeof(MapEntry))) return nullptr;
  std::size_t duplicate = 0;
  std::optional<Value> map = Value::TryMap(entries, duplicate);
  if (!map) {
    // The later of the two; a '?' entry that was left out would shift the places.
    const bool as_written = entries.size() * 2 == node.children.size();
    return FailAt(as_written ? node.children[duplicate * 2]->span : node.span, kEvaluationBadArgument,
                  "Expected each key once, but " + KeyText(entries[duplicate].first) + " is a repeated key.");
  }
  scratch = *std::move(map);
  return &scratch;
}

// Evaluates now; an error waits in the slot until the name is used.
void Evaluation::BindSlot(const SyntaxNode& value, int slot) {
  const auto index = static_cast<std::size_t>(slot);
  Value scratch;
  const Value* result = Eval(value, scratch);
  if (index < slot_failures_.size()) slot_failures_[index] = nullptr;
  if (result != nullptr) {
    slots_[index] = result == &scratch ? std::move(scratch) : *result;
    return;
  }
  slot_failures_.resize(slots_.size());
  slot_failures_[index] = std::make_unique<Failure>(failure_);
}

const Value* Evaluation::EvalBind(const SyntaxNode& node, Value& scratch) {
  BindSlot(*node.children[0], node.slot);
  if (fatal()) return nullptr;
  return Settle(Eval(*node.children[1], scratch), scratch);
}

const Value* Evaluation::EvalBlock(const SyntaxNode& node, Value& scratch) {
  const std::size_t last = node.children.size() - 1;
  for (std::size_t i = 0; i < last; ++i) {
    BindSlot(*node.children[i], node.slot + static_cast<int>(i));
    if (fatal()) return nullptr;
  }
  return Settle(Eval(*node.children[last], scratch), scratch);
}

const Value* Evaluation::EvalOptionalMap(const SyntaxNode& node, Value& scratch) {
  Value target_scratch;
  const Value* target = Eval(*node.children[0], target_scratch);
  if (target == nullptr) return nullptr;
  node_ = &node;
  if (target->kind() != ValueKind::kOptional) {
    return FailAt(node.span, kEvaluationNoOverload,
                  "Expected an optional, but got " + std::string(KindName(*target)) + ": no such overload.");
  }
  if (!target->optional_has_value()) {
    scratch = Value::OptionalNone();
    return &scratch;
  }
  const auto slot = static_cast<std::size_t>(node.slot);
  if (slot < slot_failures_.size()) slot_failures_[slot] = nullptr;
  slots_[slot] = target->optional_value();
  const Value* result = Eval(*node.children[1], target_scratch);
  if (result == nullptr) return nullptr;
  if (node.operation == Operation::kOptMap) {
    scratch = Value::OptionalOf(*result);
  } else if (result->kind() == ValueKind::kOptional) {
    scratch = *result;
  } else {
    return FailAt(
        node.span, kEvaluationNoOverload,
        "Expected optFlatMap's expression to give an optional, but it gives " + std::string(KindName(*result)) + ".");
  }
  return &scratch;
}

const Value* Evaluation::EvalOptionalOr(const SyntaxNode& node, Value& scratch) {
  Value target_scratch;
  const Value* target = Eval(*node.children[0], target_scratch);
  if (target == nullptr) return nullptr;
  if (target->kind() != ValueKind::kOptional) {
    return FailAt(node.span, kEvaluationNoOverload,
                  "Expected an optional, but got " + std::string(KindName(*target)) + ": no such overload.");
  }
  if (target->optional_has_value()) {
    scratch = node.operation == Operation::kOr ? *target : target->optional_value();
    return &scratch;
  }
  const Value* other = Eval(*node.children[1], scratch);
  if (other != nullptr && node.operation == Operation::kOr && other->kind() != ValueKind::kOptional) {
    return FailAt(node.span, kEvaluationNoOverload,
                  "Expected 'or' to get an optional, but got " + std::string(KindName(*other)) + ": no such overload.");
  }
  return other;
}

}  // namespace fermata
