// The open files of an editor: their texts, what is wrong with them, and what was understood of them last.
//
// Reads the disk beside the open files: manifests, schemas, other processes; an open file's text counts for what is on disk.
// Not thread-safe; nothing throws.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/lsp/text_document.h"
#include "engine/expression/type.h"
#include "engine/language/load.h"
#include "engine/scenario/project.h"

namespace fermata {

// "file:///a%20b" -> "/a b"; another scheme gives "".
std::filesystem::path PathOfUri(const std::string& uri);

struct ManifestFile {
  std::filesystem::path path;  // empty: built in
  ManifestPtr manifest;
};

struct OpenFile {
  std::string uri;
  std::filesystem::path path;
  TextDocument document;
  // Of the last text that was YAML; null if none was, or the file is no process.
  DefinitionPtr definition;
};

struct CheckedFile {
  std::string uri;
  std::vector<Diagnostic> diagnostics;
};

class Workspace {
 public:
  Workspace(std::vector<std::filesystem::path> connector_folders, std::vector<ManifestPtr> builtin_manifests)
      : connector_folders_(std::move(connector_folders)), builtin_manifests_(std::move(builtin_manifests)) {}

  // Null beyond kOpenDocumentsMax.
  OpenFile* Open(const std::string& uri, std::string text);
  OpenFile* Find(const std::string& uri);
  void Close(const std::string& uri) { files_.erase(uri); }
  std::vector<OpenFile*> All();

  // What is wrong with the file, first itself, then the schema files that it refers to.
  std::vector<CheckedFile> Check(OpenFile& file);

  // Those that a process in this file can call, the first of a connector counting.
  std::vector<ManifestFile> ManifestsFor(const OpenFile& file);
  // The processes beside a scenario file, as they were understood last, and their manifests.
  ScenarioProject ProjectFor(const OpenFile& file);
  // What a process beside it takes and gives, the first version counting; absent if there is none.
  std::optional<ProcessShape> ShapeOf(const OpenFile& file, const std::string& process) const;
  Type OutputOf(const OpenFile& file, const std::string& process) const;  // of a child; Dyn if it is not known
  // Schemas may have changed: the processes of scenario files are read anew.
  void ForgetProcesses() { understood_.clear(); }
  // Names and files of the processes beside it.
  std::map<std::string, std::filesystem::path> ProcessesBeside(const OpenFile& file) const;
  // Of an open file what the editor has, else what is on disk; absent if there is nothing.
  std::optional<std::string> TextOf(const std::filesystem::path& path) const;

 private:
  struct Cached {
    std::filesystem::file_time_type written;
    ManifestPtr manifest;
  };
  struct Understood {
    std::string text;
    std::vector<ManifestPtr> manifests;
    DefinitionPtr definition;
  };
  // Of a file of the folder or below it; absent if a link leads out.
  std::optional<std::string> TextBelow(const std::filesystem::path& folder, const std::string& name) const;
  std::vector<ProcessShape> ShapesOf(const std::filesystem::path& folder, const std::string& process) const;
  ManifestPtr Load(const std::filesystem::path& path);
  void AddFrom(const std::filesystem::path& folder, std::vector<ManifestFile>& manifests);
  std::vector<CheckedFile> CheckProcess(OpenFile& file);

  std::vector<std::filesystem::path> connector_folders_;
  std::vector<ManifestPtr> builtin_manifests_;
  std::map<std::string, OpenFile> files_;
  std::map<std::string, Cached> manifests_;
  std::map<std::string, Understood> understood_;  // by path
};

}  // namespace fermata
