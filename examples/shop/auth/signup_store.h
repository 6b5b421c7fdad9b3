// What auth keeps of sign-ups and customers, and the SQL for it. Every function runs inside a transaction of the
// caller.
//
// Include it in .cc files only: it brings SOCI's headers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "examples/shop/common/database.h"

namespace fermata::shop {

extern const std::vector<std::string> kAuthTables;

// A sign-up attempt with verification: a row of auth_signup with its row of delivery_customer_tmp.
struct Signup {
  std::string guid, user_guid;
  std::string code_hash;  // empty: no code was sent yet
  int tries = 0, tries_max = 0;
  std::string closing_code;  // empty: open
  std::string verified_dt;   // empty: the right code has not been entered
  std::string login, email;  // of the temporary customer; empty once that is gone
};

struct Customer {
  std::string uid, login, email, phone, password_hash, first_name, last_name;
  bool blocked = false;  // by the staff: known, but may do nothing
};

// A password that waits for its sign-up, under a name that says nothing.
void AddCredentials(soci::session& sql, const std::string& ref, const std::string& password_hash,
                    const std::string& expires_dt);
// Takes it away: it is used once. nullopt if it is unknown or has expired.
std::optional<std::string> TakeCredentials(soci::session& sql, const std::string& ref);

struct Existence {
  bool login = false, email = false, phone = false;
};
Existence FindExistence(soci::session& sql, const std::string& login, const std::string& email,
                        const std::string& phone);

// Closes open attempts of this login as `overriden` and drops their temporary customers. Returns their guids.
std::vector<std::string> OverrideAttempts(soci::session& sql, const std::string& login);
void AddAttempt(soci::session& sql, const std::string& guid, int tries_max, const Customer& temporary);
std::optional<Signup> FindSignup(soci::session& sql, const std::string& guid);
void NoteCode(soci::session& sql, const std::string& guid, const std::string& code_hash);
// Counts one try; false if none is left. Two tries at once cannot both take the last one.
bool NoteTry(soci::session& sql, const std::string& guid);
void NoteVerified(soci::session& sql, const std::string& guid);
// Drops the temporary customer; an attempt that is closed keeps its closing code.
void CloseAttempt(soci::session& sql, const Signup& signup, const std::string& closing_code);
bool IsClosingCode(const std::string& name);

std::optional<Customer> FindTemporary(soci::session& sql, const std::string& user_guid);
void AddCustomer(soci::session& sql, const Customer& customer);
// First and last name.
std::string FullName(const Customer& customer);

}  // namespace fermata::shop
