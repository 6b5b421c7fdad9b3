#include "tests/integration/support/shop.h"

#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <regex>

#include "engine/model/json.h"
#include "engine/storage/sqlite/connection.h"
#include "tests/support/free_port.h"

namespace fermata::test {
namespace {

constexpr const char* kServiceKey = "the services' key";

std::size_t IndexOf(Shop::Program program) { return static_cast<std::size_t>(program); }

// Whether it stands there by itself: six digits within a number or behind a time's point are no code.
bool Holds(const std::string& text, const std::string& secret) {
  const auto belongs = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '.'; };
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 1)) {
    const std::size_t end = at + secret.size();
    if ((at == 0 || !belongs(text[at - 1])) && (end == text.size() || !belongs(text[end]))) return true;
  }
  return false;
}

}  // namespace

ShopService::ShopService(const std::string& name, int port, const std::string& data,
                         const std::vector<std::string>& more)
    : log_(data + "-" + name + ".log") {
  // The services have consecutive ports, also when one runs alone.
  const int place = name == "billing" ? 1 : name == "notification" ? 2 : 0;
  command_ = {FERMATA_SHOP_BINARY,
              "--only",
              name,
              "--port-base",
              std::to_string(port - place),
              "--data",
              data,
              "--mail-templates",
              FERMATA_SOURCE_DIR "/templates/messages/email"};
  command_.insert(command_.end(), more.begin(), more.end());
  Start();
}

void ShopService::Start() {
  process_ = std::make_unique<ChildProcess>(command_,
                                            ChildProcess::Environment{{"FERMATA_SHOP_SERVICE_KEY", kServiceKey}}, log_);
  std::string line;
  do line = process_->ReadLine();
  while (!line.empty() && line.find("\"ready\"") == std::string::npos);
  ASSERT_FALSE(line.empty()) << ReadFile(log_);
}

std::string NameOf(Shop::Program program) {
  constexpr std::array kNames = {"engine", "auth", "billing", "notification"};
  return kNames[IndexOf(program)];
}

Shop::Shop() : data_(folder_.File("shop")) {
  for (const Program program : kPrograms) {
    ports_[IndexOf(program)] = FreePort();
    doors_[IndexOf(program)] = std::make_unique<CuttingProxy>(ports_[IndexOf(program)]);
  }
  const auto add = [this](Program program, const std::vector<std::string>& more) {
    services_[IndexOf(program)] = std::make_unique<ShopService>(NameOf(program), ports_[IndexOf(program)], data_, more);
  };
  add(Program::kNotification, {"--smtp", mailbox_.smtp_url()});
  add(Program::kBilling, {});
  add(Program::kAuth, {"--engine", UrlOf(Program::kEngine), "--notification", UrlOf(Program::kNotification)});
  engine_ = std::make_unique<FermataServer>(
      std::vector<std::string>{"--processes", FERMATA_SOURCE_DIR "/processes", "--connectors", Connectors()},
      ChildProcess::Environment{{"FERMATA_CONNECTOR_AUTH_URL", UrlOf(Program::kAuth)},
                                {"FERMATA_CONNECTOR_BILLING_URL", UrlOf(Program::kBilling)},
                                {"FERMATA_CONNECTOR_NOTIFICATION_URL", UrlOf(Program::kNotification)},
                                {"FERMATA_SECRET_SHOP_SERVICE_KEY", kServiceKey}},
      ports_[IndexOf(Program::kEngine)]);
  keeper_ = std::thread([this] { Keep(); });
}

Shop::~Shop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  keeper_.join();
}

// The shop's manifests, but with pauses that suit a service which is back within a second.
std::string Shop::Connectors() const {
  const std::regex pauses(R"(retry: \{ attempts: \d+, first: \w+, factor: 2, max: \w+)");
  for (const char* name : {"auth", "billing", "notification"}) {
    const std::string folder = folder_.File("connectors/" + std::string(name));
    std::filesystem::create_directories(folder);
    const std::string file = "/" + std::string(name) + ".yaml";
    const std::string text = ReadFile(FERMATA_SOURCE_DIR "/connectors/" + std::string(name) + file);
    EXPECT_TRUE(std::regex_search(text, pauses)) << name;
    WriteFile(folder + file,
              std::regex_replace(text, pauses, "retry: { attempts: 60, first: 100ms, factor: 2, max: 500ms"));
  }
  return folder_.File("connectors");
}

void Shop::Kill(Program program) {
  if (program == Program::kEngine) return engine_->Kill();
  services_[IndexOf(program)]->Kill();
}

void Shop::Start(Program program) {
  if (program == Program::kEngine) return engine_->Start();
  services_[IndexOf(program)]->Start();
}

void Shop::KillAndRestart(Program program) {
  std::lock_guard lock(mutex_);
  Kill(program);
  down_.push_back(program);
  changed_.notify_all();
}

void Shop::WaitUntilAllRun() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return down_.empty(); });
}

// A process ends with the thread that started it, so one thread starts them all.
void Shop::Keep() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !down_.empty(); });
    if (stopping_) return;
    const Program program = down_.front();
    lock.unlock();
    Start(program);
    lock.lock();
    down_.pop_front();
    changed_.notify_all();
  }
}

std::int64_t Shop::Count(Program service, const std::string& table, const std::string& where) const {
  auto database = sqlite::Connection::Open(data_ + "/" + NameOf(service) + ".db", SQLITE_OPEN_READONLY);
  EXPECT_TRUE(database.ok()) << database.error().message;
  if (!database.ok()) return -1;
  const Result<std::int64_t> count = (*database)->QueryInt("SELECT count(*) FROM " + table + " WHERE " + where);
  EXPECT_TRUE(count.ok()) << count.error().message;
  return count.ok() ? *count : -1;
}

ClientResponse SignUpClient::Ask(Shop::Program program, const std::string& method, const std::string& target,
                                 const std::string& body, const std::string& key) {
  std::vector<std::pair<std::string, std::string>> headers;
  if (!body.empty()) headers.emplace_back("Content-Type", "application/json");
  if (!key.empty()) headers.emplace_back("Idempotency-Key", key);
  // Wallets and accounts are shown to processes.
  if (program == Shop::Program::kBilling || program == Shop::Program::kNotification)
    headers.emplace_back("X-Service-Key", kServiceKey);
  ClientResponse answer;
  for (int tries = 0; tries < 1'000; ++tries) {
    answer = HttpClient(shop_.door(program).port()).Request(method, target, headers, body);
    if (answer.complete && answer.status != 0 && answer.status != 503) return answer;
    shop_.WaitUntilAllRun();
  }
  ADD_FAILURE() << NameOf(program) << " does not answer " << target << ": " << answer.status << " " << answer.body;
  return answer;
}

void SignUpClient::SignUp(const std::string& username) {
  const Value instance = Begin(username);
  EnterCode(instance, CodeOf(username));
  ExpectCompleted(At(instance, "id"));
  ExpectAccounts(username);
  ExpectOnce(username);
}

Value SignUpClient::Begin(const std::string& username) {
  const ClientResponse credentials =
      Ask(Shop::Program::kAuth, "POST", "/credentials", std::string(R"({"password":")") + kPassword + R"("})");
  EXPECT_EQ(credentials.status, 201) << credentials.body;
  const std::string input = R"({"credentialsRef":")" + At(credentials, "credentialsRef") + R"(","username":")" +
                            username + R"(","firstName":"Ann","email":")" + username +
                            R"(@example.org","verifyContact":true})";
  ClientResponse instance = Ask(Shop::Program::kEngine, "POST", "/v1/instances?wait=9s&until=await-code",
                                R"({"process":"signup","input":)" + input + "}", "signup-" + username);
  EXPECT_EQ(instance.status, 201) << instance.body;
  const std::string target = "/v1/instances/" + At(instance, "id") + "?wait=9s&until=await-code";
  for (int i = 0; i < 6 && At(instance, "states") != R"(["await-code"])"; ++i)
    instance = Ask(Shop::Program::kEngine, "GET", target);
  EXPECT_EQ(At(instance, "states"), R"(["await-code"])") << instance.body;
  return JsonOf(instance);
}

std::string SignUpClient::CodeOf(const std::string& username) {
  const std::vector<Mail> mails = shop_.mailbox().MailsTo(username + "@example.org", 1);
  EXPECT_FALSE(mails.empty());
  codes_.push_back(mails.empty() ? "" : CodeIn(mails.front().text));
  return codes_.back();
}

void SignUpClient::EnterCode(const Value& instance, const std::string& code) {
  const ClientResponse verified =
      Ask(Shop::Program::kAuth, "POST", "/register/verify",
          R"({"signUpGuid":")" + At(instance, "variables.attempt.signUpGuid") + R"(","code":")" + code + R"("})");
  EXPECT_EQ(verified.status, 200) << verified.body;
}

void SignUpClient::ExpectCompleted(const std::string& instance) {
  ClientResponse ended;
  for (int i = 0; i < 6 && (i == 0 || At(ended, "endedAt") == "null"); ++i)
    ended = Ask(Shop::Program::kEngine, "GET", "/v1/instances/" + instance + "?wait=9s");
  EXPECT_EQ(At(ended, "status"), "completed") << ended.body;
}

void SignUpClient::ExpectAccounts(const std::string& username) {
  // The detached child begins after the commit that ended its parent's call.
  const std::string target = "/v1/instances?process=open-accounts&key=" + username;
  std::string child;
  for (int i = 0; i < 20'000 && child.empty(); ++i)
    child = At(Ask(Shop::Program::kEngine, "GET", target), "items.0.id");
  ASSERT_FALSE(child.empty()) << Ask(Shop::Program::kEngine, "GET", "/v1/instances").body << shop_.EngineLog();
  ExpectCompleted(child);
  EXPECT_EQ(Ask(Shop::Program::kBilling, "GET", "/wallets/" + username).status, 200);
  EXPECT_EQ(Ask(Shop::Program::kNotification, "GET", "/accounts/" + username).status, 200);
}

void SignUpClient::ExpectOnce(const std::string& username) {
  const std::string named = " = '" + username + "'";
  EXPECT_EQ(shop_.Count(Shop::Program::kAuth, "delivery_customer", "login" + named), 1);
  EXPECT_EQ(shop_.Count(Shop::Program::kBilling, "wallet", "customer_id" + named), 1);
  EXPECT_EQ(shop_.Count(Shop::Program::kNotification, "notification_account", "customer" + named), 1);
  EXPECT_EQ(shop_.Count(Shop::Program::kNotification, "notification_channel", "customer" + named), 3);
  for (const std::string process : {"signup", "open-accounts"}) {
    const ClientResponse list =
        Ask(Shop::Program::kEngine, "GET", "/v1/instances?process=" + process + "&key=" + username);
    EXPECT_NE(At(list, "items.0.id"), "") << list.body;
    EXPECT_EQ(At(list, "items.1.id"), "") << list.body;
  }
}

void ExpectNowhere(const Shop& shop, const std::string& secret) {
  ASSERT_GE(secret.size(), 6u);
  for (const std::filesystem::path& folder : shop.folders())
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      EXPECT_FALSE(entry.is_regular_file() && Holds(ReadFile(entry.path().string()), secret))
          << entry.path() << " holds a secret";
}

}  // namespace fermata::test
