// The commands that ask a server, as the command line describes them.
//
// Not thread-safe. What it says of a server holds for every such command.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "api/cli/client_commands.h"

namespace CLI {
class App;
}

namespace fermata {

// `--connectors DIR`, as often as wanted: one folder each time, so that paths may follow; one that is not there is
// refused. `folders` must outlive `command`.
void AddConnectorFolders(CLI::App& command, std::vector<std::string>& folders);

class ClientCommandLine {
 public:
  // `choose` takes the command that was named, to be run once everything has been read.
  explicit ClientCommandLine(std::function<void(std::function<int()>)> choose) : choose_(std::move(choose)) {}

  // Adds them to `app`, which this must outlive.
  void Describe(CLI::App& app);
  // `fermata audit verify`, which may also look at storage itself; `options` must outlive `app`.
  void DescribeAudit(CLI::App& app, VerifyAuditOptions& options, std::function<int(const VerifyAuditOptions&)> run);

 private:
  CLI::App* Add(const std::string& name, const std::string& description, std::function<int()> run);
  CLI::App* AddTo(CLI::App& parent, const std::string& name, const std::string& description, std::function<int()> run);
  void AddDeploy();
  void AddStart();
  void AddReads();
  void AddSteering();
  void AddIncidents();
  void AddTasks();
  void AddRepairs();
  void AddBulk();
  void AddPauses();
  void AddWebhooks();
  void AddServer(CLI::App& command);

  std::function<void(std::function<int()>)> choose_;
  CLI::App* app_ = nullptr;
  ClientOptions client_;
  DeployOptions deploy_;
  StartOptions start_;
  GetOptions get_;
  ListOptions list_;
  HistoryOptions history_;
  SendOptions send_;
  SteerOptions steer_;
  MigrateOptions migrate_;
  IncidentsOptions incidents_;
  ResolveOptions resolve_;
  TasksOptions tasks_;
  CompleteOptions complete_;
  JobsOptions jobs_;
  ExplainOptions explain_;
  SetOptions set_;
  MoveOptions move_;
  BulkOptions bulk_;
  BulkOneOptions bulk_one_;
  PauseOptions pause_;
  WebhookOptions webhook_;
};

}  // namespace fermata
