#include "examples/shop/common/rest.h"

namespace fermata::shop {

std::string RestRequest::Text(std::string_view key) const {
  const Value* value = body.Find(key);
  return value && value->is_string() ? std::string(value->as_string()) : "";
}

RestAnswer Refusal(int status, std::string_view message) {
  return {status, Value::Object({{"errorMessage", Value::String(message)}})};
}

}  // namespace fermata::shop
