#include "tests/integration/support/load.h"

#include <gtest/gtest.h>

namespace fermata::test {
namespace {

constexpr int kSteps = 5;
constexpr int kClients = 4;

}  // namespace

void Load::Address::Set(int port) {
  std::lock_guard lock(mutex_);
  port_ = port;
  changed_.notify_all();
}

int Load::Address::Next(int old) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return over_ || port_ != old; });
  return over_ ? 0 : port_;
}

void Load::Address::End() {
  std::lock_guard lock(mutex_);
  over_ = true;
  changed_.notify_all();
}

Load::Load(FermataServer& server, RecordingService& service) : server_(server), service_(service) {
  EXPECT_EQ(server_.DeployConnector(service_.Manifest()).status, 201);
  EXPECT_EQ(server_.Deploy(ChainProcess("chain", kSteps)).status, 201);
  for (int number = 0; number < kClients; ++number) clients_.emplace_back([this, number] { RunClient(number); });
  Go();
}

Load::~Load() { End(); }

void Load::Go() { address_.Set(server_.port()); }

int Load::answered() {
  std::lock_guard lock(mutex_);
  return static_cast<int>(started_.size());
}

void Load::RunClient(int number) {
  int next = 0;
  int port = address_.Next(0);
  while (port != 0) {
    HttpClient http(port);
    for (bool there = true; there;) {
      const std::string work = "w-" + std::to_string(number) + "-" + std::to_string(next);
      const ClientResponse answer =
          http.Post("/v1/instances", R"({"process":"chain","input":{"work":")" + work + R"("}})", "application/json",
                    {{"Idempotency-Key", work}});
      if (answer.status == 201 && answer.complete) {
        std::lock_guard lock(mutex_);
        started_[work] = At(answer, "id");
        ++next;
      } else if (answer.status != 0 && answer.status != 503) {
        ADD_FAILURE() << answer.status << " " << answer.body;
        return;
      }
      there = answer.status != 0;
    }
    port = address_.Next(port);
  }
}

void Load::End() {
  if (clients_.empty()) return;
  address_.End();
  server_.Kill();  // cuts the clients' connections, so that they see the end
  for (std::thread& client : clients_) client.join();
  clients_.clear();
}

void Load::EndAndCheck() {
  End();
  server_.Start();
  for (const auto& [work, instance] : started_) {
    CheckWork(work, instance);
    if (testing::Test::HasFailure()) return;
  }
  testing::Test::RecordProperty("works", answered());
  testing::Test::RecordProperty("requests", service_.requests());
  EXPECT_GT(answered(), 0);
  // What was asked for and never answered may be there, once; nothing else may.
  EXPECT_LE(service_.effects(), (answered() + kClients) * kSteps);
}

void Load::CheckWork(const std::string& work, const std::string& instance) {
  ClientResponse ended;
  for (int i = 0; i < 6 && (i == 0 || At(ended, "endedAt") == "null"); ++i)
    ended = server_.http().Get("/v1/instances/" + instance + "?wait=9s");
  EXPECT_EQ(ended.status, 200) << work << " was answered and is gone: " << ended.body;
  EXPECT_EQ(At(ended, "status"), "completed")
      << work << ": " << ended.body << server_.http().Get("/v1/instances/" + instance + "/history").body;
  EXPECT_EQ(At(ended, "input.work"), work);
  for (int step = 1; step <= kSteps; ++step)
    EXPECT_EQ(service_.KeysOf(work, std::to_string(step)).size(), 1u)
        << work << " step " << step << " took effect more than once, or never";
}

}  // namespace fermata::test
