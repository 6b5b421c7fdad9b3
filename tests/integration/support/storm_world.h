// The whole internet shop in bad weather: engine, bank and each service a program of its own, behind doors that refuse
// requests, lose answers, are late and ask twice, and killed at any moment.
//
// What customers ask is asked again until there is an answer, with the same Idempotency-Key. Ask() is thread-safe, the
// rest is for one thread.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/support/fermata_server.h"
#include "tests/integration/support/shop_entry.h"
#include "tests/integration/support/unreliable_door.h"

namespace fermata::test {

class StormWorld : public ShopEntry {
 public:
  static constexpr std::array kServices = {"notification", "store", "auth",    "files",
                                           "billing",      "order", "payment", "delivery"};

  // Fair weather, with a small catalogue. Waits for customers are as in the shop's processes; calls are tried again
  // sooner than in earnest, and longer.
  explicit StormWorld(unsigned seed);
  ~StormWorld() override;

  ClientResponse Ask(const std::string& program, const std::string& method, const std::string& target,
                     const std::string& body, Headers headers) override;
  Mailbox& mailbox() override { return mailbox_; }

  // Every name that Ask() knows and that can be killed.
  std::vector<std::string> programs() const;
  // Of a hundred requests between programs so many fail, one way or another.
  void SetFaults(int percent);
  // How many did so far.
  int faults() const;
  // kill -9, and a keeper starts it again soon.
  void KillAndRestart(const std::string& program);
  // Until nothing that was killed is down.
  void WaitUntilAllRun();

  // The first column of what this SQL gives, of all services' and the bank's own tables: "orders.shop_order", "bank.bank_hold".
  std::vector<std::string> Texts(const std::string& sql) const;
  // Files of engine, services and bank that hold one of these words, and which.
  std::vector<std::string> FilesWith(const std::vector<std::string>& words) const;

 private:
  std::string DoorOf(const std::string& program) const;
  std::string Manifests() const;
  std::vector<std::string> CommandOf(const std::string& program) const;
  void Start(const std::string& program);
  void Keep();

  TempFolder folder_;
  Mailbox mailbox_;
  std::unique_ptr<ChildProcess> couriers_;
  std::string couriers_url_;
  std::map<std::string, int> ports_;
  std::map<std::string, std::unique_ptr<UnreliableDoor>> doors_;
  std::map<std::string, std::unique_ptr<ChildProcess>> processes_;  // all but the engine
  std::unique_ptr<FermataServer> engine_;
  std::atomic<std::int64_t> keys_{0};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> down_;  // killed, to be started; the first one may be starting
  bool stopping_ = false;
  std::thread keeper_;
};

}  // namespace fermata::test
