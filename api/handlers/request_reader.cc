#include "api/handlers/request_reader.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "api/handlers/codes.h"
#include "api/handlers/json_place.h"
#include "engine/base/nearest_word.h"
#include "engine/base/time.h"
#include "engine/model/json.h"
#include "engine/model/limits.h"

namespace fermata {

void Append(std::vector<Error>& all, const std::vector<Error>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

std::string MediaType(const HttpRequest& request) {
  const std::string* header = request.FindHeader("content-type");
  return header ? MediaType(*header) : "";
}

std::string MediaType(std::string_view header) {
  std::string type(header.substr(0, header.find(';')));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
  type.erase(0, std::min(type.find_first_not_of(" \t"), type.size()));
  std::transform(type.begin(), type.end(), type.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return type;
}

bool IsYamlType(std::string_view media_type) {
  return media_type == "application/yaml" || media_type == "text/yaml" || media_type == "application/x-yaml" ||
         media_type == "text/x-yaml";
}

bool IsJsonType(std::string_view media_type) {
  return media_type == "application/json" || media_type.ends_with("+json");
}

Error WrongMediaType(std::string_view expected, std::string_view got) {
  return {kUnsupportedMediaType,
          "Expected a body of the type " + std::string(expected) + ", but " +
              (got.empty() ? "the request has no Content-Type." : "it is " + std::string(got) + "."),
          "", "Send the header 'Content-Type: " + std::string(expected.substr(0, expected.find(' '))) + "'."};
}

std::optional<Timestamp> ParseTime(std::string_view text) {
  std::string upper(text);
  std::replace(upper.begin(), upper.end(), 't', 'T');
  std::replace(upper.begin(), upper.end(), 'z', 'Z');
  return ParseTimestamp(upper);
}

Result<Value> ReadJsonBody(const HttpRequest& request) {
  const std::string type = MediaType(request);
  if (!IsJsonType(type)) return WrongMediaType("application/json", type);
  Result<Value> body = ParseJson(request.body, kHttpBodyBytesMax);
  if (!body.ok()) return WithPlace(std::move(body).error(), request.body);
  return body;
}

Result<Value> ReadOptionalJsonBody(const HttpRequest& request) {
  if (request.body.empty()) return Value::Map({});
  return ReadJsonBody(request);
}

QueryReader::QueryReader(const HttpRequest& request, std::vector<std::string> known) : request_(request) {
  for (const auto& [name, value] : request.query) {
    const bool is_known = std::any_of(known.begin(), known.end(), [&asked = name](const std::string& word) {
      return word == asked || (word.ends_with('.') && asked.starts_with(word) && asked.size() > word.size());
    });
    if (is_known) {
      // A variable may well hold an empty text.
      if (value.empty() && name.find('.') == std::string::npos)
        Fail(name, "Expected '" + name + "' to have a value, but it is empty.", "Leave out what is not asked for.");
      continue;
    }
    std::string list;
    for (const std::string& word : known) list += (list.empty() ? "" : ", ") + word;
    const std::string nearest = NearestWord(name, known);
    Fail(name,
         known.empty() ? "Expected no query, but got '" + name + "'."
                       : "Expected one of the parameters " + list + ", but got '" + name + "'.",
         nearest.empty() ? "" : "Did you mean '" + nearest + "'?");
  }
  if (const std::string* name = request.DuplicatedQuery())
    Fail(*name, "Expected '" + *name + "' once in the query, but it is there more often.");
}

void QueryReader::Fail(std::string_view name, std::string message, std::string hint) {
  mistakes_.push_back({kWrongParameter, std::move(message), "?" + std::string(name), std::move(hint)});
}

std::optional<std::string> QueryReader::Text(std::string_view name) const {
  const std::string* value = request_.FindQuery(name);
  if (!value || value->empty()) return std::nullopt;
  return *value;
}

std::vector<std::pair<std::string, std::string>> QueryReader::WithPrefix(std::string_view prefix) const {
  std::vector<std::pair<std::string, std::string>> found;
  for (const auto& [name, value] : request_.query)
    if (name.starts_with(prefix)) found.emplace_back(name.substr(prefix.size()), value);
  return found;
}

std::vector<std::string> QueryReader::Words(std::string_view name) const {
  const std::string text = Text(name).value_or("");
  std::vector<std::string> words;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    words.push_back(text.substr(from, comma - from));
    from = comma + 1;
  }
  return words;
}

std::optional<bool> QueryReader::Bool(std::string_view name) {
  const std::optional<std::string> text = Text(name);
  if (!text) return std::nullopt;
  if (*text == "true") return true;
  if (*text == "false") return false;
  Fail(name, "Expected '" + std::string(name) + "' to be true or false, but got '" + *text + "'.");
  return std::nullopt;
}

std::optional<std::int64_t> QueryReader::Time(std::string_view name) {
  const std::optional<std::string> text = Text(name);
  if (!text) return std::nullopt;
  if (const std::optional<Timestamp> time = ParseTime(*text)) return ToMicros(*time);
  Fail(name, "Expected '" + std::string(name) + "' to be a time like 2026-01-31T12:00:00Z, but got '" + *text + "'.",
       text->find(' ') != std::string::npos ? "A '+' in a query means a space: write %2B." : "");
  return std::nullopt;
}

std::optional<InstanceId> QueryReader::Instance(std::string_view name) {
  const std::optional<std::string> text = Text(name);
  if (!text) return std::nullopt;
  std::optional<InstanceId> id = InstanceId::Parse(*text);
  if (!id) Fail(name, "Expected the id of an instance, but got '" + *text + "'.");
  return id;
}

std::int64_t QueryReader::WaitMs(std::string_view name) {
  const std::optional<std::string> text = Text(name);
  if (!text) return 0;
  if (const std::optional<Duration> span = ParseTimerSpan(*text)) return std::min(ToMillis(*span), kWaitMaxMs);
  Fail(name, "Expected '" + std::string(name) + "' to be a span like 10s, but got '" + *text + "'.");
  return 0;
}

int QueryReader::Limit() {
  const std::optional<std::string> text = Text("limit");
  if (!text) return kPageItemsDefault;
  int limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error == std::errc() && end == text->data() + text->size() && limit >= 1 && limit <= kPageItemsMax) return limit;
  Fail("limit", "Expected 'limit' to be 1 to " + std::to_string(kPageItemsMax) + ", but got '" + *text + "'.");
  return kPageItemsDefault;
}

Value InOrder(const Value& value) {
  if (value.is_list()) {
    std::vector<Value> items;
    for (const Value& item : value.as_list()) items.push_back(InOrder(item));
    return Value::List(std::move(items));
  }
  if (!value.is_map()) return value;
  std::vector<MapEntry> entries;
  for (const auto& [key, content] : value.as_map()) entries.emplace_back(key, InOrder(content));
  std::sort(entries.begin(), entries.end(),
            [](const MapEntry& a, const MapEntry& b) { return a.first.as_string() < b.first.as_string(); });
  return Value::Map(std::move(entries));
}

std::string ReadIdempotencyKey(const HttpRequest& request, std::vector<Error>& mistakes) {
  const std::string* key = request.FindHeader("idempotency-key");
  if (!key) return "";
  const auto same = std::count_if(request.headers.begin(), request.headers.end(),
                                  [](const auto& header) { return header.first == "idempotency-key"; });
  if (same > 1) {
    mistakes.push_back({kWrongHeader, "Expected one Idempotency-Key, but there are " + std::to_string(same) + "."});
  } else if (key->empty() || key->size() > kKeyBytesMax || !IsValidUtf8(*key)) {
    mistakes.push_back({kWrongHeader, "Expected an Idempotency-Key of 1 to " + std::to_string(kKeyBytesMax) +
                                          " bytes of UTF-8, but it has " + std::to_string(key->size()) + " bytes."});
  }
  return *key;
}

}  // namespace fermata
