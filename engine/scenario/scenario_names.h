// What a scenario file may name: states, operations, events, processes and errors of its folder. Unknown names are reported with the nearest known one.
//
// Every function gives the text as it was written, "" if there is none. Lives as long as one load.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/scenario/project.h"
#include "engine/scenario/scenario_fields.h"

namespace fermata {

class ScenarioNames {
 public:
  // Both must outlive it.
  ScenarioNames(ScenarioFields& fields, const ScenarioProject& project) : fields_(fields), project_(project) {}

  // The process that the file is about; state names without a process are its own.
  void SetProcess(std::string process) { process_ = std::move(process); }
  const std::string& process() const { return process_; }

  // A process of the folder.
  std::string ProcessName(const Node& node);
  // A version of the file's own process, or a range that one of the folder is in.
  std::string ProcessVersion(const Node& node);
  // "state", or "process/state" for another instance.
  std::string StateName(const Node& node);
  // A state of the file's own process.
  std::string OwnStateName(const Node& node);
  // "connector.operation", or "run.NAME" for a child whose file is not in the folder.
  std::string Operation(const Node& node);
  // Likewise, but not one that the engine itself performs: those cannot be answered.
  std::string Answerable(const Node& node);
  // An event that somebody in the folder takes, or is started by.
  std::string EventType(const Node& node);
  // An event that somebody in the folder emits.
  std::string EmittedType(const Node& node);
  // A process that can be started as a child or by an event, also one whose file is not there.
  std::string StartedProcess(const Node& node);
  // What `operation` can fail with.
  void CheckError(const Node& node, const std::string& name, std::string_view operation);
  void CheckTechnical(const Node& node, const std::string& name);

 private:
  std::string Known(const Node& node, const std::vector<std::string>& names, std::string_view what);

  ScenarioFields& fields_;
  const ScenarioProject& project_;
  std::string process_;
};

}  // namespace fermata
