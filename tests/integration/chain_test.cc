// A process of five calls over REST, on each storage.
#include <gtest/gtest.h>

#include "tests/integration/support/fermata_server.h"
#include "tests/integration/support/recording_service.h"
#include "tests/support/postgres.h"

namespace fermata::test {
namespace {

class Chain : public testing::TestWithParam<std::string> {
 protected:
  static std::vector<std::string> StorageArguments() {
    if (GetParam() == "postgres")
      return {"--storage", "postgres", "--database", PostgresCluster::Shared().CreateDatabase()};
    return {"--storage", GetParam()};
  }
};

TEST_P(Chain, FiveCallsRunToTheEnd) {
  RecordingService service;
  FermataServer server(StorageArguments());
  ASSERT_EQ(server.DeployConnector(service.Manifest()).status, 201);
  const ClientResponse deployed = server.Deploy(ChainProcess("chain", 5));
  ASSERT_EQ(deployed.status, 201) << deployed.body;
  const ClientResponse ended = server.Run("chain", R"({"work":"w"})");
  ASSERT_EQ(ended.status, 201) << ended.body;
  EXPECT_EQ(At(ended, "status"), "completed") << ended.body;
  EXPECT_EQ(At(ended, "output.count"), "5");
  EXPECT_EQ(service.requests(), 5);
  for (int step = 1; step <= 5; ++step) EXPECT_EQ(service.KeysOf("w", std::to_string(step)).size(), 1u) << step;
}

TEST_P(Chain, WhatWasAnsweredOutlivesTheServer) {
  if (GetParam() == "memory") GTEST_SKIP() << "memory forgets";
  RecordingService service;
  FermataServer server(StorageArguments());
  ASSERT_EQ(server.DeployConnector(service.Manifest()).status, 201);
  ASSERT_EQ(server.Deploy(ChainProcess("chain", 5)).status, 201);
  const ClientResponse started =
      server.http().Post("/v1/instances", R"({"process":"chain","input":{"work":"down-1"}})");
  ASSERT_EQ(started.status, 201) << started.body;
  server.Kill();
  service.Repair();
  server.Start();
  const ClientResponse ended = server.http().Get("/v1/instances/" + At(started, "id") + "?wait=9s");
  EXPECT_EQ(At(ended, "status"), "completed") << ended.body;
  for (int step = 1; step <= 5; ++step) EXPECT_EQ(service.KeysOf("down-1", std::to_string(step)).size(), 1u) << step;
}

INSTANTIATE_TEST_SUITE_P(Storages, Chain, testing::Values("memory", "sqlite", "postgres"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace fermata::test
