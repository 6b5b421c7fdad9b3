#include "tests/unit/connectors/conformance/subjects.h"

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

#include "connectors/http/http_connector.h"
#include "connectors/mail/mail_connector.h"
#include "engine/language/load.h"
#include "engine/model/json.h"
#include "examples/shop/common/shop.h"
#include "tests/support/http_client.h"
#include "tests/support/mailbox.h"

namespace fermata::test {
namespace {

class OneSecret final : public SecretSource {
 public:
  std::optional<std::string> Find(std::string_view) const override { return kSecret; }
};

// The shop with a mailbox, started once for the whole program.
struct World {
  World() {
    shop::ShopOptions options{.data = folder.File("shop"),
                              .port_base = 0,
                              .engine_url = "http://127.0.0.1:1",
                              .smtp_url = mailbox.smtp_url()};
    options.mail_templates = FERMATA_SOURCE_DIR "/templates/messages/email";
    auto services = shop.Start(options);
    FERMATA_ASSERT(services.ok());
    for (const auto& [name, url] : *services) ports[name] = std::atoi(url.substr(url.rfind(':') + 1).c_str());
  }

  TempFolder folder;
  Mailbox mailbox;
  shop::Shop shop;
  std::map<std::string, int> ports;
};

World& TheWorld() {
  static World world;
  return world;
}

std::string NextName() {
  static std::atomic<int> next{0};
  return "customer" + std::to_string(++next);
}

std::string Text(const Value& map, std::string_view key) { return std::string(map.Find(key)->as_string()); }

Job MakeJob(const std::string& connector, const std::string& operation, const std::string& name,
            std::vector<std::pair<std::string_view, Value>> more = {}) {
  std::vector<MapEntry> input = {{Value::String("username"), Value::String(name)},
                                 {Value::String("email"), Value::String(name + "@example.com")}};
  for (auto& [key, value] : more) input.emplace_back(Value::String(key), value);
  Job job{.idempotency_key = name + "/1",
          .connector = connector,
          .operation = operation,
          .input = Value::Map(std::move(input))};
  job.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  return job;
}

// A manifest of the shop, with a secret in a header of its own.
std::unique_ptr<Connector> MakeShopConnector(const std::string& name, int port) {
  const std::string file = FERMATA_SOURCE_DIR "/connectors/" + name + "/" + name + ".yaml";
  std::ifstream in(file);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  text.replace(text.find("http:\n  url:"), 6, "http:\n  headers: { X-Api-Key: \"${secret.API_KEY}\" }\n");
  ManifestOutcome outcome = LoadManifest(file, text);
  FERMATA_ASSERT(outcome.manifest != nullptr);
  auto connector = MakeHttpConnector(outcome.manifest, std::make_shared<OneSecret>(),
                                     {.base_url = "http://127.0.0.1:" + std::to_string(port)});
  FERMATA_ASSERT(connector.ok());
  return *std::move(connector);
}

int CountInLedger(const Job& job) {
  const ClientResponse response =
      HttpClient(TheWorld().ports["billing"]).Get("/wallets/" + Text(job.input, "username") + "/ledger");
  return static_cast<int>(ParseJson(response.body)->Find("trxns")->as_list().size());
}

Subject Billing() {
  return {"billing", [](int port) { return MakeShopConnector("billing", port); },
          [] { return TheWorld().ports["billing"]; },
          [] {
            const std::string name = NextName();
            const std::vector<std::pair<std::string, std::string>> key = {{"Idempotency-Key", "open " + name}};
            HttpClient(TheWorld().ports["billing"])
                .Post("/wallet/open", "{\"username\":\"" + name + "\"}", "application/json", key);
            return MakeJob("billing", "credit", name, {{"amount", Value::Int(100)}});
          },
          CountInLedger};
}

Subject Auth() {
  return {"auth", [](int port) { return MakeShopConnector("auth", port); }, [] { return TheWorld().ports["auth"]; },
          [] {
            const ClientResponse response =
                HttpClient(TheWorld().ports["auth"]).Post("/credentials", R"({"password":"correct horse"})");
            return MakeJob("auth", "create-customer", NextName(),
                           {{"credentialsRef", *ParseJson(response.body)->Find("credentialsRef")}});
          },
          // Names are unique there, so a second customer would have been an error.
          [](const Job& job) {
            HttpClient client(TheWorld().ports["auth"]);
            return client.Post("/internal/registrations/existence", WriteJson(job.input))
                               .body.find("\"loginExists\":true") != std::string::npos
                       ? 1
                       : 0;
          }};
}

Subject Notification() {
  return {"notification", [](int port) { return MakeShopConnector("notification", port); },
          [] { return TheWorld().ports["notification"]; },
          [] {
            const std::string name = NextName();
            return MakeJob("notification", "send", name,
                           {{"to", Value::String(name + "@example.com")},
                            {"template", Value::String("verification-code")},
                            {"data", Value::Object({{"code", Value::String("none")}})}});
          },
          [](const Job& job) { return static_cast<int>(TheWorld().mailbox.MailsTo(Text(job.input, "to"), 1).size()); }};
}

Subject MailSubject() {
  return {"mail",
          [](int port) {
            // The greeting of our mailbox offers no login; a user is given only where nobody would ask for it.
            MailOptions options{.smtp_url = "smtp://127.0.0.1:" + std::to_string(port),
                                .templates = FERMATA_SOURCE_DIR "/templates/messages/email"};
            const std::string& real = TheWorld().mailbox.smtp_url();
            if (!real.ends_with(":" + std::to_string(port))) {
              options.user = "shop";
              options.password_secret = "SMTP_PASSWORD";
            }
            return MakeMailConnector(std::move(options), std::make_shared<OneSecret>());
          },
          [] {
            const std::string& url = TheWorld().mailbox.smtp_url();
            return std::atoi(url.substr(url.rfind(':') + 1).c_str());
          },
          [] {
            const std::string name = NextName();
            Job job = MakeJob("mail", "send", name);
            job.input = Value::Object({{"to", Value::String(name + "@example.com")},
                                       {"template", Value::String("verification-code")},
                                       {"language", Value::String("ru")}});
            return job;
          },
          // A mail server cannot take a mail back: the effect is the message id, by which readers know a repeat.
          [](const Job& job) {
            std::set<std::string> ids;
            for (const Mail& mail : TheWorld().mailbox.MailsTo(Text(job.input, "to"), 2)) ids.insert(mail.message_id);
            return static_cast<int>(ids.size());
          }};
}

}  // namespace

std::vector<Subject> AllSubjects() { return {Auth(), Billing(), Notification(), MailSubject()}; }

ManifestPtr ManifestOf(Connector& connector) {
  ManifestOutcome outcome = LoadManifest("manifest.yaml", std::string(connector.ManifestYaml()));
  return outcome.manifest;
}

}  // namespace fermata::test
