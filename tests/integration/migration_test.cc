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
  const ClientResponse plan = Migrate(id, R"({"version":"2.0.0","dryRun":true})");
  ASSERT_EQ(plan.status, 200) << plan.body;
  EXPECT_EQ(At(plan, "from"), "1.0.0");
  EXPECT_EQ(At(plan, "version"), "2.0.0");
  EXPECT_EQ(At(plan, "states.0.state"), "wait");
  EXPECT_EQ(At(plan, "states.0.becomes"), "pause");
  EXPECT_EQ(At(plan, "set.0"), "carried");
  EXPECT_EQ(At(Get("/v1/instances/" + id), "version"), "1.0.0");
}

TEST_F(Migration, IsTakenBackOnceWithOneKey) {
  const std::string id = Start();
  ExpectProblem(Migrate(id, R"({"revert":true})"), 409, "FM-4020");
  ASSERT_EQ(Migrate(id, R"({"version":"2.0.0"})").status, 200);
  const ClientResponse plan = Migrate(id, R"({"revert":true,"dryRun":true})");
  ASSERT_EQ(plan.status, 200) << plan.body;
  EXPECT_EQ(At(plan, "version"), "1.0.0");
  EXPECT_EQ(At(plan, "states.0.becomes"), "wait");
  EXPECT_EQ(At(plan, "dropped.0"), "carried");
  EXPECT_EQ(At(Get("/v1/instances/" + id), "version"), "2.0.0");
  ExpectProblem(Migrate(id, R"({"revert":true,"version":"1.5.0"})"), 409, "FM-4020");
  const std::vector<std::pair<std::string, std::string>> once = {{"Idempotency-Key", "back-" + id}};
  for (const char* replayed : {"", "true"}) {
    const ClientResponse back =
        Post("/v1/instances/" + id + "/migrate", R"({"revert":true,"version":"1.0.0"})", "application/json", once);
    ASSERT_EQ(back.status, 200) << back.body;
    EXPECT_EQ(back.Header("idempotency-replayed"), replayed);
    EXPECT_EQ(At(back, "version"), "1.0.0");
    EXPECT_EQ(At(back, "states.0"), "wait");
  }
  EXPECT_EQ(At(Get("/v1/instances/" + id), "variables.carried"), "");
  const std::string history = Get("/v1/instances/" + id + "/history").body;
  EXPECT_NE(history.find("goes back to version 1.0.0, from 2.0.0"), std::string::npos) << history;
  EXPECT_NE(history.find("drops carried"), std::string::npos) << history;
}

TEST_F(Migration, IsTakenBackInBulkWhereThatCanBe) {
  std::string deploy = kOld, newer = kNew;
  for (std::string* text : {&deploy, &newer}) {
    text->replace(text->find("crossing"), 8, "many");
    ASSERT_EQ(server_->Deploy(*text).status, 201);
  }
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i)
    ids.push_back(At(Post("/v1/instances", R"({"process":"many","version":"1.0.0","input":{}})"), "id"));
  for (int i = 0; i < 2; ++i)
    ASSERT_EQ(Migrate(ids[static_cast<std::size_t>(i)], R"({"version":"2.0.0"})").status, 200);
  const std::string work =
      R"("action":"migrate","filter":{"process":"many"},"with":{"revert":true,"version":"1.0.0"},"perSecond":1000)";
  const ClientResponse trial = Post("/v1/bulk", "{" + work + R"(,"dryRun":true})");
  ASSERT_EQ(trial.status, 200) << trial.body;
  EXPECT_EQ(At(trial, "possible"), "2");
  EXPECT_EQ(At(trial, "refusals.0.instance"), ids[2]);
  const ClientResponse begun = Post("/v1/bulk", "{" + work + "}");
  ASSERT_EQ(begun.status, 202) << begun.body;
  ClientResponse bulk;
  do bulk = Get("/v1/bulk/" + At(begun, "id"));
  while (At(bulk, "status") == "running");
  EXPECT_EQ(At(bulk, "done"), "2") << bulk.body;
  EXPECT_EQ(At(bulk, "refused"), "1");
  for (const std::string& id : ids) EXPECT_EQ(At(Get("/v1/instances/" + id), "version"), "1.0.0");
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
  EXPECT_EQ(Migrate(id, R"({"revert":"yes"})").status, 422);
  EXPECT_EQ(Migrate(id, R"({"revert":false})").status, 422);
  EXPECT_EQ(Migrate(id, R"({"revert":true,"back":true})").status, 422);
  EXPECT_EQ(Post("/v1/bulk", R"({"action":"migrate","filter":{"process":"crossing"},"with":{}})").status, 422);
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
  EXPECT_EQ(RunCommand({FERMATA_BINARY, "migrate", id, "--server", server_->url()}, "").exit_code, 2);
  const CommandResult back =
      RunCommand({FERMATA_BINARY, "migrate", id, "--revert", "--dry-run", "--server", server_->url()}, "");
  EXPECT_EQ(back.out, id + " can be taken back to 1.0.0\n") << back.err;
  EXPECT_EQ(RunCommand({FERMATA_BINARY, "migrate", id, "--revert", "--server", server_->url()}, "").exit_code, 0);
  EXPECT_EQ(At(Get("/v1/instances/" + id), "version"), "1.0.0");
}

}  // namespace
}  // namespace fermata::test
