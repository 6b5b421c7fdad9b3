// What clients ask of auth: everything that holds a password or a code ends here.
#include "engine/model/json.h"
#include "examples/shop/auth/auth.h"
#include "examples/shop/auth/rules.h"
#include "examples/shop/auth/signup_store.h"
#include "examples/shop/auth/timeouts.h"
#include "examples/shop/common/secure.h"

namespace fermata::shop {
namespace {

constexpr std::int64_t kCredentialsSeconds = 3600;
constexpr int kEventTimeoutMs = 2'000;

std::string TextAt(const Value& value, std::initializer_list<std::string_view> path) {
  const Value* at = &value;
  for (std::string_view key : path) {
    at = at->Find(key);
    if (at == nullptr) return "";
  }
  return at->is_string() ? std::string(at->as_string()) : "";
}

// {...first, ...second}
Value Merge(const Value& first, std::initializer_list<std::pair<std::string_view, Value>> second) {
  std::vector<MapEntry> entries = first.as_map();
  for (const auto& [key, value] : second) entries.emplace_back(Value::String(key), value);
  return Value::Map(std::move(entries));
}

// The answer to a client whose sign-up is over.
RestAnswer Closed(const std::string& closing_code) {
  if (closing_code == "success") return {200, Value::Object({{"verified", Value::Bool(true)}})};
  if (closing_code == "timeout") return Refusal(410, "The time for the code is over");
  if (closing_code == "tooManyTries") return Refusal(429, "Too many tries");
  return Refusal(409, "The sign-up is closed: " + closing_code);
}

}  // namespace

RestAnswer AuthService::StoreCredentials(const RestRequest& request) {
  const std::string password = request.Text("password");
  const std::string mistake = FindPasswordMistake(password);
  if (!mistake.empty()) return Refusal(400, password.empty() ? "Password should be provided" : mistake);
  // Asked again with the same key it is the same reference.
  const std::string ref =
      request.idempotency_key.empty() ? RandomHex(24) : Hmac(options_.key, "credentials " + request.idempotency_key);
  const std::string hash = HashPassword(password), expires = TextAfterSeconds(kCredentialsSeconds);
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    AddCredentials(sql, ref, hash, expires);
    return {201, Value::Object({{"credentialsRef", Value::String(ref)}, {"expiresAt", Value::String(expires)}})};
  });
}

RestAnswer AuthService::Register(const RestRequest& request) {
  if (request.Text("password").empty()) return Refusal(400, "Username, password, email should be provided");
  for (const std::string& mistake : {FindMistake(request), FindPasswordMistake(request.Text("password"))})
    if (!mistake.empty()) return Refusal(400, mistake);
  const Value customer = CustomerOf(request);
  const RestAnswer free = database_->Transact([&](soci::session& sql) -> RestAnswer {
    // With a key it may be this very request that has made the customer; then the process tells.
    if (!request.idempotency_key.empty()) return {};
    const Existence existence = FindExistence(sql, request.Text("username"), request.Text("email"), "");
    if (existence.login || existence.email) return Refusal(409, "User already exists");
    return {};
  });
  if (free.status != 200) return free;
  const RestAnswer credentials = StoreCredentials(request);
  if (credentials.status != 201) return credentials;
  return StartSignup(customer, TextAt(credentials.body, {"credentialsRef"}), request.Text("language"),
                     options_.verify_contact ? Contact::kVerify : Contact::kTrust);
}

RestAnswer AuthService::StartSignup(const Value& customer, const std::string& credentials_ref,
                                    const std::string& language, Contact contact) {
  const bool verify = contact == Contact::kVerify;
  std::vector<MapEntry> input;
  for (const MapEntry& entry : customer.as_map())
    if (!entry.second.as_string().empty()) input.push_back(entry);
  input.emplace_back(Value::String("credentialsRef"), Value::String(credentials_ref));
  input.emplace_back(Value::String("verifyContact"), Value::Bool(verify));
  if (!language.empty()) input.emplace_back(Value::String("language"), Value::String(language));
  const Value start = Value::Object({{"process", Value::String("signup")}, {"input", Value::Map(std::move(input))}});
  const std::string path = verify ? "/v1/instances?wait=10s&until=await-code" : "/v1/instances?wait=10s";
  const RestReply reply = engine_.Post(path, start, "signup " + credentials_ref, kEngineTimeoutMs);
  if (reply.status == 0 || reply.status >= 500)
    return Refusal(503, "The registration could not be started, please try again");
  // The name is being registered at this moment, or the key was used for another customer.
  if (reply.status == 409) return Refusal(409, "User already exists");
  if (reply.status >= 400) return Refusal(500, "The registration could not be started");

  const std::string status = TextAt(reply.body, {"status"}), error = TextAt(reply.body, {"error", "name"});
  if (status == "completed") return {200, customer};
  if (error == "user-exists") return Refusal(409, "User already exists");
  if (error == "invalid-data") return Refusal(400, TextAt(reply.body, {"error", "message"}));
  if (status == "failed" || status == "cancelled") return Refusal(500, "The registration failed: " + error);
  return {202,
          Merge(customer, {{"instanceId", Value::String(TextAt(reply.body, {"id"}))},
                           {"signUpGuid", Value::String(TextAt(reply.body, {"variables", "attempt", "signUpGuid"}))}})};
}

RestAnswer AuthService::Verify(const RestRequest& request) {
  const std::string guid = request.Text("signUpGuid"), code = request.Text("code");
  if (guid.empty() || code.empty()) return Refusal(400, "signUpGuid and code should be provided");
  const RestAnswer answer = database_->Transact([&](soci::session& sql) -> RestAnswer {
    std::optional<Signup> signup = FindSignup(sql, guid);
    if (!signup) return Refusal(404, "Not Found");
    if (!signup->closing_code.empty()) return Closed(signup->closing_code);
    if (!signup->verified_dt.empty()) return Closed("success");
    if (signup->code_hash.empty()) return Refusal(409, "No code was sent yet");
    // The process counts and closes; this holds when it cannot be reached at once.
    if (!NoteTry(sql, guid)) return Closed("tooManyTries");
    const bool right = SameText(signup->code_hash, CodeHash(guid, code));
    if (right) NoteVerified(sql, guid);
    const int tries = signup->tries + 1, left = signup->tries_max - tries;
    AddEvent(sql, MakeEvent("code-entered", Value::Object({{"signUpGuid", Value::String(guid)},
                                                           {"result", Value::String(right ? "right" : "wrong")},
                                                           {"tries", Value::Int(tries)}})));
    if (right) return Closed("success");
    if (left <= 0) return Closed("tooManyTries");
    return {400, Value::Object({{"errorMessage", Value::String("Wrong code")}, {"triesLeft", Value::Int(left)}})};
  });
  if (answer.status == 503) return VerifyFailed(guid);
  events_.Wake();
  return answer;
}

RestAnswer AuthService::VerifyFailed(const std::string& guid) {
  const std::string event = MakeEvent(
      "code-entered", Value::Object({{"signUpGuid", Value::String(guid)}, {"result", Value::String("technical")}}));
  Result<Value> body = ParseJson(event);
  engine_.Post("/v1/events", body.ok() ? *body : Value(), "", kEventTimeoutMs, "application/cloudevents+json");
  return Refusal(503, "The code was not verified for technical reasons, please enter it again");
}

RestAnswer AuthService::RequestResend(const RestRequest& request) {
  return SendSignupEvent(request, "code-resend-requested", "");
}

RestAnswer AuthService::CancelSignup(const RestRequest& request) {
  const std::string reason = request.Text("reason").empty() ? "cancelled" : request.Text("reason");
  if (reason != "cancelled" && reason != "refused") return Refusal(400, "reason should be 'cancelled' or 'refused'");
  return SendSignupEvent(request, "signup-cancelled", reason);
}

RestAnswer AuthService::SendSignupEvent(const RestRequest& request, const std::string& type,
                                        const std::string& reason) {
  const std::string guid = request.Text("signUpGuid");
  if (guid.empty()) return Refusal(400, "signUpGuid should be provided");
  const RestAnswer answer = database_->Transact([&](soci::session& sql) -> RestAnswer {
    std::optional<Signup> signup = FindSignup(sql, guid);
    if (!signup) return Refusal(404, "Not Found");
    if (!signup->closing_code.empty() || !signup->verified_dt.empty())
      return Closed(signup->closing_code.empty() ? "success" : signup->closing_code);
    std::vector<MapEntry> data = {{Value::String("signUpGuid"), Value::String(guid)}};
    if (!reason.empty()) data.emplace_back(Value::String("reason"), Value::String(reason));
    AddEvent(sql, MakeEvent(type, Value::Map(std::move(data))));
    return {202, Value::Object({{"signUpGuid", Value::String(guid)}})};
  });
  events_.Wake();
  return answer;
}

}  // namespace fermata::shop
