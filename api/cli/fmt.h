// `fermata fmt`: lays out YAML files, or says which would change.
//
// Reads and writes files; nothing throws. A file is replaced as a whole or not at all.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "engine/language/diagnostic.h"

namespace fermata {

struct FmtOptions {
  // Files, folders (every *.yaml and *.yml below them), or "-" for stdin, whose result goes to stdout.
  std::vector<std::filesystem::path> paths;
  bool check = false;  // change nothing
  Colour colour = Colour::kNever;
};

// kExitOk; kExitFailed if a file is no YAML, or under `check` not laid out; kExitUsage if a path cannot be read or written. Prints the
// files that changed (or would) to `out`, diagnostics to `err`.
int RunFmt(const FmtOptions& options, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace fermata
