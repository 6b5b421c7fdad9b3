#include "api/cli/command_line.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <iostream>
#include <memory>

#include "api/cli/check.h"
#include "api/cli/client_command_line.h"
#include "api/cli/complaint.h"
#include "api/cli/diff.h"
#include "api/cli/draw.h"
#include "api/cli/eval.h"
#include "api/cli/exit_code.h"
#include "api/cli/fmt.h"
#include "api/cli/place.h"
#include "api/cli/process_files.h"
#include "api/cli/scenario_commands.h"
#include "api/cli/terminal.h"

namespace fermata {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 done; 1 what was asked about is wrong; 2 wrong command line; 3 no server answers; 4 the server "
    "refused.\n"
    "Documentation: docs/cli.md, docs/api.md, docs/language.md";

// An origin as browsers write it: scheme, host and perhaps a port, in small letters. Says what is wrong; empty if nothing is.
std::string OriginMistake(const std::string& text) {
  const std::size_t host = text.starts_with("https://") ? 8 : text.starts_with("http://") ? 7 : text.size();
  const bool good = host < text.size() &&
                    text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-:[]", host) == std::string::npos;
  return good ? "" : "Expected an origin like https://console.example.com, but got '" + text + "'.";
}

// Gathers the chosen command; it runs after everything has been read.
class Parser {
 public:
  explicit Parser(const Commands& commands)
      : commands_(commands), app_("A durable workflow engine: statecharts in YAML.", "fermata") {
    app_.require_subcommand(1);
    app_.footer(kFooter);
    app_.set_help_all_flag("--help-all", "the options of all commands");
    app_.set_version_flag("--version", "fermata " + commands_.version, "prints the version");
    AddServe();
    AddCheck();
    AddTest();
    AddNew();
    AddDraw();
    AddDiff();
    AddFmt();
    AddEval();
    client_.Describe(app_);
    client_.DescribeAudit(app_, verify_audit_, commands_.verify_audit);
    AddSecret();
    DescribeStore(app_, store_, commands_.store, [this](std::function<int()> run) { run_ = std::move(run); });
    AddBench();
    AddEditor();
    app_.add_subcommand("version", "prints the version")->callback([this] {
      run_ = [this] {
        std::cout << "fermata " << commands_.version << "\n";
        return kExitOk;
      };
    });
  }

  int Run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      // Help is no mistake.
      return app_.exit(error) == 0 ? kExitOk : kExitUsage;
    }
    return run_();
  }

 private:
  CLI::App* Add(const std::string& name, const std::string& description, std::function<int()> run) {
    CLI::App* command = app_.add_subcommand(name, description);
    command->callback([this, run = std::move(run)] { run_ = run; });
    return command;
  }

  void AddServe() {
    ServeOptions& options = serve_;
    CLI::App* command = Add("serve", "runs the engine and its REST API", [this] {
      Result<Place> place = serve_place_.Settle(DatabaseVariable::kCounts);
      if (!place.ok()) return ComplainOf(place.error());
      serve_.storage = place->storage;
      serve_.database = place->database;
      if (GivenBy(serve_place_.data) && place->storage != "sqlite")
        std::cerr << "--data is not used: the data is not in a file.\n";
      return commands_.serve(serve_);
    });
    command->add_option("--host", options.host, "an address to listen on; beyond loopback only with --auth required")
        ->capture_default_str();
    command->add_option("--port", options.port, "0 takes a free one")
        ->check(CLI::Range(0, 65535))
        ->capture_default_str();
    serve_place_ = AddPlaceOptions(*command, options.data, options.database);
    serve_place_.data_may_rest = true;  // scripts name a folder whatever the storage
    serve_place_.storage =
        command
            ->add_option("--storage", options.storage, "sqlite, memory or postgres; postgres where a database is named")
            ->check(CLI::IsMember({"sqlite", "memory", "postgres"}))
            ->option_text("NAME [sqlite]");
    serve_place_.node =
        command
            ->add_option("--node", options.node,
                         "this server's name among those that share the database, the same after a restart: 1 to 64 "
                         "letters, digits and . _ : -")
            ->option_text("NAME [host:port]");
    command->add_option("--processes", options.processes,
                        "folder of processes: deployed now and whenever one is saved");
    command->add_option("--connectors", options.connectors, "folder of manifests");
    command->add_option("--secrets", options.secrets, "folder with a file for each secret; also FERMATA_SECRET_NAME");
    command->add_flag("--dev", options.dev, "a version may be deployed again with other content, as 1.0.0+hash");
    command->add_option("--threads", options.threads, "threads that run processes")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    command->add_option("--http-threads", options.http_threads, "threads that read requests")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    command->add_option("--log-format", options.log_format, "text or json")
        ->transform(CLI::CheckedTransformer(
            std::map<std::string, LogFormat>{{"text", LogFormat::kText}, {"json", LogFormat::kJson}}))
        ->option_text("FORMAT [text]");
    command->add_option("--log-level", options.log_level, "debug, info, warning or error")
        ->transform(CLI::CheckedTransformer(std::map<std::string, LogLevel>{{"debug", LogLevel::kDebug},
                                                                            {"info", LogLevel::kInfo},
                                                                            {"warning", LogLevel::kWarning},
                                                                            {"error", LogLevel::kError}}))
        ->option_text("LEVEL [info]");
    command->add_flag("--log-requests", options.logs_requests, "a line of the log for each request");
    command->add_option("--ready-file", options.ready_file, "gets the server's address once it answers");
    command->add_option("--smtp", options.smtp, "smtp://host:port for mail.send");
    command->add_option("--mail-templates", options.mail_templates, "folder of the mails' templates")
        ->capture_default_str();
    AddServeSecurity(*command);
  }

  void AddServeSecurity(CLI::App& command) {
    ServeOptions& options = serve_;
    command
        .add_option("--auth", options.auth,
                    "open (everybody on this machine may do everything) or required (FERMATA_AUTH)")
        ->envname("FERMATA_AUTH")
        ->check(CLI::IsMember({"open", "required"}))
        ->capture_default_str();
    command
        .add_option("--rate-limit", options.requests_per_second,
                    "requests a second of each caller whose key says nothing else; 0 = unlimited")
        ->check(CLI::Range(0.0, kRequestsPerSecondMax))
        ->capture_default_str();
    command
        .add_option("--cors-origin", options.origins, "https://console.example.com: a web page's origin that may ask")
        ->allow_extra_args(false)
        ->check(OriginMistake)
        ->option_text("ORIGIN ...");
    command
        .add_option(
            "--allow-host", options.allowed_hosts,
            "where connectors of kind http may call to: billing.internal, *.example.com, 10.1.0.0/16; without it "
            "every public address (FERMATA_ALLOW_HOST)")
        ->envname("FERMATA_ALLOW_HOST")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->option_text("HOST ...");
    command
        .add_option("--webhook-retries", options.webhook_retries,
                    "waits between the tries to send to a webhook: 5s,5m,2h; then it has failed")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->option_text("SPAN,SPAN …");
    command.add_option("--secrets-file", options.secrets_file, "secrets that 'fermata secret set' has encrypted");
    command.add_option("--encryption-keys", options.encryption_keys,
                       "file of the keys that stored payloads are encrypted with, the newest last (or its text in "
                       "FERMATA_ENCRYPTION_KEYS)");
    command.add_option("--oidc-issuer", options.oidc_issuer,
                       "https://id.example.com: an OpenID Connect provider whose tokens are taken, too");
    command.add_option("--oidc-audience", options.oidc_audience, "what its tokens for this server have as 'aud'");
    command.add_option("--oidc-name-claim", options.oidc_name_claim, "where a token has the name for histories")
        ->capture_default_str();
    command.add_option("--oidc-roles-claim", options.oidc_roles_claim, "where it has the roles: realm_access.roles")
        ->capture_default_str();
    command.add_option("--oidc-tenant-claim", options.oidc_tenant_claim,
                       "where it has the tenant; without it everybody is of 'default'");
  }

  void AddCheck() {
    CLI::App* command = Add("check", "says all that is wrong with processes and manifests", [this] {
      for (const std::string& path : paths_) check_.paths.emplace_back(path);
      for (const std::string& folder : folders_)
        for (const auto& place : WithSubfolders(folder)) check_.connector_folders.push_back(place);
      if (json_) check_.format = CheckFormat::kJson;
      check_.version = commands_.version;
      check_.colour = ColourOf(STDOUT_FILENO);
      check_.builtin_manifests = commands_.builtin_manifests();
      return RunCheck(check_, std::cout);
    });
    command->add_option("paths", paths_, "files and folders")->required();
    AddConnectorFolders(*command, folders_);
    command->add_option("--format", check_.format, "text, json or sarif (2.1.0)")
        ->transform(CLI::CheckedTransformer(std::map<std::string, CheckFormat>{
            {"text", CheckFormat::kText}, {"json", CheckFormat::kJson}, {"sarif", CheckFormat::kSarif}}))
        ->option_text("FORMAT [text]");
    command->add_flag("--json", json_, "the same as --format json");
  }

  void AddTest() {
    CLI::App* command = Add("test", "runs scenarios on a virtual clock", [this] {
      for (const std::string& path : paths_) test_.paths.emplace_back(path);
      for (const std::string& folder : folders_) test_.connector_folders.emplace_back(folder);
      test_.builtin_manifests = commands_.builtin_manifests();
      test_.colour = ColourOf(STDOUT_FILENO);
      return RunTestOrWatch(test_);
    });
    command->add_option("paths", paths_, "scenario files, and folders of them")->required();
    AddConnectorFolders(*command, folders_);
    DescribeTest(*command, test_);
  }

  void AddNew() {
    new_.colour = ColourOf(STDERR_FILENO);
    DescribeNew(
        *Add("new", "copies a starting point for a process", [this] { return RunNew(new_, std::cout, std::cerr); }),
        new_);
  }

  void AddDraw() {
    CLI::App* command = Add("draw", "draws a process", [this] {
      draw_.manifests = Manifests();
      draw_.colour = ColourOf(STDERR_FILENO);
      return RunDraw(draw_, std::cout, std::cerr);
    });
    command->add_option("file", draw_.file, "a process")->required();
    command->add_option("--format", draw_.format, "svg, mermaid or dot")
        ->transform(CLI::CheckedTransformer(std::map<std::string, DrawFormat>{
            {"svg", DrawFormat::kSvg}, {"mermaid", DrawFormat::kMermaid}, {"dot", DrawFormat::kDot}}))
        ->option_text("FORMAT [svg]");
    AddLook(command, draw_.svg);
    command->add_option("-o,--output", draw_.output, "a file instead of stdout");
    command->add_option("--active", draw_.active, "states to light up");
    AddConnectorFolders(*command, folders_);
  }

  void AddDiff() {
    CLI::App* command = Add("diff", "tells two versions of a process apart, in words", [this] {
      diff_.manifests = Manifests();
      diff_.json = json_;
      diff_.colour = ColourOf(STDERR_FILENO);
      return RunDiff(diff_, std::cout, std::cerr);
    });
    command->add_option("before", diff_.before, "the older version")->required();
    command->add_option("after", diff_.after, "the newer version")->required();
    command->add_option("--draw", diff_.drawing, "an SVG that shows both");
    AddLook(command, diff_.svg);
    AddConnectorFolders(*command, folders_);
    command->add_flag("--json", json_, "for programs");
  }

  void AddFmt() {
    CLI::App* command = Add("fmt", "lays out YAML files and keeps their comments", [this] {
      fmt_.colour = ColourOf(STDERR_FILENO);
      return RunFmt(fmt_, std::cin, std::cout, std::cerr);
    });
    command->add_option("paths", fmt_.paths, "files and folders, or - for stdin")->required();
    command->add_flag("--check", fmt_.check, "change nothing; 1 if anything would change");
  }

  static void AddLook(CLI::App* command, SvgOptions& look) {
    command->add_option("--direction", look.direction, "lr (left to right) or td (top down)")
        ->transform(CLI::CheckedTransformer(
            std::map<std::string, DrawDirection>{{"lr", DrawDirection::kLeftRight}, {"td", DrawDirection::kTopDown}}))
        ->option_text("DIRECTION [td]");
    command->add_option("--theme", look.theme, "light, dark, or auto: what the reader's system prefers")
        ->transform(CLI::CheckedTransformer(std::map<std::string, DrawTheme>{
            {"light", DrawTheme::kLight}, {"dark", DrawTheme::kDark}, {"auto", DrawTheme::kAuto}}))
        ->option_text("THEME [auto]");
  }

  // As --connectors says.
  ManifestSources Manifests() const {
    ManifestSources sources;
    for (const std::string& folder : folders_) sources.folders.emplace_back(folder);
    sources.builtin = commands_.builtin_manifests();
    return sources;
  }

  void AddEval() {
    CLI::App* command = Add("eval", "evaluates expressions: JSON lines in, JSON lines out",
                            [this] { return RunEval(std::cin, std::cout, eval_); });
    command->add_flag("--typed", eval_.typed, "values are {\"type\", \"value\"}, nothing is checked first");
  }

  void AddSecret() {
    CLI::App* secret = app_.add_subcommand("secret", "encryption keys, and secrets that are encrypted by them");
    secret->require_subcommand(1);
    const std::array<std::pair<const char*, const char*>, 4> actions = {
        {{"key", "prints a new line for a file of encryption keys"},
         {"set", "takes the value from stdin"},
         {"list", "names them"},
         {"remove", "forgets one"}}};
    for (const auto& [action, description] : actions) {
      CLI::App* command = secret->add_subcommand(action, description);
      command->callback([this, action = std::string(action)] {
        run_ = [this, action] {
          secret_.action = action;
          return commands_.secret(secret_);
        };
      });
      if (std::string_view(action) != "list") command->add_option("name", secret_.name)->required();
      if (std::string_view(action) == "key") continue;
      command->add_option("--secrets-file", secret_.file)->capture_default_str();
      command->add_option("--encryption-keys", secret_.encryption_keys,
                          "file of the keys (or FERMATA_ENCRYPTION_KEYS)");
    }
  }

  void AddBench() {
    CLI::App* command = Add("bench", "measures this machine", [this] {
      // The environment names a database that is in use: it is not measured unasked.
      Result<Place> place = bench_place_.Settle(DatabaseVariable::kForPostgres);
      if (!place.ok()) return ComplainOf(place.error());
      bench_.storage = place->storage;
      bench_.database = place->database;
      return commands_.bench(bench_);
    });
    command->add_option("workload", bench_.workload, "chain5: five calls that do nothing")
        ->check(CLI::IsMember({"chain5"}))
        ->required();
    bench_place_ = AddPlaceOptions(*command, bench_.data, bench_.database);
    bench_place_.data_may_rest = true;
    bench_place_.data->description("folder of the SQLite file; a temporary one if not given");
    bench_place_.storage = command->add_option("--storage", bench_.storage)
                               ->check(CLI::IsMember({"sqlite", "memory", "postgres"}))
                               ->capture_default_str();
    command->add_option("--mode", bench_.mode)->check(CLI::IsMember({"inprocess", "rest"}))->capture_default_str();
    command->add_option("--sync", bench_.sync, "sqlite: full or none")
        ->check(CLI::IsMember({"full", "none"}))
        ->capture_default_str();
    command->add_option("--seconds", bench_.seconds)->check(CLI::Range(1, 3600))->capture_default_str();
    command->add_option("--concurrency", bench_.concurrency, "workflows at the same time")
        ->check(CLI::Range(1, 4000))
        ->capture_default_str();
    command->add_option("--threads", bench_.threads)->check(CLI::Range(1, 64))->capture_default_str();
  }

  void AddEditor() {
    CLI::App* lsp = Add("lsp", "a language server on stdin and stdout, for editors (docs/editor.md)",
                        [this] { return commands_.lsp(folders_); });
    AddConnectorFolders(*lsp, folders_);
    CLI::App* schema = Add("schema", "prints the JSON Schema of the process language, for editors", [this] {
      std::cout << (of_scenarios_ ? commands_.scenario_schema() : commands_.process_schema());
      return kExitOk;
    });
    schema->add_flag("--scenarios", of_scenarios_, "that of scenario files");
  }

  const Commands& commands_;
  CLI::App app_;
  std::function<int()> run_;
  ClientCommandLine client_{[this](std::function<int()> run) { run_ = std::move(run); }};
  ServeOptions serve_;
  PlaceOptions serve_place_, bench_place_;
  BenchOptions bench_;
  VerifyAuditOptions verify_audit_;
  SecretOptions secret_;
  StoreCommand store_;
  CheckOptions check_;
  TestOptions test_;
  NewOptions new_;
  DrawOptions draw_;
  DiffOptions diff_;
  FmtOptions fmt_;
  EvalOptions eval_;
  std::vector<std::string> paths_, folders_;
  bool json_ = false;
  bool of_scenarios_ = false;
};

}  // namespace

int RunCommandLine(int argc, char** argv, const Commands& commands) { return Parser(commands).Run(argc, argv); }

}  // namespace fermata
