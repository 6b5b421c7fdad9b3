// Instances that are carried over to another version, over REST and by the command line.
#include <gtest/gtest.h>

#include "tests/integration/rest_fixture.h"
#include "tests/support/temp_folder.h"

namespace fermata::test {
namespace {

constexpr const char* kOld = R"(fermata: 1
process: crossing
version: 1.0.0
events: { go-on: { key: "${event.data.ref}" } }
states:
  wait: { on: { go-on: done }, after: { 1d: done } }
  done: { end: {} }
)";

constexpr const char* kNew = R"(fermata: 1
process: crossing
version: 2.0.0
events: { go-on: { key: "${event.data.ref}" } }
migrations:
  - { from: 1.x, states: { wait: pause }, set: { carried: "${true}" } }
states:
  pause: { on: { go-on: done }, after: { 1d: done } }
  done: { end: { carried: "${carried}" } }
vars: { carried: false }
)";

constexpr const char* kElsewhere = R"(fermata: 1
process: crossing
version: 3.0.0
states:
  work: { next: done }
  done: { end: {} }
)";

class Migration : public Rest {
 protected:
  static void SetUpTestSuite() {
    Rest::SetUpTestSuite();
    for (const char* version : {kOld, kNew, kElsewhere}) {
      const ClientResponse deployed = server_->Deploy(version);
      ASSERT_EQ(deployed.status, 201) << deployed.body;
    }
  }
  // An instance of version 1.0.0 that waits.
  static std::string Start() {
    const ClientResponse started = Post("/v1/instances", R"({"process":"crossing","version":"1.0.0","input":{}})");
    EXPECT_EQ(started.status, 201) << started.body;
    return At(started, "id");
  }
  static ClientResponse Migrate(const std::string& id, const std::string& body) {
    return Post("/v1/instances/" + id + "/migrate", body);
  }
};

TEST_F(Migration, CarriesAnInstanceOver) {
  const std::string id = Start();
  const ClientResponse carried = Migrate(id, R"({"version":"2.0.0"})");
  ASSERT_EQ(carried.status, 200) << carried.body;
  EXPECT_EQ(At(carried, "version"), "2.0.0");
  EXPECT_EQ(At(carried, "states.0"), "pause");
  EXPECT_EQ(At(Get("/v1/instances/" + id), "variables.carried"), "true");
}

TEST_F(Migration, ADryRunChangesNothing) {
  const std::string id = Start();
  EXPECT_EQ(Migrate(id, R"({"version":"2.0.0","dryRun":true})").status, 200);
  EXPECT_EQ(At(Get("/v1/instances/" + id), "version"), "1.0.0");
}

TEST_F(Migration, WhatCannotBeCarriedIsRefusedAndStays) {
  const std::string id = Start();
  EXPECT_EQ(Migrate(id, R"({"version":"3.0.0","dryRun":true})").status, 409);
  ExpectProblem(Migrate(id, R"({"version":"3.0.0"})"), 409, "FM-4020");
  const ClientResponse still = Get("/v1/instances/" + id);
  EXPECT_EQ(At(still, "version"), "1.0.0");
  EXPECT_EQ(At(still, "status"), "waiting");
}

TEST_F(Migration, MistakesInTheRequestAreToldWithTheirPlace) {
  const std::string id = Start();
  EXPECT_EQ(Migrate(id, R"({"version":"9.9.9"})").status, 404);
  EXPECT_EQ(Migrate(id, "{}").status, 422);
  EXPECT_EQ(Migrate(id, R"({"version":"2.0.0","dryRun":"yes"})").status, 422);
  EXPECT_EQ(Migrate("nobody", R"({"version":"2.0.0"})").status, 404);
}

TEST_F(Migration, TheCommandLineDoesItToo) {
  const std::string id = Start();
  const CommandResult dry =
      RunCommand({FERMATA_BINARY, "migrate", id, "2.0.0", "--dry-run", "--server", server_->url()}, "");
  EXPECT_EQ(dry.exit_code, 0) << dry.err;
  EXPECT_EQ(dry.out, id + " can be carried over to 2.0.0\n");
  EXPECT_EQ(RunCommand({FERMATA_BINARY, "migrate", id, "2.0.0", "--server", server_->url()}, "").exit_code, 0);
  EXPECT_EQ(At(Get("/v1/instances/" + id), "version"), "2.0.0");
  EXPECT_EQ(RunCommand({FERMATA_BINARY, "migrate", id, "3.0.0", "--server", server_->url()}, "").exit_code, 4);
}

}  // namespace
}  // namespace fermata::test
