#include "engine/codec/writer.h"

#include <charconv>

namespace fermata::codec {

void Writer::Put(std::int64_t value) {
  char digits[24];
  auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  out_.append(digits, end);
}

void Writer::Put(const Value& value) {
  if (value.is_string()) {
    const std::size_t quote = out_.size();
    AppendJsonString(value.as_string(), out_);
    out_.insert(quote + 1, 1, '=');
  } else if ((value.is_list() || value.is_map()) && value.Depth() > kInlineDepthMax) {
    AppendJsonString("!" + WriteJson(value), out_);
  } else {
    AppendJson(value, out_);
  }
}

}  // namespace fermata::codec
