// Whatever bytes a client sends over a socket, in one piece or two, the HTTP server answers in well formed HTTP, and serves the next client.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "api/http/problem.h"
#include "api/http/router.h"
#include "api/http/server.h"
#include "tests/fuzz/http_exchange.h"

namespace fermata {
namespace {

void Echo(const HttpRequest& request, const PathParams&, const ResponseHandle& response) {
  HttpResponse answer = TextResponse(200, request.method + ' ' + request.path + ' ' + request.body);
  for (const auto& [name, value] : request.query) answer.Header("X-" + name, value);
  response.Send(std::move(answer));
}

class EchoServer {
 public:
  EchoServer() {
    for (const char* method : {"GET", "POST", "PUT", "DELETE"}) router_.Add(method, "/echo/{rest...}", Echo);
    router_.Add("GET", "/{one}/stream",
                [](const HttpRequest&, const PathParams& params, const ResponseHandle& response) {
                  StreamHandle stream = response.StartStream(200, {{"Content-Type", "text/event-stream"}});
                  stream.Write("data: " + params["one"] + "\n\n");
                  stream.Close();
                });
    router_.Add("GET", "/empty", [](const HttpRequest&, const PathParams&, const ResponseHandle& response) {
      response.Send(EmptyResponse(204));
    });
    HttpServerOptions options;
    options.body_bytes_max = 4 << 10;
    server_ = std::make_unique<HttpServer>(options, [this](const HttpRequest& request, ResponseHandle response) {
      router_.Handle(request, std::move(response));
    });
    const Result<int> port = server_->Start();
    FERMATA_ASSERT(port.ok());
    port_ = *port;
  }
  int port() const { return port_; }

 private:
  Router router_;
  std::unique_ptr<HttpServer> server_;
  int port_ = 0;
};

}  // namespace
}  // namespace fermata

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fermata::EchoServer server;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  fermata::fuzz::CheckAnswers(bytes, fermata::fuzz::Exchange(server.port(), bytes));
  const std::string next = fermata::fuzz::Exchange(server.port(), "GET /empty HTTP/1.1\r\nHost: a\r\n\r\n", 10'000);
  FERMATA_ASSERT(next.starts_with("HTTP/1.1 204 "));
  return 0;
}
