// `fermata new`: copies a starting point (templates/processes) under a name of one's own.
//
// Writes files; prints to the streams that it is given.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "engine/language/diagnostic.h"

namespace fermata {

// One folder of templates/processes: part of the binary, so that it needs no files beside it.
struct ProcessTemplate {
  struct File {
    std::string_view path, text;  // relative to the template's folder
  };
  std::string_view name;
  std::vector<File> files;  // in order of their paths

  // What stands behind `title:` in the process; "" if there is none.
  std::string Title() const;
};
const std::vector<ProcessTemplate>& ProcessTemplates();

struct NewOptions {
  std::string name;  // of the process to be
  std::string from;  // a template
  std::filesystem::path folder = ".";
  bool list = false;  // says what there is, and copies nothing
  Colour colour = Colour::kNever;
};

// The process's exit code: 0 = done, 1 = nothing was written because a file is in the way or cannot be written, 2 = no such template, or no name for a
// process. A connector's manifest that is there already with the same text is no obstacle.
int RunNew(const NewOptions& options, std::ostream& out, std::ostream& errors);

}  // namespace fermata
