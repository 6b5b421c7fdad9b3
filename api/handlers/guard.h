// Stands before every route: who asks, may they, and is what they ask about theirs.
//
// Where no authentication is asked for, it only keeps web pages out: then the API is for programs of this machine.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "api/handlers/access_log.h"
#include "api/handlers/reply.h"
#include "api/http/request.h"
#include "api/http/router.h"
#include "api/security/permissions.h"
#include "api/security/security.h"
#include "engine/base/result.h"
#include "engine/base/worker_pool.h"
#include "engine/runtime/engine.h"

namespace fermata {

// Why the request is refused (403), if it is: its Host is not this machine (a page that had its name resolve to us: DNS rebinding),
// or its Origin is another than ours (a page of somebody else that posts to us). For servers without authentication. Pure.
std::optional<Error> RefuseForeign(const HttpRequest& request);

// That a caller's limits do not reach to this process (empty: to none in particular).
Error BeyondLimits(const Caller& caller, const std::string& process);
// That `what` ("connectors", …) is for all processes, so that a caller who is limited to some may not change it.
Error ForUnlimited(const Caller& caller, const std::string& what);

// "localhost", "127.0.0.1" or "[::1]", with or without a port.
bool IsLoopbackAuthority(std::string_view authority);

// Thread-safe; all must outlive it. `security` may be null: then everybody is LocalCaller() and nothing is audited.
class Guard {
 public:
  using Handler = std::function<void(const HttpRequest&, const PathParams&, const Reply&)>;

  Guard(Security* security, Engine& engine, WorkerPool& workers, HttpMetrics& metrics, const AccessLog& access_log)
      : security_(security), engine_(engine), workers_(workers), metrics_(metrics), access_log_(access_log) {}

  bool asks() const { return security_ && security_->required(); }
  // The handler behind the checks that the table of permissions has for this route. That of an audited one runs on one of the workers, once the
  // log durably has what was asked; nobody waits for that.
  RouteHandler Protect(const std::string& method, const std::string& pattern, Handler handler);
  // Waits until the log has answered for every audited request, so that none comes back later. After the workers have stopped.
  void Stop();

 private:
  struct Route {
    std::string pattern;
    const Permission* permission = nullptr;  // null: for nobody
    Handler handler;
  };
  void Enter(const std::shared_ptr<const Route>& route, const HttpRequest& request, const PathParams& params,
             ResponseHandle response);
  // The answer to a caller whose refusal (403) stands in the audit log.
  ReplyTo RefusalTo(const Route& route, const HttpRequest& request, Caller caller);
  // Looks in storage whose instance it is, on a thread that may, and goes on from there.
  void LookUp(const std::shared_ptr<const Route>& route, const HttpRequest& request, const PathParams& params,
              ResponseHandle response, const InstanceId& id, const Caller& caller);
  void Admit(const std::shared_ptr<const Route>& route, const HttpRequest& request, const PathParams& params,
             ResponseHandle response, Caller caller);
  // Lets the log have what is asked, then the handler act on a worker. kNotAudited and busy servers are answered here.
  void Ask(const std::shared_ptr<const Route>& route, const HttpRequest& request, const PathParams& params,
           AuditEntry asked, AuditLog& audit, const Reply& reply);
  std::optional<InstanceOwner> KnownOwner(const InstanceId& id);

  Security* const security_;
  Engine& engine_;
  WorkerPool& workers_;
  HttpMetrics& metrics_;
  const AccessLog& access_log_;
  std::mutex owners_mutex_;
  std::unordered_map<std::string, InstanceOwner> owners_;  // by the instance's id; they never change
  std::mutex asks_mutex_;
  std::condition_variable no_asks_;
  std::size_t asks_ = 0, ask_bytes_ = 0;  // requests whose row is not durable yet
};

}  // namespace fermata
