#include "examples/shop/common/rest_server.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "api/http/router.h"
#include "api/http/server.h"
#include "engine/model/json.h"

namespace fermata::shop {
namespace {

constexpr std::size_t kQueuedRequestsMax = 1'000;

HttpResponse ToResponse(const RestAnswer& answer) {
  if (answer.status == 204) return EmptyResponse(204);
  return JsonResponse(answer.status, WriteJson(answer.body));
}

std::vector<std::string> ParameterNames(const std::string& path) {
  std::vector<std::string> names;
  for (std::size_t at = path.find('{'); at != std::string::npos; at = path.find('{', at + 1))
    names.push_back(path.substr(at + 1, path.find('}', at) - at - 1));
  return names;
}

RestAnswer Run(const RestHandler& handler, RestRequest& request) {
  if (!request.body_text.empty()) {
    Result<Value> body = ParseJson(request.body_text);
    if (!body.ok()) return Refusal(400, body.error().message);
    if (!body->is_map()) return Refusal(400, "The body should be a JSON object");
    request.body = *std::move(body);
  }
  try {
    return handler(request);
  } catch (const std::exception&) {
    // Its text is for nobody outside.
    return Refusal(500, "Internal error");
  }
}

}  // namespace

class RestServer::Impl {
 public:
  explicit Impl(int threads) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
  }

  ~Impl() { Stop(); }

  Result<std::string> Start(std::vector<RestRoute> routes, int port) {
    router_.Add("GET", "/healthz", [](const HttpRequest&, const PathParams&, ResponseHandle response) {
      response.Send(JsonResponse(200, R"({"status":"ok"})"));
    });
    for (RestRoute& route : routes) {
      auto names = ParameterNames(route.path);
      router_.Add(route.method, route.path,
                  [this, names, handler = std::move(route.handler)](
                      const HttpRequest& request, const PathParams& parameters, ResponseHandle response) {
                    Queue(handler, request, names, parameters, response);
                  });
    }
    server_ = std::make_unique<HttpServer>(
        HttpServerOptions{.port = port},
        [this](const HttpRequest& request, ResponseHandle response) { router_.Handle(request, std::move(response)); });
    Result<int> bound = server_->Start();
    if (!bound.ok()) return std::move(bound).error();
    return "http://127.0.0.1:" + std::to_string(*bound);
  }

  void Stop() {
    if (server_) server_->Stop();
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  struct Task {
    const RestHandler* handler;
    RestRequest request;
    ResponseHandle response;
  };

  // `handler` lives in the router.
  void Queue(const RestHandler& handler, const HttpRequest& http, const std::vector<std::string>& names,
             const PathParams& parameters, const ResponseHandle& response) {
    RestRequest request{.method = http.method, .path = http.path, .body_text = http.body, .body = Value::Object({})};
    for (const std::string& name : names) request.parameters[name] = parameters[name];
    request.query.insert(http.query.begin(), http.query.end());
    if (const std::string* key = http.FindHeader("idempotency-key")) request.idempotency_key = *key;
    if (const std::string* cookies = http.FindHeader("cookie")) request.cookies = *cookies;
    {
      std::lock_guard lock(mutex_);
      if (tasks_.size() < kQueuedRequestsMax) {
        tasks_.push_back({&handler, std::move(request), response});
        wake_.notify_one();
        return;
      }
    }
    response.Send(ToResponse(Refusal(503, "Too many requests are waiting")));
  }

  void Work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task.response.Send(ToResponse(Run(*task.handler, task.request)));
      lock.lock();
    }
  }

  Router router_;
  std::unique_ptr<HttpServer> server_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

RestServer::RestServer() = default;
RestServer::~RestServer() = default;

Result<std::string> RestServer::Start(std::vector<RestRoute> routes, int port, int threads) {
  FERMATA_ASSERT(impl_ == nullptr);
  impl_ = std::make_unique<Impl>(threads);
  return impl_->Start(std::move(routes), port);
}

void RestServer::Stop() {
  if (impl_) impl_->Stop();
}

}  // namespace fermata::shop
