#include "tests/unit/connectors/conformance/subjects.h"

#include <atomic>
#include <cstdlib>
#include <iterator>
#include <set>

#include "connectors/http/http_connector.h"
#include "connectors/mail/mail_connector.h"
#include "engine/base/assert.h"
#include "engine/language/load.h"
#include "engine/model/json.h"
#include "tests/support/read_file.h"
#include "tests/unit/connectors/conformance/world.h"

namespace fermata::test {
namespace {

class OneSecret final : public SecretSource {
 public:
  Result<std::optional<std::string>> Find(std::string_view name) const override {
    if (name.ends_with("_HOSTS")) return std::optional<std::string>();  // bound to none
    return std::optional<std::string>(kSecret);
  }
};

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

int CountInLedger(const Job& job) {
  const ClientResponse response =
      WorldOf("billing").Ask("GET billing /wallets/" + Text(job.input, "username") + "/ledger", Value());
  return static_cast<int>(ParseJson(response.body)->Find("trxns")->as_list().size());
}

Subject Billing() {
  return {"billing", [](int port) { return MakeShopConnector("billing", port); },
          [] { return WorldOf("billing").port("billing"); },
          [] {
            const std::string name = NextName();
            WorldOf("billing").Ask("POST billing /wallet/open", Value::Object({{"username", Value::String(name)}}));
            return MakeJob("billing", "credit", name, {{"amount", Value::Int(100)}});
          },
          CountInLedger};
}

Subject Auth() {
  return {"auth", [](int port) { return MakeShopConnector("auth", port); }, [] { return WorldOf("auth").port("auth"); },
          [] {
            const ClientResponse response =
                HttpClient(WorldOf("auth").port("auth")).Post("/credentials", R"({"password":"correct horse"})");
            return MakeJob("auth", "create-customer", NextName(),
                           {{"credentialsRef", *ParseJson(response.body)->Find("credentialsRef")}});
          },
          // Names are unique there, so a second customer would have been an error.
          [](const Job& job) {
            const ClientResponse told = WorldOf("auth").Ask("POST auth /internal/registrations/existence", job.input);
            return told.body.find("\"loginExists\":true") != std::string::npos ? 1 : 0;
          }};
}

Subject Notification() {
  return {"notification", [](int port) { return MakeShopConnector("notification", port); },
          [] { return WorldOf("notification").port("notification"); },
          [] {
            const std::string name = NextName();
            return MakeJob("notification", "send", name,
                           {{"to", Value::String(name + "@example.com")},
                            {"template", Value::String("verification-code")},
                            {"data", Value::Object({{"code", Value::String("none")}})}});
          },
          [](const Job& job) {
            return static_cast<int>(WorldOf("notification").mailbox().MailsTo(Text(job.input, "to"), 1).size());
          }};
}

Subject MailSubject() {
  return {"mail",
          [](int port) {
            // The greeting of our mailbox offers no login; a user is given only where nobody would ask for it.
            MailOptions options{.smtp_url = "smtp://127.0.0.1:" + std::to_string(port),
                                .templates = FERMATA_SOURCE_DIR "/templates/messages/email"};
            const std::string& real = WorldOf("mail").mailbox().smtp_url();
            if (!real.ends_with(":" + std::to_string(port))) {
              options.user = "shop";
              options.password_secret = "SMTP_PASSWORD";
            }
            return MakeMailConnector(std::move(options), std::make_shared<OneSecret>());
          },
          [] {
            const std::string& url = WorldOf("mail").mailbox().smtp_url();
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
            for (const Mail& mail : WorldOf("mail").mailbox().MailsTo(Text(job.input, "to"), 2))
              ids.insert(mail.message_id);
            return static_cast<int>(ids.size());
          }};
}

// A job with an effect, and where the service tells of it, whom (a customer, or a process); `$` is a fresh name.
struct ServiceCase {
  const char *connector, *operation, *input, *asked, *counted;
  const char* customer = "";
};
constexpr ServiceCase kServiceCases[] = {
    {"store", "reserve", R"({"orderId":"$","ttlMinutes":15,"items":[{"productId":"soup","quantity":1}]})",
     "GET store /cases", R"("orderId":"$")"},
    {"delivery", "reserve", R"({"orderId":"$","kind":"PICKUP","pointId":1})", "GET delivery /cases",
     R"("orderId":"$")"},
    {"bank", "hold", R"({"paymentId":"$","amount":1250,"currency":"RUB"})", "GET bank /books?merchantRef=$",
     R"("kind":"HOLD")"},
    {"order", "create-giftcard-order",
     R"({"username":"$","recipient":{"firstName":"Bob","lastName":""},"email":"b@example.com","amount":5,"designId":"a"})",
     "GET order /orders", R"("type":"GIFT_CARD")", "$"},
    {"payment", "link-card", R"({"username":"$","bankToken":"t","maskedTokenId":"**** 4242","cardType":"Visa"})",
     "GET payment /tokens/get", R"("description":"Visa")", "$"},
    {"files", "qr", R"({"text":"$"})", "POST files /qr", R"("uid")"},
};

std::string With(std::string text, const std::string& name) {
  for (std::size_t at = text.find('$'); at != std::string::npos; at = text.find('$')) text.replace(at, 1, name);
  return text;
}

Subject ServiceSubject(const ServiceCase& row) {
  const std::string connector = row.connector;
  return {connector, [connector](int port) { return MakeShopConnector(connector, port); },
          [connector] { return WorldOf(connector).port(connector); },
          [row] {
            const std::string name = NextName();
            Job job = MakeJob(row.connector, row.operation, name);
            job.input = *ParseJson(With(row.input, name));
            return job;
          },
          [row](const Job& job) {
            const std::string name = job.idempotency_key.substr(0, job.idempotency_key.find('/'));
            const std::string told =
                WorldOf(row.connector).Ask(With(row.asked, name), job.input, With(row.customer, name)).body;
            int count = 0;
            for (std::size_t at = 0; (at = told.find(With(row.counted, name), at)) != std::string::npos; ++at) ++count;
            return count;
          }};
}

}  // namespace

std::vector<Subject> AllSubjects() {
  std::vector<Subject> subjects = {Auth(), Billing(), Notification(), MailSubject()};
  for (const ServiceCase& row : kServiceCases) subjects.push_back(ServiceSubject(row));
  return subjects;
}

std::unique_ptr<Connector> MakeShopConnector(const std::string& name, int port) {
  const std::string file = FERMATA_SOURCE_DIR "/connectors/" + name + "/" + name + ".yaml";
  std::string text = test::ReadFile(file);
  // The bank's has one of its own.
  if (text.find("${secret.") == std::string::npos)
    text.replace(text.find("http:\n  url:"), 6, "http:\n  headers: { X-Api-Key: \"${secret.API_KEY}\" }\n");
  ManifestOutcome outcome = LoadManifest(file, text);
  FERMATA_ASSERT(outcome.manifest != nullptr);
  auto connector = MakeHttpConnector(outcome.manifest, std::make_shared<OneSecret>(),
                                     {.base_url = "http://127.0.0.1:" + std::to_string(port)});
  FERMATA_ASSERT(connector.ok());
  return *std::move(connector);
}

ManifestPtr ManifestOf(Connector& connector) {
  ManifestOutcome outcome = LoadManifest("manifest.yaml", std::string(connector.ManifestYaml()));
  return outcome.manifest;
}

std::string Describe(const Outcome& outcome) {
  if (const auto* success = std::get_if<JobSuccess>(&outcome)) return "success " + WriteJson(success->output);
  if (const auto* failure = std::get_if<BusinessFailure>(&outcome))
    return failure->name + ": " + failure->message + " " + WriteJson(failure->data);
  const auto& failure = std::get<TechnicalFailure>(outcome);
  return std::string(TechnicalErrorName(failure.error)) + ": " + failure.message;
}

}  // namespace fermata::test
