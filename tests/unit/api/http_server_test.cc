// What the real server reads: framing, limits, pipelining, headers and targets.
#include <array>
#include <set>

#include "api/http/codes.h"
#include "tests/unit/api/http_server_fixture.h"

namespace fermata {
namespace {

// ---- 1: chunks whose CR and LF arrive apart ----

TEST_F(HttpServerTest, AnswersAChunkedRequestWhereverItIsCut) {
  Start();
  const std::string bytes = "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  RawClient client(port_);
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    ASSERT_TRUE(client.Send(bytes.substr(0, cut)));
    // Another exchange in between makes it likely that the two pieces are read apart.
    HttpClient other(port_);
    ASSERT_EQ(other.Get("/x").status, 200);
    ASSERT_TRUE(client.Send(bytes.substr(cut)));
    ASSERT_EQ(ReadResponse(client).body, "POST /c hello") << cut;
  }
}

TEST_F(HttpServerTest, AnswersAChunkWhoseCrIsByte4096) {
  Start();
  for (std::size_t position = 4090; position <= 4100; ++position) {
    const std::string head = "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::size_t data = position - 1 - head.size() - 5;  // "fff\r\n" before it, CR at `position`
    std::array<char, 16> size;
    std::snprintf(size.data(), size.size(), "%03zx\r\n", data);
    RawClient client(port_);
    client.Send(head + size.data() + std::string(data, 'd') + "\r\n0\r\n\r\n");
    EXPECT_EQ(ReadResponse(client).body.size(), data + std::string("POST /c ").size());
  }
}

// ---- 2, 16: limits ----

TEST_F(HttpServerTest, Answers414To50000Slashes) {
  Start();
  RawClient client(port_);
  client.Send(Get(std::string(50'000, '/')));
  const ClientResponse response = ReadResponse(client);
  EXPECT_EQ(response.status, 414);
  EXPECT_EQ(response.Header("content-type"), "application/problem+json");
  EXPECT_NE(response.body.find("\"code\":\"FM-4905\""), std::string::npos) << response.body;
  EXPECT_TRUE(client.SeesClose());
  EXPECT_EQ(HttpClient(port_).Get("/alive").status, 200);
}

TEST_F(HttpServerTest, SurvivesAHeaderBlockOf5000Headers) {
  Start();
  std::string lines;
  for (int i = 0; i < 5000; ++i) lines += "X-" + std::to_string(i) + ": v\r\n";
  RawClient client(port_);
  client.Send(Get("/", lines));
  EXPECT_EQ(ReadResponse(client).status, 431);
}

TEST_F(HttpServerTest, AnswersRequestsMuchLargerThanPistachesDefault) {
  Start();
  HttpClient client(port_);
  const std::string body(3'000'000, 'z');
  const ClientResponse response = client.Post("/p", body);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body.size(), body.size() + std::string("POST /p ").size());
}

TEST_F(HttpServerTest, Answers413BeforeTheBodyAndTheClientCanReadItWhileStillSending) {
  Start({.body_bytes_max = 1000});
  RawClient client(port_);
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + std::string(200'000, 'x'));
  const ClientResponse response = ReadResponse(client);
  EXPECT_EQ(response.status, 413);
  EXPECT_TRUE(response.complete);
  EXPECT_EQ(response.Header("connection"), "close");
  EXPECT_TRUE(client.SeesClose());
}

TEST_F(HttpServerTest, Answers413ToALengthBeyondAllMemory) {
  Start();
  for (const char* length : {"8000000000", "1000000000000", "18446744073709551615", "1180591620717411303424"}) {
    RawClient client(port_);
    client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::string(length) + "\r\n\r\n");
    EXPECT_EQ(ReadResponse(client).status, 413) << length;
  }
}

// ---- 9, 10: what two parsers could read differently ----

TEST_F(HttpServerTest, ReadsNothingBehindAnError) {
  Start();
  const std::string smuggled = Get("/smuggled");
  for (const std::string& first : {
           std::string("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: abc\r\n\r\n"),
           std::string("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n"),
           std::string("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"),
           std::string(
               "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\nHost: a\r\nNonsense\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n"),
           std::string("GET / \r\nHost: a\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
           std::string("GET / HTTP/1.1\nHost: a\n\n"),
           std::string("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n"),
           std::string("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX"),
       }) {
    RawClient client(port_);
    client.Send(first + smuggled);
    const ClientResponse response = ReadResponse(client);
    EXPECT_EQ(response.status, 400) << first;
    EXPECT_EQ(response.Header("connection"), "close") << first;
    EXPECT_EQ(client.ReadToEnd(), "") << first;
  }
}

// ---- 11, 12: pipelining, 100-continue, HEAD, half-close, keep-alive ----

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  Start();
  RawClient client(port_);
  std::string all;
  for (int i = 0; i < 200; ++i) all += Get("/" + std::to_string(i));
  client.Send(all);
  for (int i = 0; i < 200; ++i) ASSERT_EQ(ReadResponse(client).body, "GET /" + std::to_string(i) + " ");
}

TEST_F(HttpServerTest, AnswersWhatIsPipelinedBehindADeferredAnswer) {
  Start();
  RawClient client(port_);
  client.Send(Get("/park") + Get("/second") + Get("/park") + Get("/fourth"));
  parked_.Take().Send(TextResponse(200, "first"));
  EXPECT_EQ(ReadResponse(client).body, "first");
  EXPECT_EQ(ReadResponse(client).body, "GET /second ");
  parked_.Take().Send(TextResponse(200, "third"));
  EXPECT_EQ(ReadResponse(client).body, "third");
  EXPECT_EQ(ReadResponse(client).body, "GET /fourth ");
}

TEST_F(HttpServerTest, ClosesBehindTheAnswerWhenTooMuchIsPipelined) {
  Start();
  RawClient client(port_);
  client.Send(Get("/park"));
  const ResponseHandle handle = parked_.Take();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'x'));
  // The worker has read it all when it answers somebody behind it.
  for (int i = 0; i < 20; ++i) HttpClient(port_).Get("/");
  handle.Send(TextResponse(200, "only"));
  const ClientResponse response = ReadResponse(client);
  EXPECT_EQ(response.body, "only");
  EXPECT_EQ(response.Header("connection"), "close");
  EXPECT_TRUE(client.SeesClose());
}

TEST_F(HttpServerTest, SaysContinueAndThenAnswers) {
  Start();
  RawClient client(port_);
  client.Send("POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("ok");
  EXPECT_EQ(ReadResponse(client).body, "POST /e ok");
}

TEST_F(HttpServerTest, RefusesATooLargeBodyInsteadOfContinue) {
  Start();
  RawClient client(port_);
  client.Send("POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n");
  EXPECT_TRUE(client.ReadUntil("\r\n").starts_with("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, SendsNoBodyToHeadAndWith204) {
  Start();
  RawClient client(port_);
  client.Send("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n" + Get("/empty") + Get("/next"));
  const ClientResponse head = ReadResponse(client, "HEAD");
  EXPECT_EQ(head.Header("content-length"), std::to_string(std::string("HEAD /h ").size()));
  const ClientResponse empty = ReadResponse(client);
  EXPECT_EQ(empty.status, 204);
  EXPECT_EQ(empty.Header("content-length"), "");
  EXPECT_EQ(ReadResponse(client).body, "GET /next ");
}

TEST_F(HttpServerTest, AnswersAClientThatHalfCloses) {
  Start();
  RawClient now(port_);
  now.Send(Get("/a") + Get("/b"));
  now.HalfClose();
  EXPECT_EQ(ReadResponse(now).body, "GET /a ");
  EXPECT_EQ(ReadResponse(now).body, "GET /b ");
  EXPECT_TRUE(now.SeesClose());
  RawClient later(port_);
  later.Send(Get("/park"));
  later.HalfClose();
  const ResponseHandle handle = parked_.Take();
  while (!handle.client_gone()) std::this_thread::yield();
  handle.Send(TextResponse(200, "still there"));
  EXPECT_EQ(ReadResponse(later).body, "still there");
  EXPECT_TRUE(later.SeesClose());
}

TEST_F(HttpServerTest, KeepsAndClosesConnectionsAsAsked) {
  Start();
  RawClient kept(port_);
  kept.Send(Get("/1"));
  EXPECT_EQ(ReadResponse(kept).Header("connection"), "keep-alive");
  kept.Send(Get("/2", "Connection: close\r\n") + Get("/3"));
  EXPECT_EQ(ReadResponse(kept).Header("connection"), "close");
  EXPECT_EQ(kept.ReadToEnd(), "");
  RawClient old(port_);
  old.Send("GET /old HTTP/1.0\r\n\r\n");
  EXPECT_EQ(ReadResponse(old).Header("connection"), "close");
  EXPECT_TRUE(old.SeesClose());
  RawClient old_kept(port_);
  old_kept.Send("GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(ReadResponse(old_kept).Header("connection"), "keep-alive");
  old_kept.Send("GET /again HTTP/1.0\r\n\r\n");
  EXPECT_EQ(ReadResponse(old_kept).body, "GET /again ");
}

TEST_F(HttpServerTest, StreamsToHttp10WithoutChunks) {
  Start();
  RawClient client(port_);
  client.Send("GET /stream HTTP/1.0\r\n\r\n");
  StreamHandle stream = streams_.get_future().get();
  stream.Write("plain");
  stream.Close();
  const ClientResponse response = ReadResponse(client);
  EXPECT_EQ(response.Header("transfer-encoding"), "");
  EXPECT_EQ(response.body, "plain");
}

// ---- 13, 14: headers and targets ----

TEST_F(HttpServerTest, HandsOddHeadersToTheHandler) {
  Start();
  HttpClient client(port_);
  for (const auto& header :
       std::vector<std::pair<std::string, std::string>>{{"Cookie", "a"},
                                                        {"Cache-Control", "stale-while-revalidate=3"},
                                                        {"Date", "foo"},
                                                        {"Accept", "foo"},
                                                        {"Accept", ""},
                                                        {"Content-Type", "foo"},
                                                        {"Connection", "upgrade"},
                                                        {"Authorization", "x"},
                                                        {"Accept-Encoding", ","}}) {
    EXPECT_EQ(client.Get("/odd", {header}).body, "GET /odd ") << header.first;
  }
}

TEST_F(HttpServerTest, AddsTheHeadersEveryAnswerHas) {
  Start();
  HttpClient client(port_);
  const ClientResponse response = client.Get("/");
  EXPECT_EQ(response.Header("x-content-type-options"), "nosniff");
  EXPECT_EQ(response.Header("referrer-policy"), "no-referrer");
  EXPECT_EQ(response.Header("cache-control"), "no-store");
  EXPECT_TRUE(response.Header("date").ends_with(" GMT"));
  EXPECT_TRUE(response.Header("x-peer").starts_with("127.0.0.1:"));
}

TEST_F(HttpServerTest, LetsNoHeaderValueStartAnotherHeader) {
  Start();
  HttpClient client(port_);
  const ClientResponse response = client.Get("/split");
  EXPECT_EQ(response.Header("location"), "/a  Set-Cookie: evil");
  EXPECT_EQ(response.Header("set-cookie"), "");
  EXPECT_EQ(response.Header("bad name"), "");
}

}  // namespace
}  // namespace fermata
