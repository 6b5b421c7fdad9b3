// The first line is a schema, the rest a value: whatever they are, validation ends, and what fits still fits after it was normalised.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/assert.h"
#include "engine/model/json.h"
#include "engine/schema/schema.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t newline = text.find('\n');
  if (newline == std::string_view::npos) return 0;
  const fermata::Result<fermata::Value> schema = fermata::ParseJson(text.substr(0, newline));
  const fermata::Result<fermata::Value> value = fermata::ParseJson(text.substr(newline + 1));
  if (!schema.ok() || !value.ok()) return 0;
  const fermata::SchemaOutcome outcome = fermata::CompileSchema(*schema);
  FERMATA_ASSERT((outcome.schema == nullptr) == !outcome.errors.empty());
  if (!outcome.schema) return 0;
  (void)fermata::TypeOf(*outcome.schema);
  const fermata::Result<fermata::Value> normal = fermata::ValidateAndNormalise(*outcome.schema, *value);
  FERMATA_ASSERT(normal.ok() == fermata::Validate(*outcome.schema, *value).empty());
  if (normal.ok()) FERMATA_ASSERT(fermata::Validate(*outcome.schema, *normal).empty());
  return 0;
}
