#include "engine/model/json.h"

#include <simdjson.h>

#include <algorithm>

#include "engine/model/codes.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

// A parser keeps its buffers for the next text; larger ones are not worth holding on to.
constexpr std::size_t kKeptParserBytes = 1 << 20;

// Turns simdjson's document into a Value. Recursion is bounded by kValueDepthMax.
class Converter {
 public:
  explicit Converter(bool check_surrogates) : check_surrogates_(check_surrogates) {}

  bool Convert(simdjson::dom::element element, int depth, Value& out) {
    switch (element.type()) {
      case simdjson::dom::element_type::ARRAY:
        return ConvertArray(element, depth + 1, out);
      case simdjson::dom::element_type::OBJECT:
        return ConvertObject(element, depth + 1, out);
      case simdjson::dom::element_type::INT64:
        out = Value::Int(element.get_int64().value_unsafe());
        return true;
      case simdjson::dom::element_type::UINT64:
        return Fail(kJsonNumberRange, "Expected an integer within 64 bits, but got " +
                                          std::to_string(element.get_uint64().value_unsafe()) + ".");
      case simdjson::dom::element_type::DOUBLE:
        out = Value::Double(element.get_double().value_unsafe());
        return true;
      case simdjson::dom::element_type::STRING:
        return ConvertString(element.get_string().value_unsafe(), out);
      case simdjson::dom::element_type::BOOL:
        out = Value::Bool(element.get_bool().value_unsafe());
        return true;
      case simdjson::dom::element_type::NULL_VALUE:
        out = Value::Null();
        return true;
    }
    return false;
  }

  Error TakeError() {
    error_.path = std::move(path_);
    return std::move(error_);
  }

 private:
  bool Fail(ErrorCode code, std::string message) {
    error_.code = code;
    error_.message = std::move(message);
    return false;
  }

  bool TooDeep(int depth) {
    if (depth <= kValueDepthMax) return false;
    Fail(kJsonTooDeep,
         "Expected at most " + std::to_string(kValueDepthMax) + " levels of nesting, but the text has more.");
    return true;
  }

  bool ConvertString(std::string_view text, Value& out) {
    if (check_surrogates_ && !IsValidUtf8(text))
      return Fail(kJsonBadUtf8, "Expected a Unicode character, but got half of a surrogate pair.");
    out = Value::String(text);
    return true;
  }

  // After a failure `path_` holds the pointer below this element; each level puts its own token in front.
  bool ConvertArray(simdjson::dom::element element, int depth, Value& out) {
    if (TooDeep(depth)) return false;
    const simdjson::dom::array array = element.get_array().value_unsafe();
    std::vector<Value> items;
    items.reserve(array.size());
    for (const simdjson::dom::element child : array) {
      items.emplace_back();
      if (Convert(child, depth, items.back())) continue;
      path_.insert(0, "/" + std::to_string(items.size() - 1));
      return false;
    }
    out = Value::List(std::move(items));
    return true;
  }

  bool ConvertObject(simdjson::dom::element element, int depth, Value& out) {
    if (TooDeep(depth)) return false;
    const simdjson::dom::object object = element.get_object().value_unsafe();
    std::vector<MapEntry> entries;
    entries.reserve(object.size());
    for (const simdjson::dom::key_value_pair field : object) {
      MapEntry& entry = entries.emplace_back();
      if (!ConvertString(field.key, entry.first)) return false;
      if (Convert(field.value, depth, entry.second)) continue;
      std::string token;
      AppendPointerToken(field.key, token);
      path_.insert(0, token);
      return false;
    }
    std::size_t duplicate = 0;
    std::optional<Value> map = Value::TryMap(entries, duplicate);
    if (map) {
      out = *std::move(map);
      return true;
    }
    const std::string_view key = entries[duplicate].first.as_string();
    AppendPointerToken(key, path_);
    return Fail(kJsonDuplicateKey,
                "Expected each key once, but '" + std::string(key) + "' occurs twice in one object.");
  }

  bool check_surrogates_;
  std::string path_;
  Error error_;
};

Error SyntaxError(simdjson::error_code error, std::string_view text) {
  switch (error) {
    case simdjson::EMPTY:
      return {kJsonSyntax, "Expected JSON, but the text is empty.", "", ""};
    case simdjson::UTF8_ERROR:
      return {kJsonBadUtf8, "Expected UTF-8, but the text has other bytes.", "", ""};
    case simdjson::NUMBER_ERROR:
      return {kJsonNumberRange, "Expected numbers in JSON's form, integers within 64 bits, but one is not.", "",
              "Write large numbers as strings."};
    case simdjson::DEPTH_ERROR:
      return {kJsonTooDeep,
              "Expected at most " + std::to_string(kValueDepthMax) + " levels of nesting, but the text has more.", "",
              ""};
    case simdjson::UNCLOSED_STRING:
      return {kJsonSyntax, "Expected the closing quote of a string, but the text ends.", "", ""};
    case simdjson::STRING_ERROR:
      return {kJsonSyntax, "Expected a JSON string, but one has an escape that JSON does not know.", "", ""};
    case simdjson::UNESCAPED_CHARS:
      return {kJsonSyntax, "Expected control characters in strings to be escaped, but one is not.", "",
              "Write \\n for a line break."};
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
    case simdjson::N_ATOM_ERROR:
      return {kJsonSyntax, "Expected true, false or null, but got another word.", "", ""};
    default:
      break;
  }
  std::size_t shown = std::min<std::size_t>(text.size(), 40);
  while (shown > 0 && !IsValidUtf8(text.substr(0, shown))) --shown;
  return {kJsonSyntax,
          "Expected JSON, but got '" + std::string(text.substr(0, shown)) + (shown < text.size() ? "…'." : "'."), "",
          ""};
}

bool MayHaveSurrogates(std::string_view text) {
  for (std::size_t at = text.find("\\u"); at != std::string_view::npos; at = text.find("\\u", at + 2)) {
    if (at + 2 < text.size() && (text[at + 2] == 'd' || text[at + 2] == 'D')) return true;
  }
  return false;
}

}  // namespace

Result<Value> ParseJson(std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max) {
    return Error{kJsonTooLarge,
                 "Expected at most " + std::to_string(bytes_max) + " bytes of JSON, but got " +
                     std::to_string(text.size()) + ".",
                 "", ""};
  }
  static thread_local simdjson::dom::parser parser;
  simdjson::dom::element root;
  const simdjson::error_code code = parser.parse(text.data(), text.size()).get(root);
  Converter converter(MayHaveSurrogates(text));
  Value value;
  const bool converted = code == simdjson::SUCCESS && converter.Convert(root, 0, value);
  if (parser.capacity() > kKeptParserBytes) parser = simdjson::dom::parser();
  if (code != simdjson::SUCCESS) return SyntaxError(code, text);
  if (!converted) return converter.TakeError();
  return value;
}

Result<Value> ParseJson(std::string_view text) { return ParseJson(text, kJsonBytesMax); }

bool IsValidUtf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace fermata
