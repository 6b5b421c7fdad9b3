#include "engine/language/codes.h"
#include "engine/language/fields.h"
#include "engine/language/load.h"
#include "engine/language/operations.h"
#include "engine/language/reader.h"
#include "engine/language/retry.h"
#include "engine/language/schema_loader.h"

namespace fermata {
namespace {

constexpr int kOperationConcurrencyMax = 10'000;
constexpr double kPerSecondMax = 1'000'000;

class ManifestParser {
 public:
  ManifestParser(const Node& root, Report& report, SchemaLoader& schemas)
      : root_(root), report_(report), schemas_(schemas) {}

  std::shared_ptr<Manifest> Parse() {
    if (!ExpectMap(root_, "a manifest: a map with 'connector', 'version', 'kind' and 'operations'", report_))
      return manifest_;
    CheckKeys(root_, {"connector", "version", "title", "description", "kind", "http", "operations"}, "a manifest",
              report_);
    manifest_->source = ToValue(root_);
    for (const char* key : {"connector", "operations"})
      if (!root_.Find(key))
        report_.Error(kMissingKey, root_, std::string("Expected '") + key + "' in a manifest, but it is missing.");
    ReadHead();
    const NodeEntry* http = root_.Find("http");
    if (http && manifest_->kind != ConnectorKind::kHttp)
      report_.ErrorAtKey(kKeyNotAllowedHere, *http,
                         "Expected 'http' only in a manifest of kind http, but this one is another.");
    if (!http && manifest_->kind == ConnectorKind::kHttp)
      report_.Error(kMissingKey, root_, "Expected 'http' in a manifest of kind http, but it is missing.");
    if (http && ExpectMap(http->value, "{url, headers}", report_)) {
      CheckKeys(http->value, {"url", "headers"}, "'http'", report_);
      manifest_->http = ToValue(http->value);
    }
    if (const NodeEntry* operations = root_.Find("operations")) ReadOperations(operations->value);
    return manifest_;
  }

 private:
  void ReadHead() {
    if (const NodeEntry* connector = root_.Find("connector"))
      manifest_->connector = ReadName(connector->value, "the name of a connector", report_).value_or("");
    if (const NodeEntry* version = root_.Find("version")) {
      manifest_->version = version->value.text;
      if (!version->value.is_scalar() || !IsSemanticVersion(version->value.text))
        report_.Error(kBadVersion, version->value,
                      "Expected a semantic version such as 1.0.0, but there is " + version->value.Describe() + ".");
    }
    if (const NodeEntry* title = root_.Find("title"))
      manifest_->title = ReadText(title->value, "a title", report_).value_or("");
    if (const NodeEntry* text = root_.Find("description"))
      manifest_->description = ReadText(text->value, "a description", report_).value_or("");
    if (const NodeEntry* kind = root_.Find("kind")) {
      const auto word = ReadChoice(kind->value, {"builtin", "http", "worker"}, report_);
      if (word)
        manifest_->kind = *word == "http"     ? ConnectorKind::kHttp
                          : *word == "worker" ? ConnectorKind::kWorker
                                              : ConnectorKind::kBuiltin;
    }
  }

  void ReadOperations(const Node& node) {
    if (!ExpectMap(node, "a map of operations", report_)) return;
    if (node.entries.empty()) report_.Error(kMissingKey, node, "Expected at least one operation, but there is none.");
    for (const NodeEntry& entry : node.entries) {
      if (!CheckDottedName(entry, "the name of an operation", report_)) continue;
      OperationManifest operation;
      operation.name = entry.key;
      if (!entry.value.is_null() && ExpectMap(entry.value, "an operation", report_)) ReadOperation(entry, operation);
      manifest_->operations.push_back(std::move(operation));
    }
  }

  void ReadOperation(const NodeEntry& entry, OperationManifest& operation) {
    const Node& node = entry.value;
    CheckKeys(node, {"title", "description", "input", "output", "errors", "timeout", "retry", "limits", "http"},
              "an operation", report_);
    for (const NodeEntry& part : node.entries) {
      const Node& value = part.value;
      if (part.key == "title") operation.title = ReadText(value, "a title", report_).value_or("");
      if (part.key == "description") operation.description = ReadText(value, "a description", report_).value_or("");
      if (part.key == "input") operation.input = schemas_.Load(value);
      if (part.key == "output") operation.output = schemas_.Load(value);
      if (part.key == "errors") ReadErrors(value, operation);
      if (part.key == "timeout") operation.timeout_ms = ReadSpan(value, report_);
      if (part.key == "retry") operation.retry = ReadRetry(value, nullptr, report_);
      if (part.key == "limits") ReadLimits(value, operation);
      if (part.key == "http") ReadHttp(part, operation);
    }
    if (manifest_->kind == ConnectorKind::kHttp && !node.Find("http"))
      report_.ErrorAtKey(
          kMissingKey, entry,
          "Expected 'http' in the operation '" + entry.key + "' of a connector of kind http, but it is missing.");
  }

  void ReadErrors(const Node& node, OperationManifest& operation) {
    if (!node.is_list())
      report_.Error(kWrongKind, node, "Expected a list of business errors, but there is " + node.Describe() + ".");
    for (const Node& item : node.items) {
      auto name = ReadName(item, "the name of a business error", report_);
      if (!name) continue;
      if (IsReservedError(*name)) {
        report_.Error(kReservedName, item,
                      "Expected the name of a business error, but '" + *name + "' is one of the engine's own.",
                      "technical errors need no declaration");
      } else {
        operation.errors.push_back(std::move(*name));
      }
    }
  }

  void ReadLimits(const Node& node, OperationManifest& operation) {
    if (!ExpectMap(node, "{concurrency, per_second}", report_)) return;
    CheckKeys(node, {"concurrency", "per_second"}, "'limits'", report_);
    if (const NodeEntry* concurrency = node.Find("concurrency"))
      operation.limits.concurrency = static_cast<int>(
          ReadInteger(concurrency->value, 1, kOperationConcurrencyMax, "a number of calls at a time", report_)
              .value_or(0));
    if (const NodeEntry* rate = node.Find("per_second"))
      operation.limits.per_second =
          ReadNumber(rate->value, 0.001, kPerSecondMax, "a number of calls per second", report_).value_or(0);
  }

  // What stands in there is connectors/http's business; only its keys are checked here.
  void ReadHttp(const NodeEntry& entry, OperationManifest& operation) {
    if (manifest_->kind != ConnectorKind::kHttp) {
      report_.ErrorAtKey(kKeyNotAllowedHere, entry,
                         "Expected 'http' only in a manifest of kind http, but this one is another.");
      return;
    }
    if (!ExpectMap(entry.value, "{method, url, query, headers, body, response, errors}", report_)) return;
    CheckKeys(entry.value, {"method", "url", "query", "headers", "body", "response", "errors"}, "'http'", report_);
    operation.http = ToValue(entry.value);
  }

  const Node& root_;
  Report& report_;
  SchemaLoader& schemas_;
  std::shared_ptr<Manifest> manifest_ = std::make_shared<Manifest>();
};

}  // namespace

ManifestOutcome LoadManifest(const std::string& file, const std::string& text,
                             const std::map<std::string, std::string>& files) {
  ReadOutcome read = ReadYaml(file, text);
  ManifestOutcome outcome;
  outcome.diagnostics = std::move(read.diagnostics);
  if (!read.root) return outcome;
  Report report(*read.source, outcome.diagnostics);
  SchemaLoader schemas(files, {}, report, outcome.diagnostics);
  std::shared_ptr<Manifest> manifest = ManifestParser(*read.root, report, schemas).Parse();
  SortDiagnostics(outcome.diagnostics);
  if (!HasErrors(outcome.diagnostics)) outcome.manifest = std::move(manifest);
  return outcome;
}

}  // namespace fermata
