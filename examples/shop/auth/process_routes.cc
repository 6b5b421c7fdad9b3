// What the signup process asks of auth, through connectors/auth.
#include "examples/shop/auth/auth.h"
#include "examples/shop/auth/rules.h"
#include "examples/shop/auth/session_store.h"
#include "examples/shop/auth/signup_store.h"
#include "examples/shop/auth/timeouts.h"
#include "examples/shop/common/secure.h"

namespace fermata::shop {
namespace {

Value Closing(const std::string& code) { return Value::Object({{"closingCode", Value::String(code)}}); }

// 409 with a word that the manifest maps to an error's name.
RestAnswer Conflict(std::string_view code, std::string_view message) {
  return {409, Value::Object({{"code", Value::String(code)}, {"errorMessage", Value::String(message)}})};
}

Customer ReadCustomer(const RestRequest& request) {
  const Value values = CustomerOf(request);
  auto text = [&](std::string_view key) { return std::string(values.Find(key)->as_string()); };
  return {.uid = NewGuid(),
          .login = text("username"),
          .email = text("email"),
          .phone = text("phone"),
          .first_name = text("firstName"),
          .last_name = text("lastName")};
}

}  // namespace

RestAnswer AuthService::Validate(const RestRequest& request) {
  const std::string mistake = FindMistake(request);
  if (!mistake.empty()) return Refusal(400, mistake);
  const Value* required = request.body.Find("required");
  if (required && required->is_list())
    for (const Value& field : required->as_list())
      if (field.is_string() && request.Text(field.as_string()).empty())
        return Refusal(400, std::string(field.as_string()) + " should be provided");
  return {200, CustomerOf(request)};
}

RestAnswer AuthService::CheckExistence(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const Existence existence =
        FindExistence(sql, request.Text("username"), request.Text("email"), request.Text("phone"));
    return {200, Value::Object({{"loginExists", Value::Bool(existence.login)},
                                {"emailExists", Value::Bool(existence.email)},
                                {"phoneNumberExists", Value::Bool(existence.phone)}})};
  });
}

RestAnswer AuthService::OpenAttempt(const RestRequest& request) {
  const std::string mistake = FindMistake(request);
  if (!mistake.empty()) return Refusal(400, mistake);
  const Value* tries = request.body.Find("triesMax");
  if (tries == nullptr || tries->kind() != ValueKind::kInt || tries->as_int() < 1 || tries->as_int() > 10)
    return Refusal(400, "triesMax should be a number from 1 to 10");
  const RestAnswer answer = database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      std::optional<std::string> password = TakeCredentials(sql, request.Text("credentialsRef"));
      if (!password) return Refusal(410, "The credentials are unknown, used or expired");
      Customer temporary = ReadCustomer(request);
      temporary.password_hash = *password;
      for (const std::string& former : OverrideAttempts(sql, temporary.login))
        AddEvent(sql, MakeEvent("signup-overriden", Value::Object({{"signUpGuid", Value::String(former)}})));
      const std::string guid = NewGuid();
      AddAttempt(sql, guid, static_cast<int>(tries->as_int()), temporary);
      return {201, Value::Object({{"signUpGuid", Value::String(guid)}})};
    });
  });
  events_.Wake();
  return answer;
}

RestAnswer AuthService::SendCode(const RestRequest& request) {
  const std::string guid = request.parameters.at("signUpGuid");
  if (request.idempotency_key.empty()) return Refusal(400, "The header Idempotency-Key should be provided");
  // The same code for every try of one sending, so that a mail that did go out is right.
  const std::string code = CodeOf(options_.key, "code " + guid + " " + request.idempotency_key);
  std::string email;
  const RestAnswer noted = database_->Transact([&](soci::session& sql) -> RestAnswer {
    std::optional<Signup> signup = FindSignup(sql, guid);
    if (!signup) return Refusal(404, "Sign-up not found");
    if (!signup->closing_code.empty()) return Conflict("closed", "The sign-up is closed: " + signup->closing_code);
    email = signup->email;
    NoteCode(sql, guid, CodeHash(guid, code));
    return {};
  });
  if (noted.status != 200) return noted;

  const Value* minutes = request.body.Find("validMinutes");
  const Value data = Value::Object({{"code", Value::String(code)},
                                    {"firstName", Value::String(request.Text("firstName"))},
                                    {"validMinutes", minutes ? *minutes : Value::Int(15)}});
  const Value message = Value::Object({{"to", Value::String(email)},
                                       {"template", Value::String("verification-code")},
                                       {"language", Value::String(request.Text("language"))},
                                       {"data", data}});
  const RestReply reply = notification_.Post("/messages", message, request.idempotency_key, kMessageTimeoutMs);
  if (reply.status == 422) return Refusal(422, "The address does not take messages");
  if (reply.status != 200) return Refusal(503, "The code could not be sent");
  return {202, Value::Object({{"sentAt", Value::String(NowText())}})};
}

RestAnswer AuthService::Close(const RestRequest& request) {
  const std::string guid = request.parameters.at("signUpGuid"), closing = request.Text("closingCode");
  if (!IsClosingCode(closing) || closing == "success")
    return Refusal(400, "closingCode should be one of the codes of a sign-up that did not succeed");
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    std::optional<Signup> signup = FindSignup(sql, guid);
    if (!signup) return Refusal(404, "Sign-up not found");
    if (signup->closing_code.empty()) {
      CloseAttempt(sql, *signup, closing);
      return {200, Closing(closing)};
    }
    return {200, Closing(signup->closing_code)};
  });
}

RestAnswer AuthService::CreateCustomer(const RestRequest& request) {
  const std::string mistake = FindMistake(request), guid = request.Text("signUpGuid");
  if (!mistake.empty()) return Refusal(400, mistake);
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      Customer customer = ReadCustomer(request);
      const Existence existence = FindExistence(sql, customer.login, customer.email, "");
      if (existence.login || existence.email) return Conflict("user-exists", "User already exists");
      std::optional<Signup> signup;
      if (guid.empty()) {
        std::optional<std::string> password = TakeCredentials(sql, request.Text("credentialsRef"));
        if (!password) return Refusal(410, "The credentials are unknown, used or expired");
        customer.password_hash = *password;
      } else {
        signup = FindSignup(sql, guid);
        if (!signup || !signup->closing_code.empty()) return Conflict("closed", "The sign-up is unknown or closed");
        // The process said so, but the customer's contact is checked where the code is.
        if (signup->verified_dt.empty()) return Conflict("not-verified", "The code was not entered");
        std::optional<Customer> temporary = FindTemporary(sql, signup->user_guid);
        if (!temporary) return Conflict("closed", "The sign-up is closed");
        customer.uid = temporary->uid;
        customer.email = temporary->email;
        customer.password_hash = temporary->password_hash;
      }
      AddCustomer(sql, customer);
      if (!signup) AdoptIdentity(sql, request.Text("credentialsRef"), customer.uid);
      if (signup) CloseAttempt(sql, *signup, "success");
      return {201, Value::Object({{"customerUid", Value::String(customer.uid)},
                                  {"username", Value::String(customer.login)},
                                  {"firstName", Value::String(customer.first_name)},
                                  {"lastName", Value::String(customer.last_name)},
                                  {"email", Value::String(customer.email)},
                                  {"phone", Value::String(customer.phone)}})};
    });
  });
}

}  // namespace fermata::shop
