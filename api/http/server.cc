#include "api/http/server.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <mutex>
#include <thread>

#include "api/http/acceptor.h"
#include "api/http/attendant.h"
#include "api/http/codes.h"
#include "api/http/connection.h"
#include "api/http/problem.h"
#include "engine/base/assert.h"

namespace fermata {
namespace {

constexpr int kThreadsMax = 64;
constexpr std::int64_t kTickMsMax = 100;  // timeouts are at most so late
constexpr int kConnectionsRefusedAtOnce = 32;
constexpr rlim_t kDescriptorsElsewhere = 256;

// Two descriptors a connection: Pistache's and ours. Gives how many connections the limit allows.
int RaiseDescriptorLimit(int connections) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return connections;
  const rlim_t wanted = 2 * static_cast<rlim_t>(connections) + kDescriptorsElsewhere;
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = std::min(wanted, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur >= wanted) return connections;
  return std::max(1, static_cast<int>((limit.rlim_cur - std::min(limit.rlim_cur, kDescriptorsElsewhere)) / 2));
}

std::int64_t TickFor(const HttpServerOptions& options) {
  const std::int64_t shortest =
      std::min({options.header_timeout_ms, options.body_timeout_ms, options.idle_timeout_ms, options.write_timeout_ms});
  return std::clamp<std::int64_t>(shortest / 4, 1, kTickMsMax);
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(HttpServerOptions options, HttpHandler handler)
      : context_(std::make_shared<ServerContext>()),
        acceptor_([this](int fd, std::string peer) { return Open(fd, std::move(peer)); }) {
    context_->options = std::move(options);
    context_->handler = std::move(handler);
    context_->attendant = std::make_shared<Attendant>();
  }

  Result<int> Start() {
    HttpServerOptions& options = context_->options;
    FERMATA_ASSERT(options.threads >= 1 && options.threads <= kThreadsMax);
    std::signal(SIGPIPE, SIG_IGN);
    options.connections_max = RaiseDescriptorLimit(options.connections_max);
    context_->attendant->Start(TickFor(options));
    return acceptor_.Start(options.host, options.port, options.threads);
  }

  void Stop() {
    const std::lock_guard lock(stop_mutex_);
    context_->stopping = true;
    const std::int64_t until_ms = SteadyMillis() + context_->options.stop_grace_ms;
    while (OwesAnswers() && SteadyMillis() < until_ms) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    for (const auto& connection : context_->attendant->Connections()) connection->Abort();
    acceptor_.Stop();
    context_->attendant->Stop();
  }

 private:
  std::shared_ptr<Connection> Open(int fd, std::string peer) {
    const int own = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0) return nullptr;
    auto connection = std::make_shared<Connection>(own, std::move(peer), context_);
    if (context_->stopping) return nullptr;
    const int connections_max = context_->options.connections_max;
    if (context_->attendant->Add(connection, connections_max)) return connection;
    // Some more are kept for the moment it takes to tell them so; the others are cut.
    if (!context_->attendant->Add(connection, connections_max + kConnectionsRefusedAtOnce)) return nullptr;
    connection->Refuse(
        Problem(503, kHttpTooManyConnections, "Service Unavailable", "Expected a free connection, but all are in use.")
            .Header("Retry-After", "1"));
    return connection;
  }

  bool OwesAnswers() {
    bool owes = false;
    for (const auto& connection : context_->attendant->Connections()) owes = connection->CloseIfIdle() || owes;
    return owes;
  }

  std::shared_ptr<ServerContext> context_;
  Acceptor acceptor_;
  std::mutex stop_mutex_;
};

HttpServer::HttpServer(HttpServerOptions options, HttpHandler handler)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler))) {}
HttpServer::~HttpServer() { Stop(); }
Result<int> HttpServer::Start() { return impl_->Start(); }
void HttpServer::Stop() { impl_->Stop(); }

}  // namespace fermata
