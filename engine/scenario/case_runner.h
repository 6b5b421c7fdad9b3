// One case in one variant: its steps on a world, then what must hold in the end.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/scenario/diff.h"
#include "engine/scenario/runner.h"
#include "engine/scenario/world.h"

namespace fermata {

class CaseRunner {
 public:
  // All must outlive the runner.
  CaseRunner(const ScenarioCase& one, const std::string& process, const ScenarioProject& project, Hardship hardship)
      : case_(one), process_(process), project_(project), world_(project, one.now_us, hardship) {}

  CaseResult Run();
  const World& world() const { return world_; }

 private:
  // What was expected and what there is, and the difference; its place is filled in by Run().
  using Failure = std::optional<CaseFailure>;
  static Failure Fail(std::string message, Diff diff = {}) {
    return CaseFailure{std::move(message), std::move(diff), {}, 1, {}};
  }
  enum class Wanted : bool { kAccepted, kRefused };
  // Of a command that was refused, or not.
  static Failure Judge(const std::optional<Error>& refused, Wanted wanted, const std::string& what);

  Failure Begin();
  // Timers that are past due, and a restart: what follows each step.
  Failure Settle();
  // Whether one of the steps is the event that starts the instance, so that the case does not.
  bool BeginsItself() const;
  bool BeginsByTick(const Schedule& schedule) const;
  // The first instance of the process that has begun without the case is the case's.
  void AdoptMain();

  Failure operator()(const ExpectStep& step);
  Failure operator()(const EventStep& step);
  Failure operator()(const InStep& step);
  Failure operator()(const AdvanceStep& step);
  Failure operator()(const AnswerStep& step);
  Failure operator()(const TaskStep& step);
  Failure operator()(const ResolveStep& step);
  Failure operator()(const CancelStep& step);
  Failure operator()(const SuspendStep& step);
  Failure operator()(const ResumeStep& step);
  Failure operator()(const MigrateStep& step);
  Failure operator()(const StartStep& step);
  Failure operator()(const EmittedStep& step);
  Failure operator()(const StartedStep& step);
  Failure operator()(const IdleStep& step);
  Failure operator()(const LateStep& step);

  // ---- then.cc: all that does not hold in the end ----
  std::vector<CaseFailure> CheckEnd() const;
  Failure CheckStatus() const;
  Failure CheckError() const;
  Failure CheckOutput() const;
  Failure CheckVars() const;
  Failure CheckPath() const;
  Failure CheckUndone() const;
  Failure CheckIncidents() const;
  Failure CheckEmitted() const;
  Failure CheckTasks() const;

  // The instances that "state" or "process/state" may stand in, the case's own first; `state` is the name without the process.
  std::vector<const LiveInstance*> Candidates(const std::string& name, std::string& state) const;
  const LiveInstance* Main() const { return world_.Find(main_); }
  Failure Send(const Command& command, const std::string& what);
  Failure NoSuchCall(const ExpectStep& step) const;
  struct OpenTask {
    const LiveInstance* live = nullptr;
    const Activation* activation = nullptr;
  };
  OpenTask FindTask(const std::string& name) const;
  static Failure Mismatch(const TaskStep& step, const OpenTask& task);
  static bool IsEmitted(const EmittedStep& step, const WorldEmission& emission);
  std::string NameOf(const InstanceId& id, const std::string& state) const;

  const ScenarioCase& case_;
  const std::string& process_;
  const ScenarioProject& project_;
  World world_;
  InstanceId main_;
  bool begins_with_it_ = false;                     // false: an event, a tick or a step has started it
  std::vector<std::pair<std::size_t, int>> steps_;  // the journal rows before each step, and its line

  friend struct StepVisitor;
};

}  // namespace fermata
