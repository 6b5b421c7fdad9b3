#include "tests/integration/support/shop_world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>

#include "engine/model/json.h"
#include "engine/storage/sqlite/connection.h"
#include "tests/integration/support/bank_keys.h"
#include "tests/integration/support/shop_catalogue.h"
#include "tests/support/free_port.h"
#include "tests/support/postgres.h"

namespace fermata::test {
namespace {

int PortOf(const std::string& url) { return std::atoi(url.substr(url.rfind(':') + 1).c_str()); }

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); });
  return text;
}

}  // namespace

ShopWorld::ShopWorld(Databases databases) {
  ports_["engine"] = FreePort();
  ports_["bank"] = FreePort();
  couriers_ = std::make_unique<ChildProcess>(
      std::vector<std::string>{"/usr/bin/python3", FERMATA_SOURCE_DIR "/examples/shop/couriers/couriers.py"});
  const Result<Value> couriers = ParseJson(couriers_->ReadLine());
  EXPECT_TRUE(couriers.ok());
  if (couriers.ok()) ports_["couriers"] = PortOf(At(*couriers, "url"));
  StartShop(databases == Databases::kPostgres ? PostgresCluster::Shared().CreateDatabase() : "");
  StartEngine(databases);
  FillCatalogue(*this);
}

ShopWorld::~ShopWorld() = default;

std::string ShopWorld::UrlOf(const std::string& program) const {
  return "http://127.0.0.1:" + std::to_string(port(program));
}

void ShopWorld::StartShop(const std::string& database) {
  const ChildProcess::Environment keys = {{"FERMATA_BANK_API_KEY", kBankApiKey},
                                          {"FERMATA_BANK_CALLBACK_KEY", kBankCallbackKey},
                                          {"FERMATA_SHOP_SERVICE_KEY", kServiceKey}};
  std::vector<std::string> command = {FERMATA_SHOP_BINARY,
                                      "--port",
                                      "0",
                                      "--data",
                                      folder_.File("shop"),
                                      "--engine",
                                      UrlOf("engine"),
                                      "--bank",
                                      UrlOf("bank"),
                                      "--couriers",
                                      UrlOf("couriers"),
                                      "--smtp",
                                      mailbox_.smtp_url(),
                                      "--mail-templates",
                                      FERMATA_SOURCE_DIR "/templates/messages/email"};
  if (!database.empty()) command.insert(command.end(), {"--database", database});
  shop_ = std::make_unique<ChildProcess>(command, keys, folder_.File("shop.log"));
  for (;;) {
    const std::string line = shop_->ReadLine();
    const Result<Value> told = ParseJson(line);
    ASSERT_TRUE(told.ok()) << line << ReadFile(folder_.File("shop.log"));
    if (told->Find("ready")) break;
    ports_[At(*told, "service")] = PortOf(At(*told, "url"));
  }
  bank_ = std::make_unique<ChildProcess>(
      std::vector<std::string>{FERMATA_BANK_BINARY, "--port", std::to_string(port("bank")), "--data",
                               folder_.File("bank"), "--shop", UrlOf("payment")},
      keys, folder_.File("bank.log"));
  ASSERT_NE(bank_->ReadLine().find("ready"), std::string::npos) << ReadFile(folder_.File("bank.log"));
}

// The shop's processes and, beside them, its manifests with pauses that suit a test.
std::string ShopWorld::Processes() const {
  namespace fs = std::filesystem;
  const fs::path processes = folder_.File("processes");
  fs::create_directories(processes / "connectors");
  fs::copy(FERMATA_SOURCE_DIR "/processes/schemas", processes / "schemas");
  for (const auto& entry : fs::directory_iterator(FERMATA_SOURCE_DIR "/processes"))
    if (entry.path().extension() == ".yaml" && entry.path().stem().extension() != ".scenarios")
      fs::copy(entry.path(), processes / entry.path().filename());
  const std::regex pauses(R"(first: \w+, factor: 2, max: \w+)");
  for (const auto& entry : fs::directory_iterator(FERMATA_SOURCE_DIR "/connectors")) {
    const std::string file = entry.path().filename().string() + ".yaml";
    if (fs::exists(entry.path() / file))
      WriteFile(processes / "connectors" / file,
                std::regex_replace(ReadFile(entry.path() / file), pauses, "first: 50ms, factor: 2, max: 500ms"));
  }
  return processes.string();
}

void ShopWorld::StartEngine(Databases databases) {
  ChildProcess::Environment environment = {{"FERMATA_SECRET_BANK_API_KEY", kBankApiKey},
                                           {"FERMATA_SECRET_SHOP_SERVICE_KEY", kServiceKey}};
  for (const auto& [program, number] : ports_) {
    if (program == "engine" || program == "couriers") continue;
    doors_[program] = std::make_unique<CuttingProxy>(number);
    environment.emplace_back("FERMATA_CONNECTOR_" + Upper(program) + "_URL",
                             "http://127.0.0.1:" + std::to_string(doors_[program]->port()));
  }
  std::vector<std::string> arguments = {"--processes", Processes()};
  if (databases == Databases::kPostgres)
    arguments.insert(arguments.end(),
                     {"--storage", "postgres", "--database", PostgresCluster::Shared().CreateDatabase()});
  engine_ = std::make_unique<FermataServer>(arguments, environment, port("engine"));
}

ClientResponse ShopWorld::Ask(const std::string& program, const std::string& method, const std::string& target,
                              const std::string& body, Headers headers) {
  const auto has = [&](const char* name) {
    return std::any_of(headers.begin(), headers.end(), [&](const auto& header) { return header.first == name; });
  };
  if (!body.empty() && !has("Content-Type")) headers.emplace_back("Content-Type", "application/json");
  if (method != "GET" && !has("Idempotency-Key"))
    headers.emplace_back("Idempotency-Key", "test-" + std::to_string(++keys_));
  if (program == "bank" && !has("Authorization"))
    headers.emplace_back("Authorization", std::string("Bearer ") + kBankApiKey);
  // Without a session a test asks as a process does.
  if (program != "bank" && program != "engine" && !has("Cookie") && !has("X-Service-Key"))
    headers.emplace_back("X-Service-Key", kServiceKey);
  std::unique_ptr<HttpClient>& client = clients_[program];
  if (!client) client = std::make_unique<HttpClient>(port(program));
  return client->Request(method, target, headers, body);
}

void ShopWorld::Override(const std::string& process, const std::map<std::string, std::string>& vars) {
  const std::filesystem::path variant = folder_.File("variant" + std::to_string(++variants_));
  std::filesystem::create_directories(variant);
  std::filesystem::copy(FERMATA_SOURCE_DIR "/processes/schemas", variant / "schemas");
  std::string text = ReadFile(FERMATA_SOURCE_DIR "/processes/" + process + ".yaml");
  const auto replace = [&](const std::string& line, const std::string& by) {
    const std::regex pattern(line);
    ASSERT_TRUE(std::regex_search(text, pattern)) << process << " " << line;
    text = std::regex_replace(text, pattern, by, std::regex_constants::format_first_only);
  };
  replace("\nversion: 1.0.0\n", "\nversion: 1.0." + std::to_string(variants_) + "\n");
  for (const auto& [name, value] : vars) replace("\n  " + name + ": [^\n]*", "\n  " + name + ": " + value);
  const std::string file = (variant / (process + ".yaml")).string();
  WriteFile(file, text);
  const CommandResult deployed = RunCommand({FERMATA_BINARY, "deploy", file, "--connectors",
                                             folder_.File("processes/connectors"), "--server", UrlOf("engine")});
  ASSERT_EQ(deployed.exit_code, 0) << deployed.out << deployed.err;
}

void ShopWorld::Restore(const std::string& process) {
  const ClientResponse live = Post("engine", "/v1/definitions/" + process + "/live", R"({"version":"1.0.0"})");
  ASSERT_EQ(live.status, 200) << live.body;
}

void ShopWorld::SwitchBank(const std::string& switches) {
  ASSERT_EQ(Post("bank", "/switches", switches).status, 200) << switches;
}

void ShopWorld::AddProduct(const std::string& id, long long price, long long quantity) {
  ASSERT_EQ(
      Post("store", "/products",
           R"({"id":")" + id + R"(","name":")" + id + R"(","categoryId":"tea","price":)" + std::to_string(price) + "}")
          .status,
      200);
  ASSERT_EQ(Post("store", "/stock",
                 R"({"productId":")" + id + R"(","storeId":"s1","quantity":)" + std::to_string(quantity) + "}")
                .status,
            200);
}

long long ShopWorld::FreeOf(const std::string& product) {
  const Value places = JsonOf(Get("store", "/get?productId=" + product));
  long long free = 0;
  for (int i = 0; !At(places, "productPlaces." + std::to_string(i)).empty(); ++i)
    free += std::atoll(At(places, "productPlaces." + std::to_string(i) + ".quantity").c_str());
  return free;
}

std::int64_t ShopWorld::Count(const std::string& service, const std::string& table, const std::string& where) {
  auto database = sqlite::Connection::Open(folder_.File("shop/" + service + ".db"), SQLITE_OPEN_READONLY);
  EXPECT_TRUE(database.ok()) << database.error().message;
  if (!database.ok()) return -1;
  const Result<std::int64_t> count = (*database)->QueryInt("SELECT count(*) FROM " + table + " WHERE " + where);
  EXPECT_TRUE(count.ok()) << count.error().message;
  return count.ok() ? *count : -1;
}

long long ShopWorld::KeptByBank(const std::string& payment_id) {
  return std::atoll(At(Get("bank", "/books?merchantRef=" + payment_id), "kept").c_str());
}

void ShopWorld::ExpectSoundBooks() {
  const Value books = JsonOf(Get("billing", "/books"));
  for (const char* proof : {"sum", "unbalanced", "drifted"}) EXPECT_EQ(At(books, proof), "0") << proof;
}

void ShopWorld::ExpectNowhere(const std::string& secret) {
  ASSERT_GE(secret.size(), 6u);
  for (const std::filesystem::path& folder : {engine_->folder().path(), folder_.path()})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      EXPECT_FALSE(entry.is_regular_file() && ReadFile(entry.path().string()).find(secret) != std::string::npos)
          << entry.path() << " holds a secret";
}

}  // namespace fermata::test
