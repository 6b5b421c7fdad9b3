// A server for the rules of the REST API, and words for asking it.
#pragma once

#include <gtest/gtest.h>

#include "engine/model/json.h"
#include "tests/integration/support/fermata_server.h"
#include "tests/integration/support/recording_service.h"

namespace fermata::test {

inline constexpr const char* kHello = R"(fermata: 1
process: hello
version: 1.0.0
input: { type: object, required: [name], properties: { name: { type: string } } }
states:
  done: { end: { greeting: "Hello, ${input.name}!" } }
)";

inline constexpr const char* kWaiter = R"(fermata: 1
process: waiter
version: 1.0.0
key: ${input.ref}
unique: running
input: { type: object, required: [ref], properties: { ref: { type: string } } }
events:
  go-on: { key: "${event.data.ref}", data: { type: object, required: [ref], properties: { ref: { type: string } } } }
states:
  first: { on: { go-on: { save: given, go: second } }, after: { 1d: done } }
  second: { on: { go-on: done }, after: { 1d: done } }
  done: { end: { ok: true } }
)";

// One server for all of them: each test uses keys of its own.
class Rest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    service_ = new RecordingService();
    server_ = new FermataServer({"--storage", "memory"});
    ASSERT_EQ(server_->Deploy(kHello).status, 201);
    ASSERT_EQ(server_->Deploy(kWaiter).status, 201);
    ASSERT_EQ(server_->DeployConnector(service_->Manifest()).status, 201);
    const ClientResponse chain = server_->Deploy(ChainProcess("chain", 2));
    ASSERT_EQ(chain.status, 201) << chain.body;
  }
  static void TearDownTestSuite() {
    delete server_;
    delete service_;
  }

  static ClientResponse Post(const std::string& path, const std::string& body,
                             const std::string& type = "application/json",
                             const std::vector<std::pair<std::string, std::string>>& headers = {}) {
    return server_->http().Post(path, body, type, headers);
  }
  static ClientResponse Get(const std::string& path,
                            const std::vector<std::pair<std::string, std::string>>& headers = {}) {
    return server_->http().Get(path, headers);
  }
  static ClientResponse StartWaiter(const std::string& ref) {
    return Post("/v1/instances", R"({"process":"waiter","input":{"ref":")" + ref + R"("}})");
  }
  static ClientResponse SendGoOn(const std::string& id, const std::string& ref) {
    return Post(
        "/v1/events",
        R"({"specversion":"1.0","id":")" + id + R"(","source":"test","type":"go-on","data":{"ref":")" + ref + R"("}})",
        "application/cloudevents+json");
  }

  static inline RecordingService* service_ = nullptr;
  static inline FermataServer* server_ = nullptr;
};

}  // namespace fermata::test
