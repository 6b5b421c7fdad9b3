// string.format(): %s %d %f %e %b %o %x %X %%, with a precision for %f and %e.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/model/value.h"

namespace fermata {

class Evaluation;

// Appends to `out`; false after evaluation.Fail(…).
bool FormatText(Evaluation& evaluation, std::string_view format, const std::vector<Value>& arguments, std::string& out);

}  // namespace fermata
