// A schema with the files that it refers to put into it, for readers who have no files.
#include <cctype>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "engine/model/limits.h"
#include "engine/schema/pointer.h"
#include "engine/schema/schema.h"

namespace fermata {
namespace {

using Words = std::set<std::string_view>;

// What stands there is data, not a schema.
bool IsData(std::string_view keyword) {
  static const Words kData = {"const", "enum", "default", "examples"};
  return kData.contains(keyword) || keyword.starts_with("x-");
}

// What stands there are schemas by names of the author's.
bool HasNames(std::string_view keyword) {
  static const Words kNaming = {"properties", "patternProperties", "dependentSchemas", "$defs"};
  return kNaming.contains(keyword);
}

class Bundler {
 public:
  explicit Bundler(const SchemaSource& source) : source_(source) {}

  Value Bundle(const Value& schema) {
    const Value* root = &schema;
    root_file_ = source_.file;
    // What is nothing but a file is that file, so that its properties stand where they are looked for.
    for (int i = 0; i < kSchemaDepthMax; ++i) {
      const std::optional<std::string> file = OnlyFile(*root);
      if (!file) break;
      root_file_ = *file;
      root = &source_.files->at(*file);
    }
    if (const Value* own = root->is_map() ? root->Find("$defs") : nullptr; own && own->is_map())
      for (const auto& [name, one] : own->as_map()) taken_.emplace(name.as_string());
    const Value inlined = InSchema(*root, root_file_);
    std::vector<MapEntry> definitions;
    while (!wanted_.empty()) {
      const std::string file = wanted_.front();
      wanted_.pop_front();
      definitions.emplace_back(Value::String(names_.at(file)), InSchema(source_.files->at(file), file));
    }
    return definitions.empty() ? inlined : WithDefinitions(inlined, std::move(definitions));
  }

 private:
  bool Has(const std::string& file) const { return source_.files && source_.files->contains(file); }

  std::optional<std::string> OnlyFile(const Value& schema) const {
    if (!schema.is_map() || schema.as_map().size() != 1) return std::nullopt;
    const Value* reference = schema.Find("$ref");
    if (!reference || !reference->is_string() || reference->as_string().find('#') != std::string_view::npos)
      return std::nullopt;
    std::optional<std::string> file = ResolveFile(root_file_, reference->as_string());
    return file && Has(*file) ? file : std::nullopt;
  }

  Value InSchema(const Value& schema, const std::string& file) {
    if (schema.is_list()) {
      std::vector<Value> items;
      for (const Value& item : schema.as_list()) items.push_back(InSchema(item, file));
      return Value::List(std::move(items));
    }
    if (!schema.is_map()) return schema;
    std::vector<MapEntry> entries;
    for (const auto& [key, content] : schema.as_map()) {
      const std::string_view keyword = key.as_string();
      if (keyword == "$ref" && content.is_string()) {
        entries.emplace_back(key, Value::String(Rewritten(std::string(content.as_string()), file)));
      } else if (HasNames(keyword) && content.is_map()) {
        std::vector<MapEntry> named;
        for (const auto& [name, one] : content.as_map()) named.emplace_back(name, InSchema(one, file));
        entries.emplace_back(key, Value::Map(std::move(named)));
      } else {
        entries.emplace_back(key, IsData(keyword) ? content : InSchema(content, file));
      }
    }
    return Value::Map(std::move(entries));
  }

  // The same place inside the bundle; an anchor keeps its name.
  std::string Rewritten(const std::string& reference, const std::string& file) {
    const std::size_t hash = reference.find('#');
    const std::string path = reference.substr(0, hash);
    const std::string fragment = hash == std::string::npos ? "" : reference.substr(hash + 1);
    const std::optional<std::string> target = path.empty() ? file : ResolveFile(file, path);
    if (!target || (*target != root_file_ && !Has(*target))) return reference;
    if (!fragment.empty() && fragment[0] != '/') return (void)NameOf(*target), "#" + fragment;
    return *target == root_file_ ? "#" + fragment : "#/$defs/" + NameOf(*target) + fragment;
  }

  // Under `$defs`; from then on the file is part of the bundle.
  std::string NameOf(const std::string& file) {
    if (file == root_file_) return "";
    if (const auto known = names_.find(file); known != names_.end()) return known->second;
    std::string name = file;
    for (char& c : name)
      if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '.') c = '_';
    while (!taken_.insert(name).second) name += '_';
    wanted_.push_back(file);
    return names_[file] = name;
  }

  static Value WithDefinitions(const Value& schema, std::vector<MapEntry> definitions) {
    std::vector<MapEntry> entries;
    for (const auto& [key, content] : schema.as_map()) {
      if (key.as_string() == "$defs" && content.is_map())
        definitions.insert(definitions.begin(), content.as_map().begin(), content.as_map().end());
      else
        entries.emplace_back(key, content);
    }
    entries.emplace_back(Value::String("$defs"), Value::Map(std::move(definitions)));
    return Value::Map(std::move(entries));
  }

  const SchemaSource& source_;
  std::string root_file_;
  std::map<std::string, std::string> names_;  // by file
  std::set<std::string> taken_;
  std::deque<std::string> wanted_;
};

}  // namespace

Value SelfContained(const Value& schema, const SchemaSource& source) { return Bundler(source).Bundle(schema); }

}  // namespace fermata
