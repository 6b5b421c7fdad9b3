// Who asks: roles, tenant and limits of a caller.
//
// Plain data; every function is pure and thread-safe.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/ids.h"

namespace fermata {

enum class Role : unsigned { kAnalyst, kOperator, kClient, kWorker, kAuditor, kAdmin };

std::string_view RoleName(Role role);
std::optional<Role> ParseRole(std::string_view name);
// "analyst", "operator", …
std::vector<std::string> RoleNames();

class RoleSet {
 public:
  constexpr RoleSet() = default;
  constexpr RoleSet(std::initializer_list<Role> roles) {
    for (const Role role : roles) Add(role);
  }

  constexpr void Add(Role role) { bits_ |= BitOf(role); }
  constexpr bool Has(Role role) const { return (bits_ & BitOf(role)) != 0; }
  constexpr bool Meets(RoleSet other) const { return (bits_ & other.bits_) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  // In the order of the enumeration.
  std::vector<std::string> Names() const;
  friend constexpr bool operator==(RoleSet, RoleSet) = default;

 private:
  static constexpr unsigned BitOf(Role role) { return 1u << static_cast<unsigned>(role); }
  unsigned bits_ = 0;
};

struct Caller {
  std::string
      name;  // for the history and the audit log: a key's name, a token's subject; "local" where nobody has to say
  std::string id;  // what rate limits count by; empty = not limited
  std::string tenant{kDefaultTenant};
  RoleSet roles;
  std::vector<std::string> processes;  // globs; empty = all
  std::int64_t expires_us = 0;         // 0 = never
  double requests_per_second = 0;      // 0 = unlimited
  bool authenticated = false;

  bool MayUse(std::string_view process) const;
};

// The program or person on this machine, where the server asks nobody who they are.
Caller LocalCaller();

// '*' stands for any characters, also none; everything else for itself.
bool MatchesGlob(std::string_view glob, std::string_view text);

// [a-z0-9][a-z0-9-]{0,62}
bool IsTenantName(std::string_view name);

}  // namespace fermata
