// Error codes of mails (7020 to 7029).
#pragma once

#include "engine/base/error_code.h"

namespace fermata {

inline constexpr ErrorCode kMailTemplateUnknown{7020};  // no such template, or one of its parts is missing
inline constexpr ErrorCode kMailTemplateBroken{7021};   // it cannot be rendered, or is too large
inline constexpr ErrorCode kMailAddressRefused{7022};   // no e-mail address
inline constexpr ErrorCode kMailHeaderRefused{7023};    // a line end in a header

}  // namespace fermata
