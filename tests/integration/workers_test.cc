// External workers over REST: fetched, reported, streamed; what is refused; and the workers of examples/.
#include <gtest/gtest.h>

#include <thread>

#include "engine/model/json.h"
#include "tests/integration/support/fermata_server.h"
#include "tests/support/postgres.h"

namespace fermata::test {
namespace {

constexpr const char* kManifest = R"(connector: store
version: 1.0.0
kind: worker
operations:
  pack:
    output: { type: object, required: [id, pieces], properties: { id: { type: string }, pieces: { type: integer } } }
    errors: [out-of-stock]
    timeout: 1h
    retry: { attempts: 3, first: 1d }
)";

constexpr const char* kPacking = R"(fermata: 1
process: packing
version: 1.0.0
key: ${input.ref}
input: { type: object, required: [ref], properties: { ref: { type: string } } }
states:
  pack:
    call: store.pack
    with: { ref: "${input.ref}" }
    save: parcel
    on_error: { out-of-stock: empty }
    next: done
  empty: { fail: out-of-stock }
  done: { end: { parcel: "${parcel.id}" } }
)";

class Workers : public testing::TestWithParam<std::string> {
 protected:
  Workers() : server_(StorageArguments()) {
    EXPECT_EQ(server_.DeployConnector(kManifest).status, 201);
    EXPECT_EQ(server_.Deploy(kPacking).status, 201);
  }
  static std::vector<std::string> StorageArguments() {
    if (GetParam() == "postgres")
      return {"--storage", "postgres", "--database", PostgresCluster::Shared().CreateDatabase()};
    return {"--storage", GetParam()};
  }
  std::string Start(const std::string& ref) {
    const ClientResponse started =
        server_.http().Post("/v1/instances", R"({"process":"packing","input":{"ref":")" + ref + R"("}})");
    EXPECT_EQ(started.status, 201) << started.body;
    return At(started, "id");
  }
  ClientResponse Fetch(const std::string& more = "", const std::string& query = "") {
    return server_.http().Post("/v1/jobs/fetch" + query, R"({"operations":["store.pack"],"worker":"w-1")" + more + "}");
  }
  ClientResponse Report(const std::string& job, const std::string& word, const std::string& token,
                        const std::string& more, const std::string& key = "") {
    std::vector<std::pair<std::string, std::string>> headers;
    if (!key.empty()) headers.emplace_back("Idempotency-Key", key);
    return server_.http().Post("/v1/jobs/" + job + "/" + word, R"({"leaseToken":")" + token + "\"" + more + "}",
                               "application/json", headers);
  }

  FermataServer server_;
};

constexpr const char* kOutput = R"(,"output":{"id":"p-1","pieces":2})";

TEST_P(Workers, AJobIsFetchedCompletedAndItsAnswerRepeated) {
  const std::string instance = Start("o-1");
  const ClientResponse fetched = Fetch(R"(,"max":5,"lease":"1m")");
  ASSERT_EQ(fetched.status, 200) << fetched.body;
  const std::string id = At(fetched, "jobs.0.id"), token = At(fetched, "jobs.0.leaseToken");
  EXPECT_EQ(At(fetched, "jobs.0.instance"), instance);
  EXPECT_EQ(At(fetched, "jobs.0.operation"), "store.pack");
  EXPECT_EQ(At(fetched, "jobs.0.process"), "packing");
  EXPECT_EQ(At(fetched, "jobs.0.state"), "pack");
  EXPECT_EQ(At(fetched, "jobs.0.key"), "o-1");
  EXPECT_EQ(At(fetched, "jobs.0.input"), R"({"ref":"o-1"})");
  EXPECT_EQ(At(fetched, "jobs.0.attempt"), "1");
  EXPECT_TRUE(At(fetched, "jobs.0.idempotencyKey").starts_with(instance + "/"));
  EXPECT_EQ(At(Fetch(), "jobs"), "[]");
  const ClientResponse listed = server_.http().Get("/v1/jobs?state=leased&operation=store.pack&process=packing");
  EXPECT_EQ(At(listed, "items.0.worker"), "w-1") << listed.body;
  EXPECT_EQ(At(server_.http().Get("/v1/jobs?state=available"), "items"), "[]");
  const std::string metrics = server_.http().Get("/metrics").body;
  EXPECT_NE(metrics.find(R"(fermata_worker_jobs_leased{tenant="default",operation="store.pack"} 1)"), std::string::npos)
      << metrics;

  const ClientResponse wrong = Report(id, "complete", token, R"(,"output":{"pieces":"two"})");
  ExpectProblem(wrong, 422, "FM-4034");
  EXPECT_EQ(JsonOf(wrong).Find("errors")->as_list().size(), 2u) << wrong.body;
  EXPECT_EQ(Report(id, "extend", token, R"(,"lease":"2m")").status, 200);
  const ClientResponse made_up = Report(id, "complete", "made-up", kOutput);
  ExpectProblem(made_up, 409, "FM-4033");
  EXPECT_EQ(At(made_up, "detail"),
            "Expected the token of the job's lease, but this is another: the lease was given to 'w-1'.");
  ExpectProblem(Report(id, "complete", "0123", kOutput), 409, "FM-4033");
  const ClientResponse done = Report(id, "complete", token, kOutput);
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(At(done, "status"), "completed");
  const ClientResponse again = Report(id, "complete", token, kOutput);
  EXPECT_EQ(again.body, done.body);
  EXPECT_EQ(again.Header("idempotency-replayed"), "true");
  ExpectProblem(Report(id, "complete", token, R"(,"output":{"id":"other","pieces":2})"), 409, "FM-4033");
  ExpectProblem(Report(id, "extend", token, ""), 410, "FM-4032");
  EXPECT_EQ(At(server_.http().Get("/v1/instances/" + instance), "output.parcel"), "p-1");
}

TEST_P(Workers, ACancelDoesNotWaitForAJobThatNobodyHasFetched) {
  ASSERT_EQ(server_
                .Deploy("fermata: 1\nprocess: repacking\nversion: 1.0.0\nstates:\n  pack: { call: store.pack, "
                        "undo: { call: store.pack }, next: done }\n  done: { end: {} }\n")
                .status,
            201);
  const auto start = [&] { return At(server_.http().Post("/v1/instances", R"({"process":"repacking"})"), "id"); };
  const std::string unfetched = start();
  const ClientResponse cancelled = server_.http().Post("/v1/instances/" + unfetched + "/cancel?wait=9s", "{}");
  EXPECT_EQ(At(cancelled, "status"), "cancelled") << cancelled.body;
  EXPECT_EQ(At(Fetch(), "jobs"), "[]");
  const std::string fetched = start();
  EXPECT_EQ(At(Fetch(), "jobs.0.instance"), fetched);
  EXPECT_EQ(At(server_.http().Post("/v1/instances/" + fetched + "/cancel", "{}"), "status"), "compensating");
}

TEST_P(Workers, WhatFailedCanBeReadBack) {
  const std::string retried = Start("r-1");
  ClientResponse fetched = Fetch();
  std::string id = At(fetched, "jobs.0.id");
  EXPECT_EQ(At(server_.http().Get("/v1/jobs/" + id), "status"), "leased");
  const std::string cut = R"(,"technical":"unavailable","message":"The line is cut.","data":{"line":7})";
  ASSERT_EQ(Report(id, "fail", At(fetched, "jobs.0.leaseToken"), cut).status, 200);
  const ClientResponse explained = server_.http().Get("/v1/instances/" + retried + "/explain");
  EXPECT_EQ(At(explained, "waits.0.for.0.operation"), "store.pack") << explained.body;
  EXPECT_EQ(At(explained, "waits.0.for.0.attempt") + At(explained, "waits.0.for.0.attempts"), "23");
  EXPECT_EQ(At(explained, "waits.0.for.0.lastError.message"), "The line is cut.");
  ExpectProblem(server_.http().Get("/v1/jobs/" + id), 410, "FM-4032");
  ExpectProblem(server_.http().Get("/v1/jobs/" + retried + "-99"), 404, "FM-4031");
  ExpectProblem(server_.http().Get("/v1/jobs/x"), 404, "FM-4031");

  ASSERT_EQ(
      server_
          .Deploy("fermata: 1\nprocess: once\nversion: 1.0.0\nstates:\n  first: { call: store.pack, undo: { "
                  "call: store.pack }, next: pack }\n  pack: { call: store.pack, retry: none, on_error: { "
                  "out-of-stock: none }, next: done }\n  none: { fail: empty }\n  done: { end: {} }\nerrors: [empty]\n")
          .status,
      201);
  const std::string instance = At(server_.http().Post("/v1/instances", R"({"process":"once"})"), "id");
  fetched = Fetch();
  ASSERT_EQ(Report(At(fetched, "jobs.0.id"), "complete", At(fetched, "jobs.0.leaseToken"), kOutput).status, 200);
  fetched = Fetch();
  ASSERT_EQ(Report(At(fetched, "jobs.0.id"), "fail", At(fetched, "jobs.0.leaseToken"), cut).status, 200);
  const std::string incident = "/v1/incidents/" + instance + "-1";
  ClientResponse told = server_.http().Get(incident);
  EXPECT_EQ(At(told, "operation") + " " + At(told, "attempt") + " " + At(told, "data.line"), "store.pack 1 7")
      << told.body;
  EXPECT_EQ(At(told, "open") + At(told, "how"), "truenull");
  ASSERT_EQ(server_.http().Post(incident + "/resolve", R"({"action":"fail","error":"out-of-stock","by":"ann"})").status,
            200);
  told = server_.http().Get(incident);
  EXPECT_EQ(At(told, "open") + At(told, "how") + At(told, "by"), "falsefailann") << told.body;
  ExpectProblem(server_.http().Get("/v1/incidents/" + instance + "-2"), 404, "FM-4004");
  // It rolls back, and says why.
  const ClientResponse compensating = server_.http().Get("/v1/instances/" + instance);
  EXPECT_EQ(At(compensating, "status") + " " + At(compensating, "error.name"), "compensating empty")
      << compensating.body;
}

TEST_P(Workers, AWaitingFetchIsAnsweredByTheStart) {
  ClientResponse fetched;
  std::thread worker(
      [&] { fetched = HttpClient(server_.port()).Post("/v1/jobs/fetch?wait=9s", R"({"operations":["store.pack"]})"); });
  const std::string instance = Start("o-1");
  worker.join();
  EXPECT_EQ(At(fetched, "jobs.0.instance"), instance) << fetched.body;
}

TEST_P(Workers, LeasesAndJobsOutliveTheServer) {
  if (GetParam() == "memory") GTEST_SKIP() << "memory forgets";
  Start("o-1");
  Start("o-2");
  const ClientResponse fetched = Fetch();
  const std::string id = At(fetched, "jobs.0.id"), token = At(fetched, "jobs.0.leaseToken");
  server_.Kill();
  server_.Start();
  const ClientResponse other = Fetch(R"(,"max":9)");
  ASSERT_EQ(JsonOf(other).Find("jobs")->as_list().size(), 1u) << other.body;
  EXPECT_NE(At(other, "jobs.0.id"), id);
  EXPECT_EQ(At(Report(id, "complete", token, kOutput), "status"), "completed");
  server_.Kill();
  server_.Start();
  EXPECT_EQ(Report(id, "complete", token, kOutput).status, 200) << "the repeat of what was answered";
}

TEST_P(Workers, FailuresAreTheProcesssBusiness) {
  Start("o-1");
  const ClientResponse first = Fetch();
  const std::string token = At(first, "jobs.0.leaseToken"), id = At(first, "jobs.0.id");
  const std::string instance = At(first, "jobs.0.instance");
  ExpectProblem(Report(id, "fail", token, R"(,"error":"out-of-stok")"), 422, "FM-4035", "/error");
  ExpectProblem(Report(id, "fail", token, R"(,"error":"out-of-stock","technical":"timeout")"), 422, "FM-4051");
  ExpectProblem(Report(id, "fail", token, ""), 422, "FM-4051");
  ExpectProblem(Report(id, "fail", token, R"(,"technical":"broken")"), 422, "FM-4051", "/technical");
  ExpectProblem(Report(id, "fail", token, R"(,"technical":"timeout","retryAfter":"1d")"), 422, "FM-4051",
                "/retryAfter");
  const ClientResponse retried = Report(id, "fail", token, R"(,"technical":"unavailable","message":"later")", "k-1");
  ASSERT_EQ(retried.status, 200) << retried.body;
  ExpectProblem(Report(id, "complete", token, kOutput), 409, "FM-4033");
  ExpectProblem(Report(id, "extend", token, ""), 410, "FM-4032");
  const std::string history = server_.http().Get("/v1/instances/" + instance + "/history").body;
  EXPECT_NE(history.find("later"), std::string::npos);

  Start("o-2");
  const ClientResponse second = Fetch();
  const ClientResponse failed = Report(At(second, "jobs.0.id"), "fail", At(second, "jobs.0.leaseToken"),
                                       R"(,"error":"out-of-stock","message":"none left","data":{"sku":7})");
  EXPECT_EQ(At(failed, "status"), "failed") << failed.body;
}

TEST_P(Workers, EveryMistakeHasItsPlace) {
  if (GetParam() != "memory") GTEST_SKIP() << "it has nothing to do with storage";
  HttpClient& http = server_.http();
  const auto fetch = [&](const std::string& body) { return http.Post("/v1/jobs/fetch", body); };
  ExpectProblem(fetch("{}"), 422, "FM-4051", "/operations");
  ExpectProblem(fetch(R"({"operations":[]})"), 422, "FM-4051", "/operations");
  ExpectProblem(fetch(R"({"operations":"store.pack"})"), 422, "FM-4051", "/operations");
  ExpectProblem(fetch(R"({"operations":[7]})"), 422, "FM-4051", "/operations");
  ExpectProblem(fetch(R"({"operations":["store.pack","pack"]})"), 422, "FM-4051", "/operations/1");
  const ClientResponse near = fetch(R"({"operations":["store.pakc"]})");
  ExpectProblem(near, 422, "FM-4051", "/operations/0");
  EXPECT_EQ(At(near, "errors.0.hint"), "Did you mean 'store.pack'?");
  ExpectProblem(fetch(R"({"operations":["engine.find"]})"), 422, "FM-4051", "/operations/0");
  ExpectProblem(fetch(R"({"operations":["store.pack"],"max":0})"), 422, "FM-4051", "/max");
  ExpectProblem(fetch(R"({"operations":["store.pack"],"max":101})"), 422, "FM-4051", "/max");
  ExpectProblem(fetch(R"({"operations":["store.pack"],"lease":"10ms"})"), 422, "FM-4051", "/lease");
  ExpectProblem(fetch(R"({"operations":["store.pack"],"lease":"2d"})"), 422, "FM-4051", "/lease");
  ExpectProblem(fetch(R"({"operations":["store.pack"],"leas":"2m"})"), 422, "FM-4050", "/leas");
  EXPECT_EQ(fetch("[").status, 400);
  EXPECT_EQ(fetch(R"({"operations":["later.maybe"]})").status, 200) << "its connector may be deployed later";
  EXPECT_EQ(http.Get("/v1/jobs/stream").status, 422);
  EXPECT_EQ(http.Get("/v1/jobs/stream?operations=store.pakc").status, 422);
  EXPECT_EQ(http.Get("/v1/jobs/stream?operations=store.pack&max=0").status, 422);
  EXPECT_EQ(http.Get("/v1/jobs/stream?operations=store.pack&lease=x").status, 422);
  ExpectProblem(http.Get("/v1/jobs?state=open"), 422, "FM-4053");
  ExpectProblem(http.Get("/v1/jobs?cursor=zzz"), 422, "FM-4014");
  for (const char* word : {"extend", "complete", "fail"}) {
    ExpectProblem(http.Post(std::string("/v1/jobs/none/") + word, "{}"), 422, "FM-4051");
    const std::string body =
        std::string(R"({"leaseToken":"t")") + (word == std::string("fail") ? R"(,"technical":"timeout"})" : "}");
    ExpectProblem(http.Post(std::string("/v1/jobs/none/") + word, body), 404, "FM-4031");
    ExpectProblem(http.Post(std::string("/v1/jobs/00000000000000000000000000-3/") + word, body), 404, "FM-4031");
  }
}

TEST_P(Workers, JobsAreListedInPages) {
  for (int i = 0; i < 3; ++i) Start("o-" + std::to_string(i));
  std::string cursor, seen;
  for (int page = 0; page < 3; ++page) {
    const ClientResponse answer = server_.http().Get("/v1/jobs?limit=1" + (cursor.empty() ? "" : "&cursor=" + cursor));
    ASSERT_EQ(answer.status, 200) << answer.body;
    seen += At(answer, "items.0.key") + " ";
    cursor = At(answer, "next");
  }
  EXPECT_EQ(seen, "o-0 o-1 o-2 ");
  EXPECT_EQ(cursor, "null");
}

// Reads one event of a stream and gives the job in it.
Value NextJob(RawClient& client) {
  for (int tries = 0; tries < 3; ++tries) {
    const std::string event = client.ReadUntil("\n\n");
    const std::size_t data = event.find("data: ");
    if (data == std::string::npos) continue;  // the head, a heartbeat
    Result<Value> job = ParseJson(std::string_view(event).substr(data + 6, event.find('\n', data) - data - 6));
    return job.ok() ? *job : Value();
  }
  return Value();
}

TEST_P(Workers, AStreamSendsAsManyJobsAsTheWorkerMayHold) {
  RawClient stream(server_.port());
  ASSERT_TRUE(
      stream.Send("GET /v1/jobs/stream?operations=store.pack&max=1&worker=s-1 HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const std::string head = stream.ReadUntil("\r\n\r\n");
  EXPECT_NE(head.find("200 OK"), std::string::npos) << head;
  EXPECT_NE(head.find("text/event-stream"), std::string::npos) << head;
  const std::string first = Start("o-1");
  const Value job = NextJob(stream);
  EXPECT_EQ(At(job, "instance"), first);
  const std::string second = Start("o-2");
  EXPECT_EQ(At(server_.http().Get("/v1/jobs?state=available"), "items.0.instance"), second);
  ASSERT_EQ(Report(At(job, "id"), "complete", At(job, "leaseToken"), kOutput).status, 200);
  EXPECT_EQ(At(NextJob(stream), "instance"), second);
  server_.Signal(15);  // a server that stops ends its streams properly
  EXPECT_NE(stream.ReadToEnd().find("0\r\n\r\n"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Storages, Workers, testing::Values("memory", "sqlite", "postgres"),
                         [](const auto& info) { return info.param; });

// The examples, as their READMEs say.
void RunExample(const std::string& name, const std::vector<std::string>& command, const std::string& good,
                const std::string& expected, const std::string& bad) {
  const std::string folder = std::string(FERMATA_SOURCE_DIR) + "/examples/" + name;
  FermataServer server({"--storage", "memory", "--processes", folder});
  std::vector<std::string> worker = command;
  worker.back() = folder + "/" + worker.back();
  ChildProcess process(worker, {{"FERMATA_SERVER", server.url()}}, "/dev/null");
  const ClientResponse done = server.http().Post("/v1/instances?wait=9s", good);
  EXPECT_EQ(At(done, "status"), "completed") << done.body;
  EXPECT_NE(WriteJson(*JsonOf(done).Find("output")).find(expected), std::string::npos) << done.body;
  EXPECT_EQ(At(server.http().Post("/v1/instances?wait=9s", bad), "status"), "failed");
}

TEST(WorkerExamples, PythonPacks) {
  RunExample("worker-python", {"/usr/bin/python3", "worker.py"},
             R"({"process":"parcel","input":{"order":"o-1","items":["cup","plate"]}})", R"("pieces":2)",
             R"({"process":"parcel","input":{"order":"o-2","items":[]}})");
}

TEST(WorkerExamples, NodePrints) {
  RunExample("worker-node", {"/usr/bin/node", "worker.mjs"},
             R"({"process":"label","input":{"address":"1 Main Street"}})", "1 x 1 Main Street",
             R"({"process":"label","input":{"address":" "}})");
}

}  // namespace
}  // namespace fermata::test
