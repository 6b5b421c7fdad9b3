// What api/ sees of the engine: definitions, commands with their answers, reads.
//
// Thread-safe. Commands return at once and answer through a callback, after their commit and never before, from an engine thread
// (the callback must not block). Reads run in the caller's thread, look at storage only, and see every commit answered before them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/histogram.h"
#include "engine/base/result.h"
#include "engine/language/diagnostic.h"
#include "engine/model/cloud_event.h"
#include "engine/model/command.h"
#include "engine/model/definition.h"
#include "engine/model/limits.h"
#include "engine/runtime/bulk.h"
#include "engine/runtime/explanations.h"
#include "engine/runtime/job_executor.h"
#include "engine/runtime/jobs.h"
#include "engine/runtime/newsroom.h"
#include "engine/runtime/pauses.h"
#include "engine/runtime/views.h"
#include "engine/runtime/webhooks.h"
#include "engine/storage/storage.h"

namespace fermata {

struct EngineOptions {
  int shard_threads = 1;
  // `serve --dev`: the same version with other content goes live as 1.0.0+<hash8> instead of being refused.
  bool dev = false;
  // Whether the storage encrypts payloads: processes that mark variables as `encrypted` need it.
  bool encrypts = false;
  std::size_t inbox_commands_max = kInboxCommandsMax;
  // What webhooks are told as the data of an event; without it: null.
  std::function<Value(const News&)> news_data{};
  // API keys have changed on another node. Called from an engine thread; may be absent.
  std::function<Status()> keys_changed{};
  // How long what deletes, audits and tidies rests in between.
  std::int64_t housekeeping_every_ms = 5'000;
};

// What the API maps to HTTP statuses; `error.code` is one of runtime/codes.h.
template <class T>
using Answer = std::function<void(Result<T>)>;

struct StartRequest {
  std::string process;
  std::string version;  // exact; empty = the live one
  std::optional<std::string>
      key;  // given by the client when the definition has no `key:`; otherwise it must equal what `key:` gives
  Value input;
  std::string idempotency_key;  // empty = none
  std::string request_hash;     // of the whole request, for the idempotency key
  std::string traceparent;
  std::string tenant{kDefaultTenant};
};
struct StartReply {
  InstanceId id;
  std::string process, version;
  std::optional<std::string> key;
  std::string status;
  bool repeated = false;  // the Idempotency-Key was used before with the same request: this is the same answer
};

struct DeployRequest {
  std::string file_name;  // for diagnostics
  std::string yaml;
  std::map<std::string, std::string> files;                    // schemas by path relative to the process file
  std::vector<std::pair<std::string, std::string>> manifests;  // file name, YAML; looked at before those already known
  // When this very bundle is deployed already: make it live (a client asked for it), or leave the pointer where an operator has put it (a folder
  // is read again at every start; under --dev the folder is the truth, and it is made live).
  enum class IfThere { kMakeLive, kLeave } if_there = IfThere::kMakeLive;
};
struct DeployReply {
  std::string process, version, hash;
  bool created = false;                 // false: the same bundle was there already
  std::vector<Diagnostic> diagnostics;  // warnings and information
};
// Either the reply or all diagnostics (422), or an error (409: the same version with other content; 503).
struct DeployOutcome {
  std::optional<DeployReply> reply;
  std::vector<Diagnostic> diagnostics;
  std::optional<Error> error;
};

struct EventReply {
  bool duplicate = false;             // (source, id) was accepted before
  std::int64_t delivered = 0;         // instances that got it
  bool kept = false;                  // it waits, for an instance or in one
  std::vector<InstanceId> started{};  // instances that it started
  // Instances of those in which a transition took it; nothing: another shard is to decide for some of them.
  std::optional<std::int64_t> taken = 0;
  std::vector<std::string> warnings{};  // why it may have reached fewer than its sender thinks
};

struct InstanceQuery {
  InstanceFilter filter;
  std::string cursor;
};
struct IncidentQuery {
  IncidentFilter filter;
  std::string cursor;
};

struct TaskQuery {
  TaskFilter filter;
  std::string cursor;
};
// What somebody wants of one live instance.
struct CommandRequest {
  InstanceId instance;
  Command command;
  std::string idempotency_key{};  // empty = none
  std::string request_hash{};     // of the whole request, for the idempotency key
  std::string tenant{
      kDefaultTenant};  // whose idempotency key it is; that the instance is theirs too is for the caller to see to (FindOwner)
};
// Whose an instance is; never changes.
struct InstanceOwner {
  std::string tenant, process;
};
struct CommandReply {
  std::string status;     // of the instance after the decision
  bool repeated = false;  // the Idempotency-Key was used before with the same request: this is the same answer
};

// A server that shares the storage, as this one sees it.
struct NodeView {
  std::string name;
  bool self = false;
  // working; leaving: it takes no shards, for it is about to stop or has just begun; silent: not heard of for too long; and only of the one
  // that is asked: replaced, by another server of its name; expelled, for it was silent itself.
  std::string status;
  ShardSet shards{};            // that it owns
  std::int64_t epoch = 0;       // grows with each run of it, and whenever others have given it up
  std::int64_t silent_ms = 0;   // since it was last heard of; of itself: since the database answered
  std::int64_t started_us = 0;  // by its own clock
};

struct EngineStats {
  std::uint64_t started = 0, completed = 0, failed = 0, cancelled = 0;
  std::uint64_t decisions = 0, commits = 0, commit_failures = 0, refused_full = 0;
  std::uint64_t events_accepted = 0, jobs_dispatched = 0, timers_fired = 0, incidents_opened = 0;
  std::uint64_t losses_found = 0;  // by the auditor: what an instance waited for was not there
  std::size_t inbox_depth = 0, jobs_in_flight = 0, timers_armed = 0, instances_cached = 0;
  Histogram::Reading commit_seconds{}, commit_decisions{}, timer_lag_seconds{};
  std::size_t instances_held = 0;  // with calls that wait for the end of a pause
  // Of several servers on one storage.
  std::size_t nodes = 1, shards_owned = 0;
  std::uint64_t shards_taken = 0, shards_given = 0, nodes_ended = 0, node_rejoined = 0;
  double beat_age_seconds = 0;  // since the database took this node's last beat
};

class Engine {
 public:
  virtual ~Engine() = default;

  // Recovers (definitions, jobs in flight, timers, inbox), then serves. `clock`, `storage` and `executor` must outlive the engine.
  // `builtin_manifests` are those of the connectors that `executor` has.
  static Result<std::unique_ptr<Engine>> Open(EngineOptions options, Clock& clock, Storage& storage,
                                              JobExecutor& executor, std::vector<std::string> builtin_manifests);
  // Takes no more commands, lets commits in flight finish, and stops its threads. Unanswered callbacks get kShuttingDown.
  virtual void Stop() = 0;

  // ---- definitions: these block until committed ----
  virtual DeployOutcome Deploy(const DeployRequest& request) = 0;
  virtual Status SetLive(const std::string& process, const std::string& version) = 0;
  virtual std::vector<DefinitionInfo> Definitions() = 0;  // every version, by process, newest deploy first
  virtual std::optional<DefinitionInfo> FindDefinition(const std::string& process,
                                                       const std::string& version) = 0;  // empty version = live
  virtual DefinitionPtr GetDefinition(const std::string& process, const std::string& version) = 0;  // null if unknown
  // Says whether it is the process that is unknown or the version, and what was probably meant.
  virtual Error UnknownDefinition(const std::string& process, const std::string& version) = 0;
  // Whether a version of the process (of any, if empty) declares the variable under `searchable`.
  virtual bool IsSearchable(const std::string& process, const std::string& variable) = 0;
  // kind http and worker. 201 or all diagnostics.
  struct ManifestOutcome {
    std::string connector, version;
    std::vector<Diagnostic> diagnostics;
    std::optional<Error> error;
    bool ok = false;
  };
  virtual ManifestOutcome DeployManifest(const std::string& file_name, const std::string& yaml,
                                         ManifestOrigin origin) = 0;
  // All that a process may call, by name.
  virtual std::vector<ConnectorInfo> Connectors() = 0;

  // ---- commands ----
  virtual void Start(StartRequest request, Answer<StartReply> answer) = 0;
  // `wait_us`-free: see WhenReached. All events of a batch are accepted or refused one by one; the answer keeps their order.
  virtual void Publish(CloudEvent event, std::string tenant, Answer<EventReply> answer) = 0;
  // Cancel, suspend, resume, migrate, resolve an incident, answer a task. kUnknownTask also for a task that is closed: FindTask tells them apart.
  virtual void Send(CommandRequest request, Answer<CommandReply> answer) = 0;

  // Jobs of external workers, leased durably; at least one, or none once `wait_ms` is over. Gives a number for EndFetch.
  virtual std::int64_t FetchJobs(JobFetch fetch, Answer<std::vector<WorkerJob>> answer) = 0;
  // Answers a fetch that still waits, with no job. Others are not disturbed.
  virtual void EndFetch(std::int64_t fetch) = 0;
  // kUnknownJob, kJobGone, kLeaseLost, kInvalidOutput, kUndeclaredError; the last two leave the job leased.
  virtual void Report(JobReport report, Answer<JobReply> answer) = 0;

  // A refusal names the first thing that a schema says against a request (kInvalidInput, kInvalidEvent, kInvalidAnswer); these tell all of it.
  // Empty when no schema says anything. The last one reads storage.
  virtual std::vector<Error> MistakesOf(const StartRequest& request) = 0;
  virtual std::vector<Error> MistakesOf(const CloudEvent& event) = 0;
  virtual std::vector<Error> MistakesOf(const InstanceId& instance, const CompleteTask& answer) = 0;
  virtual std::vector<Error> MistakesOf(const JobReport& report) = 0;

  // Processes of which a version declares events of this type, each once.
  virtual std::vector<std::string> ProcessesReceiving(const std::string& event_type) = 0;

  // ---- reads ----
  virtual Result<InstanceOwner> FindOwner(const InstanceId& id) = 0;  // kUnknownInstance if there is none
  virtual Result<InstanceView> Get(const InstanceId& id) = 0;
  // What the migration would do now; otherwise its refusal. Changes nothing.
  virtual Result<MigrationPlan> PlanMigration(const InstanceId& id, const MigrateInstance& migrate) = 0;
  // Whether the command would be taken now; otherwise its refusal. Changes nothing. Not for StartInstance.
  virtual Status Check(const InstanceId& id, const Command& command) = 0;
  // What it waits for and what could move it; with an event, what that would do.
  virtual Result<Explanation> Explain(const InstanceId& id, const std::optional<CloudEvent>& event) = 0;
  // What the move would do; refused like the move.
  virtual Result<MovePreview> PreviewMove(const InstanceId& id, const MoveInstance& move) = 0;
  virtual Result<Page<InstanceSummary>> List(const InstanceQuery& query) = 0;
  virtual Result<Page<HistoryEntry>> History(const InstanceId& id, const std::string& cursor, int limit) = 0;
  virtual Result<Page<IncidentView>> Incidents(const IncidentQuery& query) = 0;
  // Also one that is closed; then with how and by whom, as the journal has it.
  // Open ones of all tenants, by tenant, process and state.
  virtual Result<std::vector<IncidentCount>> CountIncidents() = 0;
  virtual Result<IncidentView> FindIncident(const InstanceId& instance, IncidentNumber number) = 0;
  virtual Result<Page<TaskView>> Tasks(const TaskQuery& query) = 0;  // open ones, by their due times
  // Also one that is closed.
  virtual Result<TaskView> FindTask(const InstanceId& instance, ActivationId activation) = 0;
  // Its open tasks and all that were opened in the last kTaskRowsMax rows of its journal, closed ones too, in the order in which they were
  // opened.
  virtual Result<Page<TaskView>> TasksOf(const InstanceId& instance, const std::string& cursor, int limit) = 0;
  // What was said about a task, also a closed one; oldest first.
  virtual Result<Page<TaskComment>> Comments(const InstanceId& instance, ActivationId activation,
                                             const std::string& cursor, int limit) = 0;
  // Open tasks, in groups; `user` may be empty.
  virtual Result<std::vector<TaskCount>> CountTasks(const std::string& tenant, const std::string& user) = 0;
  // Calls that wait for a worker's outcome, the oldest first.
  virtual Result<Page<WorkerJob>> Jobs(const JobQuery& query) = 0;
  // One of them; kJobGone with the reason where it is none (any more), kUnknownJob where there never was one of this tenant.
  virtual Result<WorkerJob> FindJob(const std::string& tenant, const JobKey& key) = 0;
  virtual Result<std::vector<JobCount>> CountJobs() = 0;

  // Calls back once the instance is final (`until` empty), or its status is `until`, or a state called `until` is active or was entered since;
  // with false when `timeout_ms` has passed first (or at once when `id` is unknown). Woken by commits, not by polling.
  virtual void WhenReached(const InstanceId& id, std::string until, std::int64_t timeout_ms,
                           std::function<void(bool reached)> callback) = 0;

  // ---- operators: these block until committed; see pauses.h and bulk.h ----
  virtual Result<Pause> SetPause(Pause pause) = 0;
  virtual Result<Pause> FindPause(PauseKind kind, const std::string& name) = 0;
  virtual std::vector<Pause> AllPauses() = 0;
  virtual Result<Pause> EndPause(PauseKind kind, const std::string& name) = 0;
  virtual BulkRunner& Bulk() = 0;
  // What has just become durable, for those who look on. Lives as long as the engine.
  virtual Newsroom& TheNews() = 0;
  // Whom it is told over HTTP. Lives as long as the engine.
  virtual Webhooks& TheWebhooks() = 0;

  virtual EngineStats Stats() = 0;
  // False while recovering or when storage refuses writes; the reason for /readyz.
  virtual Status Ready() = 0;
  // Those that share the storage, by name; only this one where nobody can.
  virtual std::vector<NodeView> NodesNow() = 0;
  // Waits until every node has read what is durable now of what all keep in memory; not for long for one that does not answer.
  virtual void AwaitOthers() = 0;
  // The shards that this node owns for the moment.
  virtual ShardSet OwnShards() = 0;
};

}  // namespace fermata
