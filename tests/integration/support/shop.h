// The internet shop as its operator sees it: the engine, auth, billing, notification and a mail server, each a process of its own.
//
// Programs reach each other through doors (proxies), so that a test can kill one of them at a chosen request. A keeper
// starts again what was killed, as a service manager does. Thread-safe but for construction and destruction.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/support/fermata_server.h"
#include "tests/support/cutting_proxy.h"
#include "tests/support/mailbox.h"

namespace fermata::test {

// A service of the shop, always on the same port and with the same data.
class ShopService {
 public:
  // `name` as `fermata-shop --only` has it. Fails the test if it does not become ready.
  ShopService(const std::string& name, int port, const std::string& data, const std::vector<std::string>& more);

  void Start();
  void Kill() { process_->Kill(); }

 private:
  const std::string log_;
  std::vector<std::string> command_;
  std::unique_ptr<ChildProcess> process_;
};

class Shop {
 public:
  enum class Program { kEngine, kAuth, kBilling, kNotification };
  static constexpr std::array kPrograms = {Program::kEngine, Program::kAuth, Program::kBilling, Program::kNotification};

  // Everything runs with the shop's processes and connectors; calls are tried again sooner than in earnest, and longer.
  Shop();
  ~Shop();

  // Where the program is reached; cuts hold for what others ask of it.
  CuttingProxy& door(Program program) { return *doors_[static_cast<std::size_t>(program)]; }
  Mailbox& mailbox() { return mailbox_; }

  // kill -9. It stays down until Start().
  void Kill(Program program);
  void Start(Program program);
  // kill -9, and the keeper starts it again soon. From any thread.
  void KillAndRestart(Program program);
  // Until nothing that was killed by KillAndRestart() is down.
  void WaitUntilAllRun();

  // What a service's table holds, of all or of those rows.
  std::int64_t Count(Program service, const std::string& table, const std::string& where = "true") const;
  std::string EngineLog() const { return engine_->Log(); }
  // Folders with everything that engine and services have written: data and logs.
  std::vector<std::filesystem::path> folders() const { return {engine_->folder().path(), folder_.path()}; }

 private:
  std::string UrlOf(Program program) { return "http://127.0.0.1:" + std::to_string(door(program).port()); }
  std::string Connectors() const;
  void Keep();

  TempFolder folder_;
  Mailbox mailbox_;
  const std::string data_;
  std::array<int, kPrograms.size()> ports_{};
  std::array<std::unique_ptr<CuttingProxy>, kPrograms.size()> doors_;
  std::array<std::unique_ptr<ShopService>, kPrograms.size()> services_;  // none for the engine
  std::unique_ptr<FermataServer> engine_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Program> down_;  // killed, to be started; the first one may be starting
  bool stopping_ = false;
  std::thread keeper_;
};

std::string NameOf(Shop::Program program);

// Signs customers up as a careful client does: what got no answer is asked again. Not thread-safe; one a thread.
class SignUpClient {
 public:
  explicit SignUpClient(Shop& shop) : shop_(shop) {}

  static constexpr const char* kPassword = "Tr0ub4dor-and-3-more";

  // From the password to wallet and account, each there once; fails the test otherwise.
  void SignUp(const std::string& username);

  // Its steps. Begin gives the instance, which waits for the code.
  Value Begin(const std::string& username);
  std::string CodeOf(const std::string& username);
  void EnterCode(const Value& instance, const std::string& code);
  void ExpectCompleted(const std::string& instance);
  void ExpectAccounts(const std::string& username);
  // Customer, wallet, account and instances of this name: one each.
  void ExpectOnce(const std::string& username);

  // Until there is an answer that is not "later".
  ClientResponse Ask(Shop::Program program, const std::string& method, const std::string& target,
                     const std::string& body = "", const std::string& key = "");
  // Codes that were entered.
  const std::vector<std::string>& codes() const { return codes_; }

 private:
  Shop& shop_;
  std::vector<std::string> codes_;
};

// Fails the test if a file in the shop's folders holds this word.
void ExpectNowhere(const Shop& shop, const std::string& secret);

}  // namespace fermata::test
