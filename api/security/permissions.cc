#include "api/security/permissions.h"

namespace fermata {
namespace {

constexpr RoleSet kNobody;
constexpr RoleSet kEverybody = {Role::kAnalyst, Role::kOperator, Role::kClient, Role::kWorker, Role::kAuditor};
constexpr RoleSet kAdmins = {Role::kAdmin};
constexpr RoleSet kAnalysts = {Role::kAnalyst};
constexpr RoleSet kOperators = {Role::kOperator};
constexpr RoleSet kReleasers = {Role::kAnalyst, Role::kOperator};
constexpr RoleSet kClients = {Role::kClient, Role::kOperator};
constexpr RoleSet kReaders = {Role::kAnalyst, Role::kOperator, Role::kClient, Role::kAuditor};
constexpr RoleSet kTroubleReaders = {Role::kAnalyst, Role::kOperator, Role::kAuditor};
constexpr RoleSet kWatchers = {Role::kOperator, Role::kAuditor};
constexpr RoleSet kAuditors = {Role::kAuditor};
constexpr RoleSet kWorkers = {Role::kWorker};

// One line a route.
constexpr Permission kPermissions[] = {
    {"POST", "/v1/definitions", Access::kRoles, kAnalysts, Subject::kShared, "definition.deploy"},
    {"GET", "/v1/definitions", Access::kRoles, kEverybody, Subject::kOther, ""},
    {"GET", "/v1/definitions/{process}", Access::kRoles, kEverybody, Subject::kProcess, ""},
    {"GET", "/v1/definitions/{process}/{version}", Access::kRoles, kEverybody, Subject::kProcess, ""},
    {"POST", "/v1/definitions/{process}/live", Access::kRoles, kReleasers, Subject::kShared, "definition.live"},
    {"POST", "/v1/connectors", Access::kRoles, kAnalysts, Subject::kShared, "connector.deploy"},
    {"GET", "/v1/connectors", Access::kRoles, kEverybody, Subject::kOther, ""},

    {"POST", "/v1/instances", Access::kRoles, kClients, Subject::kOther, ""},
    {"GET", "/v1/instances", Access::kRoles, kReaders, Subject::kList, ""},
    {"GET", "/v1/instances/{id}", Access::kRoles, kReaders, Subject::kInstance, ""},
    {"GET", "/v1/instances/{id}/history", Access::kRoles, kReaders, Subject::kInstance, ""},
    {"GET", "/v1/instances/{id}/tasks", Access::kRoles, kReaders, Subject::kInstance, ""},
    {"POST", "/v1/instances/{id}/cancel", Access::kRoles, kOperators, Subject::kInstance, "instance.cancel"},
    {"POST", "/v1/instances/{id}/suspend", Access::kRoles, kOperators, Subject::kInstance, "instance.suspend"},
    {"POST", "/v1/instances/{id}/resume", Access::kRoles, kOperators, Subject::kInstance, "instance.resume"},
    {"POST", "/v1/instances/{id}/migrate", Access::kRoles, kOperators, Subject::kInstance, "instance.migrate"},
    {"POST", "/v1/events", Access::kRoles, kClients, Subject::kOther, ""},

    {"GET", "/v1/instances/{id}/explain", Access::kRoles, kReaders, Subject::kInstance, ""},
    {"POST", "/v1/instances/{id}/variables", Access::kRoles, kOperators, Subject::kInstance, "instance.variables"},
    {"POST", "/v1/instances/{id}/move", Access::kRoles, kOperators, Subject::kInstance, "instance.move"},
    {"POST", "/v1/bulk", Access::kRoles, kOperators, Subject::kOther, "bulk.start"},
    {"GET", "/v1/bulk", Access::kRoles, kWatchers, Subject::kOther, ""},
    {"GET", "/v1/bulk/{id}", Access::kRoles, kWatchers, Subject::kOther, ""},
    {"POST", "/v1/bulk/{id}/pause", Access::kRoles, kOperators, Subject::kOther, "bulk.pause"},
    {"POST", "/v1/bulk/{id}/resume", Access::kRoles, kOperators, Subject::kOther, "bulk.resume"},
    {"POST", "/v1/bulk/{id}/stop", Access::kRoles, kOperators, Subject::kOther, "bulk.stop"},
    {"GET", "/v1/pauses", Access::kRoles, kTroubleReaders, Subject::kOther, ""},
    {"GET", "/v1/pauses/{kind}/{name}", Access::kRoles, kTroubleReaders, Subject::kOther, ""},
    {"PUT", "/v1/pauses/{kind}/{name}", Access::kRoles, kOperators, Subject::kShared, "pause.set"},
    {"DELETE", "/v1/pauses/{kind}/{name}", Access::kRoles, kOperators, Subject::kShared, "pause.end"},
    {"GET", "/v1/nodes", Access::kRoles, kTroubleReaders, Subject::kOther, ""},

    {"GET", "/v1/stream", Access::kRoles, kReaders, Subject::kOther, ""},
    {"GET", "/v1/instances/{id}/stream", Access::kRoles, kReaders, Subject::kInstance, ""},

    {"GET", "/v1/incidents", Access::kRoles, kTroubleReaders, Subject::kList, ""},
    {"GET", "/v1/incidents/{id}", Access::kRoles, kTroubleReaders, Subject::kIncident, ""},
    {"POST", "/v1/incidents/{id}/resolve", Access::kRoles, kOperators, Subject::kIncident, "incident.resolve"},
    {"GET", "/v1/tasks", Access::kRoles, kReaders, Subject::kList, ""},
    {"GET", "/v1/tasks/{id}", Access::kRoles, kReaders, Subject::kTask, ""},
    {"POST", "/v1/tasks/{id}/complete", Access::kRoles, kClients, Subject::kTask, ""},
    {"POST", "/v1/tasks/{id}/claim", Access::kRoles, kClients, Subject::kTask, ""},
    {"POST", "/v1/tasks/{id}/release", Access::kRoles, kClients, Subject::kTask, ""},
    {"POST", "/v1/tasks/{id}/assign", Access::kRoles, kClients, Subject::kTask, ""},
    {"GET", "/v1/tasks/{id}/comments", Access::kRoles, kReaders, Subject::kTask, ""},
    {"POST", "/v1/tasks/{id}/comments", Access::kRoles, kClients, Subject::kTask, ""},
    {"GET", "/v1/tasks/inbox", Access::kRoles, kReaders, Subject::kOther, ""},

    {"GET", "/v1/jobs", Access::kRoles, kTroubleReaders, Subject::kList, ""},
    {"POST", "/v1/jobs/fetch", Access::kRoles, kWorkers, Subject::kOther, ""},
    {"GET", "/v1/jobs/stream", Access::kRoles, kWorkers, Subject::kOther, ""},
    {"GET", "/v1/jobs/{id}", Access::kRoles, kTroubleReaders, Subject::kOther, ""},
    {"POST", "/v1/jobs/{id}/extend", Access::kRoles, kWorkers, Subject::kOther, ""},
    {"POST", "/v1/jobs/{id}/complete", Access::kRoles, kWorkers, Subject::kOther, ""},
    {"POST", "/v1/jobs/{id}/fail", Access::kRoles, kWorkers, Subject::kOther, ""},

    {"POST", "/v1/webhooks", Access::kRoles, kOperators, Subject::kOther, "webhook.create"},
    {"GET", "/v1/webhooks", Access::kRoles, kWatchers, Subject::kOther, ""},
    {"GET", "/v1/webhooks/{id}", Access::kRoles, kWatchers, Subject::kOther, ""},
    {"PATCH", "/v1/webhooks/{id}", Access::kRoles, kOperators, Subject::kOther, "webhook.change"},
    {"DELETE", "/v1/webhooks/{id}", Access::kRoles, kOperators, Subject::kOther, "webhook.delete"},
    {"POST", "/v1/webhooks/{id}/secret", Access::kRoles, kOperators, Subject::kOther, "webhook.secret"},
    {"POST", "/v1/webhooks/{id}/test", Access::kRoles, kOperators, Subject::kOther, "webhook.test"},
    {"POST", "/v1/webhooks/{id}/retry", Access::kRoles, kOperators, Subject::kOther, "webhook.retry"},
    {"GET", "/v1/webhooks/{id}/deliveries", Access::kRoles, kWatchers, Subject::kOther, ""},
    {"POST", "/v1/webhooks/{id}/deliveries/{delivery}/retry", Access::kRoles, kOperators, Subject::kOther,
     "webhook.retry"},

    {"POST", "/v1/keys", Access::kRoles, kAdmins, Subject::kOther, "key.create"},
    {"GET", "/v1/keys", Access::kRoles, kAdmins, Subject::kOther, ""},
    {"GET", "/v1/keys/{id}", Access::kRoles, kAdmins, Subject::kOther, ""},
    {"DELETE", "/v1/keys/{id}", Access::kRoles, kAdmins, Subject::kOther, "key.revoke"},
    {"GET", "/v1/whoami", Access::kAuthenticated, kNobody, Subject::kOther, ""},
    {"GET", "/v1/audit", Access::kRoles, kAuditors, Subject::kOther, ""},

    {"GET", "/", Access::kPublic, kNobody, Subject::kOther, ""},
    {"GET", "/openapi.yaml", Access::kPublic, kNobody, Subject::kOther, ""},
    {"GET", "/openapi.json", Access::kPublic, kNobody, Subject::kOther, ""},
    {"GET", "/docs", Access::kPublic, kNobody, Subject::kOther, ""},
    {"GET", "/errors", Access::kPublic, kNobody, Subject::kOther, ""},
    {"GET", "/errors/{code}", Access::kPublic, kNobody, Subject::kOther, ""},
    {"GET", "/healthz", Access::kPublic, kNobody, Subject::kOther, ""},
    {"GET", "/readyz", Access::kPublic, kNobody, Subject::kOther, ""},
    {"GET", "/metrics", Access::kRoles, kWatchers, Subject::kOther, ""},
};

}  // namespace

std::span<const Permission> Permissions() { return kPermissions; }

const Permission* FindPermission(std::string_view method, std::string_view pattern) {
  for (const Permission& permission : kPermissions)
    if (permission.method == method && permission.pattern == pattern) return &permission;
  return nullptr;
}

}  // namespace fermata
