// A real server over loopback and words for talking to it. Every trap of Pistache 0.0.5 that docs/dependencies.md names has its test in the files
// that include this: http_server_test.cc what is read, http_answer_test.cc what is answered, and for how long.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "api/http/server.h"
#include "tests/support/http_client.h"

namespace fermata {

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

inline std::string Get(std::string_view target, std::string_view more = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(more) + "\r\n";
}
}  // namespace fermata
