// What the `http:` parts of a manifest of kind http say, read and checked. README.md has the language.
//
// Immutable once parsed.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/definition.h"
#include "engine/model/manifest.h"

namespace fermata {

// One entry of `errors`: the first that holds decides. At least one of `statuses` and `condition` is given.
struct HttpErrorRule {
  std::vector<int> statuses;  // empty = any
  ExpressionPtr condition;    // null = none
  std::string error;          // a business error of the operation, or one of the four technical ones
  std::optional<Template> message, data;
};

struct HttpOperationSpec {
  std::string name;
  std::string method;
  Template url;  // a path appended to the connector's URL, or a whole URL
  Template::MapOf query;
  Template::MapOf headers;
  std::optional<Template> body;
  std::optional<Template> output;  // absent: the body
  std::vector<HttpErrorRule> errors;
};

struct HttpConnectorSpec {
  Template url;  // may hold ${secret.NAME}
  Template::MapOf headers;
  std::vector<std::string> secret_names;  // those that `url` and `headers` refer to
  std::vector<HttpOperationSpec> operations;

  const HttpOperationSpec* Find(std::string_view operation) const;
};

// `base_url`, if not empty, takes the place of the manifest's `http.url`. Fails with 7001 or 7002; the error's path
// points into the manifest.
Result<HttpConnectorSpec> ParseHttpConnector(const Manifest& manifest, std::string_view base_url);

}  // namespace fermata
