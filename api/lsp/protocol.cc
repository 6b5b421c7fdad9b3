#include "api/lsp/protocol.h"

#include <algorithm>
#include <limits>

namespace fermata {
namespace {

int SeverityNumber(Severity severity) {
  return severity == Severity::kError ? 1 : severity == Severity::kWarning ? 2 : 3;
}

int NumberMember(const Value& value, std::string_view path) {
  const Value* number = Member(value, path);
  if (!number || number->kind() != ValueKind::kInt) return 0;
  return static_cast<int>(std::clamp<std::int64_t>(number->as_int(), 0, std::numeric_limits<int>::max()));
}

}  // namespace

Value ToValue(Position position) {
  return Value::Object({{"line", Value::Int(position.line)}, {"character", Value::Int(position.character)}});
}

Value RangeOf(Position from, Position to) { return Value::Object({{"start", ToValue(from)}, {"end", ToValue(to)}}); }

Value ToProtocol(const Diagnostic& diagnostic, const std::string& uri, const TextDocument& document,
                 PositionUnit unit) {
  const Position from = document.PositionAt(diagnostic.line, diagnostic.column, unit);
  const Position to = document.PositionAt(diagnostic.line, diagnostic.column + diagnostic.length, unit);
  const std::string hint = diagnostic.hint.empty() ? "" : "\nhint: " + diagnostic.hint;
  std::vector<MapEntry> entries;
  const auto add = [&](std::string_view name, Value value) {
    entries.emplace_back(Value::String(name), std::move(value));
  };
  add("range", RangeOf(from, to));
  add("severity", Value::Int(SeverityNumber(diagnostic.severity)));
  add("code", Value::String(FormatErrorCode(diagnostic.code)));
  add("source", Value::String("fermata"));
  add("message", Value::String(diagnostic.message + hint));
  if (diagnostic.related) {
    const Position at = document.PositionAt(diagnostic.related->line, diagnostic.related->column, unit);
    const Value location = Value::Object({{"uri", Value::String(uri)}, {"range", RangeOf(at, at)}});
    add("relatedInformation", Value::List({Value::Object(
                                  {{"location", location}, {"message", Value::String(diagnostic.related->message)}})}));
  }
  return Value::Map(std::move(entries));
}

const Value* Member(const Value& value, std::string_view path) {
  const Value* at = &value;
  while (at && !path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    at = at->is_map() ? at->Find(path.substr(0, dot)) : nullptr;
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return at;
}

std::string TextMember(const Value& value, std::string_view path) {
  const Value* text = Member(value, path);
  return text && text->is_string() ? std::string(text->as_string()) : "";
}

Position PositionMember(const Value& value, std::string_view path) {
  return {NumberMember(value, std::string(path) + ".line"), NumberMember(value, std::string(path) + ".character")};
}

}  // namespace fermata
