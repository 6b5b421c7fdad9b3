#include "api/handlers/reference.h"

#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "api/handlers/error_pages.h"
#include "api/handlers/html.h"
#include "engine/base/assert.h"
#include "engine/base/html.h"
#include "engine/language/reader.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Fermata: the REST API</title>
<style>
  :root { color-scheme: light dark; --ink: #1d2330; --dim: #5a6478; --line: #d9dee8; --back: #fff; --soft: #f4f6fa; --link: #1f5fbf;
          --get: #1f5fbf; --post: #1b7a43; --put: #8a5a00; --delete: #b3261e; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e6e9f0; --dim: #a3adbf; --line: #333b4a; --back: #14171d; --soft: #1c212a;
          --link: #8ab4f8; --get: #8ab4f8; --post: #7dd3a0; --put: #f2c26b; --delete: #f5a097; } }
  body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back); margin: 0 auto; max-width: 62rem; padding: 1rem 1.2rem 4rem; }
  h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; } h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
  a { color: var(--link); } nav a { display: inline-block; margin: 0 .9rem .3rem 0; }
  code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
  details { border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0; }
  summary { cursor: pointer; padding: .55rem .8rem; display: flex; flex-wrap: wrap; gap: .2rem .8rem; align-items: baseline; }
  summary:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 8px; }
  details > div { padding: 0 .8rem .8rem; border-top: 1px solid var(--line); }
  .method { font: 700 .8rem ui-monospace, monospace; min-width: 3.6rem; }
  .get { color: var(--get); } .post { color: var(--post); } .put { color: var(--put); } .delete { color: var(--delete); }
  .dim { color: var(--dim); } .path { font-weight: 600; }
  table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); }
  th { font-weight: 600; color: var(--dim); font-size: .85rem; }
  .table { overflow-x: auto; } td:first-child code { white-space: nowrap; }
</style>
)";

std::string_view FieldText(const Value& value, std::string_view name) {
  const Value* found = value.Find(name);
  return found && found->is_string() ? found->as_string() : std::string_view();
}

// What is at `name`, or nothing that could be walked.
const std::vector<MapEntry>& Members(const Value& value, std::string_view name) {
  static const std::vector<MapEntry> kNone;
  const Value* found = value.Find(name);
  return found && found->is_map() ? found->as_map() : kNone;
}
const std::vector<Value>& Items(const Value& value, std::string_view name) {
  static const std::vector<Value> kNone;
  const Value* found = value.Find(name);
  return found && found->is_list() ? found->as_list() : kNone;
}

std::string_view LastWord(std::string_view reference) { return reference.substr(reference.rfind('/') + 1); }

class ReferenceWriter {
 public:
  explicit ReferenceWriter(const Value& document) : document_(document) {}

  std::string Write() {
    const Value& info = *document_.Find("info");
    out_ = kHead;
    out_ += "<h1>" + EscapeHtml(FieldText(info, "title")) + ": the REST API</h1>\n<p>" +
            InlineHtml(FieldText(info, "description")) + "</p>\n" +
            "<p>For programs: <a href=\"/openapi.json\">openapi.json</a>, <a href=\"/openapi.yaml\">openapi.yaml</a>. "
            "What each "
            "error means: <a href=\"/errors\">errors</a>.</p>\n";
    const auto chapters = Chapters();
    out_ += "<nav aria-label=\"Chapters\">";
    for (const auto& [name, paths] : chapters) out_ += "<a href=\"#" + name + "\">" + name + "</a>";
    out_ += "<a href=\"#schemas\">schemas</a></nav>\n";
    for (const auto& [name, paths] : chapters) {
      out_ += "<h2 id=\"" + name + "\">" + name + "</h2>\n";
      for (const MapEntry* path : paths) WritePath(path->first.as_string(), path->second);
    }
    WriteSchemas();
    return out_ + "</html>\n";
  }

 private:
  // Paths by what they are about, in the document's order.
  std::vector<std::pair<std::string, std::vector<const MapEntry*>>> Chapters() const {
    std::vector<std::pair<std::string, std::vector<const MapEntry*>>> chapters;
    for (const MapEntry& path : Members(document_, "paths")) {
      std::string_view name = path.first.as_string();
      std::string chapter = "server";
      if (name.starts_with("/v1/")) {
        name.remove_prefix(4);
        chapter = std::string(name.substr(0, name.find('/')));
      }
      auto found = chapters.begin();
      while (found != chapters.end() && found->first != chapter) ++found;
      if (found == chapters.end()) found = chapters.insert(found, {chapter, {}});
      found->second.push_back(&path);
    }
    return chapters;
  }

  const Value& Resolved(const Value& value) const {
    const std::string_view reference = FieldText(value, "$ref");
    const Value* found = &document_;
    // "#/components/<kind>/<name>"
    for (std::size_t at = reference.find('/'); found && at != std::string_view::npos;) {
      const std::size_t end = reference.find('/', at + 1);
      found = found->Find(reference.substr(at + 1, end == std::string_view::npos ? end : end - at - 1));
      at = end;
    }
    return reference.empty() || !found ? value : *found;
  }

  void WritePath(std::string_view path, const Value& item) {
    for (const auto& [method, operation] : item.as_map())
      if (method.as_string() != "parameters") WriteOperation(path, item, method.as_string(), operation);
  }

  void WriteOperation(std::string_view path, const Value& item, std::string_view method, const Value& operation) {
    std::string upper(method);
    for (char& c : upper) c = static_cast<char>(c - 'a' + 'A');
    out_ += "<details id=\"" + EscapeHtml(FieldText(operation, "operationId")) + "\"><summary><span class=\"method " +
            std::string(method) + "\">" + upper + "</span><code class=\"path\">" + EscapeHtml(path) +
            "</code><span class=\"dim\">" + InlineHtml(FieldText(operation, "summary")) + "</span></summary><div>\n";
    if (const std::string_view text = FieldText(operation, "description"); !text.empty())
      out_ += "<p>" + InlineHtml(text) + "</p>\n";
    WriteParameters(item, operation);
    if (const Value* body = operation.Find("requestBody")) {
      out_ += "<h3>Body</h3>\n";
      WriteContent(Resolved(*body));
    }
    out_ += "<h3>Answers</h3>\n<div class=\"table\"><table>\n";
    for (const auto& [status, answer] : Members(operation, "responses")) {
      const Value& resolved = Resolved(answer);
      out_ += "<tr><td><code>" + EscapeHtml(status.is_string() ? status.as_string() : WriteJson(status)) +
              "</code></td><td>" + InlineHtml(FieldText(resolved, "description")) + "</td><td>";
      for (const auto& [type, content] : Members(resolved, "content"))
        if (const Value* schema = content.Find("schema")) out_ += TypeOf(*schema) + " ";
      out_ += "</td></tr>\n";
    }
    out_ += "</table></div></div></details>\n";
  }

  void WriteParameters(const Value& item, const Value& operation) {
    std::string rows;
    for (const Value* owner : {&item, &operation})
      for (const Value& parameter : Items(*owner, "parameters")) {
        const Value& one = Resolved(parameter);
        const Value* schema = one.Find("schema");
        const Value* required = one.Find("required");
        const bool must = required && *required == Value::Bool(true);
        rows += "<tr><td><code>" + EscapeHtml(FieldText(one, "name")) + "</code></td><td class=\"dim\">" +
                EscapeHtml(FieldText(one, "in")) + (must ? ", required" : "") + "</td><td>" +
                (schema ? TypeOf(*schema) : "") + "</td><td>" + InlineHtml(FieldText(one, "description")) +
                "</td></tr>\n";
      }
    if (!rows.empty()) out_ += "<h3>Parameters</h3>\n<div class=\"table\"><table>\n" + rows + "</table></div>\n";
  }

  void WriteContent(const Value& body) {
    for (const auto& [type, content] : Members(body, "content")) {
      out_ += "<p><code>" + EscapeHtml(type.as_string()) + "</code> ";
      if (const Value* schema = content.Find("schema")) out_ += TypeOf(*schema);
      out_ += "</p>\n";
      for (const auto& [name, example] : Members(content, "examples"))
        if (const Value* value = example.Find("value"))
          out_ += "<p><code>" + EscapeHtml(WriteJson(*value)) + "</code></p>\n";
      if (const Value* example = content.Find("example"))
        out_ += "<p><code>" + EscapeHtml(WriteJson(*example)) + "</code></p>\n";
    }
  }

  void WriteSchemas() {
    out_ += "<h2 id=\"schemas\">schemas</h2>\n";
    const Value* components = document_.Find("components");
    if (!components) return;
    for (const auto& [name, schema] : Members(*components, "schemas")) {
      out_ += "<details id=\"schema-" + EscapeHtml(name.as_string()) + "\"><summary><code class=\"path\">" +
              EscapeHtml(name.as_string()) + "</code><span class=\"dim\">" +
              InlineHtml(FieldText(schema, "description")) + "</span></summary><div>\n";
      if (Members(schema, "properties").empty()) out_ += "<p>" + TypeOf(schema) + "</p>\n";
      WriteProperties(schema);
      out_ += "</div></details>\n";
    }
  }

  void WriteProperties(const Value& schema) {
    if (Members(schema, "properties").empty()) return;
    out_ += "<div class=\"table\"><table>\n";
    for (const auto& [name, property] : Members(schema, "properties")) {
      bool must = false;
      for (const Value& required : Items(schema, "required")) must = must || required == name;
      out_ += "<tr><td><code>" + EscapeHtml(name.as_string()) + "</code></td><td class=\"dim\">" +
              (must ? "required" : "") + "</td><td>" + TypeOf(property) + "</td><td>" +
              InlineHtml(FieldText(property, "description")) + "</td></tr>\n";
    }
    out_ += "</table></div>\n";
  }

  // "string, date-time", "list of Incident", "one of yes, no".
  std::string TypeOf(const Value& schema) const {
    if (const std::string_view reference = FieldText(schema, "$ref"); !reference.empty()) {
      const std::string name = EscapeHtml(LastWord(reference));
      return "<a href=\"#schema-" + name + "\">" + name + "</a>";
    }
    std::string text;
    const auto join = [&](std::string_view between, const std::string& word) {
      text += (text.empty() ? "" : std::string(between)) + word;
    };
    for (const char* choice : {"oneOf", "anyOf"})
      for (const Value& one : Items(schema, choice)) join(" or ", TypeOf(one));
    for (const Value& one : Items(schema, "allOf")) join(" and ", TypeOf(one));
    if (!Items(schema, "enum").empty()) {
      std::string words;
      for (const Value& word : Items(schema, "enum"))
        words += (words.empty() ? "" : ", ") + EscapeHtml(word.is_string() ? word.as_string() : WriteJson(word));
      return "one of " + words;
    }
    if (const Value* items = schema.Find("items")) return "list of " + TypeOf(*items);
    if (!text.empty()) return text;
    if (const Value* fixed = schema.Find("const")) return EscapeHtml(WriteJson(*fixed));
    if (const Value* type = schema.Find("type"); type && type->is_string()) text = type->as_string();
    for (const Value& type : Items(schema, "type"))
      if (type.is_string()) join(" or ", std::string(type.as_string()));
    for (const char* detail : {"format", "pattern"})
      if (const std::string_view value = FieldText(schema, detail); !value.empty()) text += ", " + EscapeHtml(value);
    if (const Value* standard = schema.Find("default")) text += ", else " + EscapeHtml(WriteJson(*standard));
    return text.empty() ? "anything" : text;
  }

  const Value& document_;
  std::string out_;
};

const Value& Document() {
  static const Value document = [] {
    const ReadOutcome read = ReadYaml("openapi.yaml", std::string(OpenApiText()));
    FERMATA_ASSERT(read.root);
    return ToValue(*read.root);
  }();
  return document;
}

}  // namespace

const std::string& OpenApiJson() {
  static const std::string json = WriteJson(Document()) + "\n";
  return json;
}

std::string ReferencePageOf(const Value& document) { return ReferenceWriter(document).Write(); }

const std::string& ReferencePage() {
  static const std::string page = ReferencePageOf(Document());
  return page;
}

}  // namespace fermata
