// The real server over loopback: every trap of Pistache 0.0.5 that docs/dependencies.md names has its test here.
#include "api/http/server.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#include "api/http/codes.h"
#include "tests/support/http_client.h"

namespace fermata {
namespace {

using test::ClientResponse;
using test::HttpClient;
using test::RawClient;
using test::ReadResponse;

// Handles that tests answer later.
class Parked {
 public:
  void Put(ResponseHandle handle) {
    const std::lock_guard lock(mutex_);
    handles_.push_back(std::move(handle));
    arrived_.notify_all();
  }
  ResponseHandle Take() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return !handles_.empty(); });
    ResponseHandle handle = handles_.front();
    handles_.pop_front();
    return handle;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<ResponseHandle> handles_;
};

struct Odd {};

class HttpServerTest : public testing::Test {
 protected:
  void Start(HttpServerOptions options = {}) {
    server_ = std::make_unique<HttpServer>(
        options, [this](const HttpRequest& request, ResponseHandle response) { Handle(request, response); });
    const Result<int> port = server_->Start();
    ASSERT_TRUE(port.ok()) << port.error().message;
    port_ = *port;
  }

  void Handle(const HttpRequest& request, const ResponseHandle& response) {
    if (request.path == "/park") return parked_.Put(response);
    if (request.path == "/drop") return;
    if (request.path == "/throw-int") throw 42;
    if (request.path == "/throw-odd") throw Odd();
    if (request.path == "/throw") throw std::runtime_error("secret detail");
    if (request.path == "/big")
      return response.Send(TextResponse(200, std::string(std::stoul(*request.FindQuery("bytes")), 'b')));
    if (request.path == "/empty") return response.Send(EmptyResponse(204));
    if (request.path == "/split")
      return response.Send(TextResponse(200, "x").Header("Location", "/a\r\nSet-Cookie: evil").Header("Bad Name", "1"));
    if (request.path == "/stream") return Stream(request, response);
    response.Send(
        TextResponse(200, request.method + ' ' + request.target + ' ' + request.body).Header("X-Peer", request.peer));
  }

  void Stream(const HttpRequest&, const ResponseHandle& response) {
    StreamHandle stream = response.StartStream(200, {{"Content-Type", "text/event-stream"}});
    streams_.set_value(stream);
  }

  int port_ = 0;
  Parked parked_;
  std::promise<StreamHandle> streams_;
  std::unique_ptr<HttpServer> server_;  // last, so that it stops first
};

std::string Get(std::string_view target, std::string_view more = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(more) + "\r\n";
}

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

// ---- 3, 8: streams and answers never end the process, nor reach another client ----

TEST_F(HttpServerTest, StreamsFromAnotherThreadUntilItIsClosed) {
  Start();
  RawClient client(port_);
  client.Send(Get("/stream"));
  StreamHandle stream = streams_.get_future().get();
  std::thread writer([&] {
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(stream.Write("data: " + std::to_string(i) + "\n\n"));
    stream.Close();
    stream.Close();
    EXPECT_FALSE(stream.Write("late"));
  });
  const ClientResponse response = ReadResponse(client);
  writer.join();
  EXPECT_EQ(response.Header("content-type"), "text/event-stream");
  EXPECT_TRUE(response.complete);
  EXPECT_TRUE(response.body.ends_with("data: 99\n\n")) << response.body;
  EXPECT_TRUE(stream.closed());
}

TEST_F(HttpServerTest, TellsAStreamThatItsReaderHasGone) {
  Start();
  for (const bool reset : {false, true}) {
    streams_ = {};
    RawClient client(port_);
    client.Send(Get("/stream"));
    StreamHandle stream = streams_.get_future().get();
    ASSERT_TRUE(stream.Write("data: 1\n\n"));
    std::promise<void> closed;
    stream.OnClosed([&] { closed.set_value(); });
    reset ? client.Reset() : client.Close();
    closed.get_future().wait();
    EXPECT_TRUE(stream.closed());
    EXPECT_FALSE(stream.Write("data: 2\n\n"));
    bool told = false;
    stream.OnClosed([&] { told = true; });
    EXPECT_TRUE(told);
  }
}

TEST_F(HttpServerTest, DropsAStreamsReaderThatDoesNotRead) {
  Start({.stream_backlog_bytes_max = 100'000});
  RawClient client(port_);
  client.Send(Get("/stream"));
  StreamHandle stream = streams_.get_future().get();
  const std::string piece(50'000, 'p');
  int written = 0;
  while (stream.Write(piece)) ASSERT_LT(++written, 10'000);
  EXPECT_TRUE(stream.closed());
}

TEST_F(HttpServerTest, ShowsACutStreamAsIncomplete) {
  Start();
  RawClient client(port_);
  client.Send(Get("/stream"));
  streams_.get_future().get().Write("half");  // and its last handle is gone
  const ClientResponse response = ReadResponse(client);
  EXPECT_EQ(response.body, "half");
  EXPECT_FALSE(response.complete);
}

TEST_F(HttpServerTest, NeverGivesOneClientsAnswerToAnother) {
  Start();
  std::atomic<bool> answering{true};
  std::atomic<int> wrong{0};
  std::atomic<int> right{0};
  std::thread answerer([&] {  // answers late, when some clients have gone and their descriptors are used again
    while (answering) parked_.Take().Send(TextResponse(200, "end"));
  });
  std::vector<std::thread> clients;
  for (int c = 0; c < 8; ++c) {
    clients.emplace_back([&, c] {
      for (int i = 0; i < 300; ++i) {
        const std::string token = "/token-" + std::to_string(c) + '-' + std::to_string(i);
        RawClient client(port_);
        client.Send(Get(token));
        if (i % 5 < 2) {
          client.Reset();
          continue;
        }
        ++(ReadResponse(client).body == "GET " + token + ' ' ? right : wrong);
        client.Send(Get("/park"));
        if (i % 5 == 2)
          client.Reset();
        else if (ReadResponse(client).body != "end")
          ++wrong;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  answering = false;
  HttpClient(port_).Get("/park");
  answerer.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(right, 8 * 300 * 3 / 5);
}

TEST_F(HttpServerTest, TakesADeferredAnswerAfterItsClientHasGone) {
  Start();
  RawClient client(port_);
  client.Send(Get("/park"));
  const ResponseHandle handle = parked_.Take();
  EXPECT_FALSE(handle.client_gone());
  client.Reset();
  while (!handle.client_gone()) std::this_thread::yield();
  handle.Send(TextResponse(200, "nobody"));
  handle.Send(TextResponse(200, "again"));
  EXPECT_EQ(HttpClient(port_).Get("/alive").status, 200);
}

// ---- 4: handlers that fail ----

TEST_F(HttpServerTest, Answers500WithoutTheTextOfWhatWasThrown) {
  Start();
  HttpClient client(port_);
  for (const char* path : {"/throw-int", "/throw-odd", "/throw", "/drop"}) {
    const ClientResponse response = client.Get(path);
    EXPECT_EQ(response.status, 500) << path;
    EXPECT_EQ(response.body.find("secret"), std::string::npos) << response.body;
    EXPECT_NE(response.body.find("FM-4914"), std::string::npos) << response.body;
  }
  EXPECT_EQ(client.Get("/alive").status, 200);
}

TEST_F(HttpServerTest, CountsTheFirstAnswerOnly) {
  Start();
  RawClient client(port_);
  client.Send(Get("/park"));
  const ResponseHandle handle = parked_.Take();
  handle.Send(TextResponse(200, "first"));
  handle.Send(TextResponse(200, "second"));
  EXPECT_FALSE(handle.StartStream(200, {}).Write("third"));
  EXPECT_EQ(ReadResponse(client).body, "first");
  client.Send(Get("/next"));
  EXPECT_EQ(ReadResponse(client).body, "GET /next ");
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

// ---- 15: timeouts ----

TEST_F(HttpServerTest, Answers408ToAHeadThatDripsAndToABodyThatStops) {
  Start({.header_timeout_ms = 150, .body_timeout_ms = 150});
  RawClient head(port_);
  head.Send("GET / HT");
  EXPECT_EQ(ReadResponse(head).status, 408);
  EXPECT_TRUE(head.SeesClose());
  RawClient body(port_);
  body.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
  EXPECT_EQ(ReadResponse(body).status, 408);
  EXPECT_TRUE(body.SeesClose());
}

TEST_F(HttpServerTest, TimesTheSecondRequestOfAConnectionLikeTheFirst) {
  Start({.header_timeout_ms = 150, .idle_timeout_ms = 600'000});
  RawClient client(port_);
  client.Send(Get("/1"));
  EXPECT_EQ(ReadResponse(client).status, 200);
  client.Send("GET /2 HTTP/1.1\r\nHo");
  EXPECT_EQ(ReadResponse(client).status, 408);
}

TEST_F(HttpServerTest, IsNotHeldOffByDrippingBytes) {
  Start({.header_timeout_ms = 200});
  RawClient client(port_);
  client.Send("GET / HTTP/1.1\r\nX: ");
  std::atomic<bool> over{false};
  std::thread dripper([&] {
    while (!over && client.Send("x")) std::this_thread::yield();
  });
  const std::string answer = client.ReadUntil("\r\n");
  over = true;
  dripper.join();
  // 431 where the bytes are faster than the clock.
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 ") || answer.starts_with("HTTP/1.1 431 ")) << answer;
}

TEST_F(HttpServerTest, ClosesAnIdleConnectionSilently) {
  Start({.idle_timeout_ms = 100});
  RawClient client(port_);
  client.Send(Get("/1"));
  EXPECT_EQ(ReadResponse(client).status, 200);
  EXPECT_EQ(client.ReadToEnd(), "");
}

TEST_F(HttpServerTest, LetsALongPollOutliveAllReadTimeouts) {
  Start({.header_timeout_ms = 50, .body_timeout_ms = 50, .idle_timeout_ms = 50});
  RawClient client(port_);
  client.Send(Get("/park"));
  const ResponseHandle handle = parked_.Take();
  RawClient clock(port_);  // is closed when more than the timeout has passed
  EXPECT_TRUE(clock.SeesClose());
  RawClient clock2(port_);
  EXPECT_TRUE(clock2.SeesClose());
  EXPECT_FALSE(handle.client_gone());
  handle.Send(TextResponse(200, "patient"));
  EXPECT_EQ(ReadResponse(client).body, "patient");
}

TEST_F(HttpServerTest, DropsAClientThatTakesNothingOfItsAnswer) {
  Start({.idle_timeout_ms = 600, .write_timeout_ms = 150});
  RawClient client(port_);
  client.Send(Get("/big?bytes=50000000"));
  RawClient clock(port_);  // closed as idle when the write timeout is long over
  clock.Send(Get("/"));
  EXPECT_EQ(ReadResponse(clock).status, 200);
  EXPECT_TRUE(clock.SeesClose());
  EXPECT_LT(client.ReadToEnd().size(), 50'000'000u);
}

// ---- writing: slow readers, resets ----

TEST_F(HttpServerTest, SendsALargeAnswerToASlowReaderWhileOthersAreServed) {
  Start({.threads = 1});
  RawClient slow(port_);
  slow.Send(Get("/big?bytes=20000000") + Get("/behind"));
  HttpClient other(port_);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(other.Get("/quick").status, 200);
  const ClientResponse response = ReadResponse(slow);
  EXPECT_EQ(response.body.size(), 20'000'000u);
  EXPECT_EQ(ReadResponse(slow).body, "GET /behind ");
}

TEST_F(HttpServerTest, SurvivesResetsInTheMiddleOfAnswers) {
  Start();
  for (int i = 0; i < 20; ++i) {
    RawClient client(port_);
    client.Send(Get("/big?bytes=5000000"));
    client.ReadSome();
    client.Reset();
  }
  EXPECT_EQ(HttpClient(port_).Get("/alive").status, 200);
}

TEST_F(HttpServerTest, SurvivesManyQuickConnectsWithReset) {
  Start();
  for (int i = 0; i < 1000; ++i) RawClient(port_).Reset();
  EXPECT_EQ(HttpClient(port_).Get("/alive").status, 200);
}

// ---- 17 and the rest: threads, connections, start and stop ----

TEST_F(HttpServerTest, ServesFrom16Workers) {
  Start({.threads = 16});
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(std::make_unique<HttpClient>(port_));
    EXPECT_EQ(clients.back()->Get("/" + std::to_string(i)).body, "GET /" + std::to_string(i) + " ");
  }
}

TEST_F(HttpServerTest, Answers503BeyondItsConnections) {
  Start({.connections_max = 2});
  HttpClient one(port_);
  HttpClient two(port_);
  EXPECT_EQ(one.Get("/").status, 200);
  EXPECT_EQ(two.Get("/").status, 200);
  HttpClient three(port_);
  const ClientResponse refused = three.Get("/");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.Header("retry-after"), "1");
  EXPECT_EQ(one.Get("/").status, 200);
}

TEST_F(HttpServerTest, SaysWhyItCannotListen) {
  Start();
  HttpServer second({.port = port_}, [](const HttpRequest&, ResponseHandle) {});
  const Result<int> port = second.Start();
  ASSERT_FALSE(port.ok());
  EXPECT_EQ(port.error().code, kHttpCannotListen);
  EXPECT_NE(port.error().message.find(std::to_string(port_)), std::string::npos);
}

TEST_F(HttpServerTest, StopsWithIdleConnectionsStreamsAndOwedAnswers) {
  Start({.stop_grace_ms = 50});
  RawClient idle(port_);
  idle.Send(Get("/"));
  EXPECT_EQ(ReadResponse(idle).status, 200);
  RawClient waiting(port_);
  waiting.Send(Get("/park"));
  const ResponseHandle handle = parked_.Take();
  RawClient streaming(port_);
  streaming.Send(Get("/stream"));
  StreamHandle stream = streams_.get_future().get();
  std::promise<void> closed;
  stream.OnClosed([&] { closed.set_value(); });
  server_->Stop();
  server_->Stop();
  closed.get_future().wait();
  EXPECT_TRUE(idle.SeesClose());
  EXPECT_TRUE(waiting.SeesClose());
  EXPECT_FALSE(RawClient(port_).connected());
  server_.reset();
  handle.Send(TextResponse(200, "after the end"));
  EXPECT_FALSE(stream.Write("after the end"));
}

TEST_F(HttpServerTest, WaitsAtStopForAnAnswerThatIsOwed) {
  Start({.stop_grace_ms = 10'000});
  RawClient client(port_);
  client.Send(Get("/park"));
  const ResponseHandle handle = parked_.Take();
  std::thread stopper([&] { server_->Stop(); });
  handle.Send(TextResponse(200, "in time"));
  EXPECT_EQ(ReadResponse(client).body, "in time");
  client.Close();
  stopper.join();
}

}  // namespace
}  // namespace fermata
