#include "examples/shop/common/rest.h"

namespace fermata::shop {

std::string RestRequest::Text(std::string_view key) const {
  const Value* value = body.Find(key);
  return value && value->is_string() ? std::string(value->as_string()) : "";
}

std::optional<long long> RestRequest::Integer(std::string_view key) const {
  const Value* value = body.Find(key);
  if (value == nullptr || value->kind() != ValueKind::kInt) return std::nullopt;
  return value->as_int();
}

std::string RestRequest::Query(const std::string& key) const {
  const auto found = query.find(key);
  return found == query.end() ? "" : found->second;
}

RestAnswer Refusal(int status, std::string_view message) {
  return {status, Value::Object({{"errorMessage", Value::String(message)}})};
}

}  // namespace fermata::shop
