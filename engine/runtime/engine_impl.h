// The engine: shards, definitions, waiters and reads behind one door. See engine.h for the contract.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/runtime/definition_registry.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/engine_calls.h"
#include "engine/runtime/shard.h"
#include "engine/runtime/waiters.h"

namespace fermata {

class EngineImpl final : public Engine, private ShardRouter {
 public:
  EngineImpl(EngineOptions options, Clock& clock, Storage& storage, JobExecutor& executor,
             std::vector<std::string> builtin_manifests);
  ~EngineImpl() override;
  Status Recover();

  void Stop() override;
  DeployOutcome Deploy(const DeployRequest& request) override;
  Status SetLive(const std::string& process, const std::string& version) override;
  std::vector<DefinitionInfo> Definitions() override;
  std::optional<DefinitionInfo> FindDefinition(const std::string& process, const std::string& version) override;
  DefinitionPtr GetDefinition(const std::string& process, const std::string& version) override;
  bool IsSearchable(const std::string& process, const std::string& variable) override;
  Error UnknownDefinition(const std::string& process, const std::string& version) override;
  ManifestOutcome DeployManifest(const std::string& file_name, const std::string& yaml, ManifestOrigin origin) override;
  std::vector<ConnectorInfo> Connectors() override;

  void Start(StartRequest request, Answer<StartReply> answer) override;
  void Publish(CloudEvent event, Answer<EventReply> answer) override;
  void Send(CommandRequest request, Answer<CommandReply> answer) override;

  std::vector<Error> MistakesOf(const StartRequest& request) override;
  std::vector<Error> MistakesOf(const CloudEvent& event) override;
  std::vector<Error> MistakesOf(const InstanceId& instance, const CompleteTask& answer) override;

  Result<InstanceView> Get(const InstanceId& id) override;
  Status CheckMigration(const InstanceId& id, const std::string& version) override;
  Result<Page<InstanceSummary>> List(const InstanceQuery& query) override;
  Result<Page<HistoryEntry>> History(const InstanceId& id, const std::string& cursor, int limit) override;
  Result<Page<IncidentView>> Incidents(const IncidentQuery& query) override;
  Result<IncidentView> FindIncident(const InstanceId& instance, IncidentNumber number) override;
  Result<Page<TaskView>> Tasks(const TaskQuery& query) override;
  Result<TaskView> FindTask(const InstanceId& instance, ActivationId activation) override;
  void WhenReached(const InstanceId& id, std::string until, std::int64_t timeout_ms,
                   std::function<void(bool)> callback) override;

  EngineStats Stats() override;
  Status Ready() override;

 private:
  Shard& OwnerOf(int logical_shard) override;
  bool RunHere(const Job& job, JobExecutor::Completion completion) override;

  DeployOutcome Store(const StoredBundle& bundle, CompiledBundle compiled, DeployRequest::IfThere if_there);
  // Blocks until the batch is durable.
  Status CommitNow(Batch batch, int lane);
  void MakeLive(const Definition& definition);
  // The home shard takes over the schedule of the version that is live now. Blocks until that is durable.
  void FollowSchedule(const std::string& process);
  Value FormOf(const std::string& process, const std::string& definition_hash, const std::string& state) const;
  Result<bool> ReadClosedTask(TaskView& view);
  int ShardOfStart(const StartRequest& request, const std::optional<std::string>& key);
  DefinitionInfo InfoOf(const DeployedDefinition& deployed) const;
  // As the journal has it now; kUnknownInstance if there is none.
  Result<InstanceState> LoadState(const InstanceId& id);
  Result<InstanceSummary> Refresh(const InstanceRow& row);
  Result<bool> EverEntered(const InstanceId& id, const std::string& state);
  void Housekeep();

  EngineOptions options_;
  Clock& clock_;
  Storage& storage_;
  JobExecutor& executor_;
  int shard_count_;
  DefinitionRegistry definitions_;
  std::mutex deploy_mutex_;  // one deploy at a time
  Waiters waiters_;
  ShardCounters counters_;
  EngineCalls calls_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::atomic<std::uint64_t> refused_full_{0};
  std::atomic<unsigned> spread_{0};
  std::atomic<bool> stopped_{false};

  std::mutex housekeeping_mutex_;
  std::condition_variable housekeeping_wake_;
  std::thread housekeeper_;
};

}  // namespace fermata
