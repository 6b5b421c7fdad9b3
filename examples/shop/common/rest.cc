#include "examples/shop/common/rest.h"

#include <algorithm>

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

std::string RestRequest::Header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers)
    if (name == lower_case_name) return value;
  return "";
}

std::string RestRequest::Cookie(std::string_view name) const {
  const std::string cookies = Header("cookie");
  std::string_view rest = cookies;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
      return std::string(pair.substr(name.size() + 1));
  }
  return "";
}

RestRoute ForServices(RestRoute route) {
  route.audience = RestAudience::kServices;
  return route;
}

RestAnswer Refusal(int status, std::string_view message) {
  return {status, Value::Object({{"errorMessage", Value::String(message)}})};
}

}  // namespace fermata::shop
