// The documents that one schema is made of: itself and the files that it refers to. Only for this folder.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "engine/model/value.h"

namespace fermata {

struct SchemaDocument {
  std::string file;
  const Value* content = nullptr;
  std::map<std::string, std::string> anchors;  // to pointers
};

// Notes every `$anchor` in `value`, which stands at `pointer`.
void CollectAnchors(const Value& value, const std::string& pointer, int depth, SchemaDocument& document);

// Of a URI's fragment.
std::string PercentDecoded(std::string_view text);

}  // namespace fermata
