// What clients ask of auth about sessions. The session's id goes to the client in a cookie and nowhere else; the process
// has its reference.
#include "engine/base/percent.h"
#include "examples/shop/auth/auth.h"
#include "examples/shop/auth/rules.h"
#include "examples/shop/auth/session_store.h"
#include "examples/shop/auth/timeouts.h"
#include "examples/shop/common/json.h"
#include "examples/shop/common/secure.h"

namespace fermata::shop {
namespace {

constexpr std::size_t kLoginBytesMax = 50;
// All that a session lets one be.
constexpr const char* kCustomerRole = "customer";
constexpr long long kKeptCookieS = 30 * 24 * 3'600;

Value ToValue(const Customer& customer) {
  return Value::Object({{"username", Value::String(customer.login)},
                        {"firstName", Value::String(customer.first_name)},
                        {"lastName", Value::String(customer.last_name)},
                        {"email", Value::String(customer.email)},
                        {"phone", Value::String(customer.phone)}});
}

// The customer with these changes; the name stays.
Value Merged(const Value& changes, const Value& customer) {
  std::vector<MapEntry> entries;
  for (const MapEntry& entry : customer.as_map()) {
    std::string_view key = entry.first.as_string();
    if (key == "firstName" && changes.Find(key) == nullptr) key = "fistName";
    const Value* change = key == "username" ? nullptr : changes.Find(key);
    entries.emplace_back(entry.first, change && change->is_string() ? *change : entry.second);
  }
  return Value::Map(std::move(entries));
}

bool IsTrue(const RestRequest& request, std::string_view key) {
  const Value* value = request.body.Find(key);
  return value && value->kind() == ValueKind::kBool && value->as_bool();
}

// A password that fits nobody takes as long as one that fits.
bool Fits(const std::string& password, const std::optional<Customer>& customer) {
  if (!customer || customer->password_hash.empty()) {
    HashPassword(password);
    return false;
  }
  return PasswordFits(password, customer->password_hash);
}

RestAnswer WithCookie(RestAnswer answer, const std::string& session, bool keep) {
  answer.headers.emplace_back("Set-Cookie", "sessionId=" + session + "; HttpOnly; SameSite=Lax; Path=/" +
                                                (keep ? "; Max-Age=" + std::to_string(kKeptCookieS) : ""));
  return answer;
}

}  // namespace

RestAnswer AuthService::Login(const RestRequest& request) {
  const std::string username = request.Text("username"), password = request.Text("password");
  if (username.empty() || password.empty()) return Refusal(400, "Username and password should be provided");
  // Nobody is called so, and it would not fit into the attempt's row.
  if (username.size() > kLoginBytesMax) return Refusal(401, "Invalid login/password");
  std::optional<Customer> customer;
  const RestAnswer read = database_->Transact([&](soci::session& sql) -> RestAnswer {
    customer = FindCustomerByLogin(sql, username);
    return {};
  });
  if (read.status != 200) return read;
  const std::string old = request.Cookie("oldSessionId");
  const Signin signin{.guid = NewGuid(),
                      .login = username,
                      .user_guid = customer ? customer->uid : "",
                      .old_token = old.empty() ? request.Cookie("sessionId") : old,
                      .verified = Fits(password, customer),
                      .closing_code = ""};
  const RestAnswer noted = database_->Transact([&](soci::session& sql) -> RestAnswer {
    AddSignin(sql, signin, TimeText(clock_, 0));
    return {};
  });
  if (noted.status != 200) return noted;
  return FinishLogin(signin.guid, !signin.old_token.empty(), IsTrue(request, "keepLoggedIn"));
}

RestAnswer AuthService::FinishLogin(const std::string& signin_guid, bool has_old_session, bool keep) {
  const Value input = Value::Object({{"signInGuid", Value::String(signin_guid)},
                                     {"keepLoggedIn", Value::Bool(keep)},
                                     {"hasOldSession", Value::Bool(has_old_session)}});
  const RestReply reply =
      engine_.Post("/v1/instances?wait=10s", Value::Object({{"process", Value::String("signin")}, {"input", input}}),
                   signin_guid, kEngineTimeoutMs);
  const Value* error = reply.body.is_map() ? reply.body.Find("error") : nullptr;
  const std::string name = error ? TextOf(*error, "name") : "";
  if (name == "invalid-credentials") return Refusal(401, "Invalid login/password");
  if (name == "not-found") return Refusal(404, "Not Found");
  if (name == "too-many-attempts") return Refusal(429, TextOf(*error, "message"));
  const Value* output = reply.body.is_map() ? reply.body.Find("output") : nullptr;
  if (TextOf(reply.body, "status") != "completed" || output == nullptr)
    return Refusal(503, "A session could not be made, please try again");
  std::optional<Session> session;
  RestAnswer answer = database_->Transact([&](soci::session& sql) -> RestAnswer {
    session = FindSessionByRef(sql, TextOf(*output, "sessionRef"), TimeText(clock_, 0));
    const std::optional<Customer> customer = session ? FindCustomerByUid(sql, session->user_guid) : std::nullopt;
    if (!customer) return Refusal(503, "A session could not be made, please try again");
    return {200, ToValue(*customer)};
  });
  return answer.status == 200 ? WithCookie(std::move(answer), session->token, keep) : answer;
}

RestAnswer AuthService::CheckSession(const RestRequest& request) {
  const std::string token = request.Cookie("sessionId"), ref = request.Header("x-session-ref"),
                    role = request.Query("role");
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const std::string now = TimeText(clock_, 0);
    const std::optional<Session> session =
        token.empty() ? FindSessionByRef(sql, ref, now) : FindSessionByToken(sql, token, now);
    if (!session) return Refusal(401, "User not authorized");
    const std::optional<Customer> customer = FindCustomerByUid(sql, session->user_guid);
    if (!customer) return Refusal(404, "Not Found");
    if (customer->blocked || (!role.empty() && role != kCustomerRole)) return Refusal(403, "Forbidden");
    RestAnswer answer{200, ToValue(*customer)};
    answer.headers.emplace_back("X-Session-Ref", session->ref);
    return answer;
  });
}

RestAnswer AuthService::Logout(const RestRequest& request) {
  const std::string token = request.Cookie("sessionId");
  std::optional<Session> session;
  const RestAnswer read = database_->Transact([&](soci::session& sql) -> RestAnswer {
    session = FindSessionByToken(sql, token, TimeText(clock_, 0));
    return {};
  });
  if (read.status != 200) return WithCookie(read, "", false);
  if (!session) return WithCookie(Refusal(401, "Not authorized"), "", false);
  const Value input = Value::Object({{"sessionRef", Value::String(session->ref)}});
  const RestReply reply =
      engine_.Post("/v1/instances?wait=10s", Value::Object({{"process", Value::String("signout")}, {"input", input}}),
                   "signout/" + session->ref, kEngineTimeoutMs);
  // A session that nobody may use: its customer is blocked or gone.
  const Value* error = reply.body.is_map() ? reply.body.Find("error") : nullptr;
  if (error && TextOf(*error, "name") == "unauthorized") {
    const RestAnswer ended = database_->Transact([&](soci::session& sql) -> RestAnswer {
      EndSessionByRef(sql, session->ref, TimeText(clock_, 0));
      return Refusal(401, "Not authorized");
    });
    return WithCookie(ended, "", false);
  }
  // The client is told that it is signed out only when it is.
  if (TextOf(reply.body, "status") != "completed")
    return WithCookie(Refusal(503, "The session could not be ended, please try again"), "", false);
  return WithCookie({200, Value::Object({{"username", Value::String(TextOf(*reply.body.Find("output"), "username"))}})},
                    "", false);
}

RestAnswer AuthService::ChangeProfile(const RestRequest& request) {
  std::optional<Customer> customer;
  RestRequest form;
  const RestAnswer checked = database_->Transact([&](soci::session& sql) -> RestAnswer {
    const auto session = FindSessionByToken(sql, request.Cookie("sessionId"), TimeText(clock_, 0));
    if (!session) return Refusal(401, "User not authorized");
    customer = FindCustomerByUid(sql, session->user_guid);
    if (!customer) return Refusal(404, "Not Found");
    if (customer->blocked) return Refusal(403, "Forbidden");
    // What is not filled in stays as it is; it cannot become empty but for the phone and the last name.
    form.body = Merged(request.body, ToValue(*customer));
    if (const std::string mistake = FindMistake(form); !mistake.empty()) return Refusal(400, mistake);
    if (IsMailTaken(sql, form.Text("email"), customer->uid)) return Refusal(409, "The e-mail address is taken");
    return {};
  });
  if (checked.status != 200) return checked;
  const Value changed = CustomerOf(form);
  customer->email = form.Text("email");
  customer->phone = form.Text("phone");
  customer->first_name = TextOf(changed, "firstName");
  customer->last_name = form.Text("lastName");
  // First, for it can be repeated: messages must not go to an address that is no longer the customer's.
  const RestReply told =
      notification_.Send("PUT", "/accounts/" + PercentEncode(customer->login), changed, kMessageTimeoutMs);
  if (told.status != 200 && told.status != 404)
    return Refusal(503, "The profile could not be changed, please try again");
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    UpdateCustomer(sql, *customer);
    return {200, ToValue(*customer)};
  });
}

RestAnswer AuthService::ChangeStatus(const RestRequest& request) {
  const std::string status = request.Text("status");
  if (status != "ACTIVE" && status != "BLOCKED") return Refusal(400, "The status should be ACTIVE or BLOCKED");
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const std::optional<Customer> customer = FindCustomerByLogin(sql, request.parameters.at("username"));
    if (!customer) return Refusal(404, "Not Found");
    SetStatus(sql, customer->uid, status);
    return {200, Value::Object({{"username", Value::String(customer->login)}, {"status", Value::String(status)}})};
  });
}

// ---- what the processes signin and signout ask ----

RestAnswer AuthService::VerifySignin(const RestRequest& request) {
  constexpr int kFailedSigninsMax = 20;
  constexpr std::int64_t kDayS = 24 * 3'600;
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      const std::string now = TimeText(clock_, 0);
      const std::optional<Signin> signin = FindSignin(sql, request.parameters.at("signInGuid"));
      if (!signin) return Refusal(404, "Not Found");
      if (CountFailedSignins(sql, signin->login, TimeText(clock_, -kDayS)) > kFailedSigninsMax) {
        CloseSignin(sql, signin->guid, "tooManyTries", now);
        NoteSuspicion(sql, signin->guid);
        return Refusal(429, "There were too many attempts to sign in today");
      }
      const std::optional<Customer> customer = FindCustomerByUid(sql, signin->user_guid);
      if (!signin->verified || !customer || customer->blocked) {
        CloseSignin(sql, signin->guid, "cancelled", now);
        return Refusal(401, "Invalid login/password");
      }
      return {200, ToValue(*customer)};
    });
  });
}

RestAnswer AuthService::CloseSigninAttempt(const RestRequest& request) {
  const std::string guid = request.parameters.at("signInGuid"), code = request.Text("closingCode");
  if (!IsClosingCode(code)) return Refusal(400, "A closing code should be provided");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      CloseSignin(sql, guid, code, TimeText(clock_, 0));
      const std::optional<Signin> signin = FindSignin(sql, guid);
      if (!signin) return Refusal(404, "Not Found");
      return {200, Value::Object({{"closingCode", Value::String(signin->closing_code)}})};
    });
  });
}

RestAnswer AuthService::OpenSession(const RestRequest& request) {
  constexpr long long kLifeMinutesMax = 366 * 24 * 60;
  const long long minutes = request.Integer("lifeMinutes").value_or(0);
  if (minutes < 1 || minutes > kLifeMinutesMax)
    return Refusal(400, "The minutes of the session's life should be provided");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      const std::optional<Signin> signin = FindSignin(sql, request.Text("signInGuid"));
      if (!signin) return Refusal(404, "Not Found");
      if (!signin->verified || !signin->closing_code.empty()) return Refusal(409, "The sign-in is closed");
      const Session session{.token = NewGuid(), .ref = NewGuid(), .user_guid = signin->user_guid};
      const std::string begin = TimeText(clock_, 0), end = TimeText(clock_, minutes * 60);
      AddSession(sql, session, begin, end);
      return {201, Value::Object({{"sessionRef", Value::String(session.ref)},
                                  {"tokenBeginDt", Value::String(begin)},
                                  {"tokenEndDt", Value::String(end)}})};
    });
  });
}

RestAnswer AuthService::EndOldSession(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      const std::optional<Signin> signin = FindSignin(sql, request.parameters.at("signInGuid"));
      if (!signin) return Refusal(404, "Not Found");
      EndSessionByToken(sql, signin->old_token, TimeText(clock_, 0));
      return {200, Value::Object({{"signInGuid", Value::String(signin->guid)}})};
    });
  });
}

RestAnswer AuthService::EndSession(const RestRequest& request) {
  const std::string ref = request.parameters.at("sessionRef");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      EndSessionByRef(sql, ref, TimeText(clock_, 0));
      return {200, Value::Object({{"sessionRef", Value::String(ref)}})};
    });
  });
}

}  // namespace fermata::shop
