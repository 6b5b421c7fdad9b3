// Signing up while the engine and each of the shop's services is killed: it completes, and everything is there once.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/fault/options.h"
#include "tests/integration/support/shop.h"

namespace fermata::test {
namespace {

using Program = Shop::Program;
using Cut = CuttingProxy::Cut;

constexpr int kSmokeKillsOfSignUp = 6;

// `victim` dies when `door` is asked this.
struct KillPoint {
  Program victim, door;
  const char* request;
};

// Every request of a sign-up, with the one that is asked and the one that asks.
constexpr KillPoint kPoints[] = {
    {Program::kAuth, Program::kAuth, "POST /credentials"},
    {Program::kEngine, Program::kEngine, "POST /v1/instances"},
    {Program::kAuth, Program::kAuth, "POST /internal/registrations/validate"},
    {Program::kEngine, Program::kAuth, "POST /internal/registrations/validate"},
    {Program::kAuth, Program::kAuth, "POST /internal/registrations/existence"},
    {Program::kEngine, Program::kAuth, "POST /internal/registrations/existence"},
    {Program::kAuth, Program::kAuth, "POST /internal/signups "},
    {Program::kEngine, Program::kAuth, "POST /internal/signups "},
    {Program::kAuth, Program::kAuth, "/code HTTP"},
    {Program::kEngine, Program::kAuth, "/code HTTP"},
    {Program::kNotification, Program::kNotification, "POST /messages"},
    {Program::kAuth, Program::kNotification, "POST /messages"},
    {Program::kAuth, Program::kAuth, "POST /register/verify"},
    {Program::kEngine, Program::kEngine, "POST /v1/events"},
    {Program::kAuth, Program::kEngine, "POST /v1/events"},
    {Program::kAuth, Program::kAuth, "POST /internal/customers"},
    {Program::kEngine, Program::kAuth, "POST /internal/customers"},
    {Program::kBilling, Program::kBilling, "POST /wallet/open"},
    {Program::kEngine, Program::kBilling, "POST /wallet/open"},
    {Program::kNotification, Program::kNotification, "POST /accounts"},
    {Program::kEngine, Program::kNotification, "POST /accounts"},
};

// What all customers together must have left behind, and must not.
void ExpectTotals(const Shop& shop, int customers) {
  EXPECT_EQ(shop.Count(Program::kAuth, "delivery_customer"), customers);
  EXPECT_EQ(shop.Count(Program::kAuth, "auth_signup"), customers);
  EXPECT_EQ(shop.Count(Program::kAuth, "delivery_customer_tmp"), 0);
  EXPECT_EQ(shop.Count(Program::kBilling, "wallet"), customers);
  EXPECT_EQ(shop.Count(Program::kNotification, "notification_account"), customers);
  EXPECT_EQ(shop.Count(Program::kNotification, "notification"), customers);
}

void ExpectSecretsNowhere(const Shop& shop, const SignUpClient& client) {
  ExpectNowhere(shop, SignUpClient::kPassword);
  for (const std::string& code : client.codes()) ExpectNowhere(shop, code);
}

class SignUpKill : public testing::TestWithParam<Program> {};

INSTANTIATE_TEST_SUITE_P(, SignUpKill, testing::ValuesIn(Shop::kPrograms),
                         [](const auto& info) { return NameOf(info.param); });

// With the answer lost, which is the harder half; FERMATA_KILLS asks for the other half, too.
TEST_P(SignUpKill, CompletesOnceWhicheverRequestTheProgramDiesAt) {
  std::vector<Cut> cuts = {Cut::kAfter};
  if (FromEnvironment("FERMATA_KILLS", 0) > kSmokeKillsOfSignUp) cuts.push_back(Cut::kBefore);
  Shop shop;
  SignUpClient client(shop);
  int customers = 0;
  for (const Cut cut : cuts) {
    for (const KillPoint& point : kPoints) {
      if (point.victim != GetParam()) continue;
      SCOPED_TRACE(NameOf(point.victim) + " dies " + (cut == Cut::kAfter ? "after " : "before ") + point.request);
      const std::string username = "customer" + std::to_string(++customers);
      shop.door(point.door).CutNext(cut, point.request, [&] { shop.KillAndRestart(point.victim); });
      client.SignUp(username);
      EXPECT_FALSE(shop.door(point.door).waiting()) << "it was never asked";
      EXPECT_EQ(shop.mailbox().MailsTo(username + "@example.org", 1).size(), 1u) << "one code, one mail";
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(customers, 0);
  ExpectTotals(shop, customers);
  ExpectSecretsNowhere(shop, client);
}

TEST(SignUpStorm, CustomersSignUpOnceWhileProgramsDieAtRandomMoments) {
  constexpr int kClients = 3;
  const int seed = Seed();
  SCOPED_TRACE("FERMATA_SEED=" + std::to_string(seed));
  std::mt19937 random(static_cast<unsigned>(seed));
  Shop shop;
  std::atomic<bool> over{false};
  std::atomic<int> customers{0};
  std::vector<std::unique_ptr<SignUpClient>> clients;
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<SignUpClient>(shop));
    threads.emplace_back([&, &client = *clients.back()] {
      do client.SignUp("customer" + std::to_string(++customers));
      while (!over && !testing::Test::HasFailure());
    });
  }
  for (int i = 0; i < FromEnvironment("FERMATA_KILLS", kSmokeKillsOfSignUp); ++i) {
    PauseAtRandom(random, 300);
    shop.KillAndRestart(Shop::kPrograms[random() % Shop::kPrograms.size()]);
    shop.WaitUntilAllRun();
  }
  over = true;
  for (std::thread& thread : threads) thread.join();
  ExpectTotals(shop, customers);
  for (const auto& client : clients) ExpectSecretsNowhere(shop, *client);
}

}  // namespace
}  // namespace fermata::test
