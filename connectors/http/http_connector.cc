#include "connectors/http/http_connector.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <set>
#include <utility>

#include "connectors/http/spec.h"
#include "connectors/http/transport.h"
#include "engine/base/percent.h"
#include "engine/expression/template.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

// Ends a try from inside; caught in Run() and nowhere else.
struct Stop {
  Outcome outcome;
};

[[noreturn]] void StopWith(TechnicalError error, std::string message, std::int64_t retry_after_ms = 0) {
  throw Stop{TechnicalFailure{error, std::move(message), retry_after_ms}};
}

// The words with which every message begins.
std::string Expected(const Job& job) {
  return "Expected an answer from " + job.connector + "." + job.operation + ", but ";
}

Value Require(const Job& job, EvaluationResult result, std::string_view what) {
  if (!result.ok())
    StopWith(TechnicalError::kInternal, "Expected the " + std::string(what) + " of " + job.connector + "." +
                                            job.operation + " to be evaluated, but: " + result.error().message);
  return std::move(result).value();
}

std::string RequireText(const Job& job, const Value& value, std::string_view what) {
  std::optional<std::string> text = TextOf(value);
  if (!text)
    StopWith(TechnicalError::kInternal, "Expected a text for the " + std::string(what) + " of " + job.connector + "." +
                                            job.operation + ", but there is a " +
                                            std::string(CelTypeName(value.kind())) + ".");
  return *std::move(text);
}

// One evaluated piece of a path: it stays inside its segment.
std::string PathPiece(const Job& job, const Value& value) {
  const std::string text = RequireText(job, value, "url");
  if (text.empty() || text == "." || text == "..")
    StopWith(TechnicalError::kInternal, "Expected a path segment for the url of " + job.connector + "." +
                                            job.operation + ", but it is '" + text + "'.");
  return PercentEncode(text);
}

// Literal pieces as they are, evaluated ones encoded.
std::string UrlOf(const Job& job, const Template& url, const Scope& scope) {
  if (const auto* literal = std::get_if<Value>(&url.content)) return std::string(literal->as_string());
  if (const auto* expression = std::get_if<Expression>(&url.content))
    return PathPiece(job, Require(job, Evaluate(*expression->compiled, scope), "url"));
  std::string text;
  for (const TextTemplate::Piece& piece : std::get<TextTemplate>(url.content).pieces) {
    if (piece.expression) {
      text += PathPiece(job, Require(job, Evaluate(*piece.expression->compiled, scope), "url"));
    } else {
      text += piece.literal;
    }
  }
  return text;
}

void AddHeaders(const Job& job, const Template::MapOf& headers, const Scope& scope, HttpCall& call) {
  for (const auto& [name, source] : headers) {
    const Value value = Require(job, EvaluateTemplate(source, scope), "header " + name);
    if (value.is_null()) continue;
    std::string text = RequireText(job, value, "header " + name);
    if (!IsHeaderValue(text))
      StopWith(TechnicalError::kInternal, "Expected one line for the header " + name + " of " + job.connector + "." +
                                              job.operation + ", but it holds a line end.");
    call.headers.emplace_back(name, std::move(text));
  }
}

// An optional parameter is left out by making it null.
void AddQuery(const Job& job, const HttpOperationSpec& operation, const Scope& scope, std::string& url) {
  char separator = url.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, source] : operation.query) {
    const Value value = Require(job, EvaluateTemplate(source, scope), "query " + name);
    if (value.is_null()) continue;
    url += separator + PercentEncode(name) + "=" + PercentEncode(RequireText(job, value, "query " + name));
    separator = '&';
  }
}

bool IsJson(const HttpAnswer& answer) {
  const std::string* type = answer.Find("content-type");
  if (type == nullptr) return false;
  const std::string media(type->substr(0, type->find(';')));
  return media.find("application/json") != std::string::npos || media.find("+json") != std::string::npos;
}

// The answer as expressions see it; `defect` says why the body is not usable.
struct Response {
  Value value;
  std::string defect;
};

Response ReadResponse(const HttpAnswer& answer) {
  Response response;
  Value body;
  if (IsJson(answer) && !answer.body.empty()) {
    Result<Value> parsed = ParseJson(answer.body, kConnectorAnswerBytesMax);
    if (parsed.ok()) {
      body = *std::move(parsed);
    } else {
      response.defect = "its body is no JSON that can be read";
    }
  } else if (!IsValidUtf8(answer.body)) {
    response.defect = "its body is no UTF-8 text";
  } else if (!answer.body.empty()) {
    body = Value::String(answer.body);
  }
  std::vector<MapEntry> headers;
  for (const auto& [name, value] : answer.headers) {
    const bool known = std::any_of(headers.begin(), headers.end(), [&wanted = name](const MapEntry& entry) {
      return entry.first.as_string() == wanted;
    });
    if (!known && IsValidUtf8(value)) headers.emplace_back(Value::String(name), Value::String(value));
  }
  response.value = Value::Object(
      {{"status", Value::Int(answer.status)}, {"headers", Value::Map(std::move(headers))}, {"body", std::move(body)}});
  return response;
}

// Whether "a.example.com, b.example.com" has the word, in letters of any size.
bool StandsIn(std::string_view list, std::string_view word) {
  while (true) {
    const std::string_view rest = list.substr(std::min(list.find(','), list.size()));
    std::string_view one = list.substr(0, list.size() - rest.size());
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (std::equal(one.begin(), one.end(), word.begin(), word.end(),
                   [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); }))
      return true;
    if (rest.empty()) return false;
    list = rest.substr(1);
  }
}

std::optional<TechnicalError> TechnicalByName(std::string_view name) {
  for (TechnicalError error : {TechnicalError::kUnavailable, TechnicalError::kTimeout, TechnicalError::kInvalidResponse,
                               TechnicalError::kInternal})
    if (TechnicalErrorName(error) == name) return error;
  return std::nullopt;
}

class HttpConnector final : public Connector {
 public:
  HttpConnector(ManifestPtr manifest, HttpConnectorSpec spec, std::shared_ptr<const SecretSource> secrets,
                EgressRules rules)
      : manifest_(std::move(manifest)),
        spec_(std::move(spec)),
        secrets_(std::move(secrets)),
        manifest_text_(WriteJson(manifest_->source)),
        transport_(std::move(rules)) {}

  // JSON, which is YAML too.
  std::string_view ManifestYaml() const override { return manifest_text_; }

  Outcome Run(const Job& job) override {
    std::vector<std::string> used_secrets;
    Outcome outcome;
    try {
      outcome = RunChecked(job, used_secrets);
    } catch (Stop& stop) {
      outcome = std::move(stop.outcome);
    }
    // A service may echo what it was sent.
    if (auto* success = std::get_if<JobSuccess>(&outcome)) success->output = Redact(success->output, used_secrets);
    if (auto* failure = std::get_if<TechnicalFailure>(&outcome))
      failure->message = Redact(std::move(failure->message), used_secrets);
    if (auto* failure = std::get_if<BusinessFailure>(&outcome)) {
      failure->message = Redact(std::move(failure->message), used_secrets);
      failure->data = Redact(failure->data, used_secrets);
    }
    return outcome;
  }

 private:
  Outcome RunChecked(const Job& job, std::vector<std::string>& used_secrets) {
    const HttpOperationSpec* operation = spec_.Find(job.operation);
    if (operation == nullptr)
      StopWith(TechnicalError::kInternal, "Expected an operation of the connector " + job.connector +
                                              ", but it has none called '" + job.operation + "'.");
    NamesScope scope;
    scope.Bind("input", job.input);
    const HttpCall call = MakeCall(job, *operation, scope, used_secrets);
    std::variant<HttpAnswer, HttpFailure> exchange = transport_.Exchange(call);
    if (const auto* failure = std::get_if<HttpFailure>(&exchange))
      StopWith(failure->error, Expected(job) + failure->reason + ".");
    return Interpret(job, *operation, std::get<HttpAnswer>(exchange), scope);
  }

  HttpCall MakeCall(const Job& job, const HttpOperationSpec& operation, const Scope& scope,
                    std::vector<std::string>& used_secrets) {
    std::vector<MapEntry> values;
    for (const std::string& name : spec_.secret_names) {
      std::optional<std::string> secret = FindSecret(job, name);
      if (!secret)
        StopWith(TechnicalError::kInternal, "Expected the secret " + name + " for the connector " + job.connector +
                                                ", but there is none of this name.");
      values.emplace_back(Value::String(name), Value::String(*secret));
      used_secrets.push_back(*std::move(secret));
    }
    NamesScope own;
    own.Bind("secret", Value::Map(std::move(values)));

    HttpCall call{.method = operation.method, .deadline = job.deadline};
    call.url = UrlOf(job, operation.url, scope);
    if (call.url.empty() || call.url[0] == '/') {
      std::string base = UrlOf(job, spec_.url, own);
      while (base.ends_with('/')) base.pop_back();
      call.url = base + call.url;
    }
    for (const std::string& name : spec_.secret_names) CheckHost(job, name, HostOfUrl(call.url));
    AddQuery(job, operation, scope, call.url);
    AddHeaders(job, spec_.headers, own, call);
    AddHeaders(job, operation.headers, scope, call);
    if (!IsHeaderValue(job.idempotency_key) || !IsHeaderValue(job.traceparent))
      StopWith(TechnicalError::kInternal, "Expected a key of one line, but it holds a line end.");
    call.headers.emplace_back("Idempotency-Key", job.idempotency_key);
    if (!job.traceparent.empty()) call.headers.emplace_back("traceparent", job.traceparent);
    call.headers.emplace_back("User-Agent", "fermata");
    if (operation.body) {
      Result<Value> body = ToJsonValue(Require(job, EvaluateTemplate(*operation.body, scope), "body"));
      if (!body.ok()) StopWith(TechnicalError::kInternal, body.error().message);
      call.body = WriteJson(*body);
      call.headers.emplace_back("Content-Type", "application/json");
    }
    return call;
  }

  std::optional<std::string> FindSecret(const Job& job, const std::string& name) const {
    Result<std::optional<std::string>> secret = secrets_->Find(name);
    if (!secret.ok())
      StopWith(TechnicalError::kInternal,
               "Expected to call for the connector " + job.connector + ", but: " + secret.error().message);
    return *std::move(secret);
  }

  // A secret that is bound to hosts goes to no other, whoever has written the manifest; nor anywhere while its hosts cannot be read.
  void CheckHost(const Job& job, const std::string& secret, const std::string& host) const {
    const std::optional<std::string> hosts = FindSecret(job, secret + std::string(kSecretHostsEnding));
    if (hosts && (host.empty() || !StandsIn(*hosts, host)))
      StopWith(TechnicalError::kInternal, "Expected the connector " + job.connector +
                                              " to call a host that the secret " + secret +
                                              " is for, but it calls another.");
  }

  Outcome Interpret(const Job& job, const HttpOperationSpec& operation, const HttpAnswer& answer,
                    const NamesScope& input) {
    const Response response = ReadResponse(answer);
    NamesScope scope(&input);
    scope.Bind("response", response.value);
    for (const HttpErrorRule& rule : operation.errors)
      if (Holds(job, rule, answer.status, scope)) return FailureOf(job, rule, answer, scope);
    const std::string status = "it has the status " + std::to_string(answer.status);
    if (answer.status >= 200 && answer.status < 300) {
      if (!response.defect.empty()) StopWith(TechnicalError::kInvalidResponse, Expected(job) + response.defect + ".");
      return OutputOf(job, operation, response.value, scope);
    }
    if (answer.status == 408) StopWith(TechnicalError::kTimeout, Expected(job) + status + ".");
    if (answer.status == 425 || answer.status == 429 || answer.status >= 500)
      StopWith(TechnicalError::kUnavailable, Expected(job) + status + ".", RetryAfterMs(answer, kRetryAfterMsMax));
    if (answer.status < 400)
      StopWith(TechnicalError::kInvalidResponse, Expected(job) + status + ", and redirects are not followed.");
    StopWith(TechnicalError::kInternal, Expected(job) + status + ", which the manifest gives no error name.");
  }

  static Outcome OutputOf(const Job& job, const HttpOperationSpec& operation, const Value& response,
                          const Scope& scope) {
    if (!operation.output) return JobSuccess{*response.Find("body")};
    EvaluationResult output = EvaluateTemplate(*operation.output, scope);
    if (!output.ok())
      StopWith(TechnicalError::kInvalidResponse,
               Expected(job) + "its output cannot be read from it: " + output.error().message);
    Result<Value> json = ToJsonValue(output.value());
    if (!json.ok())
      StopWith(TechnicalError::kInvalidResponse, Expected(job) + "its output cannot be kept: " + json.error().message);
    return JobSuccess{*std::move(json)};
  }

  static bool Holds(const Job& job, const HttpErrorRule& rule, int status, const Scope& scope) {
    if (!rule.statuses.empty() && std::find(rule.statuses.begin(), rule.statuses.end(), status) == rule.statuses.end())
      return false;
    if (rule.condition == nullptr) return true;
    EvaluationResult result = Evaluate(*rule.condition, scope);
    // A field that this answer does not have is the ordinary case: the rule is for another answer.
    if (!result.ok()) return false;
    if (result.value().kind() != ValueKind::kBool)
      StopWith(TechnicalError::kInternal, "Expected true or false from the rule for '" + rule.error + "' of " +
                                              job.connector + "." + job.operation + ", but it gives something else.");
    return result.value().as_bool();
  }

  static Outcome FailureOf(const Job& job, const HttpErrorRule& rule, const HttpAnswer& answer, const Scope& scope) {
    std::string message = job.connector + "." + job.operation + " answered '" + rule.error + "'.";
    if (rule.message) {
      EvaluationResult text = EvaluateTemplate(*rule.message, scope);
      if (text.ok())
        if (std::optional<std::string> given = TextOf(text.value())) message = *std::move(given);
    }
    if (std::optional<TechnicalError> technical = TechnicalByName(rule.error))
      return TechnicalFailure{*technical, std::move(message), RetryAfterMs(answer, kRetryAfterMsMax)};
    Value data;
    if (rule.data) {
      EvaluationResult given = EvaluateTemplate(*rule.data, scope);
      if (given.ok())
        if (Result<Value> json = ToJsonValue(given.value()); json.ok()) data = *std::move(json);
    }
    return BusinessFailure{rule.error, std::move(message), std::move(data)};
  }

  const ManifestPtr manifest_;
  const HttpConnectorSpec spec_;
  const std::shared_ptr<const SecretSource> secrets_;
  const std::string manifest_text_;
  HttpTransport transport_;
};

}  // namespace

HttpConnectorOptions HttpConnectorOptionsFromEnvironment(std::string_view connector) {
  std::string name = "FERMATA_CONNECTOR_";
  for (const char c : connector) name += c == '-' ? '_' : c >= 'a' && c <= 'z' ? char(c - 32) : c;
  const char* url = std::getenv((name + "_URL").c_str());
  HttpConnectorOptions options;
  options.base_url = url ? url : "";
  return options;
}

Result<std::unique_ptr<Connector>> MakeHttpConnector(ManifestPtr manifest, std::shared_ptr<const SecretSource> secrets,
                                                     const HttpConnectorOptions& options) {
  FERMATA_ASSERT(manifest != nullptr && secrets != nullptr && manifest->kind == ConnectorKind::kHttp);
  Result<HttpConnectorSpec> spec = ParseHttpConnector(*manifest, options.base_url);
  if (!spec.ok()) return std::move(spec).error();
  return std::unique_ptr<Connector>(std::make_unique<HttpConnector>(
      std::move(manifest), *std::move(spec), std::move(secrets), options.rules.With(HostOfUrl(options.base_url))));
}

}  // namespace fermata
