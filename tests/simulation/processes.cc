#include "tests/simulation/processes.h"

#include <gtest/gtest.h>

namespace fermata {

void DeploySimProcesses(DefinitionRegistry& definitions) {
  for (const char* yaml : kSimProcesses) {
    StoredBundle bundle{"simulated.yaml", yaml, {}, {}};
    bundle.manifests = definitions.ManifestTextsFor(bundle);
    CompiledBundle compiled = definitions.Compile(bundle);
    if (!compiled.definition) ADD_FAILURE() << FormatDiagnostics(compiled.diagnostics);
    definitions.Add(compiled.definition, 1);
    definitions.SetLive(compiled.definition->process, compiled.definition->hash);
  }
}

}  // namespace fermata
