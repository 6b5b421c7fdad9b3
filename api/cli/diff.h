// `fermata diff`: two versions of a process told apart, in words, as JSON, or as a drawing.
//
// Reads and writes files; nothing throws.
#pragma once

#include <filesystem>
#include <iosfwd>

#include "api/cli/definition_file.h"
#include "engine/language/diagnostic.h"
#include "engine/language/drawing/svg.h"

namespace fermata {

struct DiffOptions {
  std::filesystem::path before, after;
  bool json = false;
  std::filesystem::path drawing;  // an SVG of both; empty = none
  SvgOptions svg;
  ManifestSources manifests;
  Colour colour = Colour::kNever;  // of diagnostics
};

// As diff(1): 0 if they are the same, 1 if not, 2 if one of them cannot be read, has errors (then printed to `err`), or the drawing
// cannot be made.
int RunDiff(const DiffOptions& options, std::ostream& out, std::ostream& err);

}  // namespace fermata
