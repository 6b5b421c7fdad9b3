// Error codes of this folder; each has a page in docs/errors.
#pragma once

#include "engine/base/error_code.h"

namespace fermata {

inline constexpr ErrorCode kSchemaKeywordUnknown{1050};    // not in JSON Schema 2020-12, or not supported
inline constexpr ErrorCode kSchemaKeywordMalformed{1051};  // "type: strin", "required: true"
inline constexpr ErrorCode kSchemaRefUnresolved{1052};     // no such file, pointer or anchor
inline constexpr ErrorCode kSchemaRefForbidden{1053};      // outside of the folder, or a URL
inline constexpr ErrorCode kSchemaRefCircular{1054};       // a schema that is only itself
inline constexpr ErrorCode kSchemaPatternMalformed{1055};
inline constexpr ErrorCode kSchemaTooDeep{1056};
inline constexpr ErrorCode kSchemaViolated{1060};  // a value that does not fit

}  // namespace fermata
