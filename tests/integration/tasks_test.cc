// Human tasks over REST and the command line, on each storage: listed, answered once, gone when they are closed.
#include <gtest/gtest.h>

#include <set>

#include "engine/model/json.h"
#include "tests/integration/support/fermata_server.h"
#include "tests/support/postgres.h"

namespace fermata::test {
namespace {

constexpr const char* kReviewed = R"(fermata: 1
process: review
version: 1.0.0
key: ${input.ref}
input: { type: object, required: [ref], properties: { ref: { type: string }, due: { type: string }, clerk: { type: string } } }
states:
  look:
    ask: "Look at ${input.ref}"
    form: { type: object, required: [note], additionalProperties: false, properties: { note: { type: string, minLength: 2 }, amount: { type: integer } }, x-order: [note, amount] }
    data: { ref: "${input.ref}" }
    assign: { role: clerk }
    outcomes: [approve, reject]
    due: "${has(input.due) ? timestamp(input.due) : now + duration('1h')}"
    remind: [1h]
    save: answer
    after: { 1d: late }
    next:
      - { if: "answer.outcome == 'approve'", go: sign }
      - { go: done }
  sign:
    ask: Sign it
    assign: { user: "${has(input.clerk) ? input.clerk : 'boss'}" }
    save: signature
    after: { 1d: late }
    next: done
  late: { fail: too-late }
  done: { end: { answer: "${answer}" } }
)";

class Tasks : public testing::TestWithParam<std::string> {
 protected:
  Tasks() : server_(StorageArguments()) { EXPECT_EQ(server_.Deploy(kReviewed).status, 201); }

  static std::vector<std::string> StorageArguments() {
    if (GetParam() == "postgres")
      return {"--storage", "postgres", "--database", PostgresCluster::Shared().CreateDatabase()};
    return {"--storage", GetParam()};
  }
  std::string Start(const std::string& input) {
    const ClientResponse started =
        server_.http().Post("/v1/instances?wait=9s&until=look", R"({"process":"review","input":)" + input + "}");
    EXPECT_EQ(started.status, 201) << started.body;
    return At(started, "id");
  }
  ClientResponse List(const std::string& query = "") { return server_.http().Get("/v1/tasks" + query); }
  std::vector<Value> Items(const std::string& query = "") {
    const ClientResponse page = List(query);
    EXPECT_EQ(page.status, 200) << page.body;
    return JsonOf(page).Find("items")->as_list();
  }
  std::string TaskOf(const std::string& instance) {
    const std::vector<Value> items = Items("?instance=" + instance);
    EXPECT_EQ(items.size(), 1u);
    return items.empty() ? "" : At(items[0], "id");
  }
  ClientResponse Complete(const std::string& task, const std::string& body, const std::string& key = "") {
    std::vector<std::pair<std::string, std::string>> headers;
    if (!key.empty()) headers.emplace_back("Idempotency-Key", key);
    return server_.http().Post("/v1/tasks/" + task + "/complete", body, "application/json", headers);
  }
  ClientResponse Change(const std::string& task, const std::string& path, const std::string& body,
                        const std::string& key = "") {
    std::vector<std::pair<std::string, std::string>> headers;
    if (!key.empty()) headers.emplace_back("Idempotency-Key", key);
    return server_.http().Post("/v1/tasks/" + task + "/" + path, body, "application/json", headers);
  }

  FermataServer server_;
};

TEST_P(Tasks, AnAnswerIsToldAlsoWhileItWaitsForTheEndOfASuspension) {
  const std::string id = Start(R"({"ref":"held"})"), place = "/v1/instances/" + id, task = TaskOf(id);
  ASSERT_EQ(server_.http().Post(place + "/suspend", "{}").status, 200);
  ASSERT_EQ(Complete(task, R"({"outcome":"reject","data":{"note":"no"},"by":"bob"})").status, 200);
  EXPECT_TRUE(Items("?instance=" + id).empty());
  const ClientResponse second = Complete(task, R"({"outcome":"approve","data":{"note":"yes"},"by":"eve"})");
  ExpectProblem(second, 409, "FM-4019");
  EXPECT_NE(At(second, "detail").find("'" + task + "'"), std::string::npos) << second.body;
  const auto told = [&] {
    const ClientResponse closed = server_.http().Get("/v1/tasks/" + task);
    EXPECT_NE(At(closed, "closedAt"), "null") << closed.body;
    return At(closed, "open") + " " + At(closed, "how") + " " + At(closed, "by") + " " + At(closed, "outcome") + " " +
           At(closed, "answer.note");
  };
  EXPECT_EQ(told(), "false answered bob reject no");
  ASSERT_EQ(server_.http().Post(place + "/resume?wait=9s", "{}").status, 200);
  EXPECT_EQ(At(server_.http().Get(place), "status"), "completed");
  EXPECT_EQ(told(), "false answered bob reject no");
  // One that nobody has answered.
  const std::string other = Start(R"({"ref":"left"})"), left = TaskOf(other);
  ASSERT_EQ(server_.http().Post("/v1/instances/" + other + "/cancel?wait=9s", "{}").status, 200);
  EXPECT_EQ(At(server_.http().Get("/v1/tasks/" + left), "how"), "left");
}

TEST_P(Tasks, AnInstanceTellsOfAllItsTasksAlsoOfThoseThatAreClosed) {
  const std::string id = Start(R"({"ref":"both"})"), path = "/v1/instances/" + id + "/tasks", first = TaskOf(id);
  const auto items = [&](const std::string& query) {
    const ClientResponse page = server_.http().Get(path + query);
    EXPECT_EQ(page.status, 200) << page.body;
    return JsonOf(page).Find("items")->as_list();
  };
  EXPECT_EQ(items("").size(), 1u);
  ASSERT_EQ(Change(first, "comments", R"({"text":"hm","by":"bob"})").status, 200);
  ASSERT_EQ(Complete(first, R"({"outcome":"approve","data":{"note":"ok"},"by":"bob"})").status, 200);
  const std::string second = TaskOf(id);
  std::vector<Value> all = items("");
  ASSERT_EQ(all.size(), 2u);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const ClientResponse one = server_.http().Get("/v1/tasks/" + (i == 0 ? first : second));
    EXPECT_EQ(WriteJson(all[i]), WriteJson(JsonOf(one))) << "as it is told alone";
  }
  EXPECT_EQ(At(all[0], "how") + " " + At(all[0], "by") + " " + At(all[0], "comments"), "answered bob 1");
  EXPECT_EQ(At(all[1], "open"), "true");
  ASSERT_EQ(server_.http().Post("/v1/instances/" + id + "/cancel?wait=9s", "{}").status, 200);
  EXPECT_EQ(At(items("").at(1), "how"), "left");

  const ClientResponse page = server_.http().Get(path + "?limit=1");
  EXPECT_EQ(At(page, "items.0.id"), first);
  const ClientResponse rest = server_.http().Get(path + "?limit=1&cursor=" + At(page, "next"));
  EXPECT_EQ(At(rest, "items.0.id"), second);
  EXPECT_EQ(At(rest, "next"), "null");
  ExpectProblem(server_.http().Get(path + "?cursor=x"), 422, "FM-4014");
  ExpectProblem(server_.http().Get(path + "?status=open"), 422, "FM-4053");
  ExpectProblem(server_.http().Get("/v1/instances/00000000000000000000000000/tasks"), 404, "FM-4003");
}

TEST_P(Tasks, ATaskTellsWhatToDo) {
  const std::string instance = Start(R"({"ref":"o-1","due":"2040-05-06T07:08:09Z"})");
  const std::vector<Value> items = Items();
  ASSERT_EQ(items.size(), 1u);
  const Value& task = items[0];
  EXPECT_EQ(At(task, "instance"), instance);
  EXPECT_TRUE(At(task, "id").starts_with(instance + "-"));
  EXPECT_EQ(At(task, "process"), "review");
  EXPECT_EQ(At(task, "state"), "look");
  EXPECT_EQ(At(task, "title"), "Look at o-1");
  EXPECT_EQ(At(task, "data.ref"), "o-1");
  EXPECT_EQ(At(task, "form.required"), R"(["note"])");
  EXPECT_EQ(At(task, "outcomes"), R"(["approve","reject"])");
  EXPECT_EQ(At(task, "assign"), R"({"role":"clerk"})");
  EXPECT_EQ(At(task, "due"), "2040-05-06T07:08:09Z");
  EXPECT_EQ(At(task, "open"), "true");
  EXPECT_TRUE(At(task, "createdAt").ends_with("Z"));
  EXPECT_EQ(JsonOf(server_.http().Get("/v1/tasks/" + At(task, "id"))), task);
}

TEST_P(Tasks, AnAnswerMovesTheInstanceAndClosesTheTask) {
  const std::string instance = Start(R"({"ref":"o-1"})");
  const std::string task = TaskOf(instance);
  const ClientResponse done = Complete(task, R"({"outcome":"reject","data":{"note":"no"},"by":"ann"})");
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(At(done, "status"), "completed");
  EXPECT_EQ(At(done, "output.answer.outcome"), "reject");
  EXPECT_EQ(At(done, "output.answer.data.note"), "no");
  EXPECT_EQ(At(done, "output.answer.by"), "ann");
  EXPECT_TRUE(At(done, "output.answer.at").ends_with("Z"));
  EXPECT_TRUE(Items().empty());
  const ClientResponse closed = server_.http().Get("/v1/tasks/" + task);
  EXPECT_EQ(At(closed, "open"), "false") << closed.body;
  EXPECT_EQ(At(closed, "state"), "look");
  EXPECT_EQ(At(closed, "title"), "Look at o-1");
}

TEST_P(Tasks, AClosedTaskIs409AndAnUnknownOne404) {
  const std::string instance = Start(R"({"ref":"o-1"})");
  const std::string task = TaskOf(instance);
  const std::string answer = R"({"outcome":"approve","data":{"note":"ok"}})";
  ASSERT_EQ(Complete(task, answer).status, 200);
  ExpectProblem(Complete(task, answer), 409, "FM-4019");
  ASSERT_EQ(Complete(TaskOf(instance), "{}").status, 200);
  ExpectProblem(Complete(task, answer), 409, "FM-4019");
  for (const std::string& unknown : {std::string("nonsense"), std::string("00000000000000000000000000-3"),
                                     instance + "-99", instance + "-1", instance, instance + "-0"}) {
    ExpectProblem(Complete(unknown, answer), 404, "FM-4015");
    ExpectProblem(server_.http().Get("/v1/tasks/" + unknown), 404, "FM-4015");
  }
}

TEST_P(Tasks, AnAnswerThatDoesNotFitIs422WithItsPathAndChangesNothing) {
  const std::string task = TaskOf(Start(R"({"ref":"o-1"})"));
  ExpectProblem(Complete(task, R"({"outcome":"maybe","data":{"note":"ok"}})"), 422, "FM-4017", "/outcome");
  ExpectProblem(Complete(task, R"({"data":{"note":"ok"}})"), 422, "FM-4017", "/outcome");
  ExpectProblem(Complete(task, R"({"outcome":"approve","data":{"note":"o"}})"), 422, "FM-4017", "/data/note");
  const ClientResponse twice = Complete(task, R"({"outcome":"approve","data":{"note":"o","amount":"much"}})");
  EXPECT_EQ(At(twice, "errors.0.path") + " " + At(twice, "errors.1.path"), "/data/note /data/amount") << twice.body;
  ExpectProblem(Complete(task, R"({"outcome":"approve","data":{"note":"ok","amount":"much"}})"), 422, "FM-4017",
                "/data/amount");
  EXPECT_EQ(Complete(task, R"({"outcome":"approve"})").status, 422);
  ExpectProblem(Complete(task, R"({"outcome":"approve","answer":1})"), 422, "FM-4050", "/answer");
  ExpectProblem(Complete(task, R"({"outcome":5})"), 422, "FM-4051", "/outcome");
  EXPECT_EQ(Complete(task, "{").status, 400);
  EXPECT_EQ(Items().size(), 1u);
}

TEST_P(Tasks, TheSameIdempotencyKeyAnswersOnce) {
  const std::string instance = Start(R"({"ref":"o-1"})");
  const std::string task = TaskOf(instance);
  const std::string answer = R"({"outcome":"reject","data":{"note":"ok"}})";
  ASSERT_EQ(Complete(task, answer, "k-" + task).status, 200);
  const ClientResponse again = Complete(task, answer, "k-" + task);
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(At(again, "id"), instance);
  ExpectProblem(Complete(task, R"({"outcome":"approve"})", "k-" + task), 409, "FM-4006");
}

TEST_P(Tasks, ListsFilterPageAndComeInTheOrderOfTheirDueTimes) {
  const std::string late = Start(R"({"ref":"late","due":"2041-01-01T00:00:00Z"})");
  const std::string soon = Start(R"({"ref":"soon","due":"2039-01-01T00:00:00Z"})");
  const std::string never = Start(R"({"ref":"never","clerk":"bob"})");
  ASSERT_EQ(Complete(TaskOf(never), R"({"outcome":"approve","data":{"note":"ok"}})").status, 200);
  const std::vector<Value> all = Items();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(At(all[0], "instance"), soon);
  EXPECT_EQ(At(all[1], "instance"), late);
  EXPECT_EQ(At(all[2], "instance"), never);
  EXPECT_EQ(At(all[2], "due"), "null");
  EXPECT_EQ(At(all[2], "assign.user"), "bob");

  EXPECT_EQ(Items("?role=clerk").size(), 2u);
  EXPECT_EQ(Items("?user=bob").size(), 1u);
  EXPECT_EQ(Items("?user=boss").size(), 0u);
  EXPECT_EQ(Items("?state=sign").size(), 1u);
  EXPECT_EQ(Items("?process=review&state=look&role=clerk").size(), 2u);
  EXPECT_EQ(Items("?process=other").size(), 0u);
  EXPECT_EQ(Items("?instance=" + soon).size(), 1u);

  std::set<std::string> seen;
  std::string cursor;
  for (int page = 0; page < 4; ++page) {
    const ClientResponse answer = List("?limit=1" + (cursor.empty() ? "" : "&cursor=" + cursor));
    ASSERT_EQ(answer.status, 200) << answer.body;
    const Value json = JsonOf(answer);
    for (const Value& item : json.Find("items")->as_list()) seen.insert(At(item, "id"));
    cursor = At(json, "next");
    if (cursor == "null") break;
  }
  EXPECT_EQ(seen.size(), 3u);
  ExpectProblem(List("?cursor=zzz"), 422, "FM-4014");
  ExpectProblem(List("?instance=zzz"), 422, "FM-4053");
  ExpectProblem(List("?roles=clerk"), 422, "FM-4053");
}

TEST_P(Tasks, OnlyWhoHasClaimedATaskAnswersIt) {
  const std::string instance = Start(R"({"ref":"o-1"})");
  const std::string task = TaskOf(instance);
  const std::string good = R"("outcome":"approve","data":{"note":"ok"})";
  const ClientResponse claimed = Change(task, "claim", R"({"by":"ann"})");
  ASSERT_EQ(claimed.status, 200) << claimed.body;
  EXPECT_EQ(At(claimed, "claimedBy"), "ann");
  EXPECT_EQ(Change(task, "claim", R"({"by":"ann"})").status, 200) << "once more is the same";
  const ClientResponse taken = Change(task, "claim", R"({"by":"bob"})");
  ExpectProblem(taken, 409, "FM-4029");
  EXPECT_NE(At(taken, "detail").find("'ann'"), std::string::npos) << taken.body;
  ExpectProblem(Change(task, "release", R"({"by":"bob"})"), 409, "FM-4029");
  ExpectProblem(Complete(task, "{" + good + R"(,"by":"bob"})"), 409, "FM-4029");
  ExpectProblem(Complete(task, "{" + good + "}"), 409, "FM-4029");
  EXPECT_EQ(At(Change(task, "release", R"({"by":"ann"})"), "claimedBy"), "null");
  EXPECT_EQ(At(Change(task, "claim", R"({"by":"bob"})", "k-" + task), "claimedBy"), "bob");
  EXPECT_EQ(Change(task, "claim", R"({"by":"bob"})", "k-" + task).Header("idempotency-replayed"), "true");
  ExpectProblem(Change(task, "claim", R"({"by":"eve"})", "k-" + task), 409, "FM-4006");
  const ClientResponse given = Change(task, "assign", R"({"user":"eve","by":"boss"})");
  EXPECT_EQ(At(given, "assign"), R"({"user":"eve"})") << given.body;
  EXPECT_EQ(At(given, "claimedBy"), "null");
  ExpectProblem(Change(task, "claim", R"({"by":"bob"})"), 409, "FM-4029");
  EXPECT_EQ(Change(task, "claim", R"({"by":"eve"})").status, 200);
  ASSERT_EQ(Complete(task, "{" + good + R"(,"by":"eve"})").status, 200);
  ExpectProblem(Change(task, "claim", R"({"by":"ann"})"), 409, "FM-4019");
  const ClientResponse closed = server_.http().Get("/v1/tasks/" + task);
  EXPECT_EQ(At(closed, "claimedBy"), "eve") << closed.body;
  const std::string history = server_.http().Get("/v1/instances/" + instance + "/history").body;
  for (const char* words : {"ann claims the task in 'look'", "ann releases", "is assigned to eve, by boss"})
    EXPECT_NE(history.find(words), std::string::npos) << words;
}

TEST_P(Tasks, AFormHasTheSchemaFilesThatItRefersTo) {
  const Value bundle = Value::Object(
      {{"yaml",
        Value::String("fermata: 1\nprocess: filed\nversion: 1.0.0\nstates:\n"
                      "  fill: { ask: Fill it, form: { $ref: schemas/wish.yaml }, after: { 1d: done }, next: done }\n"
                      "  done: { end: {} }\n")},
       {"files", Value::Object({{"schemas/wish.yaml",
                                 Value::String("type: object\nproperties: { amount: { $ref: money.yaml } }\n")},
                                {"schemas/money.yaml", Value::String("type: integer\n")}})}});
  ASSERT_EQ(server_.http().Post("/v1/definitions", WriteJson(bundle)).status, 201);
  const std::string instance =
      At(server_.http().Post("/v1/instances?wait=9s&until=fill", R"({"process":"filed"})"), "id");
  const std::string task = TaskOf(instance);
  EXPECT_EQ(At(server_.http().Get("/v1/tasks/" + task), "form"),
            R"({"type":"object","properties":{"amount":{"$ref":"#/$defs/schemas_money.yaml"}},)"
            R"("$defs":{"schemas_money.yaml":{"type":"integer"}}})");
  ExpectProblem(Complete(task, R"({"data":{"amount":"much"}})"), 422, "FM-4017", "/data/amount");
  EXPECT_EQ(Complete(task, R"({"data":{"amount":5}})").status, 200);
}

TEST_P(Tasks, CommentsAreKeptWithTheHistory) {
  const std::string task = TaskOf(Start(R"({"ref":"o-1"})"));
  for (int i = 1; i <= 3; ++i)
    EXPECT_EQ(At(Change(task, "comments", R"({"text":"no )" + std::to_string(i) + R"(","by":"ann"})"), "comments"),
              std::to_string(i));
  ASSERT_EQ(Complete(task, R"({"outcome":"reject","data":{"note":"ok"}})").status, 200);
  const ClientResponse first = server_.http().Get("/v1/tasks/" + task + "/comments?limit=2");
  EXPECT_EQ(At(first, "items.1.text"), "no 2") << first.body;
  EXPECT_EQ(At(first, "items.0.by"), "ann");
  const ClientResponse rest = server_.http().Get("/v1/tasks/" + task + "/comments?limit=2&cursor=" + At(first, "next"));
  EXPECT_EQ(At(rest, "items.0.text"), "no 3") << rest.body;
  EXPECT_EQ(At(rest, "next"), "null");
  ExpectProblem(Change(task, "comments", R"({"text":"late","by":"ann"})"), 409, "FM-4019");
  ExpectProblem(server_.http().Get("/v1/tasks/" + task + "/comments?cursor=x"), 422, "FM-4014");
}

TEST_P(Tasks, EveryMistakeOfAChangeHasItsPlace) {
  if (GetParam() != "memory") GTEST_SKIP() << "it has nothing to do with storage";
  const std::string task = TaskOf(Start(R"({"ref":"o-1"})"));
  ExpectProblem(Change(task, "claim", "{}"), 422, "FM-4051", "/by");
  ExpectProblem(Change(task, "claim", R"({"who":"ann"})"), 422, "FM-4050", "/who");
  ExpectProblem(Change(task, "assign", R"({"role":"a","user":"b"})"), 422, "FM-4051", "/user");
  ExpectProblem(Change(task, "comments", R"({"by":"ann"})"), 422, "FM-4051", "/text");
  ExpectProblem(Change(task, "comments", R"({"by":"ann","text":")" + std::string(20'000, 'x') + "\"}"), 422, "FM-4051",
                "/text");
  for (const char* path : {"claim", "release", "assign"}) {
    ExpectProblem(Change("none", path, R"({"by":"ann"})"), 404, "FM-4015");
    ExpectProblem(Change("00000000000000000000000000-3", path, R"({"by":"ann"})"), 404, "FM-4015");
  }
  ExpectProblem(server_.http().Get("/v1/tasks/none/comments"), 404, "FM-4015");
  ExpectProblem(server_.http().Get("/v1/tasks/00000000000000000000000000-3/comments"), 404, "FM-4015");
}

TEST_P(Tasks, TheInboxCountsAndFiltersWhoseTheyAre) {
  const std::string late = Start(R"({"ref":"late","due":"2020-01-01T00:00:00Z"})");
  const std::string mine = Start(R"({"ref":"mine"})");
  Start(R"({"ref":"free"})");
  ASSERT_EQ(Change(TaskOf(mine), "claim", R"({"by":"ann"})").status, 200);
  const ClientResponse inbox = server_.http().Get("/v1/tasks/inbox?user=ann");
  ASSERT_EQ(inbox.status, 200) << inbox.body;
  EXPECT_EQ(At(inbox, "total") + At(inbox, "mine") + At(inbox, "unclaimed") + At(inbox, "overdue"), "3121");
  EXPECT_EQ(At(inbox, "groups.0.role"), "clerk");
  EXPECT_EQ(At(server_.http().Get("/v1/tasks/inbox"), "mine"), "0");
  ASSERT_EQ(Items("?assignee=ann").size(), 1u);
  EXPECT_EQ(At(Items("?assignee=ann")[0], "instance"), mine);
  EXPECT_EQ(Items("?candidate=ann,clerk").size(), 2u);
  EXPECT_EQ(Items("?candidate=ann").size(), 0u);
  const Value first = Items("?candidate=clerk")[0];
  EXPECT_EQ(At(first, "instance"), late);
  EXPECT_EQ(first.Find("reminders")->as_list().size(), 1u);
  EXPECT_EQ(At(first, "form.x-order"), R"(["note","amount"])") << "hints for whoever draws the form";
}

TEST_P(Tasks, ACancelWithdrawsATask) {
  const std::string instance = Start(R"({"ref":"o-1"})");
  const std::string task = TaskOf(instance);
  ASSERT_EQ(server_.http().Post("/v1/instances/" + instance + "/cancel?wait=9s", "{}").status, 200);
  EXPECT_TRUE(Items().empty());
  ExpectProblem(Complete(task, R"({"outcome":"approve","data":{"note":"ok"}})"), 409, "FM-4019");
}

TEST_P(Tasks, TasksOutliveTheServer) {
  if (GetParam() == "memory") GTEST_SKIP() << "memory forgets";
  const std::string task = TaskOf(Start(R"({"ref":"o-1"})"));
  const std::string answer = R"({"outcome":"reject","data":{"note":"ok"}})";
  server_.Kill();
  server_.Start();
  ASSERT_EQ(Items().size(), 1u);
  ASSERT_EQ(Complete(task, answer, "k-1").status, 200);
  server_.Kill();
  server_.Start();
  EXPECT_TRUE(Items().empty());
  EXPECT_EQ(Complete(task, answer, "k-1").status, 200) << "the repeat of an answered request";
  ExpectProblem(Complete(task, answer, "k-2"), 409, "FM-4019");
}

TEST_P(Tasks, TheCommandLineListsAndCompletes) {
  if (GetParam() != "memory") GTEST_SKIP() << "it knows nothing of storages";
  const std::string instance = Start(R"({"ref":"o-1"})");
  const std::string task = TaskOf(instance);
  const CommandResult list = RunCommand({FERMATA_BINARY, "tasks", "--role", "clerk", "--server", server_.url()});
  EXPECT_EQ(list.exit_code, 0) << list.err;
  EXPECT_NE(list.out.find(task), std::string::npos) << list.out;
  EXPECT_NE(list.out.find("Look at o-1"), std::string::npos) << list.out;
  const CommandResult refused =
      RunCommand({FERMATA_BINARY, "complete", task, "--outcome", "approve", "--server", server_.url()});
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_NE(refused.err.find("FM-4017"), std::string::npos) << refused.err;
  const CommandResult done = RunCommand({FERMATA_BINARY, "complete", task, "--outcome", "reject", "--data",
                                         R"({"note":"ok"})", "--by", "ann", "--json", "--server", server_.url()});
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_NE(done.out.find("\"completed\""), std::string::npos) << done.out;
  EXPECT_EQ(RunCommand({FERMATA_BINARY, "complete", task, "--server", server_.url()}).exit_code, 4);
}

INSTANTIATE_TEST_SUITE_P(Storages, Tasks, testing::Values("memory", "sqlite", "postgres"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace fermata::test
