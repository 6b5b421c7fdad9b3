// Whatever bytes a client sends to the whole server - sockets, framing, routes, readers of bodies, the engine in memory - each answer is well
// formed HTTP, none is 500, and what is refused is a problem document. @instance@, @task@ and @job@ in the bytes become those of a process
// that waits, so that what is behind an id is reached.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/handlers/api.h"
#include "api/http/server.h"
#include "engine/storage/memory/memory_storage.h"
#include "tests/fuzz/http_exchange.h"

namespace fermata {
namespace {

constexpr int kInputsPerWorld = 5000;  // then a new one: the memory that inputs fill is given back

class NoExecutor final : public JobExecutor {
 public:
  void Submit(Job, std::int64_t, Completion, Wanted) override {}
  std::size_t InFlight() const override { return 0; }
};

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
    return fuzz::Exchange(port_, bytes);
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
  fermata::fuzz::CheckAnswers(bytes, world->Exchange(bytes));
  return 0;
}
