#include "engine/schema/shapes.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/base/nearest_word.h"
#include "engine/model/limits.h"
#include "engine/schema/codes.h"

namespace fermata {
namespace {

constexpr std::array<std::pair<std::string_view, unsigned>, 7> kTypeNames{{{"null", kTypeNull},
                                                                           {"boolean", kTypeBoolean},
                                                                           {"integer", kTypeInteger},
                                                                           {"number", kTypeNumber},
                                                                           {"string", kTypeString},
                                                                           {"array", kTypeArray},
                                                                           {"object", kTypeObject}}};

}  // namespace

void ShapeReader::Fail(ErrorCode code, const SchemaDocument& document, std::string path, std::string message,
                       std::string hint) {
  if (errors_.size() < kSchemaErrorsMax)
    errors_.push_back({code, document.file, std::move(path), std::move(message), std::move(hint)});
}
void ShapeReader::Malformed(const KeywordPlace& place, const std::string& expected, const Value& value) {
  Fail(kSchemaKeywordMalformed, place.document, place.path,
       "Expected " + expected + ", but it is " + Shown(value) + ".");
}

void ShapeReader::Count(const Value& value, std::optional<std::int64_t>& count, const KeywordPlace& place) {
  const bool integral = value.kind() == ValueKind::kInt || (value.kind() == ValueKind::kDouble && IsIntegral(value));
  const std::int64_t number = !integral                         ? -1
                              : value.kind() == ValueKind::kInt ? value.as_int()
                                                                : static_cast<std::int64_t>(value.as_double());
  if (number < 0) return Malformed(place, "a count (0 or more)", value);
  count = number;
}

void ShapeReader::Number(const Value& value, std::optional<Value>& number, const KeywordPlace& place) {
  const bool finite =
      value.kind() == ValueKind::kInt || (value.kind() == ValueKind::kDouble && std::isfinite(value.as_double()));
  if (!finite) return Malformed(place, "a number", value);
  number = value;
}

bool ShapeReader::Strings(const Value& value, std::vector<std::string>& strings, const KeywordPlace& place) {
  const bool list = value.is_list() && std::all_of(value.as_list().begin(), value.as_list().end(),
                                                   [](const Value& item) { return item.is_string(); });
  if (!list) return Malformed(place, "a list of names", value), false;
  for (const Value& item : value.as_list()) strings.emplace_back(item.as_string());
  return true;
}

std::optional<SchemaPattern> ShapeReader::Pattern(std::string_view text, const KeywordPlace& place,
                                                  const std::string& path) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexMemoryMax);
  auto regex = text.size() <= kRegexBytesMax
                   ? std::make_shared<re2::RE2>(re2::StringPiece(text.data(), text.size()), options)
                   : nullptr;
  if (regex && regex->ok()) return SchemaPattern{std::string(text), std::move(regex)};
  Fail(kSchemaPatternMalformed, place.document, path,
       "Expected a regular expression in RE2's syntax, but " + Shown(Value::String(text)) + " is none" +
           (regex ? ": " + regex->error() + "." : ": it is too long."),
       "look-around and back-references do not exist in RE2");
  return std::nullopt;
}

void ShapeReader::Types(const Value& value, unsigned& types, const KeywordPlace& place) {
  std::vector<std::string> names;
  if (value.is_string()) {
    names.emplace_back(value.as_string());
  } else if (!value.is_list() || value.as_list().empty() || !Strings(value, names, place)) {
    if (!value.is_list() || value.as_list().empty()) Malformed(place, "the name of a type or a list of such", value);
    return;
  }
  for (const std::string& name : names) {
    const auto known =
        std::find_if(kTypeNames.begin(), kTypeNames.end(), [&](const auto& entry) { return entry.first == name; });
    if (known != kTypeNames.end()) {
      types |= known->second;
      continue;
    }
    std::vector<std::string> candidates;
    for (const auto& entry : kTypeNames) candidates.emplace_back(entry.first);
    const std::string nearest = name == "int"     ? "integer"
                                : name == "float" ? "number"
                                : name == "map"   ? "object"
                                : name == "list"  ? "array"
                                                  : NearestWord(name, candidates);
    Fail(kSchemaKeywordMalformed, place.document, place.path,
         "Expected null, boolean, integer, number, string, array or object, but the type is '" + name + "'.",
         nearest.empty() ? "" : "did you mean '" + nearest + "'?");
  }
}

}  // namespace fermata
