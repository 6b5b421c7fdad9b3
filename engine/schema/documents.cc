#include "engine/schema/documents.h"

#include <set>

#include "engine/model/limits.h"
#include "engine/schema/pointer.h"
#include "engine/schema/schema.h"

namespace fermata {
namespace {

void CollectFiles(const Value& value, const std::string& file, int depth, std::set<std::string>& files) {
  if (depth > kSchemaDepthMax) return;
  if (value.is_list())
    for (const Value& item : value.as_list()) CollectFiles(item, file, depth + 1, files);
  if (!value.is_map()) return;
  for (const auto& [key, content] : value.as_map()) {
    if (key.is_string() && key.as_string() == "$ref" && content.is_string()) {
      const std::string_view reference = content.as_string().substr(0, content.as_string().find('#'));
      if (auto path = ResolveFile(file, reference)) files.insert(*path);
    }
    CollectFiles(content, file, depth + 1, files);
  }
}

}  // namespace

std::string PercentDecoded(std::string_view text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
    decoded += escape ? static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])) : text[i];
    if (escape) i += 2;
  }
  return decoded;
}

void CollectAnchors(const Value& value, const std::string& pointer, int depth, SchemaDocument& document) {
  if (depth > kSchemaDepthMax) return;
  if (value.is_list()) {
    for (std::size_t i = 0; i < value.as_list().size(); ++i)
      CollectAnchors(value.as_list()[i], PointerTo(pointer, i), depth + 1, document);
  }
  if (!value.is_map()) return;
  for (const auto& [key, content] : value.as_map()) {
    if (key.as_string() == "$anchor" && content.is_string()) document.anchors.emplace(content.as_string(), pointer);
    CollectAnchors(content, PointerTo(pointer, key.as_string()), depth + 1, document);
  }
}

std::vector<std::string> ReferencedSchemaFiles(const Value& schema, const std::string& file) {
  std::set<std::string> files;
  CollectFiles(schema, file, 0, files);
  return {files.begin(), files.end()};
}

}  // namespace fermata
