#include "tests/unit/connectors/conformance/world.h"

#include <filesystem>
#include <iterator>

#include "engine/base/assert.h"
#include "engine/language/reader.h"
#include "engine/model/json.h"
#include "tests/support/read_file.h"
#include "tests/unit/connectors/conformance/subjects.h"

namespace fermata::test {
namespace {

const std::map<std::string, std::vector<std::string>> kServices = {
    {"auth", {"auth"}},
    {"billing", {"billing"}},
    {"notification", {"notification"}},
    {"store", {"store"}},
    {"delivery", {"delivery"}},
    {"order", {"store", "order"}},
    {"files", {"files"}},
    {"payment", {"billing", "payment"}},
};

int PortOf(const std::string& url) { return std::atoi(url.substr(url.rfind(':') + 1).c_str()); }

}  // namespace

World::World(const std::string& connector) {
  if (connector == "notification" || connector == "mail") mailbox_.emplace();
  StartNeighbours();
  if (connector == "bank") StartBank();
  if (const auto services = kServices.find(connector); services != kServices.end()) {
    const std::string neighbours = "http://127.0.0.1:" + std::to_string(port("neighbours"));
    shop::ShopOptions options{.data = folder_.File("shop"), .port_base = 0, .engine_url = neighbours};
    options.only = services->second;
    options.auth_url = options.notification_url = neighbours;
    options.service_key = kSecret;
    if (mailbox_) options.smtp_url = mailbox_->smtp_url();
    options.mail_templates = FERMATA_SOURCE_DIR "/templates/messages/email";
    auto started = shop_.Start(options);
    FERMATA_ASSERT(started.ok());
    for (const auto& [name, url] : *started) ports_[name] = PortOf(url);
  }
  const Value calls = CallsOf(connector);
  const Value* before = calls.is_map() ? calls.Find("before") : nullptr;
  if (before == nullptr) return;
  for (const Value& row : before->as_list())
    FERMATA_ASSERT(Ask(std::string(row.Find("ask")->as_string()), *row.Find("body")).status / 100 == 2);
}

void World::StartNeighbours() {
  using shop::RestAnswer, shop::RestRequest;
  const auto tell = [this](const RestRequest&) -> RestAnswer {
    std::lock_guard lock(mutex_);
    return {200, last_body_};
  };
  const auto take = [this](const RestRequest& request, Value answer) -> RestAnswer {
    std::lock_guard lock(mutex_);
    last_body_ = request.body;
    return {200, std::move(answer)};
  };
  auto url = neighbours_.Start(
      {{"GET", "/auth",
        [](const RestRequest& request) -> RestAnswer {
          return {200, Value::Object({{"username", Value::String(request.Cookie("sessionId"))}})};
        }},
       {"POST", "/messages",
        [take](const RestRequest& request) -> RestAnswer {
          if (request.Text("to").starts_with("refused@")) return shop::Refusal(422, "There is no such mailbox");
          return take(request,
                      Value::Object({{"notificationId", Value::String("1")}, {"status", Value::String("SENT")}}));
        }},
       {"POST", "/v1/instances", [take](const RestRequest& request) { return take(request, Value::Object({})); }},
       {"POST", "/v1/events",
        [](const RestRequest&) -> RestAnswer {
          return {202, Value::Object({})};
        }},
       {"GET", "/last", tell}},
      0, 2);
  FERMATA_ASSERT(url.ok());
  ports_["neighbours"] = PortOf(*url);
}

void World::StartBank() {
  auto bank = shop::Bank::Open({.database_url = "sqlite://" + folder_.path().string(),
                                .shop_url = "http://127.0.0.1:" + std::to_string(port("neighbours")),
                                .api_key = kSecret,
                                .callback_key = "key"});
  FERMATA_ASSERT(bank.ok());
  bank_ = *std::move(bank);
  auto url = bank_server_.Start(bank_->Routes(), 0, 2);
  FERMATA_ASSERT(url.ok());
  bank_->SetUrl(*url);
  ports_["bank"] = PortOf(*url);
}

ClientResponse World::Ask(const std::string& request, const Value& body, const std::string& customer) {
  const std::size_t service = request.find(' ') + 1, path = request.find(' ', service) + 1;
  std::vector<std::pair<std::string, std::string>> headers = {{"Authorization", std::string("Bearer ") + kSecret},
                                                              {"Idempotency-Key", "ask " + std::to_string(++keys_)}};
  if (customer.empty())
    headers.emplace_back("X-Service-Key", kSecret);
  else
    headers.emplace_back("Cookie", "sessionId=" + customer);
  if (!body.is_null()) headers.emplace_back("Content-Type", "application/json");
  return HttpClient(port(request.substr(service, path - 1 - service)))
      .Request(request.substr(0, service - 1), request.substr(path), headers, body.is_null() ? "" : WriteJson(body));
}

World& WorldOf(const std::string& connector) {
  static std::map<std::string, std::unique_ptr<World>> worlds;
  std::unique_ptr<World>& world = worlds[connector];
  if (!world) world = std::make_unique<World>(connector);
  return *world;
}

Value CallsOf(const std::string& connector) {
  const std::string file = FERMATA_SOURCE_DIR "/tests/unit/connectors/conformance/calls/" + connector + ".yaml";
  if (!std::filesystem::exists(file)) return Value();
  const ReadOutcome read = ReadYaml(file, test::ReadFile(file));
  FERMATA_ASSERT(read.root.has_value());
  return ToValue(*read.root);
}

}  // namespace fermata::test
