#include "examples/shop/store/cases.h"

#include <algorithm>
#include <array>
#include <utility>

#include "examples/shop/common/secure.h"

namespace fermata::shop {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kWays = {{
    {"DRAFT", "CONFIRMED"},
    {"CONFIRMED", "READY_TO_START"},
    {"READY_TO_START", "IN_WORK"},
    {"IN_WORK", "ASSEMBLED"},
    {"ASSEMBLED", "HANDED_OVER"},
    {"DRAFT", "CANCELED"},
    {"CONFIRMED", "CANCELED"},
    {"READY_TO_START", "CANCELED"},
}};

constexpr const char* kColumns = "case_guid, order_id, state, assignee, held_back";

AssemblyCase ToCase(const soci::row& row) {
  return {row.get<std::string>(0), row.get<std::string>(1), row.get<std::string>(2), row.get<std::string>(3),
          row.get<int>(4) != 0};
}

std::optional<AssemblyCase> FindBy(soci::session& sql, const std::string& column, const std::string& value) {
  soci::rowset<soci::row> found =
      (sql.prepare << "select " << kColumns << " from assembly_case where " << column << " = :value", soci::use(value));
  for (const soci::row& row : found) return ToCase(row);
  return std::nullopt;
}

}  // namespace

const std::vector<std::string> kCaseTables = {
    "create table if not exists assembly_case (assembly_case_id {id}, case_guid varchar(50) not null unique, order_id "
    "varchar(255) not null unique, state varchar(20) not null, assignee varchar(255) not null, held_back integer not "
    "null)",
};

std::optional<AssemblyCase> FindCase(soci::session& sql, const std::string& case_id) {
  return FindBy(sql, "case_guid", case_id);
}

std::optional<AssemblyCase> FindCaseOf(soci::session& sql, const std::string& order_id) {
  return FindBy(sql, "order_id", order_id);
}

std::vector<AssemblyCase> ListCases(soci::session& sql, const std::string& state) {
  std::vector<AssemblyCase> cases;
  soci::rowset<soci::row> found =
      (sql.prepare << "select " << kColumns
                   << " from assembly_case where state = :state or :any = '' order by assembly_case_id desc limit 200",
       soci::use(state), soci::use(state));
  for (const soci::row& row : found) cases.push_back(ToCase(row));
  return cases;
}

AssemblyCase OpenCase(soci::session& sql, const std::string& order_id) {
  const std::string guid = NewGuid();
  sql << "insert into assembly_case (case_guid, order_id, state, assignee, held_back) values (:guid, :order, 'DRAFT', "
         "'', 0) on conflict (order_id) do nothing",
      soci::use(guid), soci::use(order_id);
  return *FindCaseOf(sql, order_id);
}

bool CanBecome(const AssemblyCase& work, const std::string& state) {
  return std::find(kWays.begin(), kWays.end(), std::pair<std::string_view, std::string_view>(work.state, state)) !=
         kWays.end();
}

bool SetState(soci::session& sql, const AssemblyCase& work, const std::string& state, const std::string& assignee) {
  const std::string who = assignee.empty() ? work.assignee : assignee;
  // Cancelling is what holding back is for.
  const int held_back_max = state == "CANCELED" ? 1 : 0;
  soci::statement update =
      (sql.prepare << "update assembly_case set state = :to, assignee = :who where case_guid = :id and state = :from "
                      "and held_back <= :held",
       soci::use(state), soci::use(who), soci::use(work.id), soci::use(work.state), soci::use(held_back_max));
  update.execute(true);
  return update.get_affected_rows() > 0;
}

bool HoldBack(soci::session& sql, const std::string& case_id) {
  soci::statement update =
      (sql.prepare << "update assembly_case set held_back = 1 where case_guid = :id and state in ('DRAFT', "
                      "'CONFIRMED', 'READY_TO_START', 'CANCELED')",
       soci::use(case_id));
  update.execute(true);
  return update.get_affected_rows() > 0;
}

void LetGo(soci::session& sql, const std::string& case_id) {
  sql << "update assembly_case set held_back = 0 where case_guid = :id", soci::use(case_id);
}

}  // namespace fermata::shop
