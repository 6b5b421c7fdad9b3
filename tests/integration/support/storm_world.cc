#include "tests/integration/support/storm_world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <filesystem>
#include <regex>

#include "engine/model/json.h"
#include "engine/storage/sqlite/connection.h"
#include "tests/integration/support/bank_keys.h"
#include "tests/integration/support/shop_catalogue.h"
#include "tests/support/free_port.h"

namespace fermata::test {
namespace {

constexpr const char* kStormServiceKey = "the-key-of-the-shop-s-services";
constexpr int kStormTriesMax = 400;
// Between two tries, growing: many wait for a program that is down.
constexpr std::chrono::milliseconds kPause{20}, kPauseMax{640};

// How far a service's port is from the first one's.
int PlaceOf(const std::string& service) {
  static const std::map<std::string, int> kPlaces = {{"auth", 0},    {"billing", 1},  {"notification", 2},
                                                     {"store", 4},   {"delivery", 5}, {"order", 6},
                                                     {"payment", 7}, {"files", 8}};
  return kPlaces.at(service);
}

std::string UpperCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); });
  return text;
}

ChildProcess::Environment BankKeys() {
  return {{"FERMATA_BANK_API_KEY", kBankApiKey},
          {"FERMATA_BANK_CALLBACK_KEY", kBankCallbackKey},
          {"FERMATA_SHOP_SERVICE_KEY", kStormServiceKey}};
}

bool IsForLater(const ClientResponse& answer) {
  return !answer.complete || answer.status == 0 || answer.status == 429 || answer.status >= 500;
}

}  // namespace

StormWorld::StormWorld(unsigned seed) {
  couriers_ = std::make_unique<ChildProcess>(
      std::vector<std::string>{"/usr/bin/python3", FERMATA_SOURCE_DIR "/examples/shop/couriers/couriers.py"});
  const Result<Value> couriers = ParseJson(couriers_->ReadLine());
  EXPECT_TRUE(couriers.ok());
  if (couriers.ok()) couriers_url_ = At(*couriers, "url");
  for (const std::string& program : programs()) {
    ports_[program] = FreePort();
    doors_[program] = std::make_unique<UnreliableDoor>(ports_[program], seed++);
  }
  for (const std::string& program : programs())
    if (program != "engine") Start(program);
  ChildProcess::Environment environment = {{"FERMATA_SECRET_BANK_API_KEY", kBankApiKey},
                                           {"FERMATA_SECRET_SHOP_SERVICE_KEY", kStormServiceKey}};
  for (const std::string& program : programs())
    if (program != "engine")
      environment.emplace_back("FERMATA_CONNECTOR_" + UpperCase(program) + "_URL", DoorOf(program));
  engine_ = std::make_unique<FermataServer>(
      std::vector<std::string>{"--processes", FERMATA_SOURCE_DIR "/processes", "--connectors", Manifests()},
      environment, ports_["engine"]);
  FillCatalogue(*this);
  keeper_ = std::thread([this] { Keep(); });
}

StormWorld::~StormWorld() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  keeper_.join();
}

std::vector<std::string> StormWorld::programs() const {
  std::vector<std::string> names(kServices.begin(), kServices.end());
  names.insert(names.end(), {"bank", "engine"});
  return names;
}

std::string StormWorld::DoorOf(const std::string& program) const {
  return "http://127.0.0.1:" + std::to_string(doors_.at(program)->port());
}

// The shop's manifests, but with pauses that suit a service which is back within a second.
std::string StormWorld::Manifests() const {
  const std::regex pauses(R"(retry: \{ attempts: \d+, first: \w+, factor: 2, max: \w+)");
  for (const auto& entry : std::filesystem::directory_iterator(FERMATA_SOURCE_DIR "/connectors")) {
    const std::string name = entry.path().filename().string(), file = "/" + name + ".yaml";
    if (!std::filesystem::exists(entry.path().string() + file)) continue;
    std::filesystem::create_directories(folder_.File("connectors/" + name));
    const std::string text = ReadFile(entry.path().string() + file);
    EXPECT_TRUE(std::regex_search(text, pauses)) << name;
    WriteFile(folder_.File("connectors/" + name) + file,
              std::regex_replace(text, pauses, "retry: { attempts: 90, first: 100ms, factor: 2, max: 500ms"));
  }
  return folder_.File("connectors");
}

std::vector<std::string> StormWorld::CommandOf(const std::string& program) const {
  if (program == "bank")
    return {FERMATA_BANK_BINARY, "--port", std::to_string(ports_.at("bank")), "--data", folder_.File("bank"), "--shop",
            DoorOf("payment")};
  return {FERMATA_SHOP_BINARY,
          "--only",
          program,
          "--port-base",
          std::to_string(ports_.at(program) - PlaceOf(program)),
          "--data",
          folder_.File("shop"),
          "--engine",
          DoorOf("engine"),
          "--notification",
          DoorOf("notification"),
          "--auth",
          DoorOf("auth"),
          "--store",
          DoorOf("store"),
          "--billing",
          DoorOf("billing"),
          "--payment",
          DoorOf("payment"),
          "--bank",
          DoorOf("bank"),
          "--couriers",
          couriers_url_,
          "--smtp",
          mailbox_.smtp_url(),
          "--mail-templates",
          FERMATA_SOURCE_DIR "/templates/messages/email"};
}

void StormWorld::Start(const std::string& program) {
  if (program == "engine") return engine_->Start();
  const std::string log = folder_.File(program + ".log");
  auto process = std::make_unique<ChildProcess>(CommandOf(program), BankKeys(), log);
  std::string line;
  do line = process->ReadLine();
  while (!line.empty() && line.find("\"ready\"") == std::string::npos);
  ASSERT_FALSE(line.empty()) << program << " does not start: " << ReadFile(log);
  processes_[program] = std::move(process);
}

void StormWorld::SetFaults(int percent) {
  for (auto& [program, door] : doors_) door->SetRate(percent);
}

int StormWorld::faults() const {
  using Fault = UnreliableDoor::Fault;
  int sum = 0;
  for (const auto& [program, door] : doors_)
    for (const Fault fault : {Fault::kRefused, Fault::kLost, Fault::kLate, Fault::kTwice}) sum += door->count(fault);
  return sum;
}

void StormWorld::KillAndRestart(const std::string& program) {
  std::lock_guard lock(mutex_);
  if (program == "engine")
    engine_->Kill();
  else
    processes_.at(program)->Kill();
  down_.push_back(program);
  changed_.notify_all();
}

void StormWorld::WaitUntilAllRun() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return down_.empty(); });
}

// A process ends with the thread that started it, so one thread starts them all.
void StormWorld::Keep() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !down_.empty(); });
    if (stopping_) return;
    const std::string program = down_.front();
    lock.unlock();
    Start(program);
    lock.lock();
    down_.pop_front();
    changed_.notify_all();
  }
}

ClientResponse StormWorld::Ask(const std::string& program, const std::string& method, const std::string& target,
                               const std::string& body, Headers headers) {
  const auto has = [&](const char* name) {
    return std::any_of(headers.begin(), headers.end(), [&](const auto& header) { return header.first == name; });
  };
  if (!body.empty() && !has("Content-Type")) headers.emplace_back("Content-Type", "application/json");
  if (method != "GET" && !has("Idempotency-Key"))
    headers.emplace_back("Idempotency-Key", "storm-" + std::to_string(++keys_));
  if (program == "bank" && !has("Authorization"))
    headers.emplace_back("Authorization", std::string("Bearer ") + kBankApiKey);
  // Without a session a test asks as a process does.
  if (program != "bank" && program != "engine" && !has("Cookie") && !has("X-Service-Key"))
    headers.emplace_back("X-Service-Key", kStormServiceKey);
  ClientResponse answer;
  std::chrono::milliseconds pause = kPause;
  for (int i = 0; i < kStormTriesMax; ++i) {
    answer = HttpClient(ports_.at(program)).Request(method, target, headers, body);
    if (!IsForLater(answer)) return answer;
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, kPauseMax);
  }
  ADD_FAILURE() << program << " has no answer to " << method << " " << target << ": " << answer.status << " "
                << answer.body;
  return answer;
}

std::vector<std::string> StormWorld::Texts(const std::string& sql) const {
  auto database = sqlite::Connection::Open(":memory:", SQLITE_OPEN_READWRITE);
  EXPECT_TRUE(database.ok()) << database.error().message;
  if (!database.ok()) return {"no database"};
  for (const std::string name : {"auth", "billing", "notification", "store", "delivery", "orders", "payment", "bank"}) {
    const std::string file = folder_.File(name == "bank" ? "bank/bank.db" : "shop/" + name + ".db");
    EXPECT_TRUE((*database)->Execute("attach '" + file + "' as " + name).ok()) << file;
  }
  auto rows = (*database)->Query<std::string>(sql, [](const sqlite::Statement& row) { return row.Text(0); });
  EXPECT_TRUE(rows.ok()) << sql << ": " << rows.error().message;
  return rows.ok() ? *std::move(rows) : std::vector<std::string>{"no answer"};
}

std::vector<std::string> StormWorld::FilesWith(const std::vector<std::string>& words) const {
  std::vector<std::string> found;
  for (const std::filesystem::path& folder : {engine_->folder().path(), folder_.path()})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      const std::string text = ReadFile(entry.path().string());
      for (const std::string& word : words)
        if (text.find(word) != std::string::npos) found.push_back(entry.path().string() + ": " + word);
    }
  return found;
}

}  // namespace fermata::test
