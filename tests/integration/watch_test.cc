// The streams of what changes: a history that grows, lists that live.
#include <gtest/gtest.h>

#include "engine/model/json.h"
#include "tests/integration/support/fermata_server.h"

namespace fermata::test {
namespace {

constexpr const char* kApproval = R"(fermata: 1
process: approval
version: 1.0.0
states:
  decide:
    ask: Decide
    assign: { role: clerk }
    outcomes: ['yes', 'no']
    next: done
  done: { end: {} }
)";

struct StreamEvent {
  std::string type, id;
  Value data;
};

std::string FieldOf(const std::string& event, const std::string& name) {
  const std::size_t at = event.find(name + ": ");
  if (at == std::string::npos) return "";
  const std::size_t from = at + name.size() + 2;
  return event.substr(from, event.find('\n', from) - from);
}

class Watcher {
 public:
  Watcher(int port, const std::string& target, const std::string& last_id = "") : client_(port) {
    client_.Send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" +
                 (last_id.empty() ? "" : "Last-Event-ID: " + last_id + "\r\n") + "\r\n");
    head_ = client_.ReadUntil("\r\n\r\n");
  }

  const std::string& head() const { return head_; }
  StreamEvent Next() {
    while (true) {
      const std::string event = client_.ReadUntil("\n\n");
      if (event.empty()) return {};
      Result<Value> data = ParseJson(FieldOf(event, "data"));
      if (data.ok()) return {FieldOf(event, "event"), FieldOf(event, "id"), *data};
    }
  }

 private:
  RawClient client_;
  std::string head_;
};

class Watch : public testing::Test {
 protected:
  Watch() { EXPECT_EQ(server_.Deploy(kApproval).status, 201); }

  std::string Start() { return At(server_.http().Post("/v1/instances", R"({"process":"approval"})"), "id"); }
  void Decide(const std::string& instance) {
    const std::string task = At(server_.http().Get("/v1/tasks?instance=" + instance), "items.0.id");
    EXPECT_EQ(server_.http().Post("/v1/tasks/" + task + "/complete", R"({"by":"ann","outcome":"yes"})").status, 200);
  }

  FermataServer server_{{"--storage", "memory"}};
};

TEST_F(Watch, AHistoryIsToldFromItsStartAndAsItGrows) {
  const std::string id = Start();
  Watcher watcher(server_.port(), "/v1/instances/" + id + "/stream");
  EXPECT_NE(watcher.head().find("text/event-stream"), std::string::npos) << watcher.head();
  const Value page = JsonOf(server_.http().Get("/v1/instances/" + id + "/history"));
  ASSERT_TRUE(page.Find("items"));
  std::string last;
  for (const Value& entry : page.Find("items")->as_list()) {
    const StreamEvent event = watcher.Next();
    EXPECT_EQ(event.type, "history");
    EXPECT_EQ(WriteJson(event.data), WriteJson(entry));
    last = event.id;
  }
  Decide(id);
  const StreamEvent decided = watcher.Next();
  EXPECT_NE(WriteJson(decided.data).find("ann"), std::string::npos) << WriteJson(decided.data);
  // Another connection goes on where this one had been.
  Watcher again(server_.port(), "/v1/instances/" + id + "/stream", last);
  EXPECT_EQ(WriteJson(again.Next().data), WriteJson(decided.data));
}

TEST_F(Watch, ListsAreToldWhatChanges) {
  Watcher watcher(server_.port(), "/v1/stream?process=approval");
  const std::string id = Start();
  const StreamEvent started = watcher.Next();
  EXPECT_EQ(started.type, "instance");
  EXPECT_EQ(At(started.data, "id"), id);
  EXPECT_EQ(At(started.data, "status"), "waiting");
  EXPECT_EQ(At(started.data, "entered"), R"(["decide"])");
  const StreamEvent opened = watcher.Next();
  EXPECT_EQ(opened.type, "task");
  EXPECT_EQ(At(opened.data, "role"), "clerk");
  EXPECT_EQ(At(opened.data, "open"), "true");
  EXPECT_EQ(At(opened.data, "change"), "opened");
  EXPECT_EQ(At(opened.data, "claimedBy"), "null");
  EXPECT_EQ(At(opened.data, "comments"), "0");
  Decide(id);
  EXPECT_EQ(At(watcher.Next().data, "status"), "completed");
  const StreamEvent closed = watcher.Next();
  EXPECT_EQ(At(closed.data, "change"), "closed");
  EXPECT_EQ(At(closed.data, "id"), At(opened.data, "id"));
  EXPECT_EQ(At(closed.data, "open"), "false");
  // What came after the place that a client gives is told again.
  Watcher again(server_.port(), "/v1/stream?after=" + opened.id);
  EXPECT_EQ(At(again.Next().data, "status"), "completed");
}

TEST_F(Watch, ATaskIsToldWithWhatChanged) {
  const std::string task = "/v1/tasks/" + At(server_.http().Get("/v1/tasks?instance=" + Start()), "items.0.id");
  Watcher watcher(server_.port(), "/v1/stream");
  const std::vector<std::vector<std::string>> steps = {
      {"/claim", R"({"by":"ann"})", "claimed", "ann", "null", "0"},
      {"/comments", R"({"by":"ann","text":"Hm."})", "commented", "ann", "null", "1"},
      {"/release", R"({"by":"ann"})", "released", "null", "null", "1"},
      {"/assign", R"({"by":"ann","user":"bob"})", "assigned", "null", "bob", "1"},
      {"/complete", R"({"by":"bob","outcome":"yes"})", "closed", "null", "bob", "1"}};
  for (const auto& step : steps) {
    ASSERT_EQ(server_.http().Post(task + step[0], step[1]).status, 200) << step[0];
    StreamEvent event = watcher.Next();
    while (event.type == "instance") event = watcher.Next();
    EXPECT_EQ(event.type, "task");
    EXPECT_EQ(At(event.data, "change"), step[2]);
    EXPECT_EQ(At(event.data, "claimedBy"), step[3]);
    EXPECT_EQ(At(event.data, "user"), step[4]);
    EXPECT_EQ(At(event.data, "comments"), step[5]);
  }
}

TEST_F(Watch, WhoComesFromAnotherRunOfTheServerIsToldThatSomethingIsMissing) {
  Watcher watcher(server_.port(), "/v1/stream", "12345-6");
  EXPECT_EQ(watcher.Next().type, "gap");
  Start();
  EXPECT_EQ(watcher.Next().type, "instance");
}

TEST_F(Watch, WhatIsNoStreamIsRefused) {
  HttpClient& http = server_.http();
  EXPECT_EQ(http.Get("/v1/stream?proces=x").status, 422);
  EXPECT_EQ(http.Get("/v1/instances/" + Start() + "/stream?after=x").status, 422);
  EXPECT_EQ(http.Get("/v1/instances/nonsense/stream").status, 404);
  std::string unknown = Start();
  unknown.back() = unknown.back() == '0' ? '1' : '0';
  EXPECT_EQ(http.Get("/v1/instances/" + unknown + "/stream").status, 404);
}

}  // namespace
}  // namespace fermata::test
