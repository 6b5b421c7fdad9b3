// Texts joined into one key for in-memory look-ups, unambiguous whatever they hold.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace fermata {

inline std::string GroupKey(std::initializer_list<std::string_view> parts) {
  std::string key;
  for (std::string_view part : parts) {
    key += std::to_string(part.size());
    key += ':';
    key += part;
  }
  return key;
}

}  // namespace fermata
