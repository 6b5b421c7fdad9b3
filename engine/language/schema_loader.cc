#include "engine/language/schema_loader.h"

#include "engine/language/codes.h"
#include "engine/model/json.h"

namespace fermata {

SchemaPtr SchemaLoader::Load(const Node& node) {
  const Value value = ToValue(node);
  if (!Open(value, "")) return nullptr;
  SchemaOutcome outcome = CompileSchema(value, {"", &values_});
  for (const SchemaError& error : outcome.errors) ReportError(error, node);
  return std::move(outcome.schema);
}

Value SchemaLoader::Bundled(const Node& node) const { return SelfContained(ToValue(node), {"", &values_}); }

bool SchemaLoader::Open(const Value& schema, const std::string& file) {
  bool readable = true;
  for (const std::string& path : ReferencedSchemaFiles(schema, file)) readable &= OpenFile(path);
  return readable;
}

std::optional<std::string> SchemaLoader::TextOf(const std::string& path) const {
  const auto known = files_.find(path);
  if (known != files_.end()) return known->second;
  return open_file_ ? open_file_(path) : std::nullopt;
}

// A file that is not there is the compiler's to report: it knows which `$ref` names it.
bool SchemaLoader::OpenFile(const std::string& path) {
  if (const auto known = open_.find(path); known != open_.end()) return known->second.readable;
  const std::optional<std::string> text = TextOf(path);
  if (!text) return true;
  used_.emplace(path, *text);
  File& file = open_[path];
  file.readable = true;
  file.read = ReadYaml(path, *text);
  file.report = std::make_unique<Report>(*file.read.source, diagnostics_);
  const bool json = path.size() > 5 && path.compare(path.size() - 5, 5, ".json") == 0;
  if (json) {
    Result<Value> value = ParseJson(*text);
    if (!value.ok()) {
      file.report->Add(Severity::kError, kSchemaFileMalformed, {1, 1}, 1,
                       "Expected JSON in '" + path + "', but it cannot be read: " + value.error().message);
      return file.readable = false;
    }
    values_[path] = std::move(*value);
  } else if (file.read.root) {
    values_[path] = ToValue(*file.read.root);
  } else {
    for (Diagnostic& diagnostic : file.read.diagnostics) diagnostics_.push_back(std::move(diagnostic));
    return file.readable = false;
  }
  const Value content = values_[path];
  const bool readable = Open(content, path);
  return open_[path].readable = readable;
}

void SchemaLoader::ReportError(const SchemaError& error, const Node& node) {
  const bool inline_schema = error.file.empty();
  if (!inline_schema && !reported_.insert({error.file, error.path}).second) return;
  const auto file = open_.find(error.file);
  if (!inline_schema && (file == open_.end() || !file->second.read.root)) {
    report_.Error(error.code, node, "In " + error.file + error.path + ": " + error.message, error.hint);
    return;
  }
  Report& report = inline_schema ? report_ : *file->second.report;
  const PointedNode pointed = FollowPointer(inline_schema ? node : *file->second.read.root, error.path);
  // What is wrong with a keyword's name is shown at the name, what is wrong with its value at the value.
  const bool at_key = pointed.entry && (error.message.rfind("Expected a keyword", 0) == 0 || pointed.node->is_map());
  if (at_key) {
    report.ErrorAtKey(error.code, *pointed.entry, error.message, error.hint);
  } else {
    report.Error(error.code, *pointed.node, error.message, error.hint);
  }
}

}  // namespace fermata
