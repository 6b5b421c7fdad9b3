// How a password changes: by a session and the old one, or by a code from the customer's mail.
#include "examples/shop/auth/auth.h"
#include "examples/shop/auth/rules.h"
#include "examples/shop/auth/session_store.h"
#include "examples/shop/auth/timeouts.h"
#include "examples/shop/common/secure.h"

namespace fermata::shop {
namespace {

constexpr std::int64_t kCodeSeconds = 15 * 60, kPauseSeconds = 60;
constexpr int kTriesMax = 5;

}  // namespace

RestAnswer AuthService::RequestPasswordReset(const RestRequest& request) {
  const std::string login = request.Text("username"), email = request.Text("email");
  if (login.empty() == email.empty()) return Refusal(400, "A username or an email should be provided");
  const std::string code = CodeOf(options_.key, "reset " + RandomHex(16));
  std::optional<Customer> customer;
  bool is_due = false;
  const RestAnswer noted = database_->Transact([&](soci::session& sql) -> RestAnswer {
    customer = login.empty() ? FindCustomerByMail(sql, email) : FindCustomerByLogin(sql, login);
    // Who signs in elsewhere has no password here to forget.
    is_due = customer && !customer->password_hash.empty() &&
             NoteReset(sql, customer->uid, CodeHash(customer->uid, code), TimeText(clock_, -kPauseSeconds),
                       TimeText(clock_, 0), TimeText(clock_, kCodeSeconds));
    return {};
  });
  if (noted.status != 200) return noted;
  // Whether there is such a customer is told to their mailbox only.
  if (is_due)
    notification_.Post("/messages",
                       Value::Object({{"to", Value::String(customer->email)},
                                      {"template", Value::String("verification-code")},
                                      {"language", Value::String(request.Text("language"))},
                                      {"data", Value::Object({{"code", Value::String(code)},
                                                              {"firstName", Value::String(customer->first_name)},
                                                              {"validMinutes", Value::Int(kCodeSeconds / 60)}})}}),
                       NewGuid(), kMessageTimeoutMs);
  return {202, Value::Object({})};
}

RestAnswer AuthService::ChangePassword(const RestRequest& request) {
  const std::string fresh = request.Text("newPassword"), code = request.Text("code");
  if (const std::string mistake = FindPasswordMistake(fresh); !mistake.empty())
    return Refusal(400, fresh.empty() ? "A newPassword should be provided" : mistake);
  const std::string session_token = request.Cookie("sessionId");
  std::optional<Customer> customer;
  bool by_code = false;
  const RestAnswer read = database_->Transact([&](soci::session& sql) -> RestAnswer {
    const std::string now = TimeText(clock_, 0);
    if (code.empty()) {
      const auto session = FindSessionByToken(sql, session_token, now);
      customer = session ? FindCustomerByUid(sql, session->user_guid) : std::nullopt;
      return customer ? RestAnswer{} : Refusal(401, "User not authorized");
    }
    customer = FindCustomerByLogin(sql, request.Text("username"));
    by_code = customer && TakeResetTry(sql, customer->uid, kTriesMax, now) &&
              SameText(ResetCodeHash(sql, customer->uid), CodeHash(customer->uid, code));
    return by_code ? RestAnswer{} : Refusal(401, "Invalid code");
  });
  if (read.status != 200) return read;
  if (!by_code && !PasswordFits(request.Text("oldPassword"), customer->password_hash))
    return Refusal(401, "Invalid login/password");
  const std::string hash = HashPassword(fresh);
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    SetPassword(sql, customer->uid, hash);
    // Whoever else knew the old one is out.
    EndOtherSessions(sql, customer->uid, by_code ? "" : session_token, TimeText(clock_, 0));
    return {200, Value::Object({{"username", Value::String(customer->login)}})};
  });
}

}  // namespace fermata::shop
