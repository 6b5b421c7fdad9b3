// Several servers on one database that come, go, die, sleep and lose their database.
#include <gtest/gtest.h>
#include <signal.h>

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/fault/options.h"
#include "tests/integration/support/node_load.h"
#include "tests/support/free_port.h"
#include "tests/support/postgres.h"

namespace fermata::test {
namespace {

constexpr int kNodes = 3;
constexpr int kWorksBetween = 20;  // so that each fault falls into a load

class NodesFault : public testing::Test {
 protected:
  void StartNodes(const std::string& connection) {
    for (int i = 0; i < kNodes; ++i) ports_.push_back(FreePort());
    for (int i = 0; i < kNodes; ++i)
      nodes_.push_back(
          std::make_unique<FermataServer>(std::vector<std::string>{"--database", connection, "--node", NameOf(i)},
                                          ChildProcess::Environment{}, ports_[static_cast<std::size_t>(i)]));
  }
  static std::string NameOf(int node) { return "node-" + std::to_string(node); }
  FermataServer& Node(int number) { return *nodes_[static_cast<std::size_t>(number)]; }

  // How many shards each node owns, as this one tells; by name.
  static std::map<std::string, int> ShardsAt(FermataServer& server) {
    std::map<std::string, int> shards;
    const Value nodes = JsonOf(server.http().Get("/v1/nodes"));
    for (int i = 0; !At(nodes, "items." + std::to_string(i) + ".name").empty(); ++i) {
      const std::string item = "items." + std::to_string(i);
      shards[At(nodes, item + ".name")] = std::atoi(At(nodes, item + ".shards").c_str());
    }
    return shards;
  }
  // Until each of these has its fair share, as `server` sees it.
  static void AwaitShares(FermataServer& server, const std::vector<int>& nodes) {
    std::map<std::string, int> shards;
    const auto fair = [&] {
      if (shards.size() != nodes.size()) return false;
      for (const int node : nodes)
        if (shards[NameOf(node)] < 256 / static_cast<int>(nodes.size())) return false;
      return true;
    };
    for (int i = 0; i < 1'000 && !fair(); ++i) {
      shards = ShardsAt(server);
      if (!fair()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    std::string text;
    for (const auto& [name, count] : shards) text += name + ":" + std::to_string(count) + " ";
    ASSERT_TRUE(fair()) << text;
  }

  PostgresCluster& cluster_ = PostgresCluster::Shared();
  RecordingService service_;
  std::vector<int> ports_;
  std::vector<std::unique_ptr<FermataServer>> nodes_;
};

TEST_F(NodesFault, NodesShareTheShardsFairlyAndAnyOfThemAnswersForAll) {
  StartNodes(cluster_.CreateDatabase());
  AwaitShares(Node(0), {0, 1, 2});
  ASSERT_EQ(Node(0).DeployConnector(service_.Manifest()).status, 201);
  ASSERT_EQ(Node(1).Deploy(ChainProcess("chain", 2)).status, 201);
  // What one has deployed the others know at once; what one has started the others tell.
  for (int i = 0; i < 12; ++i) {
    const std::string key = "work-" + std::to_string(i);
    const ClientResponse started =
        Node(i % kNodes)
            .http()
            .Request("POST", "/v1/instances?wait=9s", {{"Idempotency-Key", key}, {"Content-Type", "application/json"}},
                     R"({"process":"chain","input":{"work":")" + key + R"("}})");
    ASSERT_EQ(started.status, 201) << started.body;
    EXPECT_EQ(At(started, "status"), "completed") << started.body;
    const ClientResponse again =
        Node((i + 1) % kNodes)
            .http()
            .Request("POST", "/v1/instances", {{"Idempotency-Key", key}, {"Content-Type", "application/json"}},
                     R"({"process":"chain","input":{"work":")" + key + R"("}})");
    EXPECT_EQ(At(again, "id"), At(started, "id")) << again.body;
    EXPECT_EQ(Node((i + 2) % kNodes).http().Get("/v1/instances/" + At(started, "id")).status, 200);
  }
}

TEST_F(NodesFault, ARollingRestartUnderLoadFailsNoRequest) {
  StartNodes(cluster_.CreateDatabase());
  AwaitShares(Node(0), {0, 1, 2});
  NodeLoad load(Node(0), ports_, service_);
  load.AwaitMore(kWorksBetween);
  for (int i = 0; i < kNodes && !HasFailure(); ++i) {
    EXPECT_EQ(Node(i).Stop(), 0);
    load.AwaitMore(kWorksBetween);
    Node(i).Start();
    load.AwaitMore(kWorksBetween);
  }
  AwaitShares(Node(0), {0, 1, 2});
  load.EndAndCheck(Node(0));
  // Shards were handed over, and nobody had to wait until a node was given up.
  for (int i = 0; i < kNodes; ++i) EXPECT_EQ(Node(i).Log().find("was silent for too long"), std::string::npos) << i;
}

TEST_F(NodesFault, NothingAnsweredIsLostWhenNodesAreKilled) {
  StartNodes(cluster_.CreateDatabase());
  NodeLoad load(Node(0), ports_, service_);
  for (int i = 0; i < FromEnvironment("FERMATA_KILLS", 2) && !HasFailure(); ++i) {
    load.AwaitMore(kWorksBetween);
    Node(i % kNodes).Kill();
    load.AwaitMore(kWorksBetween);
    Node(i % kNodes).Start();
  }
  AwaitShares(Node(0), {0, 1, 2});
  load.EndAndCheck(Node(0));
}

TEST_F(NodesFault, ANodeThatSleptWritesNothingForOthersAndJoinsAgain) {
  StartNodes(cluster_.CreateDatabase());
  AwaitShares(Node(0), {0, 1, 2});
  NodeLoad load(Node(0), ports_, service_);
  load.AwaitMore(kWorksBetween);
  Node(1).Signal(SIGSTOP);
  AwaitShares(Node(0), {0, 2});  // it was given up
  load.AwaitMore(kWorksBetween);
  Node(1).Signal(SIGCONT);
  AwaitShares(Node(0), {0, 1, 2});
  load.AwaitMore(kWorksBetween);
  load.EndAndCheck(Node(1));
  EXPECT_NE(Node(1).Log().find("begins anew"), std::string::npos);
}

TEST_F(NodesFault, EveryAnsweredRequestSurvivesTheDeathOfTheDatabasesPrimary) {
  PostgresCluster primary;
  const std::string database = primary.CreateDatabase();
  PostgresCluster standby(primary);
  // No commit is answered before the standby has it on its disk.
  primary.Run(database, "ALTER SYSTEM SET synchronous_standby_names = '*'");
  primary.Run(database, "SELECT pg_reload_conf()");
  const std::string name = database.substr(database.find("dbname="));
  StartNodes("host=" + primary.host() + "," + standby.host() + " port=" + std::to_string(primary.port()) + "," +
             std::to_string(standby.port()) + " user=fermata target_session_attrs=read-write " + name);
  AwaitShares(Node(0), {0, 1, 2});
  NodeLoad load(Node(0), ports_, service_);
  load.AwaitMore(kWorksBetween);
  primary.Crash();
  standby.Promote();
  load.AwaitMore(2 * kWorksBetween);
  load.EndAndCheck(Node(2));
}

}  // namespace
}  // namespace fermata::test
