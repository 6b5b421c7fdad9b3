// YAML -> a definition that can run, or everything that is wrong with it. The door of this folder.
//
// Pure and thread-safe; nothing throws.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/language/diagnostic.h"
#include "engine/model/definition.h"
#include "engine/model/manifest.h"

namespace fermata {

// What a process shows of itself to those that run it.
struct ProcessShape {
  std::string process, version;
  SchemaPtr input, output;  // null = anything
};

// A process with all it refers to: nothing is read from a disk here.
struct Bundle {
  std::string file;  // as diagnostics name it
  std::string text;
  std::map<std::string, std::string> files;  // schema files by their path relative to the process's folder
  std::vector<ManifestPtr> manifests;        // of all connectors that may be called; the engine's own is always there
  std::vector<std::string>
      processes;  // other processes of the folder, for the warning about `run`; empty = nothing is known of them
  // Asked for schema files that are not in `files`, so that a process need not be read twice to learn which it wants. May be empty.
  std::function<std::optional<std::string>(const std::string& path)> open_file = {};
  // Asked for the processes that `run` names, every version that is known; what they take and give is held against the
  // `run`. May be empty, and is only called during the load.
  std::function<std::vector<ProcessShape>(const std::string& process)> open_process = {};
};

struct LoadOutcome {
  DefinitionPtr definition;  // null if there is any error
  // What could be understood in spite of errors, for editors: never to be run. Null if the file is no YAML.
  DefinitionPtr understood;
  std::vector<Diagnostic> diagnostics;  // sorted by place; warnings and informations too
};
LoadOutcome LoadDefinition(const Bundle& bundle);

struct ManifestOutcome {
  ManifestPtr manifest;  // null if there is any error
  std::vector<Diagnostic> diagnostics;
};
ManifestOutcome LoadManifest(const std::string& file, const std::string& text,
                             const std::map<std::string, std::string>& files = {});

// The schema files that a process or manifest names by `$ref`, relative to its folder, each once. Call it again with the
// text of a schema file (and its path as `file`) to follow references from there. Empty if the text cannot be read.
std::vector<std::string> ReferencedFiles(std::string_view text, const std::string& file = "");

// Reads of a process file no more than its shape; absent if it is no process or cannot be read. `open_file` as in Bundle.
std::optional<ProcessShape> ReadProcessShape(
    const std::string& text, const std::function<std::optional<std::string>(const std::string& path)>& open_file);

// The engine as a connector: engine.cancel and engine.find.
const ManifestPtr& EngineManifest();

}  // namespace fermata
