// Whatever the bytes are, the reader gives a tree or a diagnostic with a place inside of the file, and the tree is within its bounds.
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/base/assert.h"
#include "engine/language/reader.h"
#include "engine/model/limits.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fermata::ReadOutcome outcome =
      fermata::ReadYaml("fuzz.yaml", std::string(reinterpret_cast<const char*>(data), size));
  FERMATA_ASSERT(outcome.root.has_value() == outcome.diagnostics.empty());
  const int lines = outcome.source->At(size).line;
  for (const fermata::Diagnostic& diagnostic : outcome.diagnostics) {
    FERMATA_ASSERT(diagnostic.line >= 1 && diagnostic.line <= lines && diagnostic.column >= 1 &&
                   diagnostic.length >= 1);
    FERMATA_ASSERT(!fermata::FormatDiagnostic(diagnostic).empty());
  }
  if (outcome.root) FERMATA_ASSERT(fermata::ToValue(*outcome.root).Depth() <= fermata::kYamlDepthMax);
  return 0;
}
