#include "api/handlers/cloud_event_reader.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>
#include <utility>

#include "api/handlers/codes.h"
#include "api/handlers/field_reader.h"
#include "api/handlers/json_place.h"
#include "api/handlers/request_reader.h"
#include "engine/base/base64.h"
#include "engine/base/nearest_word.h"
#include "engine/base/percent.h"
#include "engine/model/ids.h"
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

// What CloudEvents forbids in every attribute.
bool HoldsControl(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are C2 80 to C2 9F.
    const bool c1 = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c < 0x20 || c == 0x7F || c1) return true;
  }
  return false;
}

// Nothing that a URI reference never has; which URIs make sense is the sender's matter.
bool MayBeUriReference(std::string_view text) {
  return !text.empty() && text.find_first_of(" <>\"\\^`{|}") == std::string_view::npos;
}

bool IsAbsoluteUri(std::string_view text) {
  const std::size_t colon = text.find(':');
  return MayBeUriReference(text) && colon != std::string_view::npos && colon > 0 && colon + 1 < text.size() &&
         text.find_first_of("/?#") > colon && std::isalpha(static_cast<unsigned char>(text[0]));
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) || std::string_view("!#$&-^_.+").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

// "type/subtype", with or without parameters.
bool IsMediaType(std::string_view text) {
  std::string_view type = text.substr(0, text.find(';'));
  type = type.substr(0, type.find_last_not_of(" \t") + 1);
  const std::size_t slash = std::min(type.find('/'), type.size());
  return IsToken(type.substr(0, slash)) && slash < type.size() && IsToken(type.substr(slash + 1));
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

  void FailOnce(std::string_view name, std::string message) {
    if (!HasFailed(name)) Fail(name, std::move(message));
  }

  void Attribute(std::string_view name, const std::string& text) {
    if (HoldsControl(text))
      return Fail(name, "Expected no control characters in '" + std::string(name) + "', but there are some.");
    if (name == "specversion") {
      if (text != "1.0") Fail(name, "Expected specversion 1.0, but got '" + text + "'.");
    } else if (name == "id") {
      read_.event.id = text;
    } else if (name == "source") {
      read_.event.source = text;
      if (!text.empty() && !MayBeUriReference(text))
        Fail(name, "Expected 'source' to be a URI reference, but got '" + text + "'.");
    } else if (name == "type") {
      read_.event.type = text;
    } else if (name == "subject") {
      read_.event.subject = text;
      if (text.empty()) Fail(name, "Expected 'subject' to say something, but it is empty.", "Leave it out instead.");
    } else if (name == "time") {
      Time(text);
    } else if (name == "datacontenttype") {
      content_type_ = text;
      if (!IsMediaType(text))
        Fail(name, "Expected 'datacontenttype' to be like application/json, but got '" + text + "'.");
    } else if (name == "dataschema" && !IsAbsoluteUri(text)) {
      Fail(name, "Expected 'dataschema' to be a URI with its scheme, but got '" + text + "'.");
    } else {
      Extension(name, Value::String(text));
    }
  }

  void Extension(std::string_view name, Value value) {
    const bool fits = value.kind() != ValueKind::kInt || value.as_int() == static_cast<std::int32_t>(value.as_int());
    if (!fits)
      return Fail(name, "Expected '" + std::string(name) + "' to be an integer within 32 bits, but it is not.",
                  "Write it as a string.");
    if (name == "instance" && (!value.is_string() || !InstanceId::Parse(value.as_string())))
      return Fail(name, "Expected 'instance' to be the id of the instance that the event is for, but it is none.");
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
      if (data.ok()) return Data(std::move(*data));
      Error mistake = WithPlace(std::move(data).error(), bytes);
      mistake.path = path_ + PointerStep(field);
      read_.mistakes.push_back(std::move(mistake));
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
      if (text->empty() && !HasFailed(name))
        Fail(name, "Expected the attribute '" + std::string(name) + "', but it is missing or empty.");
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
  // A mistake is told once.
  bool HasFailed(std::string_view name) const {
    const std::string place = path_ + PointerStep(name);
    return std::any_of(read_.mistakes.begin(), read_.mistakes.end(),
                       [&](const Error& mistake) { return mistake.path == place; });
  }

  void Time(const std::string& text) {
    if (const std::optional<Timestamp> time = ParseTime(text)) {
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
  if (!object.is_map()) {
    ReadEvent read;
    read.mistakes.push_back(
        {kInvalidEvent, "Expected an event as an object, but got " + std::string(JsonKindName(object)) + ".",
         std::move(path), object.is_list() ? "A batch has the type application/cloudevents-batch+json." : ""});
    return read;
  }
  EventBuilder builder(std::move(path), now);
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

// Header values of binary mode are percent-encoded; a value in double quotes is unwrapped first.
std::optional<std::string> DecodedHeader(std::string_view text) {
  std::string bare;
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
      if (text[i] == '\\' && i + 2 < text.size()) ++i;
      bare += text[i];
    }
    text = bare;
  }
  std::optional<std::string> decoded = PercentDecode(text);
  if (decoded && !IsValidUtf8(*decoded)) return std::nullopt;
  return decoded;
}

// The attribute `name` as the header ce-<name> has it.
void ReadHeader(std::string_view name, const HttpRequest& request, const std::string& value, EventBuilder& builder) {
  const std::string header = "ce-" + std::string(name);
  const auto same = std::count_if(request.headers.begin(), request.headers.end(),
                                  [&](const auto& other) { return other.first == header; });
  if (same > 1) return builder.FailOnce(name, "Expected the header '" + header + "' once, but it is there more often.");
  if (name == "datacontenttype" || name == "data")
    return builder.Fail(name, "Expected no header '" + header + "', but there is one.",
                        name == "data" ? "The data is the body." : "The data's type is the Content-Type.");
  if (const std::optional<std::string> text = DecodedHeader(value)) return builder.Attribute(name, *text);
  builder.Fail(name, "Expected the header '" + header + "' to be percent-encoded UTF-8, but it is not.");
}

ReadEvent ReadBinary(const HttpRequest& request, Timestamp now) {
  EventBuilder builder("", now);
  if (!request.FindHeader("ce-specversion"))
    builder.Fail("specversion", "Expected the header 'ce-specversion', but it is missing.");
  for (const auto& [name, value] : request.headers)
    if (name.starts_with("ce-")) ReadHeader(std::string_view(name).substr(3), request, value, builder);
  const std::string* type = request.FindHeader("content-type");
  if (type && !type->empty()) builder.Attribute("datacontenttype", *type);
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
  if (!body.ok()) return WithPlace(std::move(body).error(), request.body);
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
