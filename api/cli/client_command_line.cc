#include "api/cli/client_command_line.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "api/cli/complaint.h"
#include "api/cli/place.h"
#include "api/cli/terminal.h"

namespace fermata {
namespace {

constexpr const char* kOnce = "doing it again with it is doing it once";

std::string FirstLineOf(const std::string& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
  return line;
}

}  // namespace

void AddConnectorFolders(CLI::App& command, std::vector<std::string>& folders) {
  command.add_option("--connectors", folders, "folder of manifests; they win over connectors/ beside the process")
      ->allow_extra_args(false)
      ->check(CLI::ExistingDirectory)
      ->option_text("DIR ...");
}

void ClientCommandLine::Describe(CLI::App& app) {
  app_ = &app;
  if (const char* server = std::getenv("FERMATA_SERVER"); server && *server) client_.server = server;
  app.add_option("--server", client_.server, "where the server is, for commands that ask one (FERMATA_SERVER)");
  if (const char* key = std::getenv("FERMATA_API_KEY"); key && *key) client_.api_key = key;
  client_.colour = ColourOf(STDOUT_FILENO);
  AddDeploy();
  AddStart();
  AddReads();
  AddSteering();
  AddIncidents();
  AddTasks();
  AddRepairs();
  AddBulk();
  AddPauses();
  AddWebhooks();
}

CLI::App* ClientCommandLine::Add(const std::string& name, const std::string& description, std::function<int()> run) {
  return AddTo(*app_, name, description, std::move(run));
}

CLI::App* ClientCommandLine::AddTo(CLI::App& parent, const std::string& name, const std::string& description,
                                   std::function<int()> run) {
  CLI::App* command = parent.add_subcommand(name, description);
  command->callback([this, run = std::move(run)] { choose_(run); });
  command->add_flag("--json", client_.json, "print the server's answer as it is");
  AddServer(*command);
  return command;
}

void ClientCommandLine::AddServer(CLI::App& command) {
  command.add_option("--server", client_.server, "where the server is (FERMATA_SERVER)")->capture_default_str();
  // Not the key itself: other users see command lines.
  command
      .add_option_function<std::string>(
          "--api-key-file", [this](const std::string& file) { client_.api_key = FirstLineOf(file); },
          "file with the API key (or FERMATA_API_KEY)")
      ->check(CLI::ExistingFile)
      ->option_text("FILE");
}

void ClientCommandLine::AddDeploy() {
  CLI::App* command = Add("deploy", "deploys processes and manifests", [this] { return RunDeploy(client_, deploy_); });
  command->add_option("paths", deploy_.paths, "files, and folders of processes")->required();
  AddConnectorFolders(*command, deploy_.connector_folders);
}

void ClientCommandLine::AddStart() {
  CLI::App* command = Add("start", "starts an instance", [this] { return RunStart(client_, start_); });
  command->add_option("process", start_.process, "its name")->required();
  command->add_option("--input", start_.input, "JSON, @file, or - for stdin")->capture_default_str();
  command->add_option("--process-version", start_.version, "instead of the live one");
  command->add_option("--key", start_.key, "business key, for a process without 'key:'");
  command->add_option("--idempotency-key", start_.idempotency_key, "starting again with it gives the same instance");
  command->add_option("--wait", start_.wait, "until it has ended, but at most so long: 10s");
  command->add_option("--until", start_.until, "wait for this state or status instead");
}

void ClientCommandLine::AddReads() {
  CLI::App* get = Add("get", "shows an instance", [this] { return RunGet(client_, get_); });
  get->add_option("id", get_.id)->required();
  get->add_option("--wait", get_.wait, "until it has ended, but at most so long: 10s");
  get->add_option("--until", get_.until, "wait for this state or status instead");
  CLI::App* list = Add("list", "lists instances, the newest first", [this] { return RunList(client_, list_); });
  list->add_option("--process", list_.process);
  list->add_option("--status", list_.status);
  list->add_option("--state", list_.state, "an active state");
  list->add_option("--key", list_.key, "the business key");
  list->add_option("--var", list_.vars, "NAME=VALUE: a variable that the process declares as searchable");
  list->add_option("--started-after", list_.started_after, "2026-01-31T12:00:00Z");
  list->add_option("--started-before", list_.started_before);
  list->add_option("--limit", list_.limit)->capture_default_str();
  list->add_option("--cursor", list_.cursor, "where the page before ended");
  CLI::App* history =
      Add("history", "shows what happened to an instance", [this] { return RunHistory(client_, history_); });
  history->add_option("id", history_.id)->required();
  history->add_option("--limit", history_.limit)->capture_default_str();
  history->add_option("--cursor", history_.cursor);
}

void ClientCommandLine::AddSteering() {
  CLI::App* send = Add("send", "sends an event", [this] { return RunSend(client_, send_); });
  send->add_option("type", send_.type)->required();
  send->add_option("--data", send_.data, "JSON, @file, or - for stdin");
  send->add_option("--id", send_.id, "an event is accepted once for its source and id");
  send->add_option("--source", send_.source)->capture_default_str();
  send->add_option("--subject", send_.subject);
  const std::pair<const char*, const char*> steering[] = {
      {"cancel", "cancels an instance and undoes what it did"},
      {"suspend", "holds an instance"},
      {"resume", "lets a held instance go on, or what is paused: resume connector NAME"}};
  for (const auto& [word, description] : steering) {
    CLI::App* command = Add(word, description, [this, word = std::string(word)] {
      steer_.word = word;
      if (pause_.name.empty()) return RunSteer(client_, steer_);
      pause_.kind = steer_.id;
      return RunEndPause(client_, pause_);
    });
    const bool resumes = std::string_view(word) == "resume";
    command->add_option("id", steer_.id, resumes ? "or process, connector, operation" : "")->required();
    if (resumes) command->add_option("name", pause_.name, "of the paused process, connector or operation");
    command->add_option("--wait", steer_.wait, "until it has ended, but at most so long: 10s");
    command->add_option("--idempotency-key", steer_.idempotency_key, kOnce);
    if (std::string_view(word) == "cancel") command->add_option("--reason", steer_.reason);
  }
  CLI::App* migrate = Add("migrate", "carries an instance over to another version of its process",
                          [this] { return RunMigrate(client_, migrate_); });
  migrate->add_option("id", migrate_.id)->required();
  migrate->add_option("version", migrate_.version);
  migrate->add_flag("--revert", migrate_.revert,
                    "takes the last migration back; VERSION, if given, is where it came from");
  migrate->add_option("--idempotency-key", migrate_.idempotency_key, kOnce);
  migrate->add_flag("--dry-run", migrate_.dry_run, "only says whether it could be carried");
}

void ClientCommandLine::AddIncidents() {
  CLI::App* list = Add("incidents", "lists open incidents", [this] { return RunIncidents(client_, incidents_); });
  list->add_option("--process", incidents_.process);
  list->add_option("--instance", incidents_.instance);
  list->add_flag("--all", incidents_.closed_too, "closed ones too");
  list->add_option("--limit", incidents_.limit)->capture_default_str();
  list->add_option("--cursor", incidents_.cursor);
  CLI::App* resolve = Add("resolve", "resolves an incident", [this] { return RunResolve(client_, resolve_); });
  resolve->add_option("id", resolve_.id, "<instance>-<number>")->required();
  resolve->add_option("action", resolve_.action, "retry, skip or fail")
      ->required()
      ->check(CLI::IsMember({"retry", "skip", "fail"}));
  resolve->add_option("--set", resolve_.set, "NAME=JSON: a variable to change first");
  resolve->add_option("--output", resolve_.output, "JSON: the result that a skipped call is to have");
  resolve->add_option("--error", resolve_.error, "the business error to fail with");
  resolve->add_option("--idempotency-key", resolve_.idempotency_key, kOnce);
  resolve->add_option("--by", resolve_.by, "who, for the history");
}

void ClientCommandLine::AddTasks() {
  CLI::App* list =
      Add("tasks", "lists open human tasks, those due first on top", [this] { return RunTasks(client_, tasks_); });
  list->add_option("--process", tasks_.process);
  list->add_option("--instance", tasks_.instance);
  list->add_option("--state", tasks_.state, "the state that asks");
  list->add_option("--role", tasks_.role, "assigned to this role");
  list->add_option("--user", tasks_.user, "assigned to this user");
  list->add_option("--limit", tasks_.limit)->capture_default_str();
  list->add_option("--cursor", tasks_.cursor);
  CLI::App* jobs =
      Add("jobs", "lists calls that wait for external workers", [this] { return RunJobs(client_, jobs_); });
  jobs->add_option("--operation", jobs_.operation, "connector.operation");
  jobs->add_option("--process", jobs_.process);
  jobs->add_option("--instance", jobs_.instance);
  jobs->add_option("--state", jobs_.state, "available or leased");
  jobs->add_option("--limit", jobs_.limit)->capture_default_str();
  jobs->add_option("--cursor", jobs_.cursor);
  CLI::App* complete = Add("complete", "answers a human task", [this] { return RunComplete(client_, complete_); });
  complete->add_option("id", complete_.id, "<instance>-<number>")->required();
  complete->add_option("--outcome", complete_.outcome, "one of the task's outcomes");
  complete->add_option("--data", complete_.data, "JSON, @file, or - for stdin: what the form asks for");
  complete->add_option("--by", complete_.by, "who, for the history");
  complete->add_option("--idempotency-key", complete_.idempotency_key, "completing again with it is completing once");
  complete->add_option("--wait", complete_.wait, "until the instance has ended, but at most so long: 10s");
}

// What operators do to one instance beside its process.
void ClientCommandLine::AddRepairs() {
  CLI::App* explain = Add("explain", "says what an instance waits for, and what could move it",
                          [this] { return RunExplain(client_, explain_); });
  explain->add_option("id", explain_.id)->required();
  explain->add_option("--event", explain_.event, "a type: what would such an event do?");
  explain->add_option("--data", explain_.data, "the event's: JSON, @file, or - for stdin");
  explain->add_option("--source", explain_.source, "the event's");
  explain->add_option("--event-id", explain_.event_id, "the event's: whether it was accepted before");
  CLI::App* set = Add("set", "gives variables of an instance other values", [this] { return RunSet(client_, set_); });
  set->add_option("id", set_.id)->required();
  set->add_option("values", set_.set, "NAME=JSON, like amount=1250 or city='\"Rome\"'")->required();
  CLI::App* move = Add("move", "sends an instance to another state", [this] { return RunMove(client_, move_); });
  move->add_option("id", move_.id)->required();
  move->add_option("--to", move_.to, "the state")->required();
  move->add_option("--from", move_.from, "an active state that is left; without it all where the target stands");
  move->add_option("--item", move_.item, "of an each with several active items")->check(CLI::NonNegativeNumber);
  move->add_option("--set", move_.set, "NAME=JSON: a variable to change first")->allow_extra_args(false);
  move->add_flag("--dry-run", move_.dry_run, "only says what would be left, undone, entered and waited for");
  move->add_option("--wait", move_.wait, "until it has ended, but at most so long: 10s");
  const auto describe = [](CLI::App& command, std::string& reason, std::string& by, std::string& idempotency_key) {
    command.add_option("--reason", reason, "for the history");
    command.add_option("--by", by, "who, for the history");
    command.add_option("--idempotency-key", idempotency_key, kOnce);
  };
  describe(*set, set_.reason, set_.by, set_.idempotency_key);
  describe(*move, move_.reason, move_.by, move_.idempotency_key);
}

void ClientCommandLine::AddBulk() {
  CLI::App* bulk = app_->add_subcommand("bulk", "does the same to many instances");
  bulk->require_subcommand(1);
  CLI::App* start = AddTo(*bulk, "start", "begins work on the live instances of a process",
                          [this] { return RunBulkStart(client_, bulk_); });
  start->add_option("action", bulk_.action, "cancel, suspend, resume, resolve, variables, move or migrate")
      ->required()
      ->check(CLI::IsMember({"cancel", "suspend", "resume", "resolve", "variables", "move", "migrate"}));
  start->add_option("--process", bulk_.process)->required();
  start->add_option("--status", bulk_.status, "of those with it; this and what follows say which");
  start->add_option("--state", bulk_.state, "an active state");
  start->add_option("--key", bulk_.key, "the business key");
  start->add_option("--var", bulk_.vars, "NAME=VALUE: a variable that the process declares as searchable")
      ->allow_extra_args(false);
  start->add_option("--started-after", bulk_.started_after, "2026-01-31T12:00:00Z");
  start->add_option("--started-before", bulk_.started_before);
  start->add_option("--incident", bulk_.incident, "resolve: only incidents with this error");
  start->add_option("--with", bulk_.with, "JSON, @file, or - for stdin: {\"action\": \"retry\"} for resolve");
  start->add_option("--per-second", bulk_.per_second, "at most so many instances a second")->check(CLI::PositiveNumber);
  start->add_flag("--dry-run", bulk_.dry_run, "only counts those that would take it, and names refusals");
  start->add_flag("--follow", bulk_.follow, "tells how far it is until it is over");
  start->add_option("--reason", bulk_.reason);
  start->add_option("--by", bulk_.by, "who");
  start->add_option("--idempotency-key", bulk_.idempotency_key, kOnce);
  AddTo(*bulk, "list", "lists work in bulk, the newest first", [this] { return RunBulkList(client_); });
  const std::pair<const char*, const char*> words[] = {{"show", "says how far it is"},
                                                       {"pause", "holds it"},
                                                       {"resume", "lets it go on"},
                                                       {"stop", "ends it; what is done stays"}};
  for (const auto& [word, description] : words) {
    CLI::App* command = AddTo(*bulk, word, description, [this, word = std::string(word)] {
      bulk_one_.word = word;
      return RunBulkOne(client_, bulk_one_);
    });
    command->add_option("id", bulk_one_.id)->required();
    if (std::string_view(word) == "show") command->add_flag("--follow", bulk_one_.follow, "until it is over");
  }
}

void ClientCommandLine::AddPauses() {
  CLI::App* pause = Add("pause", "stops starts of a process, or calls of a connector or operation",
                        [this] { return RunPause(client_, pause_); });
  pause->add_option("kind", pause_.kind, "process, connector or operation")
      ->required()
      ->check(CLI::IsMember({"process", "connector", "operation"}));
  pause->add_option("name", pause_.name, "an operation's as connector.operation")->required();
  pause->add_option("--reason", pause_.reason);
  pause->add_option("--by", pause_.by, "who");
  Add("pauses", "lists what is paused", [this] { return RunPauses(client_); });
  Add("nodes", "lists the servers that share the database, and which shards each owns",
      [this] { return RunNodes(client_); });
}

void ClientCommandLine::AddWebhooks() {
  CLI::App* webhooks = app_->add_subcommand("webhooks", "who is told over HTTP of what changes");
  webhooks->require_subcommand(1);
  AddTo(*webhooks, "list", "lists them", [this] { return RunWebhooks(client_); });
  CLI::App* add =
      AddTo(*webhooks, "add", "has a URL told; prints its secret", [this] { return RunAddWebhook(client_, webhook_); });
  add->add_option("url", webhook_.url)->required();
  add->add_option("--event", webhook_.events, "instance.completed, incident.opened …; once for each")
      ->required()
      ->allow_extra_args(false);
  add->add_option("--process", webhook_.process, "only of its instances");
  add->add_option("--description", webhook_.description);
  add->add_option("--idempotency-key", webhook_.idempotency_key, kOnce);
  CLI::App* remove = AddTo(*webhooks, "remove", "tells it nothing more; its deliveries go, too",
                           [this] { return RunRemoveWebhook(client_, webhook_); });
  CLI::App* deliveries = AddTo(*webhooks, "deliveries", "what became of telling it, the newest first",
                               [this] { return RunDeliveries(client_, webhook_); });
  CLI::App* retry = AddTo(*webhooks, "retry", "sends again what has failed, or one delivery",
                          [this] { return RunRetryDeliveries(client_, webhook_); });
  for (CLI::App* command : {remove, deliveries, retry}) command->add_option("id", webhook_.id)->required();
  retry->add_option("delivery", webhook_.delivery);
  deliveries->add_option("--status", webhook_.status)->check(CLI::IsMember({"pending", "delivered", "failed"}));
  deliveries->add_option("--limit", webhook_.limit)->capture_default_str();
  deliveries->add_option("--cursor", webhook_.cursor, "goes on where a page ended");
}

void ClientCommandLine::DescribeAudit(CLI::App& app, VerifyAuditOptions& options,
                                      std::function<int(const VerifyAuditOptions&)> run) {
  CLI::App* audit = app.add_subcommand("audit", "the log of what people did");
  audit->require_subcommand(1);
  CLI::App* verify = audit->add_subcommand("verify", "says which row of the log is the first that was changed, if any");
  CLI::Option* data = verify->add_option("--data", options.data,
                                         "folder of a stopped server's database file, instead of asking a server");
  CLI::Option* database =
      verify->add_option("--database", options.database, "PostgreSQL's connection string, of a stopped server");
  verify->callback([this, &options, data, database, run = std::move(run)] {
    choose_([this, &options, data, database, run] {
      options.server = client_.server;
      options.api_key = client_.api_key;
      // Where nothing is named, a server is asked: the environment does not count.
      Result<Place> named = PlaceOf({std::nullopt, GivenBy(database), GivenBy(data), std::nullopt}, nullptr,
                                    DatabaseVariable::kForPostgres);
      return named.ok() ? run(options) : ComplainOf(named.error());
    });
  });
  verify->add_option("--tenant", options.tenant, "whose log")->capture_default_str();
  AddServer(*verify);
}

}  // namespace fermata
