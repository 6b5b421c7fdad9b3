#include "api/handlers/cloud_event_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "api/handlers/codes.h"
#include "api/handlers/field_reader.h"
#include "api/handlers/request_reader.h"
#include "engine/base/base64.h"
#include "engine/base/nearest_word.h"
#include "engine/model/json.h"
#include "engine/model/limits.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

constexpr std::string_view kStructured = "application/cloudevents+json";
constexpr std::string_view kBatch = "application/cloudevents-batch+json";

const std::vector<std::string> kAttributes = {
    "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data", "data_base64"};

bool IsAttributeName(std::string_view name) {
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

bool HoldsJson(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  return type.empty() || type == "application/json" || type == "text/json" || type.ends_with("+json");
}

// Collects one event's attributes, however they are carried.
class EventBuilder {
 public:
  EventBuilder(std::string path, Timestamp now) : path_(std::move(path)) { read_.event.time = now; }

  void Fail(std::string_view name, std::string message, std::string hint = "") {
    read_.mistakes.push_back(
        {kInvalidEvent, std::move(message), path_ + (name.empty() ? "" : PointerStep(name)), std::move(hint)});
  }

  void Attribute(std::string_view name, const std::string& text) {
    if (name == "specversion") {
      if (text != "1.0") Fail(name, "Expected specversion 1.0, but got '" + text + "'.");
    } else if (name == "id") {
      read_.event.id = text;
    } else if (name == "source") {
      read_.event.source = text;
    } else if (name == "type") {
      read_.event.type = text;
    } else if (name == "subject") {
      read_.event.subject = text;
    } else if (name == "time") {
      Time(text);
    } else if (name == "datacontenttype") {
      content_type_ = text;
    } else {
      Extension(name, Value::String(text));
    }
  }

  void Extension(std::string_view name, Value value) {
    if (IsAttributeName(name)) {
      extensions_.emplace_back(Value::String(name), std::move(value));
      return;
    }
    const std::string nearest = NearestWord(name, kAttributes);
    Fail(name, "Expected an attribute name of lower-case letters and digits, but got '" + std::string(name) + "'.",
         nearest.empty() ? "" : "Did you mean '" + nearest + "'?");
  }

  void Data(Value data) { read_.event.data = std::move(data); }

  // Bytes of the kind that datacontenttype says.
  void DataBytes(const std::string& bytes, std::string_view field) {
    if (HoldsJson(content_type_)) {
      if (bytes.empty()) return;
      Result<Value> data = ParseJson(bytes, kHttpBodyBytesMax);
      if (data.ok()) {
        Data(std::move(*data));
      } else {
        read_.mistakes.push_back(
            {data.error().code, data.error().message, path_ + PointerStep(field), data.error().hint});
      }
    } else if (content_type_.starts_with("text/") && IsValidUtf8(bytes)) {
      Data(Value::String(bytes));
    } else {
      Data(Value::String(EncodeBase64(bytes)));
    }
  }

  ReadEvent Finish() {
    const std::pair<const char*, const std::string*> required[] = {
        {"id", &read_.event.id}, {"source", &read_.event.source}, {"type", &read_.event.type}};
    for (const auto& [name, text] : required) {
      if (text->empty()) Fail(name, "Expected the attribute '" + std::string(name) + "', but it is missing or empty.");
      if (text->size() > kKeyBytesMax)
        Fail(name, "Expected at most " + std::to_string(kKeyBytesMax) + " bytes in '" + name + "', but it has " +
                       std::to_string(text->size()) + ".");
    }
    if (!extensions_.empty()) {
      std::size_t twice = 0;
      if (std::optional<Value> map = Value::TryMap(extensions_, twice)) {
        read_.event.extensions = std::move(*map);
      } else {
        Fail("", "Expected each attribute once, but one is there twice.");
      }
    }
    return std::move(read_);
  }

 private:
  void Time(const std::string& text) {
    if (const std::optional<Timestamp> time = ParseTimestamp(text)) {
      read_.event.time = *time;
    } else {
      Fail("time", "Expected 'time' to be like 2026-01-31T12:00:00Z, but got '" + text + "'.");
    }
  }

  std::string path_, content_type_;
  std::vector<MapEntry> extensions_;
  ReadEvent read_;
};

void ReadData(const Value& object, EventBuilder& builder) {
  const Value* data = object.Find("data");
  const Value* encoded = object.Find("data_base64");
  if (data && encoded)
    return builder.Fail("data_base64", "Expected either 'data' or 'data_base64', but both are there.");
  if (data) return builder.Data(*data);
  if (!encoded) return;
  const std::optional<std::string> bytes = encoded->is_string() ? DecodeBase64(encoded->as_string()) : std::nullopt;
  if (!bytes) return builder.Fail("data_base64", "Expected 'data_base64' to be base64 text, but it is not.");
  builder.DataBytes(*bytes, "data_base64");
}

ReadEvent ReadStructured(const Value& object, std::string path, bool must_have_version, Timestamp now) {
  EventBuilder builder(std::move(path), now);
  if (!object.is_map()) {
    builder.Fail("", "Expected an event as an object, but got " + std::string(JsonKindName(object)) + ".");
    return builder.Finish();
  }
  if (must_have_version && !object.Find("specversion"))
    builder.Fail("specversion", "Expected the attribute 'specversion', but it is missing.");
  for (const auto& [key, value] : object.as_map()) {
    const std::string_view name = key.as_string();
    if (name == "data" || name == "data_base64" || value.is_null()) continue;
    const bool known = std::find(kAttributes.begin(), kAttributes.end(), name) != kAttributes.end();
    if (value.is_string()) {
      builder.Attribute(name, std::string(value.as_string()));
    } else if (known || (value.kind() != ValueKind::kInt && value.kind() != ValueKind::kBool)) {
      builder.Fail(name,
                   "Expected '" + std::string(name) + "' to be a string" + (known ? "" : ", an integer or a boolean") +
                       ", but it is " + std::string(JsonKindName(value)) + ".",
                   known ? "" : "What the event says goes into 'data'.");
    } else {
      builder.Extension(name, value);
    }
  }
  ReadData(object, builder);
  return builder.Finish();
}

std::optional<int> HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

// Header values of binary mode are percent-encoded.
std::optional<std::string> PercentDecode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const std::optional<int> high = HexDigit(text[i + 1]), low = HexDigit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    out += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  if (!IsValidUtf8(out)) return std::nullopt;
  return out;
}

ReadEvent ReadBinary(const HttpRequest& request, Timestamp now) {
  EventBuilder builder("", now);
  if (!request.FindHeader("ce-specversion"))
    builder.Fail("ce-specversion", "Expected the header 'ce-specversion', but it is missing.");
  for (const auto& [name, value] : request.headers) {
    if (!name.starts_with("ce-")) continue;
    if (const std::optional<std::string> text = PercentDecode(value)) {
      builder.Attribute(std::string_view(name).substr(3), *text);
    } else {
      builder.Fail(name, "Expected the header '" + name + "' to be percent-encoded UTF-8, but it is not.");
    }
  }
  if (const std::string* type = request.FindHeader("content-type")) builder.Attribute("datacontenttype", *type);
  builder.DataBytes(request.body, "data");
  return builder.Finish();
}

}  // namespace

Result<ReadEvents> ReadCloudEvents(const HttpRequest& request, Timestamp now) {
  const std::string type = MediaType(request);
  const bool binary = std::any_of(request.headers.begin(), request.headers.end(),
                                  [](const auto& header) { return header.first.starts_with("ce-"); });
  ReadEvents read;
  if (binary && type != kStructured && type != kBatch) {
    read.events.push_back(ReadBinary(request, now));
    return read;
  }
  if (type != kStructured && type != kBatch && type != "application/json")
    return WrongMediaType(
        std::string(kStructured) + " (or " + std::string(kBatch) + ", application/json, or ce-… headers)", type);
  Result<Value> body = ParseJson(request.body, kHttpBodyBytesMax);
  if (!body.ok()) return body.error();
  if (type != kBatch) {
    read.events.push_back(ReadStructured(*body, "", type == kStructured, now));
    return read;
  }
  if (!body->is_list())
    return Error{kInvalidEvent, "Expected a list of events, but got " + std::string(JsonKindName(*body)) + "."};
  read.batch = true;
  int index = 0;
  for (const Value& event : body->as_list())
    read.events.push_back(ReadStructured(event, "/" + std::to_string(index++), true, now));
  return read;
}

}  // namespace fermata
