// Diagnostics as SARIF 2.1.0, the format in which code hosts and editors take the findings of a check. Pure.
#pragma once

#include <string>
#include <vector>

#include "engine/language/diagnostic.h"
#include "engine/model/value.h"

namespace fermata {

// One log with one run of this version of the tool. Columns count characters; paths become URIs, relative ones stay so.
Value ToSarif(const std::vector<Diagnostic>& diagnostics, const std::string& tool_version);

}  // namespace fermata
