// Whatever bytes a client sends to the whole server - sockets, framing, routes, readers of bodies, the engine in memory - each answer is well
// formed HTTP, none is 500, and what is refused is a problem document. @instance@, @task@ and @job@ in the bytes become those of a process
// that waits, so that what is behind an id is reached.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/handlers/api.h"
#include "api/http/request_framer.h"
#include "api/http/server.h"
#include "engine/base/assert.h"
#include "engine/model/json.h"
#include "engine/storage/memory/memory_storage.h"

namespace fermata {
namespace {

constexpr int kPatienceMs = 250;       // long polls and streams are left after it
constexpr int kInputsPerWorld = 5000;  // then a new one: the memory that inputs fill is given back

class NoExecutor final : public JobExecutor {
 public:
  void Submit(Job, std::int64_t, Completion) override {}
  std::size_t InFlight() const override { return 0; }
};

int Connect(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  FERMATA_ASSERT(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return fd;
}

// All that the server answers to these bytes; what comes after kPatienceMs of silence is not waited for.
std::string Exchange(int port, std::string_view bytes) {
  const int fd = Connect(port);
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;  // it has closed: its answer is there
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  shutdown(fd, SHUT_WR);
  std::string answer;
  char buffer[1 << 14];
  for (pollfd readable{fd, POLLIN, 0}; poll(&readable, 1, kPatienceMs) == 1;) {
    const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) break;
    answer.append(buffer, static_cast<std::size_t>(got));
  }
  close(fd);
  return answer;
}

// A server on an engine in memory, with one instance that waits for a person and one that waits for a worker.
class World {
 public:
  World() {
    Result<std::unique_ptr<Engine>> engine = Engine::Open({}, SystemClock(), *storage_, executor_, {});
    FERMATA_ASSERT(engine.ok());
    engine_ = std::move(*engine);
    Result<std::unique_ptr<Security>> security = Security::Open({}, *storage_, SystemClock());
    FERMATA_ASSERT(security.ok());
    security_ = std::move(*security);
    api_ = std::make_unique<Api>(
        ApiServices{*engine_, [](const ManifestPtr&) { return Done{}; }, "fuzz", security_.get()});
    http_ = std::make_unique<HttpServer>(
        HttpServerOptions{},
        [this](const HttpRequest& request, ResponseHandle response) { api_->Handle(request, std::move(response)); });
    const Result<int> port = http_->Start();
    FERMATA_ASSERT(port.ok());
    port_ = *port;
    Fill();
  }
  ~World() {
    api_->BeginStop();
    http_->Stop();
    engine_->Stop();
    api_->Stop();
  }

  std::string Exchange(std::string bytes) const {
    for (const auto& [word, id] : ids_) {
      for (std::size_t at = 0; (at = bytes.find(word, at)) != std::string::npos; at += id.size())
        bytes.replace(at, word.size(), id);
    }
    return fermata::Exchange(port_, bytes);
  }

 private:
  void Fill() {
    Post("/v1/connectors", "application/yaml",
         "connector: packing\nversion: 1.0.0\nkind: worker\noperations:\n  pack: { output: { type: object }, timeout: "
         "5m }\n");
    Post("/v1/definitions", "application/yaml",
         "fermata: 1\nprocess: talk\nversion: 1.0.0\nsearchable: [n]\n"
         "vars: { n: { type: integer, default: 1 } }\nevents: { talk.done: { type: object } }\n"
         "states:\n  wait:\n    ask: { to: staff, form: { type: object, properties: { yes: { type: boolean } } } }\n"
         "    on: { talk.done: over }\n    next: over\n  over: { end: { n: \"${n}\" } }\n");
    Post("/v1/definitions", "application/yaml",
         "fermata: 1\nprocess: pack\nversion: 1.0.0\nstates:\n  pack: { call: packing.pack, next: over }\n  over: "
         "end\n");
    ids_ = {{"@instance@", IdIn(Post("/v1/instances?wait=1s", "application/json", R"({"process":"talk"})"), "id")}};
    Post("/v1/instances?wait=1s", "application/json", R"({"process":"pack"})");
    ids_.push_back({"@task@", IdIn(Exchange("GET /v1/tasks HTTP/1.1\r\nHost: a\r\n\r\n"), "id")});
    ids_.push_back({"@job@", IdIn(Exchange("GET /v1/jobs HTTP/1.1\r\nHost: a\r\n\r\n"), "id")});
  }

  std::string Post(const std::string& target, const std::string& type, const std::string& body) const {
    return Exchange("POST " + target + " HTTP/1.1\r\nHost: a\r\nContent-Type: " + type +
                    "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }

  // The first member of this name.
  static std::string IdIn(const std::string& answer, const std::string& member) {
    const std::size_t at = answer.find("\"" + member + "\":\"");
    if (at == std::string::npos) std::fprintf(stderr, "Expected an id, but got: %s\n", answer.c_str());
    FERMATA_ASSERT(at != std::string::npos);
    const std::size_t begin = at + member.size() + 4;
    return answer.substr(begin, answer.find('"', begin) - begin);
  }

  std::unique_ptr<Storage> storage_ = MakeMemoryStorage();
  NoExecutor executor_;
  std::unique_ptr<Security> security_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<HttpServer> http_;
  int port_ = 0;
  std::vector<std::pair<std::string, std::string>> ids_;
};

// The methods of the requests in it, as the server's framer sees them.
std::vector<std::string> MethodsIn(std::string_view bytes) {
  RequestFramer framer;
  framer.Feed(bytes);
  std::vector<std::string> methods;
  while (framer.Next() == FramerState::kRequest) methods.push_back(framer.Take().request.method);
  return methods;
}

std::string HeaderOf(std::string_view head, std::string_view name) {
  const std::size_t at = head.find("\r\n" + std::string(name) + ": ");
  if (at == std::string::npos) return "";
  const std::size_t begin = at + name.size() + 4;
  return std::string(head.substr(begin, head.find("\r\n", begin) - begin));
}

// Takes one answer off; false if its end is not there.
bool TakeAnswer(std::string_view& answers, bool head_only) {
  const std::size_t head_end = answers.find("\r\n\r\n");
  if (head_end == std::string::npos) return false;
  const std::string_view head = answers.substr(0, head_end + 2);
  FERMATA_ASSERT(head.starts_with("HTTP/1.1 ") && head.size() > 12);
  const int status = std::stoi(std::string(head.substr(9, 3)));
  FERMATA_ASSERT(status >= 100 && status != 500 && status <= 505);
  answers.remove_prefix(head_end + 4);
  if (status == 100) return TakeAnswer(answers, head_only);
  if (HeaderOf(head, "Transfer-Encoding") == "chunked" || HeaderOf(head, "Content-Type") == "text/event-stream")
    return false;
  if (head_only || status == 204 || status == 304) return true;
  const std::size_t length = std::stoul(HeaderOf(head, "Content-Length"));
  if (answers.size() < length) return false;
  const std::string_view body = answers.substr(0, length);
  if (status >= 400) {
    FERMATA_ASSERT(HeaderOf(head, "Content-Type") == "application/problem+json");
    if (HeaderOf(head, "Content-Encoding").empty()) FERMATA_ASSERT(ParseJson(body).ok());
  }
  answers.remove_prefix(length);
  return true;
}

}  // namespace
}  // namespace fermata

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::unique_ptr<fermata::World> world;
  static int inputs = 0;
  if (inputs++ % fermata::kInputsPerWorld == 0) {
    world.reset();
    world = std::make_unique<fermata::World>();
  }
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::string answer = world->Exchange(bytes);
  std::string_view left = answer;
  for (const std::string& method : fermata::MethodsIn(bytes))
    if (!fermata::TakeAnswer(left, method == "HEAD")) return 0;
  if (!left.empty()) fermata::TakeAnswer(left, false);
  return 0;
}
