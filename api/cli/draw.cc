#include "api/cli/draw.h"

#include <ostream>

#include "api/cli/draw_codes.h"
#include "api/cli/exit_code.h"
#include "api/drawing/graphviz_layout.h"
#include "engine/language/drawing/text_drawings.h"

namespace fermata {
namespace {

int Fail(const Error& error, int code, std::ostream& err) {
  err << "error " << FormatErrorCode(error.code) << ": " << error.message << "\n";
  return code;
}

Result<std::string> Draw(const Chart& chart, const DrawOptions& options) {
  if (options.format == DrawFormat::kMermaid) return WriteMermaid(chart, options.svg.direction);
  if (options.format == DrawFormat::kDot) return WriteDot(chart, options.svg.direction);
  return DrawSvg(chart, options.svg, LayOutWithGraphviz);
}

}  // namespace

int RunDraw(const DrawOptions& options, std::ostream& out, std::ostream& err) {
  const Result<DefinitionFile> file = LoadDefinitionFile(options.file, options.manifests);
  if (!file) return Fail(file.error(), kExitUsage, err);
  if (!file->loaded.definition) {
    err << FormatDiagnostics(file->loaded.diagnostics, options.colour);
    return kExitFailed;
  }
  const Definition& definition = *file->loaded.definition;
  for (const std::string& name : options.active)
    if (!definition.FindState(name))
      return Fail(
          {kNoSuchState, "Expected states of '" + definition.process + "' to light up, but '" + name + "' is none."},
          kExitUsage, err);
  const Result<std::string> drawing = Draw(BuildChart(definition, options.active), options);
  if (!drawing) return Fail(drawing.error(), kExitFailed, err);
  const Result<Done> written = WriteOutput(options.output, *drawing, out);
  return written ? kExitOk : Fail(written.error(), kExitUsage, err);
}

}  // namespace fermata
