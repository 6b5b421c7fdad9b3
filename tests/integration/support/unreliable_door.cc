#include "tests/integration/support/unreliable_door.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string_view>
#include <thread>

namespace fermata::test {
namespace {

constexpr int kThreads = 24;
constexpr std::size_t kWaitingMax = 10'000;
constexpr int kLateMs = 300;

// What belongs to one connection is not handed on.
bool IsHandedOn(std::string_view lower_case_name) {
  static const std::set<std::string_view> kOfOneConnection = {"connection", "content-length",    "date",
                                                              "expect",     "transfer-encoding", "host"};
  return !kOfOneConnection.contains(lower_case_name);
}

}  // namespace

UnreliableDoor::UnreliableDoor(int server_port, unsigned seed)
    : server_port_(server_port), random_(seed), pool_(kThreads, kWaitingMax) {
  server_ =
      std::make_unique<HttpServer>(HttpServerOptions{}, [this](const HttpRequest& request, ResponseHandle response) {
        // Unanswered, if there is no room, it is a 500.
        (void)pool_.Post([this, request, response] { Handle(request, response); });
      });
  Result<int> port = server_->Start();
  EXPECT_TRUE(port.ok());
  port_ = port.ok() ? *port : 0;
}

UnreliableDoor::~UnreliableDoor() {
  server_->Stop();
  pool_.Stop();
}

UnreliableDoor::Fault UnreliableDoor::Choose() {
  std::lock_guard lock(mutex_);
  if (static_cast<int>(random_() % 100) >= percent_) return Fault::kNone;
  return static_cast<Fault>(1 + random_() % (kFaults - 1));
}

void UnreliableDoor::Handle(const HttpRequest& request, const ResponseHandle& response) {
  const Fault fault = Choose();
  ++counts_[static_cast<std::size_t>(fault)];
  if (fault == Fault::kRefused) return response.Send(JsonResponse(503, R"({"message":"not now"})"));
  if (fault == Fault::kTwice) (void)Forward(request);
  const ClientResponse answer = Forward(request);
  if (fault == Fault::kLate) std::this_thread::sleep_for(std::chrono::milliseconds(kLateMs));
  if (fault == Fault::kLost || !answer.complete) {
    (void)response.StartStream(200, {});  // and no end of it
    return;
  }
  HttpResponse handed_on{answer.status, {}, answer.body};
  for (const auto& [name, value] : answer.headers)
    if (IsHandedOn(name)) handed_on.Header(name, value);
  response.Send(std::move(handed_on));
}

ClientResponse UnreliableDoor::Forward(const HttpRequest& request) const {
  HttpHeaders headers;
  for (const auto& [name, value] : request.headers)
    if (IsHandedOn(name)) headers.emplace_back(name, value);
  return HttpClient(server_port_).Request(request.method, request.target, headers, request.body);
}

}  // namespace fermata::test
