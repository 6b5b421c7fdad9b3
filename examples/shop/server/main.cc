// fermata-shop: the services of the internet shop, all in one process or one alone.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "engine/model/json.h"
#include "engine/model/value.h"
#include "examples/shop/common/shop.h"

namespace {

using fermata::Value;

void PrintLine(const Value& value) {
  std::printf("%s\n", fermata::WriteJson(value).c_str());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  fermata::shop::ShopOptions options;
  options.data = "data/shop";
  options.mail_templates = "templates/messages/email";
  std::string smtp;
  CLI::App app(
      "The services of the internet shop, on this machine only. Prints a line of JSON for each service, then "
      "{\"ready\":true}.");
  app.add_option("--data", options.data, "Folder of the databases and of auth's key")->capture_default_str();
  app.add_option("--database", options.database_url,
                 "sqlite:///FOLDER or postgresql://…, with a schema a service; SQLite in --data if it is not given");
  app.add_option("--only", options.only, "Some of the services, with commas between")
      ->delimiter(',')
      ->check(CLI::IsMember(
          std::vector<std::string>(std::begin(fermata::shop::kServiceNames), std::end(fermata::shop::kServiceNames))));
  app.add_option("--port-base,--port", options.port_base,
                 "Port of auth; the others follow at their distances (README.md); 0 for free ports")
      ->capture_default_str();
  app.add_option("--engine", options.engine_url, "Where auth sends its events")->capture_default_str();
  app.add_option("--notification", options.notification_url, "Where auth has its codes sent");
  app.add_option("--auth", options.auth_url, "Who tells the others whose session it is");
  app.add_option("--store", options.store_url, "Where order finds the products");
  app.add_option("--billing", options.billing_url, "Where payment moves money of wallets and gift cards");
  app.add_option("--payment", options.payment_url, "Where delivery says that money was taken at the door");
  app.add_option("--bank", options.bank_url, "Where payment gives money of cards and fast payments back")
      ->capture_default_str();
  app.add_option("--bank-api-key", options.bank_api_key, "Secret of payment's requests to the bank")
      ->envname("FERMATA_BANK_API_KEY");
  app.add_option("--callback-key", options.callback_key, "Secret of the bank's callbacks; without it none is believed")
      ->envname("FERMATA_BANK_CALLBACK_KEY");
  app.add_option("--service-key", options.service_key,
                 "Secret of processes, in the header X-Service-Key; without it none is believed")
      ->envname("FERMATA_SHOP_SERVICE_KEY");
  app.add_option("--couriers", options.couriers_url, "Where external courier companies are; none if it is not given");
  app.add_option("--gateway", options.gateway_url, "Where SMS and push messages go; nowhere if it is not given");
  app.add_option("--smtp", smtp, "Mail server, host:port (127.0.0.1:2525)");
  app.add_option("--mail-templates", options.mail_templates, "Folder with a folder a language")->capture_default_str();
  fermata::shop::SsoProvider sso{.name = "sso", .issuer = "", .client_id = "shop", .client_secret = ""};
  app.add_option("--sso-issuer", sso.issuer,
                 "An OpenID Connect provider that customers may sign in at; none without it");
  app.add_option("--sso-name", sso.name, "Its name in /sso/NAME")->capture_default_str();
  app.add_option("--sso-client-id", sso.client_id, "What the provider knows the shop by")->capture_default_str();
  app.add_option("--sso-client-secret", sso.client_secret, "Secret: what the shop shows the provider")
      ->envname("FERMATA_SSO_CLIENT_SECRET");
  app.add_flag("--verify-contact", options.verify_contact, "POST /register asks for a code by mail");
  CLI11_PARSE(app, argc, argv);
  if (!sso.issuer.empty()) options.sso.push_back(sso);
  if (!smtp.empty()) options.smtp_url = smtp.find("://") == std::string::npos ? "smtp://" + smtp : smtp;

  // Before any thread begins, so that all inherit it and only sigwait() below gets them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  fermata::shop::Shop shop;
  auto started = shop.Start(options);
  if (!started.ok()) {
    std::fprintf(stderr, "%s\n", started.error().message.c_str());
    return 1;
  }
  for (const auto& [name, url] : *started)
    PrintLine(Value::Object({{"service", Value::String(name)}, {"url", Value::String(url)}}));
  PrintLine(Value::Object({{"ready", Value::Bool(true)}}));
  int signal = 0;
  sigwait(&signals, &signal);
  shop.Stop();
  return 0;
}
