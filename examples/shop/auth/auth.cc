#include "examples/shop/auth/auth.h"

#include "examples/shop/auth/session_store.h"
#include "examples/shop/auth/signup_store.h"
#include "examples/shop/common/secure.h"

namespace fermata::shop {

AuthService::AuthService(AuthOptions options, std::unique_ptr<Database> database)
    : options_(std::move(options)),
      clock_(options_.clock ? *options_.clock : SystemClock()),
      database_(std::move(database)),
      engine_(options_.engine_url),
      notification_(options_.notification_url, options_.service_key),
      events_(*database_, options_.engine_url) {
  for (const SsoProvider& provider : options_.sso) providers_.push_back(std::make_unique<OidcClient>(provider, clock_));
}

AuthService::~AuthService() = default;

Result<std::unique_ptr<AuthService>> AuthService::Open(AuthOptions options) {
  std::vector<std::string> tables = kAuthTables;
  tables.insert(tables.end(), kSessionTables.begin(), kSessionTables.end());
  Result<std::unique_ptr<Database>> database = Database::Open(options.database_url, "auth", tables);
  if (!database.ok()) return std::move(database).error();
  return std::unique_ptr<AuthService>(new AuthService(std::move(options), *std::move(database)));
}

std::vector<RestRoute> AuthService::Routes() {
  auto route = [this](const char* path, RestAnswer (AuthService::*handler)(const RestRequest&),
                      RestLane lane = RestLane::kQuick) {
    return RestRoute{"POST", path, [this, handler](const RestRequest& request) { return (this->*handler)(request); },
                     lane};
  };
  auto get = [&](const char* path, RestAnswer (AuthService::*handler)(const RestRequest&),
                 RestLane lane = RestLane::kQuick) {
    RestRoute got = route(path, handler, lane);
    got.method = "GET";
    return got;
  };
  // They wait for signup, signin or signout, which ask here.
  constexpr RestLane kWaits = RestLane::kWaits;
  return {
      route("/register", &AuthService::Register, kWaits),
      route("/credentials", &AuthService::StoreCredentials),
      route("/register/verify", &AuthService::Verify),
      route("/register/resend", &AuthService::RequestResend),
      route("/register/cancel", &AuthService::CancelSignup),
      ForServices(route("/customers/{username}/status", &AuthService::ChangeStatus)),
      ForServices(route("/internal/registrations/validate", &AuthService::Validate)),
      ForServices(route("/internal/registrations/existence", &AuthService::CheckExistence)),
      ForServices(route("/internal/signups", &AuthService::OpenAttempt)),
      ForServices(route("/internal/signups/{signUpGuid}/code", &AuthService::SendCode)),
      ForServices(route("/internal/signups/{signUpGuid}/close", &AuthService::Close)),
      ForServices(route("/internal/customers", &AuthService::CreateCustomer)),
      route("/login", &AuthService::Login, kWaits),
      route("/logout", &AuthService::Logout, kWaits),
      get("/logout", &AuthService::Logout, kWaits),
      route("/password", &AuthService::ChangePassword),
      route("/password/reset", &AuthService::RequestPasswordReset),
      get("/auth", &AuthService::CheckSession),
      {"PUT", "/profile", [this](const RestRequest& request) { return ChangeProfile(request); }},
      get("/sso/{provider}", &AuthService::StartSso),
      get("/sso/{provider}/callback", &AuthService::FinishSso, kWaits),
      ForServices(route("/internal/signins/{signInGuid}/verify", &AuthService::VerifySignin)),
      ForServices(route("/internal/signins/{signInGuid}/close", &AuthService::CloseSigninAttempt)),
      ForServices(route("/internal/signins/{signInGuid}/end-old-session", &AuthService::EndOldSession)),
      ForServices(route("/internal/sessions", &AuthService::OpenSession)),
      ForServices(route("/internal/sessions/{sessionRef}/end", &AuthService::EndSession)),
  };
}

std::string AuthService::CodeHash(const std::string& guid, const std::string& code) const {
  return Hmac(options_.key, "check " + guid + " " + code);
}

std::string MakeEvent(const std::string& type, const Value& data) { return MakeEvent("/shop/auth", type, data); }

}  // namespace fermata::shop
