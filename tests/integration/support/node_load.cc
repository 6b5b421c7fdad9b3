#include "tests/integration/support/node_load.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace fermata::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kNodeClients = 6;
constexpr const char* kTrip = R"(fermata: 1
process: trip
version: 1.0.0
key: "${input.work}"
events:
  go: { key: "${event.data.work}", keep: 10m }
states:
  first:
    call: recorder.note
    with: { work: "${input.work}", step: "1" }
    next: rest
  rest:
    after: { 20ms: waiting }
  waiting:
    on: { go: second }
  second:
    call: recorder.note
    with: { work: "${input.work}", step: "2" }
    next: done
  done: { end: {} }
)";

// The next server is asked at once, but not all of them again and again without a breath.
void Breathe() { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }

}  // namespace

NodeLoad::NodeLoad(FermataServer& first, std::vector<int> ports, RecordingService& service)
    : ports_(std::move(ports)), service_(service) {
  EXPECT_EQ(first.DeployConnector(service_.Manifest()).status, 201);
  const ClientResponse deployed = first.Deploy(kTrip);
  EXPECT_EQ(deployed.status, 201) << deployed.body;
  for (int number = 0; number < kNodeClients; ++number) clients_.emplace_back([this, number] { RunClient(number); });
}

NodeLoad::~NodeLoad() { End(); }

int NodeLoad::answered() {
  std::lock_guard lock(mutex_);
  return static_cast<int>(answered_.size());
}

void NodeLoad::AwaitMore(int works) {
  const int before = answered();
  while (answered() < before + works && !testing::Test::HasFailure()) Breathe();
}

std::chrono::milliseconds NodeLoad::longest() {
  std::lock_guard lock(mutex_);
  return longest_;
}

void NodeLoad::RunClient(int number) {
  int server = number;
  for (int next = 0; !over_; ++next) {
    const std::string work = "w-" + std::to_string(number) + "-" + std::to_string(next);
    const ClientResponse start = Ask(
        server, "/v1/instances", R"({"process":"trip","input":{"work":")" + work + R"("}})", "application/json", work);
    if (start.status == 0) return;
    ++server;  // the event comes in by another door
    const ClientResponse event = Ask(
        server, "/v1/events",
        R"({"specversion":"1.0","type":"go","source":"test","id":")" + work + R"(","data":{"work":")" + work + R"("}})",
        "application/cloudevents+json", "");
    if (event.status == 0) return;
    std::lock_guard lock(mutex_);
    answered_[work] = At(start, "id");
  }
}

ClientResponse NodeLoad::Ask(int& server, const std::string& path, const std::string& body, const std::string& type,
                             const std::string& key) {
  const Clock::time_point began = Clock::now();
  std::vector<std::pair<std::string, std::string>> headers;
  if (!key.empty()) headers.emplace_back("Idempotency-Key", key);
  while (!over_) {
    HttpClient http(ports_[static_cast<std::size_t>(server) % ports_.size()]);
    const ClientResponse answer = http.Post(path, body, type, headers);
    if (answer.complete && answer.status >= 200 && answer.status < 300) {
      std::lock_guard lock(mutex_);
      longest_ = std::max(longest_, std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began));
      return answer;
    }
    if (answer.status != 0 && answer.complete && answer.status != 503) {
      ADD_FAILURE() << path << " " << body << ": " << answer.status << " " << answer.body;
      break;
    }
    ++server;
    Breathe();
  }
  return {};
}

void NodeLoad::End() {
  over_ = true;
  for (std::thread& client : clients_) client.join();
  clients_.clear();
}

void NodeLoad::EndAndCheck(FermataServer& server) {
  End();
  for (const auto& [work, instance] : answered_) {
    CheckWork(server, work, instance);
    if (testing::Test::HasFailure()) return;
  }
  testing::Test::RecordProperty("works", answered());
  testing::Test::RecordProperty("longest_ms", static_cast<int>(longest_.count()));
  EXPECT_GT(answered(), 0);
}

void NodeLoad::CheckWork(FermataServer& server, const std::string& work, const std::string& instance) {
  ClientResponse ended;
  for (int i = 0; i < 6 && (i == 0 || At(ended, "endedAt") == "null"); ++i)
    ended = server.http().Get("/v1/instances/" + instance + "?wait=9s");
  EXPECT_EQ(ended.status, 200) << work << " was answered and is gone: " << ended.body;
  EXPECT_EQ(At(ended, "status"), "completed")
      << work << ": " << ended.body << server.http().Get("/v1/instances/" + instance + "/history").body;
  for (const char* step : {"1", "2"})
    EXPECT_EQ(service_.KeysOf(work, step).size(), 1u) << work << " step " << step << " took effect twice, or never";
}

}  // namespace fermata::test
