// One process file with all that it needs from the disk, loaded as `check` does.
//
// Reads files; nothing throws.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/language/load.h"

namespace fermata {

// Where manifests are looked for after connectors/ beside the process: the first one of a connector counts.
struct ManifestSources {
  std::vector<std::filesystem::path> folders;
  std::vector<ManifestPtr> builtin;
};

struct DefinitionFile {
  LoadOutcome loaded;                          // with the diagnostics of broken manifests
  std::map<std::string, std::string> schemas;  // the files that it refers to
};

// Fails with kFileUnreadable. A file with mistakes is no failure: its definition is null then.
Result<DefinitionFile> LoadDefinitionFile(const std::filesystem::path& file, const ManifestSources& sources);

// Text into a file, "" and "-" being the stream. Fails with kFileUnwritable.
Result<Done> WriteOutput(const std::filesystem::path& file, const std::string& text, std::ostream& out);

}  // namespace fermata
