#include "examples/shop/common/rest_server.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "api/http/router.h"
#include "api/http/server.h"
#include "engine/model/json.h"
#include "examples/shop/common/secure.h"

namespace fermata::shop {
namespace {

constexpr std::size_t kQueuedRequestsMax = 1'000;

HttpResponse ToResponse(const RestAnswer& answer) {
  if (answer.status == 204) return EmptyResponse(204);
  HttpResponse response = answer.html.empty() ? JsonResponse(answer.status, WriteJson(answer.body))
                                              : TextResponse(answer.status, answer.html, answer.content_type);
  response.headers.insert(response.headers.end(), answer.headers.begin(), answer.headers.end());
  return response;
}

std::vector<std::string> ParameterNames(const std::string& path) {
  std::vector<std::string> names;
  for (std::size_t at = path.find('{'); at != std::string::npos; at = path.find('{', at + 1))
    names.push_back(path.substr(at + 1, path.find('}', at) - at - 1));
  return names;
}

int HexDigit(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

std::string DecodeFormText(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped =
        text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0;
    decoded += escaped          ? static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]))
               : text[i] == '+' ? ' '
                                : text[i];
    if (escaped) i += 2;
  }
  return decoded;
}

// What a page's form sends, as a map of texts; of a name that stands twice the first. What is not UTF-8 is left out.
Value ReadForm(std::string_view text) {
  std::map<std::string, std::string> fields;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    fields.emplace(DecodeFormText(pair.substr(0, equals)),
                   DecodeFormText(pair.substr(std::min(equals + 1, pair.size()))));
  }
  std::vector<MapEntry> entries;
  for (const auto& [name, value] : fields)
    if (IsValidUtf8(name) && IsValidUtf8(value)) entries.emplace_back(Value::String(name), Value::String(value));
  return Value::Map(std::move(entries));
}

void Answer(const RestAnswer& answer, const ResponseHandle& response) {
  if (!answer.stream) return response.Send(ToResponse(answer));
  auto headers = answer.headers;
  headers.emplace_back("Content-Type", "text/event-stream");
  headers.emplace_back("Cache-Control", "no-store");
  answer.stream(response.StartStream(answer.status, std::move(headers)));
}

// Pictures and documents are for the handler as they are; a body without a type is JSON.
bool IsFile(const std::string& content_type) {
  return content_type.starts_with("image/") || content_type.starts_with("video/") ||
         content_type.starts_with("text/html") ||
         (content_type.starts_with("application/") && content_type.find("json") == std::string::npos);
}

RestAnswer Run(const RestHandler& handler, RestRequest& request) {
  const std::string content_type = request.Header("content-type");
  if (content_type.starts_with("application/x-www-form-urlencoded")) {
    request.body = ReadForm(request.body_text);
  } else if (!request.body_text.empty() && !IsFile(content_type)) {
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

RestRequest ToRestRequest(const HttpRequest& http, const std::vector<std::string>& names, const PathParams& parameters,
                          const std::string& service_key) {
  RestRequest request{.method = http.method, .path = http.path, .body_text = http.body, .body = Value::Object({})};
  for (const std::string& name : names) request.parameters[name] = parameters[name];
  request.query.insert(http.query.begin(), http.query.end());
  if (const std::string* key = http.FindHeader("idempotency-key")) request.idempotency_key = *key;
  request.headers = http.headers;
  request.from_service = !service_key.empty() && SameText(request.Header("x-service-key"), service_key);
  return request;
}

// A customer is no process.
RestAnswer RefuseStranger(const RestRequest& request) {
  return request.Cookie("sessionId").empty() ? Refusal(401, "User not authorized") : Refusal(403, "Forbidden");
}

struct Task {
  const RestHandler* handler;
  RestRequest request;
  ResponseHandle response;
};

// Threads, and what waits for one of them. Thread-safe.
class TaskThreads {
 public:
  explicit TaskThreads(int threads) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
  }

  // False if too many wait already.
  bool Take(Task task) {
    std::lock_guard lock(mutex_);
    if (tasks_.size() >= kQueuedRequestsMax) return false;
    tasks_.push_back(std::move(task));
    wake_.notify_one();
    return true;
  }

  // Finishes what it has taken.
  void Stop() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  void Work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      // Whoever has given up asks again, and that request waits as well: this one would be work for nobody.
      Answer(task.response.client_gone() ? Refusal(503, "The client has gone") : Run(*task.handler, task.request),
             task.response);
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace

class RestServer::Impl {
 public:
  Impl(int threads, std::string service_key)
      : service_key_(std::move(service_key)), quick_(threads), waiting_(threads) {}

  ~Impl() { Stop(); }

  Result<std::string> Start(std::vector<RestRoute> routes, int port) {
    router_.Add("GET", "/healthz", [](const HttpRequest&, const PathParams&, ResponseHandle response) {
      response.Send(JsonResponse(200, R"({"status":"ok"})"));
    });
    for (RestRoute& route : routes) {
      auto names = ParameterNames(route.path);
      router_.Add(route.method, route.path,
                  [this, names, lane = route.lane, audience = route.audience, handler = std::move(route.handler)](
                      const HttpRequest& request, const PathParams& parameters, ResponseHandle response) {
                    RestRequest asked = ToRestRequest(request, names, parameters, service_key_);
                    if (audience == RestAudience::kServices && !asked.from_service)
                      return response.Send(ToResponse(RefuseStranger(asked)));
                    Queue(handler, lane, std::move(asked), response);
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
    waiting_.Stop();
    quick_.Stop();
  }

 private:
  // `handler` lives in the router.
  void Queue(const RestHandler& handler, RestLane lane, RestRequest request, const ResponseHandle& response) {
    const bool waits = lane == RestLane::kWaits || (lane == RestLane::kWaitsForCustomers && !request.from_service);
    if (!(waits ? waiting_ : quick_).Take({&handler, std::move(request), response}))
      response.Send(ToResponse(Refusal(503, "Too many requests are waiting")));
  }

  const std::string service_key_;
  Router router_;
  std::unique_ptr<HttpServer> server_;
  TaskThreads quick_, waiting_;
};

RestServer::RestServer() = default;
RestServer::~RestServer() = default;

Result<std::string> RestServer::Start(std::vector<RestRoute> routes, int port, int threads,
                                      const std::string& service_key) {
  FERMATA_ASSERT(impl_ == nullptr);
  impl_ = std::make_unique<Impl>(threads, service_key);
  return impl_->Start(std::move(routes), port);
}

void RestServer::Stop() {
  if (impl_) impl_->Stop();
}

}  // namespace fermata::shop
