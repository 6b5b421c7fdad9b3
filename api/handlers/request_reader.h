// What handlers read out of a request: its media type, its JSON, its query. All mistakes are told, nothing is ignored.
//
// Pure and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/request.h"
#include "engine/base/result.h"
#include "engine/model/ids.h"
#include "engine/model/value.h"

namespace fermata {

// What is wrong with one part of a request, to what is wrong with the others.
void Append(std::vector<Error>& all, const std::vector<Error>& more);

// Lower case and without parameters: "application/json". Empty if there is no Content-Type.
std::string MediaType(const HttpRequest& request);
std::string MediaType(std::string_view header);
bool IsYamlType(std::string_view media_type);
// application/json, and any type that ends in +json.
bool IsJsonType(std::string_view media_type);
Error WrongMediaType(std::string_view expected, std::string_view got);

// RFC 3339, whose T and Z may be small letters.
std::optional<Timestamp> ParseTime(std::string_view text);

// Fails with kUnsupportedMediaType, or why the text is no JSON.
Result<Value> ReadJsonBody(const HttpRequest& request);
// The same; without a body an empty object.
Result<Value> ReadOptionalJsonBody(const HttpRequest& request);

// The same JSON with the members of all objects sorted: equal for requests that say the same.
Value InOrder(const Value& json);

// Empty when there is none; a malformed one is added to the mistakes.
std::string ReadIdempotencyKey(const HttpRequest& request, std::vector<Error>& mistakes);

// The query of a request: every parameter is known, given once, not empty and well-formed.
class QueryReader {
 public:
  // `request` must outlive the reader. A known word that ends in '.' stands for all parameters that begin with it.
  QueryReader(const HttpRequest& request, std::vector<std::string> known);

  std::optional<std::string> Text(std::string_view name) const;
  // Those that begin with "var.", say, without it.
  std::vector<std::pair<std::string, std::string>> WithPrefix(std::string_view prefix) const;
  // "a,b": what stands between commas; empty when absent.
  std::vector<std::string> Words(std::string_view name) const;
  // "true" or "false".
  std::optional<bool> Bool(std::string_view name);
  // RFC 3339, as microseconds.
  std::optional<std::int64_t> Time(std::string_view name);
  std::optional<InstanceId> Instance(std::string_view name);
  // "10s"; at most kWaitMaxMs, longer ones are cut.
  std::int64_t WaitMs(std::string_view name);
  // 1 to kPageItemsMax, kPageItemsDefault if absent.
  int Limit();

  const std::vector<Error>& mistakes() const { return mistakes_; }
  void Fail(std::string_view name, std::string message, std::string hint = "");

 private:
  const HttpRequest& request_;
  std::vector<Error> mistakes_;
};

}  // namespace fermata
