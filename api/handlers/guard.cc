#include "api/handlers/guard.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "api/handlers/codes.h"
#include "api/security/codes.h"
#include "engine/model/limits.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::string Listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

HttpResponse Unauthorized(const Error& error) {
  HttpResponse response = ProblemOf(error);
  response.Header("WWW-Authenticate", "Bearer realm=\"fermata\"");
  return response;
}

HttpResponse TooMany(const Caller& caller, std::chrono::seconds wait) {
  const auto rate = static_cast<std::int64_t>(std::max(1.0, caller.requests_per_second));
  HttpResponse response =
      ProblemOf(Error{kTooManyRequests, "Expected at most " + std::to_string(rate) + " requests a second of '" +
                                            caller.name + "', but there were more."});
  std::erase_if(response.headers, [](const auto& header) { return header.first == "Retry-After"; });
  response.Header("Retry-After", std::to_string(wait.count()));
  return response;
}

// What the table says against this caller, without a look at storage.
std::optional<Error> Forbidden(const Permission* permission, const Caller& caller, const HttpRequest& request,
                               const std::string& pattern, const PathParams& params) {
  if (!permission)
    return Error{kRoleMissing, "Expected a route that somebody may use, but " + pattern + " is open to nobody."};
  if (permission->access == Access::kRoles && !caller.roles.Has(Role::kAdmin) &&
      !caller.roles.Meets(permission->roles)) {
    RoleSet enough = permission->roles;
    enough.Add(Role::kAdmin);
    return Error{kRoleMissing, "Expected one of the roles " + Listed(enough.Names()) + ", but '" + caller.name +
                                   "' has " + Listed(caller.roles.Names()) + "."};
  }
  if (permission->subject == Subject::kShared && caller.tenant != kDefaultTenant)
    return Error{kSharedForbidden, "Expected a caller of the tenant 'default', for all tenants share this, but '" +
                                       caller.name + "' is of '" + caller.tenant + "'."};
  if (caller.processes.empty()) return std::nullopt;
  if (pattern.find("{process}") != std::string::npos && !caller.MayUse(params["process"]))
    return BeyondLimits(caller, params["process"]);
  if (permission->subject == Subject::kList) {
    const std::string* process = request.FindQuery("process");
    if (process && caller.MayUse(*process)) return std::nullopt;
    Error error = BeyondLimits(caller, process ? *process : "");
    if (!process) error.hint = "Name one with ?process=.";
    return error;
  }
  return std::nullopt;
}

// The instance that the {id} of a route begins with; nullopt where it has none, or one that nothing can have.
std::optional<InstanceId> SubjectOf(const Permission& permission, const PathParams& params) {
  if (permission.subject != Subject::kInstance && permission.subject != Subject::kTask &&
      permission.subject != Subject::kIncident)
    return std::nullopt;
  const std::string_view text = params["id"];
  return InstanceId::Parse(text.substr(0, text.find('-')));
}

// What is said of the ids of others as of those that nothing has.
Error Unknown(const Permission& permission, const PathParams& params) {
  const bool task = permission.subject == Subject::kTask, incident = permission.subject == Subject::kIncident;
  return {task       ? kUnknownTask
          : incident ? kUnknownIncident
                     : kUnknownInstance,
          std::string("Expected the id of ") +
              (task       ? "a task"
               : incident ? "an incident"
                          : "an instance") +
              ", but none is called '" + params["id"] + "'."};
}

// Of memory, roughly.
std::size_t BytesOf(const HttpRequest& request) {
  std::size_t bytes = sizeof request + request.body.size() + 4 * request.target.size();
  for (const auto& [name, value] : request.headers) bytes += name.size() + value.size();
  return bytes;
}

bool IsTheirs(const InstanceOwner& owner, const Caller& caller) {
  return owner.tenant == caller.tenant && caller.MayUse(owner.process);
}

}  // namespace

bool IsLoopbackAuthority(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  const std::size_t bracket = authority.rfind(']');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const std::string_view port = authority.substr(colon + 1);
    if (!std::all_of(port.begin(), port.end(), [](unsigned char c) { return std::isdigit(c); })) return false;
    authority = authority.substr(0, colon);
  }
  const std::string host = Lower(authority);
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

std::optional<Error> RefuseForeign(const HttpRequest& request) {
  const std::string* host = request.FindHeader("host");
  if (host && !IsLoopbackAuthority(*host))
    return Error{
        kForeignHost,
        "Expected a Host header that names this machine (localhost, 127.0.0.1 or [::1]), but got '" + *host + "'."};
  const bool reads_only = request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
  const std::string* origin = request.FindHeader("origin");
  if (reads_only || !origin || (host && Lower(*origin) == "http://" + Lower(*host))) return std::nullopt;
  return Error{kForeignOrigin,
               "Expected a request of this server's own pages or of a program, but its Origin is '" + *origin + "'."};
}

Error BeyondLimits(const Caller& caller, const std::string& process) {
  return {kProcessForbidden, "Expected a process that '" + caller.name + "' is limited to (" +
                                 Listed(caller.processes) + "), but " +
                                 (process.empty() ? "the request names none." : "it is '" + process + "'.")};
}

Error ForUnlimited(const Caller& caller, const std::string& what) {
  return {kProcessForbidden, "Expected a caller that is not limited to processes, for " + what +
                                 " are for all of them, but '" + caller.name + "' is limited to " +
                                 Listed(caller.processes) + "."};
}

RouteHandler Guard::Protect(const std::string& method, const std::string& pattern, Handler handler) {
  auto route = std::make_shared<const Route>(Route{pattern, FindPermission(method, pattern), std::move(handler)});
  return [this, route](const HttpRequest& request, const PathParams& params, ResponseHandle response) {
    Enter(route, request, params, std::move(response));
  };
}

void Guard::Enter(const std::shared_ptr<const Route>& route, const HttpRequest& request, const PathParams& params,
                  ResponseHandle response) {
  access_log_.Watch(request, response, route->pattern);
  if (!asks()) return Admit(route, request, params, std::move(response), LocalCaller());
  const Permission* permission = route->permission;
  if (permission && permission->access == Access::kPublic)
    return Admit(route, request, params, std::move(response), Caller());
  const Reply refuse(response, metrics_, request.method, route->pattern);
  if (security_->MustAskIssuer(request.FindHeader("authorization"))) {
    // A copy: the request ends with the call that brought it.
    const bool posted = workers_.Post([=, this] {
      security_->AskIssuer();
      Enter(route, request, params, response);
    });
    return posted ? void() : refuse.Fail(TooBusy());
  }
  Result<Caller> caller = security_->Authenticate(request.FindHeader("authorization"));
  if (!caller.ok() && caller.error().code != kNotAuthenticated) return refuse.Fail(caller.error());
  if (!caller.ok()) {
    // Whoever shows nothing has not tried to be somebody.
    if (request.FindHeader("authorization"))
      security_->refusals().Note({std::string(kDefaultTenant), request.peer.substr(0, request.peer.rfind(':')),
                                  "sign-in", request.method + " " + route->pattern, "401"});
    return refuse.Send(Unauthorized(caller.error()));
  }
  access_log_.Watch(request, response, route->pattern, caller->id);
  if (const auto wait = security_->MustWait(*caller)) return refuse.Send(TooMany(*caller, *wait));
  if (const std::optional<Error> error = Forbidden(permission, *caller, request, route->pattern, params))
    return Reply(response, metrics_, request.method, route->pattern, RefusalTo(*route, request, *caller)).Fail(*error);
  const std::optional<InstanceId> id = SubjectOf(*permission, params);
  if (!id) return Admit(route, request, params, std::move(response), std::move(*caller));
  const std::optional<InstanceOwner> owner = KnownOwner(*id);
  if (!owner) return LookUp(route, request, params, std::move(response), *id, *caller);
  if (!IsTheirs(*owner, *caller)) return refuse.Fail(Unknown(*permission, params));
  Admit(route, request, params, std::move(response), std::move(*caller));
}

ReplyTo Guard::RefusalTo(const Route& route, const HttpRequest& request, Caller caller) {
  const std::string_view audited = route.permission ? route.permission->audited : "";
  ReplyTo to;
  if (asks() && caller.authenticated) to.refusals = &security_->refusals();
  to.caller = std::move(caller);
  to.action = audited.empty() ? request.method + " " + route.pattern : std::string(audited);
  to.target = request.path;
  return to;
}

void Guard::LookUp(const std::shared_ptr<const Route>& route, const HttpRequest& request, const PathParams& params,
                   ResponseHandle response, const InstanceId& id, const Caller& caller) {
  const Reply refuse(response, metrics_, request.method, route->pattern);
  // A copy: the request ends with the call that brought it.
  const bool posted = workers_.Post([=, this] {
    Result<InstanceOwner> owner = engine_.FindOwner(id);
    if (!owner.ok() && owner.error().code != kUnknownInstance) return refuse.Fail(owner.error());
    if (!owner.ok() || !IsTheirs(*owner, caller)) return refuse.Fail(Unknown(*route->permission, params));
    {
      std::lock_guard lock(owners_mutex_);
      if (owners_.size() >= kOwnersCachedMax) owners_.clear();
      owners_.emplace(id.ToString(), *owner);
    }
    Admit(route, request, params, response, caller);
  });
  if (!posted) refuse.Fail(TooBusy());
}

void Guard::Admit(const std::shared_ptr<const Route>& route, const HttpRequest& request, const PathParams& params,
                  ResponseHandle response, Caller caller) {
  ReplyTo to = RefusalTo(*route, request, std::move(caller));
  to.negotiation = NegotiationOf(request);
  if (security_ && route->permission && !route->permission->audited.empty()) to.audit = &security_->audit();
  const AuditEntry asked{to.caller.tenant, to.caller.name, to.action, to.target, kAuditAsked};
  AuditLog* const audit = to.audit;
  const Reply reply(std::move(response), metrics_, request.method, route->pattern, std::move(to));
  if (!audit) return route->handler(request, params, reply);
  Ask(route, request, params, asked, *audit, reply);
}

void Guard::Ask(const std::shared_ptr<const Route>& route, const HttpRequest& request, const PathParams& params,
                AuditEntry asked, AuditLog& audit, const Reply& reply) {
  const std::size_t bytes = BytesOf(request);
  {
    std::lock_guard lock(asks_mutex_);
    if (asks_ >= kAuditAsksMax || (asks_ > 0 && ask_bytes_ + bytes > kAuditAskBytesMax)) return reply.Fail(TooBusy());
    ++asks_;
    ask_bytes_ += bytes;
  }
  // A copy: the request ends with the call that brought it.
  const auto kept = std::make_shared<const HttpRequest>(request);
  audit.Append(std::move(asked), [=, this](const Status& written) {
    if (!written.ok()) {
      reply.Fail(Error{kNotAudited,
                       "Expected the audit log to take what is to be done, but it did not: nothing has happened."});
    } else if (!workers_.Post([=] { route->handler(*kept, params, reply); })) {
      reply.Fail(TooBusy());
    }
    std::lock_guard lock(asks_mutex_);
    ask_bytes_ -= bytes;
    if (--asks_ == 0) no_asks_.notify_all();
  });
}

void Guard::Stop() {
  std::unique_lock lock(asks_mutex_);
  no_asks_.wait(lock, [this] { return asks_ == 0; });
}

std::optional<InstanceOwner> Guard::KnownOwner(const InstanceId& id) {
  std::lock_guard lock(owners_mutex_);
  const auto found = owners_.find(id.ToString());
  if (found == owners_.end()) return std::nullopt;
  return found->second;
}

}  // namespace fermata
