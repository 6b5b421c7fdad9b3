// Events and schedules that start instances, over REST, on each storage, through kill -9.
#include <gtest/gtest.h>

#include "tests/integration/support/fermata_server.h"
#include "tests/support/postgres.h"

namespace fermata::test {
namespace {

constexpr const char* kOrder = R"(fermata: 1
process: order
version: 1.0.0
key: ${input.id}
unique: running
input: { type: object, required: [id], properties: { id: { type: string } } }
events:
  ordered: { key: "${event.data.id}" }
  cancelled: { key: "${event.data.id}" }
start_on: ordered
states:
  open: { on: { cancelled: gone, ordered: again }, after: { 1d: gone } }
  again: { end: { again: true } }
  gone: { end: { again: false } }
)";

std::string Schedule(const std::string& version, const std::string& schedule) {
  return "fermata: 1\nprocess: nightly\nversion: " + version + "\n" + schedule +
         "\nstates:\n  done: { end: { ok: true } }\n";
}

class StartOn : public testing::TestWithParam<std::string> {
 protected:
  StartOn() : server_(StorageArguments()) {}

  static std::vector<std::string> StorageArguments() {
    if (GetParam() == "postgres")
      return {"--storage", "postgres", "--database", PostgresCluster::Shared().CreateDatabase()};
    return {"--storage", GetParam()};
  }
  ClientResponse Send(const std::string& id, const std::string& data, const std::string& type = "ordered") {
    return server_.http().Post(
        "/v1/events",
        R"({"specversion":"1.0","id":")" + id + R"(","source":"shop","type":")" + type + R"(","data":)" + data + "}",
        "application/cloudevents+json");
  }
  std::size_t Count() {
    return JsonOf(server_.http().Get("/v1/instances?process=order")).Find("items")->as_list().size();
  }

  FermataServer server_;
};

TEST_P(StartOn, AnEventStartsAnInstanceOnceAndThenFindsIt) {
  ASSERT_EQ(server_.Deploy(kOrder).status, 201);
  const ClientResponse first = Send("e-1", R"({"id":"o-1"})");
  ASSERT_EQ(first.status, 202) << first.body;
  const std::string instance = At(first, "started.0");
  EXPECT_EQ(At(server_.http().Get("/v1/instances/" + instance), "states"), R"(["open"])");
  EXPECT_EQ(At(server_.http().Get("/v1/instances/" + instance), "key"), "o-1");
  EXPECT_EQ(At(Send("e-1", R"({"id":"o-1"})"), "duplicate"), "true");
  EXPECT_EQ(Count(), 1u);
  const ClientResponse second = Send("e-2", R"({"id":"o-1"})");
  EXPECT_EQ(At(second, "delivered"), "1") << second.body;
  EXPECT_EQ(At(second, "started"), "[]");
  EXPECT_EQ(At(server_.http().Get("/v1/instances/" + instance + "?wait=9s"), "output.again"), "true");
  EXPECT_EQ(Count(), 1u);
}

TEST_P(StartOn, DataThatIsNoInputIs422WithItsPath) {
  ASSERT_EQ(server_.Deploy(kOrder).status, 201);
  const ClientResponse refused = Send("e-1", R"({"id":5})");
  EXPECT_EQ(refused.status, 422) << refused.body;
  EXPECT_EQ(At(refused, "errors.0.path"), "/data/id") << refused.body;
  EXPECT_EQ(Count(), 0u);
  EXPECT_EQ(Send("e-1", R"({"id":"o-1"})").status, 202) << "what was refused was not accepted";
}

TEST_P(StartOn, AcceptedIsStartedWhateverHappensThen) {
  if (GetParam() == "memory") GTEST_SKIP() << "memory forgets";
  ASSERT_EQ(server_.Deploy(kOrder).status, 201);
  for (int i = 0; i < 5; ++i) {
    const std::string id = "o-" + std::to_string(i);
    const ClientResponse sent = Send("e-" + id, R"({"id":")" + id + R"("})");
    ASSERT_EQ(sent.status, 202) << sent.body;
    server_.Kill();
    server_.Start();
    EXPECT_EQ(At(server_.http().Get("/v1/instances/" + At(sent, "started.0")), "key"), id);
    EXPECT_EQ(At(Send("e-" + id, R"({"id":")" + id + R"("})"), "duplicate"), "true");
  }
  EXPECT_EQ(Count(), 5u);
}

TEST_P(StartOn, ADefinitionShowsItsScheduleAndTheNextRunOfTheLiveVersion) {
  ASSERT_EQ(server_.Deploy(Schedule("1.0.0", "schedule: { cron: 0 3 1 JAN *, timezone: Europe/Berlin }")).status, 201);
  const ClientResponse live = server_.http().Get("/v1/definitions/nightly");
  EXPECT_EQ(At(live, "schedule.cron"), "0 3 1 JAN *") << live.body;
  EXPECT_EQ(At(live, "schedule.timezone"), "Europe/Berlin");
  EXPECT_EQ(At(live, "schedule.overlap"), "skip");
  EXPECT_TRUE(At(live, "schedule.nextRun").ends_with("-01-01T02:00:00Z")) << live.body;
  ASSERT_EQ(server_.Deploy(Schedule("1.1.0", "")).status, 201);
  EXPECT_EQ(At(server_.http().Get("/v1/definitions/nightly"), "schedule"), "null");
  EXPECT_EQ(At(server_.http().Get("/v1/definitions/nightly/1.0.0"), "schedule.nextRun"), "null");
}

TEST_P(StartOn, ABadScheduleIs422WithItsPlace) {
  const ClientResponse refused = server_.Deploy(Schedule("1.0.0", "schedule: { cron: 0 30 * * * }"));
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(At(refused, "diagnostics.0.code"), "FM-2020") << refused.body;
  EXPECT_EQ(At(refused, "diagnostics.0.column"), "21") << refused.body;
}

INSTANTIATE_TEST_SUITE_P(Storages, StartOn, testing::Values("memory", "sqlite", "postgres"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace fermata::test
