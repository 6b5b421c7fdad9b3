// What must hold of a file's bytes before they are read as YAML. Pure and thread-safe.
#pragma once

#include <optional>

#include "engine/language/diagnostic.h"
#include "engine/language/source_text.h"

namespace fermata {

// UTF-8 without a byte order mark, without control characters other than tab and line ends, no directives other than %YAML 1.2, and at most kYamlBytesMax.
std::optional<Diagnostic> CheckEncoding(const SourceText& source);

}  // namespace fermata
