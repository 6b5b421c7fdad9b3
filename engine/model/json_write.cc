// Values to JSON text, and to the JSON that variables may hold.
#include <charconv>
#include <cmath>

#include "engine/base/ascii.h"
#include "engine/base/base64.h"
#include "engine/model/codes.h"
#include "engine/model/json.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

// Beyond it a JavaScript reader would round; CEL's JSON form is a string from here on.
constexpr std::uint64_t kSafeUintMax = (std::uint64_t{1} << 53) - 1;

void AppendDouble(double number, std::string& out) {
  if (std::isnan(number)) {
    out += "\"NaN\"";
    return;
  }
  if (std::isinf(number)) {
    out += number > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    return;
  }
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  const std::string_view written(text, static_cast<std::size_t>(end - text));
  out += written;
  if (written.find_first_of(".e") == std::string_view::npos) out += ".0";
}

std::string KeyText(const Value& key) {
  if (key.is_string()) return std::string(key.as_string());
  std::string text;
  AppendJson(key, text);
  if (text.size() >= 2 && text.front() == '"') return text.substr(1, text.size() - 2);
  return text;
}

void AppendScalar(const Value& value, std::string& out) {
  switch (value.kind()) {
    case ValueKind::kNull:
      out += "null";
      return;
    case ValueKind::kBool:
      out += value.as_bool() ? "true" : "false";
      return;
    case ValueKind::kInt:
      out += std::to_string(value.as_int());
      return;
    case ValueKind::kUint:
      if (value.as_uint() <= kSafeUintMax)
        out += std::to_string(value.as_uint());
      else
        out += '"' + std::to_string(value.as_uint()) + '"';
      return;
    case ValueKind::kDouble:
      AppendDouble(value.as_double(), out);
      return;
    case ValueKind::kString:
      AppendJsonString(value.as_string(), out);
      return;
    case ValueKind::kBytes:
      out += '"' + EncodeBase64(value.as_bytes()) + '"';
      return;
    case ValueKind::kTimestamp:
      out += '"' + FormatTimestamp(value.as_timestamp()) + '"';
      return;
    case ValueKind::kDuration:
      out += '"' + FormatDuration(value.as_duration()) + '"';
      return;
    case ValueKind::kType:
      AppendJsonString(value.as_type(), out);
      return;
    default:
      return;
  }
}

// Writes with an explicit stack: a value that was built deep is still written.
class Writer {
 public:
  Writer(std::string& out, bool pretty) : out_(out), pretty_(pretty) {}

  void Write(const Value& root) {
    Open(root);
    while (!stack_.empty()) {
      Frame& frame = stack_.back();
      const bool list = frame.value->is_list();
      const std::size_t size = list ? frame.value->as_list().size() : frame.value->as_map().size();
      if (frame.next == size) {
        stack_.pop_back();
        NewLine();
        out_ += list ? ']' : '}';
        continue;
      }
      if (frame.next > 0) out_ += ',';
      NewLine();
      const std::size_t index = frame.next++;
      if (list) {
        Open(frame.value->as_list()[index]);
        continue;
      }
      const MapEntry& entry = frame.value->as_map()[index];
      AppendJsonString(entry.first.is_string() ? entry.first.as_string() : std::string_view(KeyText(entry.first)),
                       out_);
      out_ += pretty_ ? ": " : ":";
      Open(entry.second);
    }
  }

 private:
  struct Frame {
    const Value* value;
    std::size_t next = 0;
  };

  void NewLine() {
    if (pretty_) out_ += '\n' + std::string(stack_.size() * 2, ' ');
  }

  void Open(const Value& start) {
    const Value* value = &start;
    while (value->kind() == ValueKind::kOptional) {
      if (!value->optional_has_value()) {
        out_ += "null";
        return;
      }
      value = &value->optional_value();
    }
    if (value->is_list()) {
      if (value->as_list().empty()) {
        out_ += "[]";
        return;
      }
      out_ += '[';
      stack_.push_back({value});
    } else if (value->is_map()) {
      if (value->as_map().empty()) {
        out_ += "{}";
        return;
      }
      out_ += '{';
      stack_.push_back({value});
    } else {
      AppendScalar(*value, out_);
    }
  }

  std::string& out_;
  bool pretty_;
  std::vector<Frame> stack_;
};

// `depth` is that of the parent. `changed` tells whether `out` was written: a value that is JSON already is not copied.
std::optional<Error> Jsonify(const Value& value, int depth, Value& out, bool& changed) {
  const auto refuse = [](std::string what) {
    return Error{kValueNotJson, "Variables cannot hold " + std::move(what) + ".", "", ""};
  };
  if (depth > kValueDepthMax)
    return Error{kJsonTooDeep,
                 "Expected at most " + std::to_string(kValueDepthMax) + " levels of nesting, but the value has more.",
                 "", ""};
  const auto become = [&](Value converted) -> std::optional<Error> {
    out = std::move(converted);
    changed = true;
    return std::nullopt;
  };
  switch (value.kind()) {
    case ValueKind::kNull:
    case ValueKind::kBool:
    case ValueKind::kInt:
    case ValueKind::kString:
      return std::nullopt;
    case ValueKind::kDouble:
      if (!std::isfinite(value.as_double()))
        return refuse(std::isnan(value.as_double()) ? "NaN" : "an infinite number");
      return std::nullopt;
    case ValueKind::kUint:
      if (value.as_uint() <= kSafeUintMax) return become(Value::Int(static_cast<std::int64_t>(value.as_uint())));
      return become(Value::String(std::to_string(value.as_uint())));
    case ValueKind::kBytes:
      return become(Value::String(EncodeBase64(value.as_bytes())));
    case ValueKind::kTimestamp:
      return become(Value::String(FormatTimestamp(value.as_timestamp())));
    case ValueKind::kDuration:
      return become(Value::String(FormatDuration(value.as_duration())));
    case ValueKind::kType:
      return refuse("the type '" + std::string(value.as_type()) + "'");
    case ValueKind::kOptional:
      return refuse("an optional");
    case ValueKind::kList: {
      std::vector<Value> items = value.as_list();
      bool any = false;
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (auto error = Jsonify(value.as_list()[i], depth + 1, items[i], any)) {
          error->path.insert(0, "/" + std::to_string(i));
          return error;
        }
      }
      return any ? become(Value::List(std::move(items))) : std::nullopt;
    }
    case ValueKind::kMap: {
      std::vector<MapEntry> entries = value.as_map();
      bool any = false;
      for (std::size_t i = 0; i < entries.size(); ++i) {
        const MapEntry& entry = value.as_map()[i];
        if (!entry.first.is_string())
          return refuse("a map with the key " + KeyText(entry.first) + ", which is no string");
        if (auto error = Jsonify(entry.second, depth + 1, entries[i].second, any)) {
          std::string token;
          AppendPointerToken(entry.first.as_string(), token);
          error->path.insert(0, token);
          return error;
        }
      }
      return any ? become(Value::Map(std::move(entries))) : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace

void AppendPointerToken(std::string_view key, std::string& pointer) {
  pointer += '/';
  for (const char c : key) {
    if (c == '~')
      pointer += "~0";
    else if (c == '/')
      pointer += "~1";
    else
      pointer += c;
  }
}

void AppendJson(const Value& value, std::string& out) { Writer(out, false).Write(value); }

std::string WriteJson(const Value& value) {
  std::string out;
  AppendJson(value, out);
  return out;
}

std::string WritePrettyJson(const Value& value) {
  std::string out;
  Writer(out, true).Write(value);
  return out;
}

Result<Value> ToJsonValue(const Value& value) {
  Value out;
  bool changed = false;
  if (auto error = Jsonify(value, 0, out, changed)) return *std::move(error);
  return changed ? std::move(out) : value;
}

void AppendJsonString(std::string_view text, std::string& out) {
  out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out += text.substr(plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      default:
        out += "\\u00";
        out += kHexDigits[c >> 4];
        out += kHexDigits[c & 15];
    }
  }
  out += text.substr(plain);
  out += '"';
}

}  // namespace fermata
