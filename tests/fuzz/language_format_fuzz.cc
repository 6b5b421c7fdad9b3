// Whatever the bytes are, formatting ends, gives a text or a diagnostic, and formatting what came out changes nothing more.
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/base/assert.h"
#include "engine/language/formatter/format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fermata::FormatOutcome once =
      fermata::FormatYaml("fuzz.yaml", std::string(reinterpret_cast<const char*>(data), size));
  FERMATA_ASSERT(once.text.has_value() == once.diagnostics.empty());
  if (once.text) FERMATA_ASSERT(fermata::FormatYaml("fuzz.yaml", *once.text).text == once.text);
  return 0;
}
