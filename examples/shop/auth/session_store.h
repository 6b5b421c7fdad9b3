// What auth keeps of sign-ins and sessions, and the SQL for it. Every function runs inside a transaction of the caller.
// Times are texts as TimeText() gives them.
//
// Include it in .cc files only: it brings SOCI's headers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "examples/shop/auth/signup_store.h"
#include "examples/shop/common/database.h"

namespace fermata::shop {

extern const std::vector<std::string> kSessionTables;

// An attempt to sign in: a row of auth_signin.
struct Signin {
  std::string guid, login;
  std::string user_guid;     // empty: there is no such customer
  std::string old_token;     // the session that the client came with; empty if none
  bool verified = false;     // login and password fit
  std::string closing_code;  // empty: open
};

// What a session's cookie and its reference stand for: a row of auth_session_token.
struct Session {
  std::string token, ref, user_guid;
};

// Whom an identity provider knows: a row of external_identity, once there is a customer.
struct ExternalIdentity {
  std::string provider, subject;
};

// A customer by login or by uid, with names; nullopt if there is none.
std::optional<Customer> FindCustomerByLogin(soci::session& sql, const std::string& login);
std::optional<Customer> FindCustomerByUid(soci::session& sql, const std::string& uid);

// Whatever the case of the letters is.
std::optional<Customer> FindCustomerByMail(soci::session& sql, const std::string& email);
// Whether a customer other than this one has the address.
bool IsMailTaken(soci::session& sql, const std::string& email, const std::string& uid);
// Names, e-mail and phone, by uid.
void UpdateCustomer(soci::session& sql, const Customer& customer);
// "ACTIVE" or "BLOCKED".
void SetStatus(soci::session& sql, const std::string& uid, const std::string& status);

void SetPassword(soci::session& sql, const std::string& uid, const std::string& password_hash);
// A code with which the password can be set anew, instead of a former one; false if that is younger than `pause_begin`.
bool NoteReset(soci::session& sql, const std::string& uid, const std::string& code_hash, const std::string& pause_begin,
               const std::string& now, const std::string& expires);
// Counts a try; false if there is no code, its time is over, or no try is left.
bool TakeResetTry(soci::session& sql, const std::string& uid, int tries_max, const std::string& now);
std::string ResetCodeHash(soci::session& sql, const std::string& uid);
// Those of the customer but for `kept_token`; also ends the code with which the password can be set anew.
void EndOtherSessions(soci::session& sql, const std::string& uid, const std::string& kept_token,
                      const std::string& now);

void AddSignin(soci::session& sql, const Signin& signin, const std::string& now);
std::optional<Signin> FindSignin(soci::session& sql, const std::string& guid);
// An attempt that there were too many of, besides.
void NoteSuspicion(soci::session& sql, const std::string& signin_guid);
// An attempt that is closed keeps its code.
void CloseSignin(soci::session& sql, const std::string& guid, const std::string& closing_code, const std::string& now);
// Attempts of this login since then that did not fit.
int CountFailedSignins(soci::session& sql, const std::string& login, const std::string& since);

void AddSession(soci::session& sql, const Session& session, const std::string& begin, const std::string& end);
// nullopt if it is unknown or has ended.
std::optional<Session> FindSessionByToken(soci::session& sql, const std::string& token, const std::string& now);
std::optional<Session> FindSessionByRef(soci::session& sql, const std::string& ref, const std::string& now);
// One that is unknown or has ended stays so.
void EndSessionByToken(soci::session& sql, const std::string& token, const std::string& now);
void EndSessionByRef(soci::session& sql, const std::string& ref, const std::string& now);

// A sign-in that is at a provider now, by the hash of its state.
void AddSsoAttempt(soci::session& sql, const std::string& state_hash, const std::string& provider,
                   const std::string& now, const std::string& expires);
// Ends it; false if it is unknown, used or too old.
bool TakeSsoAttempt(soci::session& sql, const std::string& state_hash, const std::string& provider,
                    const std::string& now);
std::optional<Customer> FindCustomerByIdentity(soci::session& sql, const ExternalIdentity& identity);
void AddIdentity(soci::session& sql, const ExternalIdentity& identity, const std::string& customer_uid);
// The identity waits for the customer who is made with these credentials.
void AddIdentityOf(soci::session& sql, const std::string& credentials_ref, const ExternalIdentity& identity);
// Binds it to the customer, if there is one that waits.
void AdoptIdentity(soci::session& sql, const std::string& credentials_ref, const std::string& customer_uid);

}  // namespace fermata::shop
