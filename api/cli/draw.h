// `fermata draw`: a process as a picture.
//
// Reads and writes files; nothing throws.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "api/cli/definition_file.h"
#include "engine/language/diagnostic.h"
#include "engine/language/drawing/svg.h"

namespace fermata {

enum class DrawFormat { kSvg, kMermaid, kDot };

struct DrawOptions {
  std::filesystem::path file;
  DrawFormat format = DrawFormat::kSvg;
  SvgOptions svg;                   // the direction holds for all formats
  std::filesystem::path output;     // empty or "-" = stdout
  std::vector<std::string> active;  // states to light up
  ManifestSources manifests;
  Colour colour = Colour::kNever;  // of diagnostics
};

// kExitOk; kExitFailed if the process has errors, which are printed to `err` as `check` prints them; kExitUsage if a file cannot be
// read or written, or `active` names no state.
int RunDraw(const DrawOptions& options, std::ostream& out, std::ostream& err);

}  // namespace fermata
