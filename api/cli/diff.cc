#include "api/cli/diff.h"

#include <optional>
#include <ostream>

#include "api/cli/exit_code.h"
#include "api/drawing/graphviz_layout.h"
#include "engine/language/diff/diff.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

void Tell(const Error& error, std::ostream& err) {
  err << "error " << FormatErrorCode(error.code) << ": " << error.message << "\n";
}

std::optional<DiffSide> LoadSide(const std::filesystem::path& file, const DiffOptions& options, std::ostream& err) {
  const Result<DefinitionFile> loaded = LoadDefinitionFile(file, options.manifests);
  if (!loaded) {
    Tell(loaded.error(), err);
    return std::nullopt;
  }
  if (!loaded->loaded.definition) {
    err << FormatDiagnostics(loaded->loaded.diagnostics, options.colour);
    return std::nullopt;
  }
  return DiffSide{loaded->loaded.definition, loaded->schemas};
}

}  // namespace

int RunDiff(const DiffOptions& options, std::ostream& out, std::ostream& err) {
  const std::optional<DiffSide> before = LoadSide(options.before, options, err);
  const std::optional<DiffSide> after = LoadSide(options.after, options, err);
  if (!before || !after) return kExitUsage;
  const DefinitionDiff diff = CompareDefinitions(*before, *after);
  out << (options.json ? WriteJson(ToValue(diff)) + "\n" : FormatDiff(diff));
  if (!options.drawing.empty()) {
    const Chart chart = BuildDiffChart(diff, *before->definition, *after->definition);
    const Result<std::string> svg = DrawSvg(chart, options.svg, LayOutWithGraphviz);
    const Result<Done> written = svg ? WriteOutput(options.drawing, *svg, out) : Result<Done>(svg.error());
    if (!written) {
      Tell(written.error(), err);
      return kExitUsage;
    }
  }
  return diff.same() ? kExitOk : kExitFailed;
}

}  // namespace fermata
