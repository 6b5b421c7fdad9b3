// Reads the simple shapes that keywords have (counts, numbers, names, patterns), and collects what is wrong. Only for this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/schema/documents.h"
#include "engine/schema/schema.h"
#include "engine/schema/schema_node.h"

namespace fermata {

// What one keyword's handler works on.
struct KeywordPlace {
  SchemaDocument& document;
  const std::string& schema_path;
  std::string path;  // of the keyword
  int depth;
};

// Each method that fails has reported why and leaves its result as it was.
class ShapeReader {
 protected:
  void Fail(ErrorCode code, const SchemaDocument& document, std::string path, std::string message,
            std::string hint = "");
  void Malformed(const KeywordPlace& place, const std::string& expected, const Value& value);

  void Count(const Value& value, std::optional<std::int64_t>& count, const KeywordPlace& place);
  void Number(const Value& value, std::optional<Value>& number, const KeywordPlace& place);
  bool Strings(const Value& value, std::vector<std::string>& strings, const KeywordPlace& place);
  void Types(const Value& value, unsigned& types, const KeywordPlace& place);
  std::optional<SchemaPattern> Pattern(std::string_view text, const KeywordPlace& place, const std::string& path);

  std::vector<SchemaError> errors_;
};

}  // namespace fermata
