// The engine: shards, definitions, waiters and reads behind one door. See engine.h for the contract.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/worker_pool.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/definition_registry.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/engine_calls.h"
#include "engine/runtime/exchange.h"
#include "engine/runtime/leases.h"
#include "engine/runtime/newsroom.h"
#include "engine/runtime/shard.h"
#include "engine/runtime/waiters.h"

namespace fermata {

class Retention;

class EngineImpl final : public Engine, private CalledEngine, private ShardRouter, private ShardHolder {
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
  void Publish(CloudEvent event, std::string tenant, Answer<EventReply> answer) override;
  void Send(CommandRequest request, Answer<CommandReply> answer) override;
  std::int64_t FetchJobs(JobFetch fetch, Answer<std::vector<WorkerJob>> answer) override;
  void EndFetch(std::int64_t fetch) override;
  void Report(JobReport report, Answer<JobReply> answer) override;

  std::vector<Error> MistakesOf(const StartRequest& request) override;
  std::vector<Error> MistakesOf(const CloudEvent& event) override;
  std::vector<Error> MistakesOf(const InstanceId& instance, const CompleteTask& answer) override;
  std::vector<Error> MistakesOf(const JobReport& report) override;

  std::vector<std::string> ProcessesReceiving(const std::string& event_type) override;

  Result<InstanceOwner> FindOwner(const InstanceId& id) override;
  Result<InstanceView> Get(const InstanceId& id) override;
  Result<MigrationPlan> PlanMigration(const InstanceId& id, const MigrateInstance& migrate) override;
  Status Check(const InstanceId& id, const Command& command) override;
  Result<Explanation> Explain(const InstanceId& id, const std::optional<CloudEvent>& event) override;
  Result<MovePreview> PreviewMove(const InstanceId& id, const MoveInstance& move) override;
  Result<Page<InstanceSummary>> List(const InstanceQuery& query) override;
  Result<Page<HistoryEntry>> History(const InstanceId& id, const std::string& cursor, int limit) override;
  Result<Page<IncidentView>> Incidents(const IncidentQuery& query) override;
  Result<std::vector<IncidentCount>> CountIncidents() override;
  Result<IncidentView> FindIncident(const InstanceId& instance, IncidentNumber number) override;
  Result<Page<TaskView>> Tasks(const TaskQuery& query) override;
  Result<TaskView> FindTask(const InstanceId& instance, ActivationId activation) override;
  Result<Page<TaskView>> TasksOf(const InstanceId& instance, const std::string& cursor, int limit) override;
  Result<Page<TaskComment>> Comments(const InstanceId& instance, ActivationId activation, const std::string& cursor,
                                     int limit) override;
  Result<std::vector<TaskCount>> CountTasks(const std::string& tenant, const std::string& user) override;
  Result<Page<WorkerJob>> Jobs(const JobQuery& query) override;
  Result<WorkerJob> FindJob(const std::string& tenant, const JobKey& key) override;
  Result<std::vector<JobCount>> CountJobs() override;
  void WhenReached(const InstanceId& id, std::string until, std::int64_t timeout_ms,
                   std::function<void(bool)> callback) override;

  Result<Pause> SetPause(Pause pause) override;
  Result<Pause> FindPause(PauseKind kind, const std::string& name) override;
  std::vector<Pause> AllPauses() override;
  Result<Pause> EndPause(PauseKind kind, const std::string& name) override;
  BulkRunner& Bulk() override { return bulk_; }
  Newsroom& TheNews() override { return newsroom_; }
  Webhooks& TheWebhooks() override { return webhooks_; }

  EngineStats Stats() override;
  Status Ready() override;
  std::vector<NodeView> NodesNow() override;
  void AwaitOthers() override;
  ShardSet OwnShards() override { return Mine(); }

 private:
  Shard& OwnerOf(int logical_shard) override;
  bool RunHere(const Job& job, JobExecutor::Completion completion) override;
  void JobsAvailable(const std::string& tenant, const std::string& operation, int shard, int count) override;
  void AnythingAvailable() override { desk_->AnythingAvailable(); }
  void LeaseOver(const JobKey& key) override { desk_->LeaseOver(key); }
  void LeaseExtended(const JobKey& key, std::int64_t lease_ms) override { desk_->LeaseExtended(key, lease_ms); }

  // ---- engine_nodes.cc: this node among others ----
  void JoinNodes();
  void LeaveNodes();
  void GainShards(const ShardSet& shards) override;
  void GiveShards(const ShardSet& shards, std::function<void()> done) override;
  void GiveUpShards(std::function<void()> done) override;
  void Joined(const NodeRow& self) override;
  Generations ReadChanges(const Generations& seen, const Generations& newest) override;
  Status ReadOrders();
  Status ReadDefinitions();
  // The processes whose live version has changed since the last call. With deploy_mutex_ held.
  std::vector<std::string> NewlyLive();
  void Deliver(InboxRow row) override;
  void Forward(ShardItem order) override;
  void TellProgress(const InstanceId& instance) override;
  void Fenced() override;
  void TakeHint(const Hint& hint);
  void LookNowAndThen();
  void LookAgain(const InstanceId& instance);
  void LookAt(const InstanceId& instance, const std::vector<Waiters::Wish>& wishes);
  void LookAtAll();
  // Of all nodes, its owner does what is done once for all: it deletes what is over, and works in bulk.
  static constexpr int kHouseShard = 0;
  bool IsMine(int logical_shard) const { return mine_[static_cast<std::size_t>(logical_shard)].load(); }
  bool HasOthers() const { return leases_ && leases_->HasOthers(); }
  ShardSet Mine() const;
  void SendAway(StartOrder order);
  void SendAway(EventOrder order);
  void SendAway(InstanceOrder order);
  void SendAway(ReportOrder order);
  void AskElsewhere(const JobFetch& fetch, Answer<LeaseGrant> answer);
  // All who ask for the same before it has begun share one look.
  using JobTopics = std::pair<std::string, std::vector<std::string>>;  // tenant, operations
  using JobAsk = std::pair<JobFetch, Answer<LeaseGrant>>;
  void FindElsewhere(const JobTopics& topics);
  std::vector<JobAsk> TakeAsks(const JobTopics& topics);
  // To the thread that owns the shard, or to the node; `answer` hears of it where neither takes it.
  template <class Order, class Reply>
  void Place(int logical_shard, Order order, const Answer<Reply>& answer) {
    if (!IsMine(logical_shard)) return SendAway(std::move(order));
    if (OwnerOf(logical_shard).Post(std::move(order))) return;
    refused_full_ += 1;
    answer(InboxFull());
  }
  static Error InboxFull() {
    return {kInboxFull, "Expected room in the engine's inbox, but it is full. Try again in a moment."};
  }

  DeployOutcome DeployHere(const DeployRequest& request);
  Status SetLiveHere(const std::string& process, const std::string& version);
  ManifestOutcome DeployManifestHere(const std::string& file_name, const std::string& yaml, ManifestOrigin origin);
  DeployOutcome Store(const StoredBundle& bundle, CompiledBundle compiled, DeployRequest::IfThere if_there);
  void MakeLive(const Definition& definition);
  void LetPausedGo();
  // The home shard takes over the schedule of the version that is live now. Blocks until that is durable.
  void FollowSchedule(const std::string& process);
  // The form and the reminders.
  void FillFromDefinition(TaskView& view, const std::string& definition_hash) const;
  Result<bool> ReadClosedTask(TaskView& view);
  int ShardOfStart(const StartRequest& request, const std::optional<std::string>& key);
  DefinitionInfo InfoOf(const DeployedDefinition& deployed) const;
  // As the journal has it now; kUnknownInstance if there is none.
  Result<InstanceState> LoadState(const InstanceId& id);
  Result<DefinitionPtr> DefinitionOf(const InstanceState& state);
  Status TellLastTries(const InstanceState& state, std::vector<WaitOf>& waits);
  DecisionContext ContextOf(const InstanceState& state, const DefinitionPtr& definition);
  Result<bool> WasAccepted(const InstanceState& state, const Definition& definition, const CloudEvent& event);
  Result<InstanceSummary> Refresh(const InstanceRow& row);
  Result<bool> HasReached(const InstanceId& id, const std::string& until);
  Result<bool> EverEntered(const InstanceId& id, const std::string& state);
  // The housekeeper's thread.
  void Housekeep();
  void Audit(Auditor& auditor);
  // Does `work`, in small helpings so that commits are not held up, until it says that nothing is left; false: its time was over before that.
  bool InHelpings(const std::function<bool()>& work);
  bool DeleteSome(Retention& retention);
  void Rest(std::chrono::steady_clock::duration time);  // or until Stop()

  EngineOptions options_;
  Clock& clock_;
  Storage& storage_;
  JobExecutor& executor_;
  Nodes* const nodes_;  // null: there is only this one
  int shard_count_;
  DefinitionRegistry definitions_;
  std::mutex deploy_mutex_;                   // one deploy at a time
  std::map<std::string, std::string> lived_;  // under it: hash of the version whose schedule was followed last
  Waiters waiters_;
  Newsroom newsroom_;
  Webhooks webhooks_;
  std::shared_ptr<JobDesk> desk_;
  ShardCounters counters_;
  std::mutex pause_mutex_;  // one change at a time
  Pauses pauses_;
  BulkRunner bulk_;
  EngineCalls calls_;
  // Reads about other nodes' instances: for their hints and for workers; for reports; and for those that are waited for, all in turn.
  WorkerPool looks_{1, kNodeRequestsMax}, reports_{1, kNodeRequestsMax}, polls_{1, 1};
  std::mutex asks_mutex_;
  std::map<JobTopics, std::vector<JobAsk>> asks_;  // under it: of looks that have not begun
  std::atomic<bool> polling_{false};
  std::unique_ptr<Leases> leases_;
  std::unique_ptr<Exchange> exchange_;
  std::array<std::atomic<bool>, kShardsMax> mine_{};
  std::atomic<int> mailbox_{0};              // this node's
  std::atomic<std::uint64_t> news_told_{0};  // to other nodes
  std::vector<std::unique_ptr<Shard>> shards_;
  std::atomic<std::uint64_t> refused_full_{0};
  std::atomic<unsigned> spread_{0};
  std::atomic<bool> stopped_{false};

  std::mutex housekeeping_mutex_;
  std::condition_variable housekeeping_wake_;
  std::thread housekeeper_;
};

}  // namespace fermata
