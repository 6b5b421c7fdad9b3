#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_set>

#include "engine/model/json.h"
#include "engine/model/limits.h"
#include "engine/schema/codes.h"
#include "engine/schema/pointer.h"
#include "engine/schema/schema.h"
#include "engine/schema/schema_node.h"

namespace fermata {
namespace {

// Which properties and items some subschema has looked at, for unevaluated*.
struct Evaluated {
  std::set<std::string_view> properties;
  std::set<std::size_t> items;

  void Merge(const Evaluated& other) {
    properties.insert(other.properties.begin(), other.properties.end());
    items.insert(other.items.begin(), other.items.end());
  }
};

unsigned TypesOf(const Value& value) {
  switch (value.kind()) {
    case ValueKind::kNull:
      return kTypeNull;
    case ValueKind::kBool:
      return kTypeBoolean;
    case ValueKind::kInt:
      return kTypeInteger | kTypeNumber;
    case ValueKind::kDouble:
      return kTypeNumber | (IsIntegral(value) ? kTypeInteger : 0U);
    case ValueKind::kString:
      return kTypeString;
    case ValueKind::kList:
      return kTypeArray;
    case ValueKind::kMap:
      return kTypeObject;
    default:
      return 0;
  }
}

long double NumberOf(const Value& number) {
  return number.kind() == ValueKind::kInt ? static_cast<long double>(number.as_int())
                                          : static_cast<long double>(number.as_double());
}

bool IsMultiple(const Value& value, const Value& divisor) {
  if (value.kind() == ValueKind::kInt && divisor.kind() == ValueKind::kInt)
    return value.as_int() % divisor.as_int() == 0;
  // 0.3 is meant to be a multiple of 0.1: compare in the quotient, with the precision of doubles.
  const long double quotient = NumberOf(value) / NumberOf(divisor);
  if (!std::isfinite(quotient)) return false;
  const long double nearest = std::round(quotient);
  return std::fabs(quotient - nearest) <= std::fabs(quotient) * 4e-16L;
}

std::int64_t CountCharacters(std::string_view utf8) {
  return std::count_if(utf8.begin(), utf8.end(), [](unsigned char byte) { return (byte & 0xC0) != 0x80; });
}

class Validator {
 public:
  explicit Validator(const CompiledSchema& schema) : schema_(schema) {}

  std::vector<SchemaViolation> Run(const Value& value) {
    Evaluated evaluated;
    Check(schema_.root, value, "", evaluated, 0);
    return std::move(violations_);
  }
  // Whether it fits, without noting why not.
  bool Fits(NodeIndex index, const Value& value) {
    Evaluated evaluated;
    return Silently(index, value, "", evaluated, 0);
  }

 private:
  // The keywords of one node that have failed so far are in violations_; true if none.
  bool Check(NodeIndex index, const Value& value, const std::string& path, Evaluated& evaluated, int depth) {
    const SchemaNode& node = schema_.nodes[index];
    if (gave_up_) return false;
    if (++steps_ > kSchemaStepsMax || depth > kSchemaNestingMax) {
      gave_up_ = true;
      return Fail(node, path, "",
                  "Expected a value that can be checked in " + std::to_string(kSchemaStepsMax) +
                      " steps, but the schema needs more for it.");
    }
    if (node.boolean)
      return *node.boolean || Fail(node, path, "", "Expected nothing here, but there is " + Shown(value) + ".");
    // A wrong type hides what else is wrong.
    if (node.types != 0 && (node.types & TypesOf(value)) == 0) return FailType(node, value, path);
    bool fits = CheckEquality(node, value, path);
    Evaluated own;
    if (value.is_string()) {
      fits &= CheckString(node, value.as_string(), path);
    } else if (value.is_list()) {
      fits &= CheckList(node, value, path, own, depth);
    } else if (value.is_map()) {
      fits &= CheckObject(node, value, path, own, depth);
    } else if (TypesOf(value) & kTypeNumber) {
      fits &= CheckNumber(node, value, path);
    }
    fits &= CheckCombinations(node, value, path, own, depth);
    fits &= CheckUnevaluated(node, value, path, own, depth);
    if (fits && schema_.has_unevaluated) evaluated.Merge(own);
    return fits;
  }

  bool Silently(NodeIndex index, const Value& value, const std::string& path, Evaluated& evaluated, int depth) {
    ++silent_;
    const bool fits = Check(index, value, path, evaluated, depth);
    --silent_;
    return fits;
  }

  bool Fail(const SchemaNode& node, const std::string& path, std::string_view keyword, std::string message,
            std::string property = "") {
    if ((silent_ == 0 || gave_up_) && violations_.size() < kSchemaErrorsMax)
      violations_.push_back(
          {path, std::move(message), keyword.empty() ? node.path : PointerTo(node.path, keyword), std::move(property)});
    return false;
  }

  bool FailType(const SchemaNode& node, const Value& value, const std::string& path) {
    const bool too_large = value.kind() == ValueKind::kDouble && std::isfinite(value.as_double()) &&
                           value.as_double() == std::trunc(value.as_double());
    if ((node.types & kTypeInteger) && too_large)
      return Fail(node, path, "type", "Expected an integer of 64 bits, but " + Shown(value) + " is beyond them.");
    return Fail(node, path, "type", "Expected " + DescribeTypes(node.types) + ", but it is " + Shown(value) + ".");
  }

  bool CheckEquality(const SchemaNode& node, const Value& value, const std::string& path) {
    bool fits = true;
    if (node.enumeration) {
      const bool listed = std::any_of(node.enumeration->begin(), node.enumeration->end(),
                                      [&](const Value& candidate) { return SchemaEquals(candidate, value); });
      if (!listed)
        fits =
            Fail(node, path, "enum",
                 "Expected one of " + WriteJson(Value::List(*node.enumeration)) + ", but it is " + Shown(value) + ".");
    }
    if (node.constant && !SchemaEquals(*node.constant, value))
      fits = Fail(node, path, "const", "Expected " + WriteJson(*node.constant) + ", but it is " + Shown(value) + ".");
    return fits;
  }

  bool CheckNumber(const SchemaNode& node, const Value& value, const std::string& path) {
    bool fits = true;
    const auto expect = [&](bool holds, std::string_view keyword, const char* words,
                            const std::optional<Value>& bound) {
      if (bound && !holds)
        fits = Fail(node, path, keyword,
                    std::string("Expected ") + words + WriteJson(*bound) + ", but it is " + Shown(value) + ".");
    };
    const long double number = NumberOf(value);
    expect(!node.minimum || number >= NumberOf(*node.minimum), "minimum", "at least ", node.minimum);
    expect(!node.maximum || number <= NumberOf(*node.maximum), "maximum", "at most ", node.maximum);
    expect(!node.exclusive_minimum || number > NumberOf(*node.exclusive_minimum), "exclusiveMinimum", "more than ",
           node.exclusive_minimum);
    expect(!node.exclusive_maximum || number < NumberOf(*node.exclusive_maximum), "exclusiveMaximum", "less than ",
           node.exclusive_maximum);
    expect(!node.multiple_of || IsMultiple(value, *node.multiple_of), "multipleOf", "a multiple of ", node.multiple_of);
    return fits;
  }

  // A count against its two bounds.
  bool CheckCount(const SchemaNode& node, const std::string& path, std::int64_t count,
                  const std::optional<std::int64_t>& min, const std::optional<std::int64_t>& max,
                  std::string_view min_keyword, std::string_view max_keyword, const std::string& what) {
    bool fits = true;
    if (min && count < *min)
      fits = Fail(
          node, path, min_keyword,
          "Expected at least " + std::to_string(*min) + " " + what + ", but there are " + std::to_string(count) + ".");
    if (max && count > *max)
      fits = Fail(
          node, path, max_keyword,
          "Expected at most " + std::to_string(*max) + " " + what + ", but there are " + std::to_string(count) + ".");
    return fits;
  }

  bool CheckString(const SchemaNode& node, std::string_view text, const std::string& path) {
    bool fits = true;
    if (node.length_min || node.length_max)
      fits &= CheckCount(node, path, CountCharacters(text), node.length_min, node.length_max, "minLength", "maxLength",
                         "characters");
    if (node.pattern && !Found(*node.pattern, text))
      fits = Fail(
          node, path, "pattern",
          "Expected text that matches /" + node.pattern->text + "/, but it is " + Shown(Value::String(text)) + ".");
    if (!node.format.empty() && !*HasFormat(text, node.format))
      fits = Fail(node, path, "format",
                  "Expected text of the format '" + node.format + "', but it is " + Shown(Value::String(text)) + ".");
    return fits;
  }

  bool CheckList(const SchemaNode& node, const Value& value, const std::string& path, Evaluated& evaluated, int depth) {
    const std::vector<Value>& items = value.as_list();
    bool fits = CheckCount(node, path, static_cast<std::int64_t>(items.size()), node.items_min, node.items_max,
                           "minItems", "maxItems", "items");
    if (node.unique_items) {
      std::unordered_set<std::string> seen;
      for (std::size_t i = 0; i < items.size() && fits; ++i)
        if (!seen.insert(CanonicalText(items[i])).second)
          fits = Fail(node, PointerTo(path, i), "uniqueItems",
                      "Expected items that differ, but " + Shown(items[i]) + " occurs twice.");
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
      const NodeIndex schema = i < node.prefix_items.size() ? node.prefix_items[i] : node.items;
      if (schema == kNoNode) continue;
      fits &= CheckChild(schema, items[i], PointerTo(path, i), depth);
      if (schema_.has_unevaluated) evaluated.items.insert(i);
    }
    if (node.contains != kNoNode) fits &= CheckContains(node, items, path, evaluated, depth);
    return fits;
  }

  bool CheckContains(const SchemaNode& node, const std::vector<Value>& items, const std::string& path,
                     Evaluated& evaluated, int depth) {
    std::int64_t count = 0;
    for (std::size_t i = 0; i < items.size(); ++i) {
      Evaluated inner;
      if (!Silently(node.contains, items[i], PointerTo(path, i), inner, depth + 1)) continue;
      ++count;
      if (schema_.has_unevaluated) evaluated.items.insert(i);
    }
    return CheckCount(node, path, count, node.contains_min, node.contains_max,
                      node.contains_min == 1 ? "contains" : "minContains", "maxContains",
                      "items that match 'contains'");
  }

  bool CheckChild(NodeIndex schema, const Value& value, const std::string& path, int depth) {
    Evaluated inner;
    return Check(schema, value, path, inner, depth + 1);
  }

  bool CheckObject(const SchemaNode& node, const Value& value, const std::string& path, Evaluated& evaluated,
                   int depth) {
    bool fits = CheckCount(node, path, static_cast<std::int64_t>(value.as_map().size()), node.properties_min,
                           node.properties_max, "minProperties", "maxProperties", "properties");
    for (const std::string& name : node.required)
      if (!value.Find(name))
        fits = Fail(node, path, "required", "Expected the property '" + name + "', but it is missing.", name);
    for (const auto& [name, others] : node.dependent_required) {
      if (!value.Find(name)) continue;
      for (const std::string& other : others)
        if (!value.Find(other))
          fits = Fail(node, path, "dependentRequired",
                      "Expected the property '" + other + "' beside '" + name + "', but it is missing.");
    }
    for (const auto& [name, schema] : node.dependent_schemas)
      if (value.Find(name)) fits &= Check(schema, value, path, evaluated, depth + 1);
    for (const auto& [key, content] : value.as_map()) fits &= CheckProperty(node, key, content, path, evaluated, depth);
    return fits;
  }

  bool CheckProperty(const SchemaNode& node, const Value& key, const Value& content, const std::string& path,
                     Evaluated& evaluated, int depth) {
    const std::string_view name = key.as_string();
    const std::string inner = PointerTo(path, name);
    bool fits = true, known = false;
    if (node.property_names != kNoNode) fits &= CheckChild(node.property_names, key, inner, depth);
    if (const NodeIndex schema = node.FindProperty(name); schema != kNoNode) {
      known = true;
      fits &= CheckChild(schema, content, inner, depth);
    }
    for (const auto& [pattern, schema] : node.pattern_properties) {
      if (!Found(pattern, name)) continue;
      known = true;
      fits &= CheckChild(schema, content, inner, depth);
    }
    if (!known && node.additional_properties != kNoNode) {
      known = true;
      const SchemaNode& additional = schema_.nodes[node.additional_properties];
      if (additional.boolean && !*additional.boolean) {
        fits = Fail(node, inner, "additionalProperties",
                    "Expected only properties that the schema names, but '" + std::string(name) + "' is none.",
                    std::string(name));
      } else {
        fits &= CheckChild(node.additional_properties, content, inner, depth);
      }
    }
    if (known && schema_.has_unevaluated) evaluated.properties.insert(name);
    return fits;
  }

  bool CheckCombinations(const SchemaNode& node, const Value& value, const std::string& path, Evaluated& evaluated,
                         int depth) {
    bool fits = true;
    if (node.ref != kNoNode) fits &= Check(node.ref, value, path, evaluated, depth + 1);
    for (NodeIndex schema : node.all_of) fits &= Check(schema, value, path, evaluated, depth + 1);
    if (!node.any_of.empty()) fits &= CheckAlternatives(node, node.any_of, value, path, evaluated, depth);
    if (!node.one_of.empty()) fits &= CheckAlternatives(node, node.one_of, value, path, evaluated, depth);
    if (node.negation != kNoNode) {
      Evaluated ignored;
      if (Silently(node.negation, value, path, ignored, depth + 1))
        fits = Fail(node, path, "not", "Expected a value that does not match 'not', but " + Shown(value) + " does.");
    }
    if (node.condition != kNoNode) {
      Evaluated inner;
      const bool holds = Silently(node.condition, value, path, inner, depth + 1);
      if (holds) evaluated.Merge(inner);
      const NodeIndex branch = holds ? node.consequence : node.alternative;
      if (branch != kNoNode) fits &= Check(branch, value, path, evaluated, depth + 1);
    }
    return fits;
  }

  // anyOf and oneOf.
  bool CheckAlternatives(const SchemaNode& node, const std::vector<NodeIndex>& alternatives, const Value& value,
                         const std::string& path, Evaluated& evaluated, int depth) {
    const bool one = &alternatives == &node.one_of;
    const std::string_view keyword = one ? "oneOf" : "anyOf";
    int matches = 0;
    for (NodeIndex schema : alternatives) {
      Evaluated inner;
      if (!Silently(schema, value, path, inner, depth + 1)) continue;
      ++matches;
      evaluated.Merge(inner);
    }
    if (matches == 1 || (matches > 1 && !one)) return true;
    if (matches > 1)
      return Fail(node, path, keyword,
                  "Expected exactly one of " + std::to_string(alternatives.size()) + " alternatives, but " +
                      Shown(value) + " matches " + std::to_string(matches) + ".");
    return ExplainNoAlternative(node, alternatives, keyword, value, path, depth);
  }

  // The only alternative of the value's type says best what is wrong.
  bool ExplainNoAlternative(const SchemaNode& node, const std::vector<NodeIndex>& alternatives,
                            std::string_view keyword, const Value& value, const std::string& path, int depth) {
    NodeIndex likely = kNoNode;
    int candidates = 0;
    unsigned types = 0;
    bool typed = true;
    for (NodeIndex schema : alternatives) {
      const SchemaNode& alternative = schema_.nodes[schema];
      types |= alternative.types;
      typed &= alternative.types != 0;
      if (alternative.types != 0 && (alternative.types & TypesOf(value)) == 0) continue;
      ++candidates;
      likely = schema;
    }
    if (silent_ > 0) return false;
    if (candidates == 1) {
      Evaluated inner;
      return Check(likely, value, path, inner, depth + 1);
    }
    if (candidates == 0 && typed)
      return Fail(node, path, keyword, "Expected " + DescribeTypes(types) + ", but it is " + Shown(value) + ".");
    return Fail(node, path, keyword,
                "Expected one of " + std::to_string(alternatives.size()) + " alternatives, but " + Shown(value) +
                    " matches none.");
  }

  bool CheckUnevaluated(const SchemaNode& node, const Value& value, const std::string& path, Evaluated& evaluated,
                        int depth) {
    bool fits = true;
    if (node.unevaluated_properties != kNoNode && value.is_map()) {
      for (const auto& [key, content] : value.as_map()) {
        if (evaluated.properties.count(key.as_string())) continue;
        fits &= CheckChild(node.unevaluated_properties, content, PointerTo(path, key.as_string()), depth);
        evaluated.properties.insert(key.as_string());
      }
    }
    if (node.unevaluated_items != kNoNode && value.is_list()) {
      for (std::size_t i = 0; i < value.as_list().size(); ++i) {
        if (!evaluated.items.insert(i).second) continue;
        fits &= CheckChild(node.unevaluated_items, value.as_list()[i], PointerTo(path, i), depth);
      }
    }
    return fits;
  }

  const CompiledSchema& schema_;
  std::vector<SchemaViolation> violations_;
  int silent_ = 0;
  int steps_ = 0;
  bool gave_up_ = false;
};

}  // namespace

std::vector<SchemaViolation> Validate(const CompiledSchema& schema, const Value& value) {
  return Validator(schema).Run(value);
}

bool FitsNode(const CompiledSchema& schema, NodeIndex node, const Value& value) {
  return Validator(schema).Fits(node, value);
}

}  // namespace fermata
