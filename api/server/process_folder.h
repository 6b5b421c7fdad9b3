// `serve --processes DIR --connectors DIR`: deploys what is there, and again whatever is saved.
//
// A file that is refused is told loudly, and what was deployed before stays.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "engine/language/diagnostic.h"
#include "engine/runtime/engine.h"

namespace fermata {

struct ProcessFolderOptions {
  std::filesystem::path processes;   // empty = none
  std::filesystem::path connectors;  // empty = none
};

class ProcessFolder {
 public:
  // `engine` must outlive it.
  ProcessFolder(ProcessFolderOptions options, Engine& engine);
  // Stops watching.
  ~ProcessFolder();

  // Deploys everything, then watches from a thread of its own. Fails with kFolderUnusable if a folder is not there.
  Status Start();
  void Stop();

 private:
  void Watch();
  // Follows folders that have come since.
  void WatchFolders();
  void DeployChanges();
  void DeployManifests();
  void DeployProcess(const std::filesystem::path& file);
  // What was last seen of a file. Hashes; of a manifest `own` alone.
  struct Seen {
    std::string own;  // the process and its schemas
    std::string all;  // and the manifests that it names
  };

  const ProcessFolderOptions options_;
  Engine& engine_;
  std::map<std::string, Seen> seen_;  // by name
  int inotify_ = -1;
  int stop_ = -1;  // an eventfd
  std::thread thread_;
};

}  // namespace fermata
