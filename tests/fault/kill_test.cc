// kill -9 at random moments under load, against a real server with a real file.
#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/fault/options.h"
#include "tests/integration/support/load.h"
#include "tests/support/postgres.h"

namespace fermata::test {
namespace {

void KillUnderLoad(std::vector<std::string> storage_arguments, int kills) {
  const int seed = Seed();
  SCOPED_TRACE("FERMATA_SEED=" + std::to_string(seed));
  std::mt19937 random(static_cast<unsigned>(seed));
  RecordingService service;
  FermataServer server(std::move(storage_arguments));
  Load load(server, service);
  for (int i = 0; i < kills && !testing::Test::HasFailure(); ++i) {
    PauseAtRandom(random, 120);
    server.Kill();
    server.Start();
    load.Go();
  }
  for (int i = 0; i < 100 && load.answered() == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  load.EndAndCheck();
}

TEST(Kill, NothingAnsweredIsLostOnSqlite) {
  KillUnderLoad({"--storage", "sqlite"}, FromEnvironment("FERMATA_KILLS", 10));
}

TEST(Kill, NothingAnsweredIsLostOnPostgres) {
  KillUnderLoad({"--storage", "postgres", "--database", PostgresCluster::Shared().CreateDatabase()},
                FromEnvironment("FERMATA_KILLS", 10) / 2);
}

}  // namespace
}  // namespace fermata::test
