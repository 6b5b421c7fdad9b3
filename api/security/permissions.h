// The one table of what every route asks of its caller. A route that is not in it is refused to everybody (deny by default).
//
// Pure and thread-safe.
#pragma once

#include <span>
#include <string_view>

#include "api/security/access.h"

namespace fermata {

enum class Access {
  kPublic,         // also to those who do not say who they are
  kAuthenticated,  // to everybody who does, whatever their roles
  kRoles,          // to those who have one of the roles; admins always
};

// What a route is about, and so what a caller's tenant and limits to processes are held against.
enum class Subject {
  kOther,     // what the handler looks after by itself
  kInstance,  // {id} is that of an instance
  kTask,      // {id} is "<instance>-<number>": of an unknown one it says that there is no such task
  kIncident,  // the same for incidents
  kProcess,   // {process}
  kList,      // a page of one tenant: who is limited to processes names one of them as ?process=
  kShared,    // changes what all tenants share: only the tenant `default` may
};

struct Permission {
  std::string_view method, pattern;  // as the router has them
  Access access = Access::kRoles;
  RoleSet roles;
  Subject subject = Subject::kOther;
  std::string_view audited;  // the action's name in the audit log; empty = not in it
};

std::span<const Permission> Permissions();
// nullptr for a route that nobody may use.
const Permission* FindPermission(std::string_view method, std::string_view pattern);

}  // namespace fermata
