// Webhooks: who is told, and what became of telling them.
#include <iostream>

#include "api/cli/client_calls.h"
#include "api/cli/client_commands.h"
#include "api/cli/terminal.h"
#include "engine/base/percent.h"
#include "engine/model/json_field.h"

namespace fermata {
namespace {

std::string PathOfWebhook(const std::string& id) { return "/v1/webhooks/" + PercentEncode(id); }

}  // namespace

int RunWebhooks(const ClientOptions& client) {
  return CallAndPrintPage(client, "/v1/webhooks",
                          {{"ID", "id"},
                           {"URL", "url"},
                           {"EVENTS", "events"},
                           {"PROCESS", "process"},
                           {"ENABLED", "enabled"},
                           {"FAILING SINCE", "failingSince"},
                           {"DISABLED BECAUSE", "disabledReason"}});
}

int RunAddWebhook(const ClientOptions& client, const WebhookOptions& options) {
  JsonBody body;
  body.Text("url", options.url);
  body.Put("events", field::ListOf(options.events));
  body.Text("process", options.process);
  body.Text("description", options.description);
  RestCall call{"POST", "/v1/webhooks", body.Json()};
  AddKeyOrChance(options.idempotency_key, call);
  return CallAndPrint(client, call, [](const Value& webhook) {
    const Value* secret = webhook.Find("secret");
    std::cout << TextOf(webhook.Find("id")) << "\n";
    if (secret && secret->is_string())
      std::cout << "It signs with this secret, shown this once: " << secret->as_string() << "\n";
    else
      std::cout << "It was made before, and its secret has been replaced since.\n";
  });
}

int RunRemoveWebhook(const ClientOptions& client, const WebhookOptions& options) {
  return CallAndPrint(client, {"DELETE", PathOfWebhook(options.id)},
                      [&](const Value&) { std::cout << options.id << " is told nothing more\n"; });
}

int RunDeliveries(const ClientOptions& client, const WebhookOptions& options) {
  const std::string query =
      QueryOf({{"limit", std::to_string(options.limit)}, {"status", options.status}, {"cursor", options.cursor}});
  return CallAndPrintPage(client, PathOfWebhook(options.id) + "/deliveries" + query,
                          {{"ID", "id"},
                           {"TYPE", "type"},
                           {"STATUS", "status"},
                           {"TRIES", "attempts"},
                           {"LAST", "lastTryAt"},
                           {"NEXT", "nextTryAt"},
                           {"ERROR", "error"}});
}

int RunRetryDeliveries(const ClientOptions& client, const WebhookOptions& options) {
  std::string path = PathOfWebhook(options.id);
  if (!options.delivery.empty()) path += "/deliveries/" + PercentEncode(options.delivery);
  return CallAndPrint(client, {"POST", path + "/retry"}, [&](const Value& answer) {
    std::cout << (options.delivery.empty() ? TextOf(answer.Find("retried")) + " deliveries are"
                                           : options.delivery + " is")
              << " sent again\n";
  });
}

}  // namespace fermata
