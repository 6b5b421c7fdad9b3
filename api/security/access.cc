#include "api/security/access.h"

#include <algorithm>
#include <array>

namespace fermata {
namespace {

constexpr std::array<std::pair<Role, std::string_view>, 6> kRoles = {{{Role::kAnalyst, "analyst"},
                                                                      {Role::kOperator, "operator"},
                                                                      {Role::kClient, "client"},
                                                                      {Role::kWorker, "worker"},
                                                                      {Role::kAuditor, "auditor"},
                                                                      {Role::kAdmin, "admin"}}};
constexpr std::size_t kTenantNameMax = 63;

}  // namespace

std::string_view RoleName(Role role) { return kRoles[static_cast<std::size_t>(role)].second; }

std::optional<Role> ParseRole(std::string_view name) {
  for (const auto& [role, known] : kRoles)
    if (known == name) return role;
  return std::nullopt;
}

std::vector<std::string> RoleNames() {
  std::vector<std::string> names;
  for (const auto& [role, name] : kRoles) names.emplace_back(name);
  return names;
}

std::vector<std::string> RoleSet::Names() const {
  std::vector<std::string> names;
  for (const auto& [role, name] : kRoles)
    if (Has(role)) names.emplace_back(name);
  return names;
}

bool Caller::MayUse(std::string_view process) const {
  return processes.empty() || std::any_of(processes.begin(), processes.end(),
                                          [&](const std::string& glob) { return MatchesGlob(glob, process); });
}

Caller LocalCaller() {
  Caller caller;
  caller.name = "local";
  for (const auto& [role, name] : kRoles) caller.roles.Add(role);
  return caller;
}

bool MatchesGlob(std::string_view glob, std::string_view text) {
  // Where the last star stands, and from where on it may take one character more.
  std::size_t at = 0, star = std::string_view::npos, retry = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (at < glob.size() && glob[at] == '*') {
      star = at++;
      retry = i;
    } else if (at < glob.size() && glob[at] == text[i]) {
      ++at, ++i;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      i = ++retry;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', at) == std::string_view::npos;
}

bool IsTenantName(std::string_view name) {
  const auto is_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= kTenantNameMax && is_word(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_word(c) || c == '-'; });
}

}  // namespace fermata
