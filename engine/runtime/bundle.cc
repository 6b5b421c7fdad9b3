#include "engine/runtime/bundle.h"

#include "engine/model/json.h"
#include "engine/model/json_field.h"

namespace fermata {

using field::Text;

std::string EncodeBundle(const StoredBundle& bundle) {
  std::vector<MapEntry> files;
  for (const auto& [path, text] : bundle.files) files.emplace_back(Value::String(path), Value::String(text));
  std::vector<Value> manifests;
  for (const auto& [file, text] : bundle.manifests)
    manifests.push_back(Value::Object({{"file", Value::String(file)}, {"text", Value::String(text)}}));
  return WriteJson(Value::Object({{"v", Value::Int(1)},
                                  {"file", Value::String(bundle.file_name)},
                                  {"yaml", Value::String(bundle.yaml)},
                                  {"files", Value::Map(std::move(files))},
                                  {"manifests", Value::List(std::move(manifests))}}));
}

Result<StoredBundle> DecodeBundle(std::string_view bytes) {
  Result<Value> json = ParseJson(bytes);
  if (!json.ok()) return json.error();
  StoredBundle bundle;
  bundle.file_name = Text(*json, "file");
  bundle.yaml = Text(*json, "yaml");
  if (const Value* files = json->Find("files"); files && files->is_map())
    for (const auto& [path, text] : files->as_map()) bundle.files.emplace(path.as_string(), text.as_string());
  if (const Value* manifests = json->Find("manifests"); manifests && manifests->is_list())
    for (const Value& manifest : manifests->as_list())
      bundle.manifests.emplace_back(Text(manifest, "file"), Text(manifest, "text"));
  return bundle;
}

}  // namespace fermata
