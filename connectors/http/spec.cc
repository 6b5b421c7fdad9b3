#include "connectors/http/spec.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "connectors/http/codes.h"
#include "connectors/http/transport.h"
#include "connectors/sdk/secrets.h"
#include "engine/expression/template.h"

namespace fermata {
namespace {

constexpr std::array<std::string_view, 6> kMethods = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"};
constexpr std::array<std::string_view, 4> kTechnicalNames = {"unavailable", "timeout", "invalid-response", "internal"};
// The connector sets these itself.
constexpr std::array<std::string_view, 6> kOwnHeaders = {"idempotency-key",   "traceparent", "content-length", "host",
                                                         "transfer-encoding", "connection"};

template <class List>
bool Holds(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// Reads one manifest. The first mistake is kept and ends the reading.
class Reader {
 public:
  explicit Reader(const Manifest& manifest) : manifest_(manifest) {}

  Result<HttpConnectorSpec> Read(std::string_view base_url) {
    HttpConnectorSpec spec;
    ReadConnector(base_url, spec);
    for (const OperationManifest& operation : manifest_.operations) {
      if (error_) break;
      spec.operations.push_back(ReadOperation(operation));
    }
    if (error_) return std::move(*error_);
    return spec;
  }

 private:
  using Names = std::initializer_list<std::string_view>;

  void Fail(ErrorCode code, std::string path, std::string message) {
    if (!error_) error_ = Error{.code = code, .message = std::move(message), .path = std::move(path)};
  }

  bool CheckKeys(const Value& map, const std::string& path, Names allowed) {
    if (!map.is_map()) {
      Fail(kHttpManifestShape, path, "Expected a map, but there is a " + std::string(CelTypeName(map.kind())) + ".");
      return false;
    }
    for (const auto& [key, value] : map.as_map())
      if (!Holds(allowed, key.as_string())) {
        std::string list;
        for (std::string_view name : allowed) list += (list.empty() ? "" : ", ") + std::string(name);
        Fail(kHttpManifestShape, path + "/" + std::string(key.as_string()),
             "Expected one of " + list + ", but the key is '" + std::string(key.as_string()) + "'.");
        return false;
      }
    return true;
  }

  // Expressions may read `names` and nothing else; in the connector's own part `secret` means `secret.NAME`.
  void CheckNames(const ExpressionPtr& expression, const std::string& path, Names names) {
    for (const NameUse& use : FreeNames(*expression)) {
      if (!Holds(names, use.name)) {
        std::string hint = use.name == "secret" ? " Secrets stand in the connector's own url and headers only." : "";
        Fail(kHttpManifestExpression, path,
             "Expected a name that is known here, but the expression reads '" + use.name + "'." + hint);
      } else if (use.name == "secret") {
        AddSecret(use, path);
      }
    }
  }

  void AddSecret(const NameUse& use, const std::string& path) {
    if (use.path.size() != 1 || !IsSecretName(use.path[0])) {
      Fail(kHttpManifestExpression, path,
           "Expected ${secret.NAME} with a name of capital letters, digits and '_', but it is written otherwise.");
    } else if (!Holds(secret_names_, use.path[0])) {
      secret_names_.push_back(use.path[0]);
    }
  }

  Template ReadTemplate(const Value& value, const std::string& path, Names names) {
    Template result;
    if (value.is_string()) {
      TemplateOutcome outcome = ParseTemplateText(value.as_string());
      if (!outcome.errors.empty()) {
        Fail(kHttpManifestExpression, path, outcome.errors.front().message);
        return result;
      }
      if (const auto* expression = std::get_if<Expression>(&outcome.content.content))
        CheckNames(expression->compiled, path, names);
      if (const auto* text = std::get_if<TextTemplate>(&outcome.content.content))
        for (const TextTemplate::Piece& piece : text->pieces)
          if (piece.expression) CheckNames(piece.expression->compiled, path, names);
      return std::move(outcome.content);
    }
    if (value.is_list()) {
      Template::ListOf items;
      for (std::size_t i = 0; i < value.as_list().size(); ++i)
        items.push_back(ReadTemplate(value.as_list()[i], path + "/" + std::to_string(i), names));
      result.content = std::move(items);
    } else if (value.is_map()) {
      Template::MapOf entries;
      for (const auto& [key, item] : value.as_map())
        entries.push_back(
            {std::string(key.as_string()), ReadTemplate(item, path + "/" + std::string(key.as_string()), names)});
      result.content = std::move(entries);
    } else {
      result.content = value;
    }
    return result;
  }

  std::optional<Template> ReadOptional(const Value& map, std::string_view key, const std::string& path, Names names) {
    const Value* value = map.Find(key);
    if (value == nullptr) return std::nullopt;
    return ReadTemplate(*value, path + "/" + std::string(key), names);
  }

  Template::MapOf ReadPairs(const Value& map, std::string_view key, const std::string& parent, Names names) {
    Template::MapOf pairs;
    const Value* value = map.Find(key);
    if (value == nullptr) return pairs;
    const std::string path = parent + "/" + std::string(key);
    if (!value->is_map()) {
      Fail(kHttpManifestShape, path, "Expected a map, but there is a " + std::string(CelTypeName(value->kind())) + ".");
      return pairs;
    }
    for (const auto& [name, item] : value->as_map())
      pairs.push_back(
          {std::string(name.as_string()), ReadTemplate(item, path + "/" + std::string(name.as_string()), names)});
    return pairs;
  }

  Template::MapOf ReadHeaders(const Value& map, const std::string& path, Names names) {
    auto headers = ReadPairs(map, "headers", path, names);
    for (const auto& [name, value] : headers) {
      std::string lower = name;
      std::transform(lower.begin(), lower.end(), lower.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
      const bool is_token = !name.empty() && std::all_of(lower.begin(), lower.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
      });
      if (!is_token) Fail(kHttpManifestShape, path + "/headers", "Expected a header name, but it is '" + name + "'.");
      if (Holds(kOwnHeaders, lower))
        Fail(kHttpManifestShape, path + "/headers",
             "Expected no header '" + name + "', because the connector sets it itself.");
    }
    return headers;
  }

  // The text with which a template begins before any expression.
  static std::string LeadingText(const Template& source) {
    if (const auto* value = std::get_if<Value>(&source.content))
      return value->is_string() ? std::string(value->as_string()) : "";
    std::string leading;
    if (const auto* text = std::get_if<TextTemplate>(&source.content))
      for (const TextTemplate::Piece& piece : text->pieces) {
        if (piece.expression) break;
        leading += piece.literal;
      }
    return leading;
  }

  // Scheme, host and port are written out and end before the first expression, so that no input can choose where a request goes.
  static bool IsAbsolute(const Template& url) {
    const std::string text = LeadingText(url);
    const bool is_literal = std::holds_alternative<Value>(url.content);
    for (std::string_view scheme : {"http://", "https://"}) {
      if (!text.starts_with(scheme)) continue;
      const std::size_t host_end = text.find_first_of("/?#", scheme.size());
      return host_end == std::string::npos ? is_literal && text.size() > scheme.size() : host_end > scheme.size();
    }
    return false;
  }

  void ReadConnector(std::string_view base_url, HttpConnectorSpec& spec) {
    const Value& http = manifest_.http;
    if (http.is_null() && base_url.empty()) {
      Fail(kHttpManifestShape, "/http", "Expected `http: {url: …}` in a manifest of kind http, but it is missing.");
      return;
    }
    if (!http.is_null() && !CheckKeys(http, "/http", {"url", "headers"})) return;
    const Value* url = http.Find("url");
    const Value given = base_url.empty() ? (url ? *url : Value()) : Value::String(base_url);
    spec.url = base_url.empty() ? ReadTemplate(given, "/http/url", {"secret"}) : Template{given, {}};
    if (!error_ && !IsAbsolute(spec.url))
      Fail(kHttpManifestShape, "/http/url",
           "Expected a URL that begins with http:// or https:// and a whole host, but it does not.");
    if (!http.is_null()) spec.headers = ReadHeaders(http, "/http", {"secret"});
    spec.secret_names = secret_names_;
  }

  HttpOperationSpec ReadOperation(const OperationManifest& operation) {
    HttpOperationSpec spec{.name = operation.name};
    const std::string path = "/operations/" + operation.name + "/http";
    const Value& http = operation.http;
    if (!CheckKeys(http, path, {"method", "url", "query", "headers", "body", "response", "errors"})) return spec;
    const Value* method = http.Find("method");
    spec.method = method && method->is_string() ? std::string(method->as_string()) : method ? "" : "POST";
    if (!Holds(kMethods, spec.method))
      Fail(kHttpManifestShape, path + "/method",
           "Expected GET, POST, PUT, PATCH, DELETE or HEAD, but it is another method.");
    const Value* url = http.Find("url");
    spec.url = ReadTemplate(url ? *url : Value::String(""), path + "/url", {"input"});
    if (!error_ && !(url == nullptr || LeadingText(spec.url).starts_with('/') || IsAbsolute(spec.url)))
      Fail(kHttpManifestShape, path + "/url",
           "Expected a path that begins with '/' or an http or https URL with a whole host, but it is neither.");
    spec.query = ReadPairs(http, "query", path, {"input"});
    spec.headers = ReadHeaders(http, path, {"input"});
    spec.body = ReadOptional(http, "body", path, {"input"});
    if (const Value* response = http.Find("response"))
      if (CheckKeys(*response, path + "/response", {"output"}))
        spec.output = ReadOptional(*response, "output", path + "/response", {"input", "response"});
    if (const Value* errors = http.Find("errors")) ReadErrors(*errors, path + "/errors", operation, spec.errors);
    return spec;
  }

  void ReadErrors(const Value& errors, const std::string& path, const OperationManifest& operation,
                  std::vector<HttpErrorRule>& rules) {
    if (!errors.is_list()) {
      Fail(kHttpManifestShape, path,
           "Expected a list of {status, if, error, message, data}, but there is a " +
               std::string(CelTypeName(errors.kind())) + ".");
      return;
    }
    for (std::size_t i = 0; i < errors.as_list().size() && !error_; ++i)
      rules.push_back(ReadRule(errors.as_list()[i], path + "/" + std::to_string(i), operation));
  }

  HttpErrorRule ReadRule(const Value& entry, const std::string& path, const OperationManifest& operation) {
    HttpErrorRule rule;
    if (!CheckKeys(entry, path, {"status", "if", "error", "message", "data"})) return rule;
    const Value* status = entry.Find("status");
    const Value* condition = entry.Find("if");
    if (status != nullptr) ReadStatuses(*status, path + "/status", rule.statuses);
    if (condition != nullptr) {
      ParseOutcome parsed = condition->is_string() ? ParseExpression(condition->as_string()) : ParseOutcome{};
      if (parsed.expression == nullptr) {
        Fail(kHttpManifestExpression, path + "/if",
             parsed.errors.empty() ? "Expected an expression, but there is no text." : parsed.errors.front().message);
      } else {
        CheckNames(parsed.expression, path + "/if", {"input", "response"});
        rule.condition = std::move(parsed.expression);
      }
    }
    if (status == nullptr && condition == nullptr)
      Fail(kHttpManifestShape, path, "Expected `status` or `if` in a rule, but it has neither.");
    const Value* error = entry.Find("error");
    rule.error = error && error->is_string() ? std::string(error->as_string()) : "";
    if (!Holds(operation.errors, rule.error) && !Holds(kTechnicalNames, rule.error))
      Fail(kHttpManifestShape, path + "/error",
           "Expected one of the operation's `errors` or a technical error, but it is '" + rule.error + "'.");
    rule.message = ReadOptional(entry, "message", path, {"input", "response"});
    rule.data = ReadOptional(entry, "data", path, {"input", "response"});
    return rule;
  }

  void ReadStatuses(const Value& status, const std::string& path, std::vector<int>& statuses) {
    const std::vector<Value> list = status.is_list() ? status.as_list() : std::vector<Value>{status};
    for (const Value& item : list) {
      if (item.kind() != ValueKind::kInt || item.as_int() < 100 || item.as_int() > 599) {
        Fail(kHttpManifestShape, path,
             "Expected a status from 100 to 599 or a list of them, but it is something else.");
        return;
      }
      statuses.push_back(static_cast<int>(item.as_int()));
    }
  }

  const Manifest& manifest_;
  std::vector<std::string> secret_names_;
  std::optional<Error> error_;
};

}  // namespace

const HttpOperationSpec* HttpConnectorSpec::Find(std::string_view operation) const {
  for (const HttpOperationSpec& candidate : operations)
    if (candidate.name == operation) return &candidate;
  return nullptr;
}

Result<HttpConnectorSpec> ParseHttpConnector(const Manifest& manifest, std::string_view base_url) {
  return Reader(manifest).Read(base_url);
}

}  // namespace fermata
