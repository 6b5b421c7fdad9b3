// The commands that talk to a running server.
//
// Each prints to stdout (with `json`: the server's answer as it is), explains refusals on stderr and gives an exit code (exit_code.h).
#pragma once

#include <string>
#include <vector>

#include "api/cli/rest_client.h"
#include "engine/language/diagnostic.h"

namespace fermata {

struct ClientOptions {
  std::string server = "http://127.0.0.1:8080";
  std::string api_key;
  bool json = false;
  Colour colour = Colour::kNever;
};

struct VerifyAuditOptions {
  std::string data, database;  // a folder, a connection string; both empty = ask the server
  std::string tenant = "default";
  std::string server, api_key;
};

struct DeployOptions {
  std::vector<std::string> paths;  // files and folders
  std::vector<std::string> connector_folders;
};
int RunDeploy(const ClientOptions& client, const DeployOptions& options);

struct StartOptions {
  std::string process, version, key, idempotency_key;
  std::string input = "{}";  // JSON, @file, or - for stdin
  std::string wait, until;
};
int RunStart(const ClientOptions& client, const StartOptions& options);

struct GetOptions {
  std::string id, wait, until;
};
int RunGet(const ClientOptions& client, const GetOptions& options);

struct ListOptions {
  std::string process, status, state, key, started_after, started_before, cursor;
  std::vector<std::string> vars;  // NAME=VALUE
  int limit = 50;
};
int RunList(const ClientOptions& client, const ListOptions& options);

struct HistoryOptions {
  std::string id, cursor;
  int limit = 500;
};
int RunHistory(const ClientOptions& client, const HistoryOptions& options);

struct SendOptions {
  std::string type, id, subject;
  std::string source = "fermata-cli";
  std::string data;  // as StartOptions::input; empty = none
};
int RunSend(const ClientOptions& client, const SendOptions& options);

// `word`: cancel, suspend or resume.
struct SteerOptions {
  std::string word, id, reason, wait, idempotency_key;
};
int RunSteer(const ClientOptions& client, const SteerOptions& options);

struct MigrateOptions {
  std::string id, version, idempotency_key;
  bool dry_run = false, revert = false;
};
int RunMigrate(const ClientOptions& client, const MigrateOptions& options);

struct IncidentsOptions {
  std::string process, instance, cursor;
  bool closed_too = false;
  int limit = 50;
};
int RunIncidents(const ClientOptions& client, const IncidentsOptions& options);

struct TasksOptions {
  std::string process, instance, state, role, user, cursor;
  int limit = 50;
};
int RunTasks(const ClientOptions& client, const TasksOptions& options);

struct CompleteOptions {
  std::string id, outcome, by, idempotency_key, wait;
  std::string data;  // as StartOptions::input; empty = none
};
int RunComplete(const ClientOptions& client, const CompleteOptions& options);

struct ResolveOptions {
  std::string id, action, output, error, by, idempotency_key;
  std::vector<std::string> set;  // name=JSON
};
int RunResolve(const ClientOptions& client, const ResolveOptions& options);

struct JobsOptions {
  std::string operation, process, instance, state, cursor;
  int limit = 50;
};
int RunJobs(const ClientOptions& client, const JobsOptions& options);

// What it waits for; with `event` also what that one would do.
struct ExplainOptions {
  std::string id, event, source, event_id;
  std::string data;  // as StartOptions::input; empty = none
};
int RunExplain(const ClientOptions& client, const ExplainOptions& options);

struct SetOptions {
  std::string id, reason, by, idempotency_key;
  std::vector<std::string> set;  // name=JSON
};
int RunSet(const ClientOptions& client, const SetOptions& options);

struct MoveOptions {
  std::string id, to, from, reason, by, wait, idempotency_key;
  int item = -1;                 // of an `each`; -1 = none
  std::vector<std::string> set;  // name=JSON
  bool dry_run = false;
};
int RunMove(const ClientOptions& client, const MoveOptions& options);

struct BulkOptions {
  std::string action, process, status, state, key, started_after, started_before, incident;
  std::string with;               // as StartOptions::input; empty = none
  std::vector<std::string> vars;  // NAME=VALUE
  std::string reason, by, idempotency_key;
  int per_second = 0;  // 0 = the server's default
  bool dry_run = false, follow = false;
};
int RunBulkStart(const ClientOptions& client, const BulkOptions& options);
int RunBulkList(const ClientOptions& client);

// `word`: show, pause, resume or stop. Only `show` follows.
struct BulkOneOptions {
  std::string word, id;
  bool follow = false;
};
int RunBulkOne(const ClientOptions& client, const BulkOneOptions& options);

// `kind`: process, connector or operation.
struct PauseOptions {
  std::string kind, name, reason, by;
};
int RunPause(const ClientOptions& client, const PauseOptions& options);
int RunEndPause(const ClientOptions& client, const PauseOptions& options);
int RunNodes(const ClientOptions& client);
int RunPauses(const ClientOptions& client);

// Each command reads those that are its own.
struct WebhookOptions {
  std::string id, delivery;  // no delivery: all that have failed
  std::string url, process, description, idempotency_key;
  std::vector<std::string> events;
  std::string status, cursor;
  int limit = 50;
};
int RunWebhooks(const ClientOptions& client);
int RunAddWebhook(const ClientOptions& client, const WebhookOptions& options);
int RunRemoveWebhook(const ClientOptions& client, const WebhookOptions& options);
int RunDeliveries(const ClientOptions& client, const WebhookOptions& options);
int RunRetryDeliveries(const ClientOptions& client, const WebhookOptions& options);

}  // namespace fermata
