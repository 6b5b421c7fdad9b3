// Assembly cases: what the pickers of a store work on. Every function runs inside a transaction of the caller.
//
// DRAFT (reserved) -> CONFIRMED (booked) -> READY_TO_START -> IN_WORK -> ASSEMBLED -> HANDED_OVER; CANCELED from any of
// the first three. A case that is held back can not be taken.
//
// Include it in .cc files only: it brings SOCI's headers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "examples/shop/common/database.h"

namespace fermata::shop {

extern const std::vector<std::string> kCaseTables;

struct AssemblyCase {
  std::string id, order_id, state, assignee;
  bool held_back = false;
};

std::optional<AssemblyCase> FindCase(soci::session& sql, const std::string& case_id);
std::optional<AssemblyCase> FindCaseOf(soci::session& sql, const std::string& order_id);
// The newest 200, of this state, or of any if it is empty.
std::vector<AssemblyCase> ListCases(soci::session& sql, const std::string& state);

// The case of the order, made in DRAFT if there is none.
AssemblyCase OpenCase(soci::session& sql, const std::string& order_id);
// Whether the case may go from its state to `state`.
bool CanBecome(const AssemblyCase& work, const std::string& state);
// False if somebody else has changed its state, or held it back, meanwhile. An empty `assignee` keeps who has it.
bool SetState(soci::session& sql, const AssemblyCase& work, const std::string& state, const std::string& assignee);
// Holds the case back; false if somebody works on it or it has left.
bool HoldBack(soci::session& sql, const std::string& case_id);
void LetGo(soci::session& sql, const std::string& case_id);

}  // namespace fermata::shop
