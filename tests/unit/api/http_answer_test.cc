// What the real server answers, and for how long: streams, handlers that fail, timeouts, slow readers, start and stop.
#include <array>
#include <atomic>
#include <set>
#include <thread>

#include "api/http/codes.h"
#include "tests/unit/api/http_server_fixture.h"

namespace fermata {
namespace {

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
