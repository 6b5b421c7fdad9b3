#include "engine/model/short_json.h"

#include "engine/model/json.h"

namespace fermata {

std::string ShortJson(const Value& value, std::size_t most) {
  std::string text = WriteJson(value);
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;  // not inside a character
  return text.substr(0, most) + " …";
}

}  // namespace fermata
