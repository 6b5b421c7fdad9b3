// `fermata check`: says everything that is wrong with processes and manifests before anything runs.
//
// Reads files; prints to the stream that it is given. Not for use beside somebody who writes the files.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/language/diagnostic.h"
#include "engine/language/load.h"

namespace fermata {

enum class CheckFormat { kText, kJson, kSarif };

struct CheckOptions {
  // Files, and folders whose processes (*.yaml, not *.scenarios.yaml) and connectors/ are taken, with the folders below them.
  std::vector<std::filesystem::path> paths;
  CheckFormat format = CheckFormat::kText;
  Colour colour = Colour::kNever;
  // Folders of manifests, which win over connectors/ beside each process; then the built-in ones.
  std::vector<std::filesystem::path> connector_folders;
  std::vector<ManifestPtr> builtin_manifests;
  std::string version;  // of the tool, for SARIF
};

// The process's exit code: 0 = no errors, 1 = errors in the files, 2 = a path that cannot be read.
// JSON: {"diagnostics": […], "files": n, "errors": n, "warnings": n}. SARIF: one log (sarif.h). Text: the diagnostics, then a line that counts them.
int RunCheck(const CheckOptions& options, std::ostream& out);

// The processes in a folder, by file; a name stands there as often as there are versions.
struct ProcessFile {
  std::string process;
  std::filesystem::path path;
};
std::vector<ProcessFile> ProcessFilesIn(const std::filesystem::path& folder);
std::vector<std::string> NamesOf(const std::vector<ProcessFile>& files);

// What a process file needs from the disk: the schemas that it refers to, and the other processes of its folder. Without manifests.
Bundle ReadBundle(const std::filesystem::path& process_file);
// The same of a file that has been read already.
Bundle BundleOf(const std::filesystem::path& process_file, std::string text);
// The schema files that `text` needs, from the folder, with what they need in turn.
std::map<std::string, std::string> ReadSchemas(const std::filesystem::path& folder, const std::string& text);

}  // namespace fermata
