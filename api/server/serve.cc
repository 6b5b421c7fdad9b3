#include "api/server/serve.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <thread>

#include "api/cli/codes.h"
#include "api/cli/complaint.h"
#include "api/cli/exit_code.h"
#include "api/handlers/api.h"
#include "api/handlers/views.h"
#include "api/security/security.h"
#include "api/server/connector_set.h"
#include "api/server/open_storage.h"
#include "api/server/process_folder.h"
#include "api/webhooks/deliverer.h"
#include "connectors/host/host.h"
#include "connectors/host/secret_store.h"
#include "connectors/mail/mail_connector.h"
#include "engine/base/clock.h"
#include "engine/base/exit_deadline.h"
#include "engine/base/time.h"
#include "engine/model/limits.h"
#include "engine/runtime/engine.h"
#include "engine/storage/nodes.h"
#include "engine/storage/sealed/sealed_storage.h"

namespace fermata {
namespace {

// Before any thread starts: they inherit it, and main alone takes these signals.
sigset_t BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

Status RefuseOpenHost(const std::string& host, bool auth_required) {
  if (auth_required || host == "localhost" || host == "::1" || host.starts_with("127.")) return Done{};
  return Error{kNotLoopback,
               "Expected --host to be a loopback address (127.0.0.1, ::1 or localhost), but got '" + host + "'.", "",
               "Everyone who reaches the server could use it. Ask for keys with --auth required."};
}

// Whole or not at all: somebody waits for the file to appear.
void WriteReadyFile(const std::string& file, const std::string& address) {
  if (file.empty()) return;
  const std::string unfinished = file + ".new";
  std::ofstream(unfinished) << address << "\n";
  std::error_code error;
  std::filesystem::rename(unfinished, file, error);
  if (error) LogWarning("The ready file cannot be written.", {{"file", file}, {"reason", error.message()}});
}

std::string AddressOf(const std::string& host, int port) {
  return "http://" + (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

// The same after a restart, where the port is: what this server owned is its own again at once.
std::string NodeNameOf(const ServeOptions& options) {
  if (!options.node.empty() || options.port == 0) return options.node;
  return NodeName(std::to_string(options.port));
}

SecurityOptions SecurityOptionsOf(const ServeOptions& options) {
  SecurityOptions security;
  security.required = options.auth == "required";
  security.requests_per_second = options.requests_per_second;
  security.tokens = {options.oidc_issuer, options.oidc_audience, options.oidc_name_claim, options.oidc_roles_claim,
                     options.oidc_tenant_claim};
  return security;
}

Result<std::vector<std::int64_t>> WebhookRetriesOf(const std::vector<std::string>& words) {
  if (words.empty()) return std::vector<std::int64_t>(std::begin(kWebhookRetriesMs), std::end(kWebhookRetriesMs));
  std::vector<std::int64_t> waits_ms;
  for (const std::string& word : words) {
    const std::optional<Duration> wait = ParseTimerSpan(word);
    if (!wait || ToMillis(*wait) > kWebhookRetryMsMax || words.size() > kWebhookRetriesMax)
      return Error{kWebhookRetriesWrong, "Expected at most " + std::to_string(kWebhookRetriesMax) +
                                             " waits of at most 7d like 5s,5m,2h for --webhook-retries, but got '" +
                                             word + "'."};
    waits_ms.push_back(ToMillis(*wait));
  }
  return waits_ms;
}

// Declared in the order in which the parts need each other, and taken apart against it.
class Server {
 public:
  Server(const ServeOptions& options, std::string version, EgressRules rules, std::vector<std::int64_t> retries_ms,
         SealingKeys keys)
      : options_(options),
        version_(std::move(version)),
        rules_(std::move(rules)),
        retries_ms_(std::move(retries_ms)),
        keys_(std::move(keys)),
        secrets_(MakeSecretStore({options.secrets, options.secrets_file, keys_})),
        connectors_(secrets_, rules_) {}

  ~Server() { Stop(); }

  Status Start() {
    Result<std::unique_ptr<Storage>> storage =
        OpenStorage({options_.storage, options_.database, options_.data, SqliteSync::kFull, NodeNameOf(options_)});
    if (!storage.ok()) return storage.error();
    storage = SealStorage(*std::move(storage), keys_);
    if (!storage.ok()) return storage.error();
    storage_ = std::move(*storage);
    const SecurityOptions asked = SecurityOptionsOf(options_);
    if (Status right = TokenIssuer::Check(asked.tokens); !right.ok()) return right;
    Result<std::unique_ptr<Security>> security = Security::Open(asked, *storage_, SystemClock());
    if (!security.ok()) return security.error();
    security_ = std::move(*security);
    if (!options_.smtp.empty()) {
      MailOptions mail;
      mail.smtp_url = options_.smtp;
      mail.templates = options_.mail_templates;
      connectors_.AddBuiltin(MakeMailConnector(mail, secrets_));
    }
    host_ = std::make_unique<ConnectorHost>(connectors_.registry(), ConnectorHostOptions{});
    EngineOptions engine_options;
    engine_options.shard_threads = options_.threads;
    engine_options.dev = options_.dev;
    engine_options.encrypts = !keys_.empty();
    engine_options.news_data = WebhookData;
    engine_options.keys_changed = [this] { return security_->keys().ReadAgain(*storage_); };
    Result<std::unique_ptr<Engine>> engine =
        Engine::Open(engine_options, SystemClock(), *storage_, *host_, connectors_.builtin_manifests());
    if (!engine.ok()) return engine.error();
    engine_ = std::move(*engine);
    security_->keys().TellOthers([this] { engine_->AwaitOthers(); });
    webhooks_ = std::make_unique<WebhookBook>(engine_->TheWebhooks(), *storage_, SystemClock(), rules_);
    deliverer_ =
        std::make_unique<Deliverer>(DelivererOptions{"fermata/" + version_, retries_ms_, rules_, kWebhookPendingMax,
                                                     kWebhookFinishedMax, [this] { return engine_->OwnShards(); }},
                                    *webhooks_, engine_->TheWebhooks(), *storage_, SystemClock());
    deliverer_->Run();
    folder_ = std::make_unique<ProcessFolder>(ProcessFolderOptions{options_.processes, options_.connectors}, *engine_);
    if (Status watched = folder_->Start(); !watched.ok()) return watched;
    return StartHttp();
  }

  const std::string& address() const { return address_; }
  // Empty if somebody could make keys before.
  Result<std::string> FirstKey() {
    if (Status turn = AwaitTurnForFirstKey(); !turn.ok()) return turn.error();
    Result<std::optional<std::string>> key = security_->MakeFirstKey();
    if (!key.ok()) return key.error();
    return key->value_or("");
  }

  // Of several servers that begin at once one makes it: the owner of the first shard. The others see it before that shard is theirs.
  Status AwaitTurnForFirstKey() {
    if (storage_->nodes() == nullptr || !security_->required()) return Done{};
    constexpr int kLooks = 100;
    constexpr auto kBetweenLooks = std::chrono::milliseconds(100);
    for (int i = 0; i < kLooks && !security_->keys().HasAdmin() && !engine_->OwnShards()[0]; ++i)
      std::this_thread::sleep_for(kBetweenLooks);
    return security_->keys().HasAdmin() ? Status(Done{}) : security_->keys().ReadAgain(*storage_);
  }

  void Stop() {
    if (api_) api_->BeginStop();
    if (folder_) folder_->Stop();
    if (http_) http_->Stop();
    if (deliverer_) deliverer_->Stop();
    if (engine_) engine_->Stop();
    if (api_) api_->Stop();
    // Running calls end first: their outcomes go to an engine that is still there.
    if (host_) host_->Stop();
    // The engine's last answers go to an API that is still there.
    folder_.reset();
    deliverer_.reset();
    if (security_) security_->keys().TellOthers(nullptr);
    engine_.reset();
    http_.reset();
    api_.reset();
    webhooks_.reset();
    // What is still to be written of the audit log is written as this node.
    security_.reset();
    if (storage_ && storage_->nodes()) (void)storage_->nodes()->Leave();
  }

 private:
  Status StartHttp() {
    api_ = std::make_unique<Api>(
        ApiServices{*engine_, [this](const ManifestPtr& manifest) { return connectors_.Check(manifest); }, version_,
                    security_.get(), options_.origins, options_.logs_requests, webhooks_.get()});
    HttpServerOptions http;
    http.host = options_.host;
    http.port = options_.port;
    http.threads = options_.http_threads;
    http_ = std::make_unique<HttpServer>(http, [this](const HttpRequest& request, ResponseHandle response) {
      api_->Handle(request, std::move(response));
    });
    Result<int> port = http_->Start();
    if (!port.ok()) return port.error();
    address_ = AddressOf(options_.host, *port);
    return Done{};
  }

  const ServeOptions options_;
  const std::string version_;
  const EgressRules rules_;
  const std::vector<std::int64_t> retries_ms_;  // of webhooks
  const SealingKeys keys_;
  std::shared_ptr<const SecretSource> secrets_;
  ConnectorSet connectors_;
  std::unique_ptr<Storage> storage_;
  std::unique_ptr<Security> security_;
  std::unique_ptr<ConnectorHost> host_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<WebhookBook> webhooks_;
  std::unique_ptr<Deliverer> deliverer_;
  std::unique_ptr<ProcessFolder> folder_;
  std::unique_ptr<HttpServer> http_;
  std::string address_;
};

}  // namespace

int Serve(const ServeOptions& options, const std::string& version) {
  const sigset_t signals = BlockStopSignals();
  SetUpLog({.level = options.log_level, .format = options.log_format});
  if (Status loopback = RefuseOpenHost(options.host, options.auth == "required"); !loopback.ok())
    return ComplainOf(loopback.error());
  const Result<EgressRules> rules = EgressRules::Of(options.allowed_hosts);
  if (!rules.ok()) {
    (void)ComplainOf(rules.error());
    return kExitUsage;
  }
  const Result<std::vector<std::int64_t>> retries_ms = WebhookRetriesOf(options.webhook_retries);
  if (!retries_ms.ok()) return ComplainOf(retries_ms.error());
  if (Status found = CheckSecretPlaces({options.secrets, options.secrets_file}); !found.ok())
    return ComplainOf(found.error());
  Result<SealingKeys> keys = ReadSealingKeys(options.encryption_keys);
  if (!keys.ok()) return ComplainOf(keys.error());
  std::optional<ExitDeadline> stopping;  // outlives what it waits for
  Server server(options, version, *rules, *retries_ms, *std::move(keys));
  if (Status started = server.Start(); !started.ok()) return ComplainOf(started.error());
  LogInfo("The server is ready.", {{"address", server.address()}, {"version", version}, {"storage", options.storage}});
  std::cout << "Fermata " << version << " is ready at " << server.address() << std::endl;
  // To the terminal only: logs are kept and shipped.
  Result<std::string> first_key = server.FirstKey();
  if (!first_key.ok()) return ComplainOf(first_key.error());
  if (!first_key->empty()) std::cout << "First admin key, shown this once: " << *first_key << std::endl;
  WriteReadyFile(options.ready_file, server.address());
  int signal_number = 0;
  sigwait(&signals, &signal_number);
  LogInfo("The server stops.", {{"signal", signal_number}});
  stopping.emplace(std::chrono::milliseconds(kServerStopMsMax), kExitFailed);
  server.Stop();
  LogInfo("The server has stopped.");
  return kExitOk;
}

}  // namespace fermata
