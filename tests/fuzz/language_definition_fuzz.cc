// Whatever the text is, loading it gives a definition or an error, and loading it twice gives the same.
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/base/assert.h"
#include "engine/language/load.h"

namespace {

const fermata::ManifestPtr& Billing() {
  static const fermata::ManifestPtr manifest =
      fermata::LoadManifest(
          "billing.yaml",
          "connector: billing\noperations:\n  debit: { input: { type: object, required: [amount], properties: { "
          "amount: { type: integer } } }, "
          "output: { type: object, properties: { id: { type: string } } }, errors: [no-money] }\n  credit: {}\n")
          .manifest;
  return manifest;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fermata::Bundle bundle;
  bundle.file = "fuzz.yaml";
  bundle.text = std::string(reinterpret_cast<const char*>(data), size);
  bundle.files = {{"schema.json", "{\"type\": \"object\"}"}};
  bundle.manifests = {Billing()};
  const fermata::LoadOutcome outcome = fermata::LoadDefinition(bundle);
  FERMATA_ASSERT((outcome.definition == nullptr) == fermata::HasErrors(outcome.diagnostics));
  const fermata::LoadOutcome again = fermata::LoadDefinition(bundle);
  FERMATA_ASSERT(fermata::FormatDiagnostics(outcome.diagnostics) == fermata::FormatDiagnostics(again.diagnostics));
  return 0;
}
