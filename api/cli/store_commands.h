// The commands that look at storage itself: verify, backup, export, import.
//
// Plain data, and how the command line describes it.
#pragma once

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace fermata {

struct StoreCommand {
  enum class Action { kVerify, kBackup, kExport, kImport };
  Action action = Action::kVerify;
  std::string data = "fermata-data";
  std::string database;         // PostgreSQL's connection string; empty = the file in `data`
  std::string encryption_keys;  // a file; empty = FERMATA_ENCRYPTION_KEYS, or none
  std::string file;             // of export and import
  std::string to;               // the folder of a backup
  int share_percent = 50;       // of the time that a backup copies
  bool repair = false;
  bool json = false;
};

// Adds the four to `app`; `choose` takes what the one that was named does. `command` and `run` must outlive `app`.
void DescribeStore(CLI::App& app, StoreCommand& command, const std::function<int(const StoreCommand&)>& run,
                   const std::function<void(std::function<int()>)>& choose);

}  // namespace fermata
