// The whole internet shop: engine, services, bank, courier companies and a mail server, each a program of its own, with
// a small catalogue.
//
// The engine reaches the services through doors (proxies), so that a test can cut at a chosen request. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/integration/support/fermata_server.h"
#include "tests/integration/support/shop_entry.h"
#include "tests/support/cutting_proxy.h"
#include "tests/support/mailbox.h"

namespace fermata::test {

class ShopWorld : public ShopEntry {
 public:
  enum class Databases { kSqlite, kPostgres };
  // What processes show the services.
  static constexpr const char* kServiceKey = "the-key-of-the-shop-s-services";

  // Everything runs with the shop's processes and manifests; only the pauses between the tries of a call are shorter.
  explicit ShopWorld(Databases databases = Databases::kSqlite);
  ~ShopWorld() override;

  ClientResponse Ask(const std::string& program, const std::string& method, const std::string& target,
                     const std::string& body = "", Headers headers = {}) override;

  int port(const std::string& program) const { return ports_.at(program); }
  // What the engine asks of this service or of the bank goes through it.
  CuttingProxy& door(const std::string& program) { return *doors_.at(program); }
  FermataServer& engine() { return *engine_; }
  Mailbox& mailbox() override { return mailbox_; }

  // From now on the process runs with these values at the top of its file, until Restore().
  void Override(const std::string& process, const std::map<std::string, std::string>& vars);
  void Restore(const std::string& process);
  // Makes the bank fail on purpose: `switches` as its README has them.
  void SwitchBank(const std::string& switches);

  // A product that is taken from a shelf, with so many of it in the first store.
  void AddProduct(const std::string& id, long long price, long long quantity);
  // Free of it, over all stores.
  long long FreeOf(const std::string& product);

  // Rows of a service's table; with SQLite only.
  std::int64_t Count(const std::string& service, const std::string& table, const std::string& where);
  // What the bank has kept of a payment in the end.
  long long KeptByBank(const std::string& payment_id);
  // Fails the test unless billing's books balance.
  void ExpectSoundBooks();
  // Fails the test if a file of the engine or a service has this word.
  void ExpectNowhere(const std::string& secret);

 private:
  std::string UrlOf(const std::string& program) const;
  std::string Processes() const;
  void StartShop(const std::string& database);
  void StartEngine(Databases databases);

  TempFolder folder_;
  Mailbox mailbox_;
  std::map<std::string, int> ports_;
  std::map<std::string, std::unique_ptr<HttpClient>> clients_;
  std::unique_ptr<ChildProcess> couriers_, shop_, bank_;
  std::map<std::string, std::unique_ptr<CuttingProxy>> doors_;
  std::unique_ptr<FermataServer> engine_;
  int keys_ = 0, variants_ = 0;
};

}  // namespace fermata::test
