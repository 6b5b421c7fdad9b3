#include "api/lsp/key_docs.h"

#include <algorithm>

#include "api/lsp/schemas.h"
#include "engine/base/assert.h"
#include "engine/model/json.h"

namespace fermata {

KeyDocs KeyDocs::Of(std::string_view text) {
  Result<Value> schema = ParseJson(text);
  FERMATA_ASSERT(schema.ok());
  return KeyDocs(std::move(*schema));
}

const KeyDocs& KeyDocs::Get() {
  static const KeyDocs docs = Of(ProcessSchemaText());
  return docs;
}

const KeyDocs& KeyDocs::OfScenarios() {
  static const KeyDocs docs = Of(ScenarioSchemaText());
  return docs;
}

void KeyDocs::Expand(const Value& schema, Schemas& expanded, std::set<const Value*>& seen) const {
  if (!schema.is_map() || !seen.insert(&schema).second) return;
  expanded.push_back(&schema);
  if (const Value* reference = schema.Find("$ref")) {
    const std::string_view prefix = "#/$defs/";
    const Value* target = schema_.Find("$defs")->Find(reference->as_string().substr(prefix.size()));
    if (target) Expand(*target, expanded, seen);
  }
  for (const char* list : {"anyOf", "oneOf"})
    if (const Value* alternatives = schema.Find(list))
      for (const Value& alternative : alternatives->as_list()) Expand(alternative, expanded, seen);
  if (const Value* items = schema.Find("items")) Expand(*items, expanded, seen);
}

KeyDocs::Schemas KeyDocs::Expand(const Schemas& schemas) const {
  Schemas expanded;
  std::set<const Value*> seen;
  for (const Value* schema : schemas) Expand(*schema, expanded, seen);
  return expanded;
}

KeyDocs::Schemas KeyDocs::Step(const Schemas& expanded, const std::string& key) {
  Schemas next;
  for (const Value* schema : expanded) {
    const Value* properties = schema->Find("properties");
    const Value* property = properties ? properties->Find(key) : nullptr;
    if (!property) property = schema->Find("additionalProperties");
    if (property && property->is_map()) next.push_back(property);
  }
  return next;
}

KeyDocs::Schemas KeyDocs::At(const std::vector<std::string>& path) const {
  Schemas at{&schema_};
  for (const std::string& key : path) at = Step(Expand(at), key);
  return at;
}

std::vector<KeyDoc> KeyDocs::KeysAt(const std::vector<std::string>& path, const std::string& beside) const {
  std::vector<KeyDoc> keys;
  for (const Value* schema : Expand(At(path))) {
    const Value* properties = schema->Find("properties");
    if (!properties || (!beside.empty() && !properties->Find(beside))) continue;
    for (const auto& [key, property] : properties->as_map()) {
      const std::string name(key.as_string());
      const bool known = std::any_of(keys.begin(), keys.end(), [&](const KeyDoc& doc) { return doc.key == name; });
      if (known) continue;
      std::vector<std::string> inner = path;
      inner.push_back(name);
      keys.push_back({name, Describe(inner)});
    }
  }
  return keys;
}

std::string KeyDocs::Describe(const std::vector<std::string>& path) const {
  if (path.empty()) return "";
  // A key that no `properties` name is somebody's own word.
  const std::vector<std::string> outer(path.begin(), path.end() - 1);
  Schemas named;
  for (const Value* schema : Expand(At(outer)))
    if (const Value* properties = schema->Find("properties"))
      if (const Value* property = properties->Find(path.back()); property && property->is_map())
        named.push_back(property);
  for (const Value* schema : named)
    if (const Value* text = schema->Find("description")) return std::string(text->as_string());
  for (const Value* schema : Expand(named))
    if (const Value* text = schema->Find("description")) return std::string(text->as_string());
  return "";
}

std::vector<std::string> KeyDocs::WordsAt(const std::vector<std::string>& path) const {
  std::vector<std::string> words;
  for (const Value* schema : Expand(At(path))) {
    if (const Value* enumeration = schema->Find("enum"))
      for (const Value& word : enumeration->as_list())
        if (word.is_string()) words.emplace_back(word.as_string());
    const Value* type = schema->Find("type");
    if (type && type->is_string() && type->as_string() == "boolean") words.insert(words.end(), {"true", "false"});
  }
  return words;
}

}  // namespace fermata
