// What holding servers against OpenAPI documents takes. Pure.
#pragma once

#include <string>
#include <string_view>

#include "engine/model/value.h"

namespace fermata::test {

// The document with its objects closed: fields that a schema does not name are mistakes here, though clients should bear with them.
Value WithClosedObjects(const Value& document);

// The path of the document's `paths` that a request's target is for, as "/v1/instances/{id}"; "" if there is none.
std::string FindPathFor(const Value& paths, std::string_view target);

}  // namespace fermata::test
