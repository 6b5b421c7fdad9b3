// How names, fields, keys and indices lead to values.
#include "engine/expression/codes.h"
#include "engine/expression/evaluation.h"
#include "engine/expression/resolver.h"

namespace fermata {
namespace {

std::optional<std::size_t> ListIndex(const Value& index) {
  constexpr double kExactMax = 0x1p53;
  switch (index.kind()) {
    case ValueKind::kInt:
      return index.as_int() < 0 ? SIZE_MAX : static_cast<std::size_t>(index.as_int());
    case ValueKind::kUint:
      return static_cast<std::size_t>(index.as_uint());
    case ValueKind::kDouble: {
      const double number = index.as_double();
      if (!(number >= -kExactMax && number <= kExactMax) ||
          number != static_cast<double>(static_cast<std::int64_t>(number)))
        return std::nullopt;
      return number < 0 ? SIZE_MAX : static_cast<std::size_t>(number);
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

const Value* Evaluation::EvalLocal(const SyntaxNode& node) {
  const auto slot = static_cast<std::size_t>(node.slot);
  if (slot < slot_failures_.size() && slot_failures_[slot] != nullptr) {
    failure_ = *slot_failures_[slot];
    return nullptr;
  }
  return &slots_[slot];
}

// The longest name that is in scope wins: "a.b.c", then "a.b", then "a".
const Value* Evaluation::EvalPath(const SyntaxNode& node, Value& scratch) {
  for (std::size_t i = node.names.size(); i-- > 0;) {
    const Value* value = scope_.Find(node.names[i]);
    if (value == nullptr) continue;
    for (std::size_t k = i + 1; value != nullptr && k < node.fields.size(); ++k) {
      // An optional on the way stands in `scratch`; it must not be overwritten while it is read.
      const Value held = value == &scratch ? scratch : Value();
      value = SelectFrom(value == &scratch ? held : *value, node.fields[k], false, node.field_spans[k], scratch);
    }
    return value;
  }
  if (IsTypeName(node.names.back())) {
    scratch = Value::Type(node.names.back());
    return &scratch;
  }
  return FailAt(node.field_spans[0], kEvaluationNoName,
                "Expected the name of a value, but there is no " + Quoted(node.fields[0]) + ".");
}

const Value* Evaluation::SelectFrom(const Value& base, std::string_view field, bool optional_access, Span span,
                                    Value& scratch) {
  const bool chained = base.kind() == ValueKind::kOptional;
  if (chained && !base.optional_has_value()) {
    scratch = Value::OptionalNone();
    return &scratch;
  }
  const Value& map = chained ? base.optional_value() : base;
  if (!map.is_map()) {
    return FailAt(span, kEvaluationNoOverload,
                  "Expected a map to select " + Quoted(field) + " from, but got " + std::string(KindName(map)) +
                      ": no such overload.");
  }
  const Value* found = map.Find(field);
  if (chained || optional_access) {
    scratch = found == nullptr ? Value::OptionalNone() : Value::OptionalOf(*found);
    return &scratch;
  }
  if (found == nullptr)
    return FailAt(span, kEvaluationNoKey, "Expected the key " + Quoted(field) + ", but the map has no such key.");
  return found;
}

const Value* Evaluation::EvalSelect(const SyntaxNode& node, Value& scratch) {
  Value inner;
  const Value* base = Eval(*node.children[0], inner);
  if (base == nullptr) return nullptr;
  const Value* found = SelectFrom(*base, node.name, node.optional_access, node.span, scratch);
  return base == &inner ? Settle(found, scratch) : found;
}

const Value* Evaluation::EvalHas(const SyntaxNode& node, Value& scratch) {
  const Value* base = Eval(*node.children[0], scratch);
  if (base == nullptr) return nullptr;
  if (base->kind() == ValueKind::kOptional) {
    if (!base->optional_has_value()) return BoolValue(false);
    base = &base->optional_value();
  }
  if (!base->is_map()) {
    return FailAt(node.span, kEvaluationNoOverload,
                  "Expected a map that may have " + Quoted(node.name) + ", but got " + std::string(KindName(*base)) +
                      ": no such overload.");
  }
  return BoolValue(base->Find(node.name) != nullptr);
}

// Null without `failed` where there is no such element.
const Value* Evaluation::IndexFrom(const Value& base, const Value& index, bool& failed) {
  if (base.is_list()) {
    const auto position = ListIndex(index);
    if (position) return *position < base.as_list().size() ? &base.as_list()[*position] : nullptr;
    failed = true;
    Fail(index.kind() == ValueKind::kDouble ? kEvaluationBadArgument : kEvaluationNoOverload,
         "Expected a whole number as the index of a list, but got " + KeyText(index) + ".");
    return nullptr;
  }
  if (base.is_map()) {
    if (IsKeyKind(index) || index.kind() == ValueKind::kDouble) return base.FindKey(index);
    failed = true;
    Fail(kEvaluationNoOverload, "Expected a string, bool, int or uint as a key, but got " +
                                    std::string(KindName(index)) + ": unsupported key type.");
    return nullptr;
  }
  failed = true;
  Fail(kEvaluationNoOverload, "Expected a list or a map to take an element of, but got " + std::string(KindName(base)) +
                                  ": no such overload.");
  return nullptr;
}

const Value* Evaluation::EvalIndex(const SyntaxNode& node, Value& scratch) {
  Value base_scratch;
  Value index_scratch;
  const Value* base = Eval(*node.children[0], base_scratch);
  if (base == nullptr) return nullptr;
  const Value* index = Eval(*node.children[1], index_scratch);
  if (index == nullptr) return nullptr;
  node_ = &node;
  const bool chained = base->kind() == ValueKind::kOptional;
  if (chained && !base->optional_has_value()) {
    scratch = Value::OptionalNone();
    return &scratch;
  }
  const Value& container = chained ? base->optional_value() : *base;
  bool failed = false;
  const Value* found = IndexFrom(container, *index, failed);
  if (failed) return nullptr;
  if (chained || node.optional_access) {
    scratch = found == nullptr ? Value::OptionalNone() : Value::OptionalOf(*found);
    return &scratch;
  }
  if (found == nullptr && container.is_list()) {
    return FailAt(node.span, kEvaluationIndexOutOfRange,
                  "Expected an index below " + std::to_string(container.as_list().size()) + ", but got " +
                      KeyText(*index) + ": index out of bounds.");
  }
  if (found == nullptr)
    return FailAt(node.span, kEvaluationNoKey,
                  "Expected the key " + KeyText(*index) + ", but the map has no such key.");
  return base == &base_scratch ? Settle(found, scratch) : found;
}

}  // namespace fermata
