// The command line: `fermata help` describes it, docs/cli.md lists the exit codes.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/cli/client_commands.h"
#include "api/cli/store_commands.h"
#include "engine/base/log.h"
#include "engine/model/limits.h"
#include "engine/model/manifest.h"

namespace fermata {

struct ServeOptions {
  std::string host = "127.0.0.1";
  int port = 8080;  // 0 = a free one
  std::string data = "fermata-data";
  std::string storage = "sqlite";  // sqlite, memory, postgres
  std::string database;            // PostgreSQL's connection string
  std::string node;                // this server's name among those that share the database; empty = host:port
  std::string processes;           // a folder to deploy and watch
  std::string connectors;          // a folder of manifests
  std::string secrets;             // a folder, a file a secret
  std::string secrets_file;        // of `fermata secret`, sealed by the encryption keys
  bool dev = false;
  int threads = 1;  // shard threads
  int http_threads = 2;
  LogFormat log_format = LogFormat::kText;
  LogLevel log_level = LogLevel::kInfo;
  bool logs_requests = false;
  std::string ready_file;  // gets the address once the server answers
  std::string smtp;        // for mail.send; empty = no such connector
  std::string mail_templates = "templates/messages/email";
  std::string auth = "open";                               // or "required": who asks must say who they are
  double requests_per_second = kRequestsPerSecondDefault;  // of one caller; 0 = unlimited
  std::vector<std::string> origins;                        // web pages that may ask (CORS)
  std::vector<std::string> allowed_hosts;    // that connectors of kind http may call; empty = every public address
  std::vector<std::string> webhook_retries;  // waits between the tries; empty = as usual
  std::string encryption_keys;               // a file; empty = FERMATA_ENCRYPTION_KEYS, or none
  std::string oidc_issuer, oidc_audience;
  std::string oidc_name_claim = "sub", oidc_roles_claim = "roles", oidc_tenant_claim;
};

// `fermata secret`: what to do is key, set, list or remove.
struct SecretOptions {
  std::string action, name;
  std::string file = "fermata-secrets";
  std::string encryption_keys;  // as ServeOptions
};

struct BenchOptions {
  std::string workload = "chain5";
  std::string storage = "sqlite";
  std::string database;
  std::string mode = "inprocess";  // inprocess, rest
  std::string sync = "full";       // full, none
  std::string data;                // empty = a temporary folder
  int seconds = 10;                // under load
  int concurrency = 256;
  int threads = 1;
};

// What the command line cannot do by itself, given by main.cc.
struct Commands {
  std::function<int(const ServeOptions&)> serve;
  std::function<int(const BenchOptions&)> bench;
  std::function<int(const VerifyAuditOptions&)> verify_audit;
  std::function<int(const SecretOptions&)> secret;
  std::function<int(const StoreCommand&)> store;
  std::function<std::vector<ManifestPtr>()> builtin_manifests;
  std::function<int(const std::vector<std::string>& connector_folders)> lsp;
  std::function<std::string_view()> process_schema;
  std::function<std::string_view()> scenario_schema;
  std::string version;
};

// Reads the arguments, runs the command and gives its exit code.
int RunCommandLine(int argc, char** argv, const Commands& commands);

}  // namespace fermata
