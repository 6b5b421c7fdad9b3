// The auth service: takes passwords and one-time codes itself, keeps customers and their sessions, and tells the process
// what came of a code.
//
// For clients:       POST /register, /credentials, /register/verify, /register/resend, /register/cancel, /login,
// /logout, /password, /password/reset; PUT /profile; GET /logout, /sso/{provider}, /sso/{provider}/callback; GET /auth, also for other services, by the cookie `sessionId` or the header X-Session-Ref.
// For the staff:     POST /customers/{username}/status.
// For the process:   POST /internal/registrations/validate, …/existence, /internal/signups, …/{signUpGuid}/code,
// …/{signUpGuid}/close, /internal/customers, /internal/signins/{signInGuid}/verify, …/close, …/end-old-session,
// /internal/sessions, /internal/sessions/{sessionRef}/end. No password, code or session id leaves this service towards
// the engine: a process carries `credentialsRef`, `signUpGuid`, `signInGuid` and `sessionRef`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "examples/shop/auth/oidc_client.h"
#include "examples/shop/common/event_outbox.h"
#include "examples/shop/common/rest.h"

namespace fermata::shop {

struct AuthOptions {
  std::string database_url;
  std::string engine_url;        // "http://127.0.0.1:8080"
  std::string notification_url;  // that sends the codes
  std::string key;               // secret: codes are derived and hashed with it; the same after a restart
  std::string service_key;       // secret: shown to notification
  bool verify_contact = false;   // what POST /register asks of the process
  std::vector<SsoProvider> sso;  // identity providers that customers may sign in at
  Clock* clock = nullptr;        // of sessions; null = the machine's. Must outlive the service
};

struct ExternalIdentity;

// Thread-safe. Must outlive the routes.
class AuthService {
 public:
  static Result<std::unique_ptr<AuthService>> Open(AuthOptions options);
  ~AuthService();

  std::vector<RestRoute> Routes();

 private:
  AuthService(AuthOptions options, std::unique_ptr<Database> database);

  // client_routes.cc
  RestAnswer Register(const RestRequest& request);
  RestAnswer StoreCredentials(const RestRequest& request);
  RestAnswer Verify(const RestRequest& request);
  RestAnswer RequestResend(const RestRequest& request);
  RestAnswer CancelSignup(const RestRequest& request);
  RestAnswer SendSignupEvent(const RestRequest& request, const std::string& type, const std::string& reason);
  // Whether a code is asked for, or the contact is known to be the customer's.
  enum class Contact { kVerify, kTrust };
  RestAnswer StartSignup(const Value& customer, const std::string& credentials_ref, const std::string& language,
                         Contact contact);
  // The database failed in the middle of a check: the process is told, the client may enter the code again.
  RestAnswer VerifyFailed(const std::string& guid);

  // process_routes.cc
  RestAnswer Validate(const RestRequest& request);
  RestAnswer CheckExistence(const RestRequest& request);
  RestAnswer OpenAttempt(const RestRequest& request);
  RestAnswer SendCode(const RestRequest& request);
  RestAnswer Close(const RestRequest& request);
  RestAnswer CreateCustomer(const RestRequest& request);

  // session_routes.cc
  RestAnswer Login(const RestRequest& request);
  RestAnswer FinishLogin(const std::string& signin_guid, bool has_old_session, bool keep);
  RestAnswer CheckSession(const RestRequest& request);
  RestAnswer Logout(const RestRequest& request);
  RestAnswer ChangeProfile(const RestRequest& request);
  RestAnswer ChangeStatus(const RestRequest& request);
  RestAnswer VerifySignin(const RestRequest& request);
  RestAnswer CloseSigninAttempt(const RestRequest& request);
  RestAnswer OpenSession(const RestRequest& request);
  RestAnswer EndOldSession(const RestRequest& request);
  RestAnswer EndSession(const RestRequest& request);

  // password_routes.cc
  RestAnswer RequestPasswordReset(const RestRequest& request);
  RestAnswer ChangePassword(const RestRequest& request);

  // sso_routes.cc
  RestAnswer StartSso(const RestRequest& request);
  RestAnswer FinishSso(const RestRequest& request);
  // Finds, binds or makes the customer, and signs them in.
  RestAnswer SignInAs(const RestRequest& request, const ExternalIdentity& who, const OidcIdentity& told);
  RestAnswer MakeCustomer(const ExternalIdentity& who, const OidcIdentity& told);
  OidcAttempt AttemptOf(const RestRequest& request, const std::string& state) const;
  OidcClient* ProviderOf(const RestRequest& request) const;

  std::string CodeHash(const std::string& guid, const std::string& code) const;

  const AuthOptions options_;
  Clock& clock_;
  std::unique_ptr<Database> database_;
  RestClient engine_, notification_;
  EventSender events_;
  std::vector<std::unique_ptr<OidcClient>> providers_;
};

// A CloudEvent of auth in JSON, with an id of its own.
std::string MakeEvent(const std::string& type, const Value& data);

}  // namespace fermata::shop
