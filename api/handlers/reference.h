// The API's document for programs (JSON) and as a page for people. Made once, of openapi.yaml.
//
// Immutable; thread-safe.
#pragma once

#include <string>

#include "engine/model/value.h"

namespace fermata {

// openapi.yaml as JSON.
const std::string& OpenApiJson();
// Every operation and schema, without scripts.
const std::string& ReferencePage();
// Pure: the page of an OpenAPI 3.1 document.
std::string ReferencePageOf(const Value& document);

}  // namespace fermata
