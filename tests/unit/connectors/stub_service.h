// An HTTP service that answers as a test tells it, and remembers what it was asked.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "api/http/server.h"

namespace fermata::test {

// Thread-safe.
class StubService {
 public:
  using Answer = std::function<void(const HttpRequest&, const ResponseHandle&)>;

  explicit StubService(Answer answer)
      : server_(HttpServerOptions{.stop_grace_ms = 0},
                [this, answer = std::move(answer)](const HttpRequest& request, ResponseHandle response) {
                  {
                    std::lock_guard lock(mutex_);
                    requests_.push_back(request);
                  }
                  answer(request, response);
                }) {
    Result<int> port = server_.Start();
    url_ = "http://127.0.0.1:" + std::to_string(port.ok() ? *port : 0);
  }
  ~StubService() { server_.Stop(); }

  const std::string& url() const { return url_; }
  std::vector<HttpRequest> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<HttpRequest> requests_;
  std::string url_;
  HttpServer server_;
};

}  // namespace fermata::test
