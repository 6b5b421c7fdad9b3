// Single sign-on: the browser goes to an identity provider and comes back with a code. Whom the provider knows is looked
// up in our own tables, and who is new there becomes a customer without a password.
#include <algorithm>

#include "examples/shop/auth/auth.h"
#include "examples/shop/auth/codes.h"
#include "examples/shop/auth/rules.h"
#include "examples/shop/auth/session_store.h"
#include "examples/shop/common/secure.h"

namespace fermata::shop {
namespace {

constexpr std::int64_t kAttemptSeconds = 600, kCredentialsSeconds = 600;
constexpr std::size_t kUsernameBytesMax = 50;

// The browser that began is the one that comes back.
RestAnswer WithStateCookie(RestAnswer answer, const std::string& state, std::int64_t seconds) {
  answer.headers.emplace_back(
      "Set-Cookie", "ssoState=" + state + "; HttpOnly; SameSite=Lax; Path=/sso; Max-Age=" + std::to_string(seconds));
  return answer;
}

std::string ToLower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return text;
}

RestAnswer ToRefusal(const Error& error) {
  return error.code == kIdentityRefused ? Refusal(401, "The identity provider has not signed this customer in")
                                        : Refusal(503, "The identity provider does not answer, please try again");
}

}  // namespace

OidcClient* AuthService::ProviderOf(const RestRequest& request) const {
  for (const auto& provider : providers_)
    if (provider->name() == request.parameters.at("provider")) return provider.get();
  return nullptr;
}

// What is secret about it follows from the state, so that nothing of it has to be kept.
OidcAttempt AuthService::AttemptOf(const RestRequest& request, const std::string& state) const {
  // As the browser sees it; a proxy in front tells.
  const std::string scheme = request.Header("x-forwarded-proto") == "https" ? "https://" : "http://";
  const std::string provider = request.parameters.at("provider");
  return {.redirect_uri = scheme + request.Header("host") + "/sso/" + provider + "/callback",
          .state = state,
          .nonce = Hmac(options_.key, "sso nonce " + state),
          .verifier = Hmac(options_.key, "sso verifier " + state)};
}

RestAnswer AuthService::StartSso(const RestRequest& request) {
  OidcClient* const provider = ProviderOf(request);
  if (provider == nullptr) return Refusal(404, "Not Found");
  const std::string state = RandomHex(32), hash = Hmac(options_.key, "sso state " + state);
  const Result<std::string> url = provider->AuthorizationUrl(AttemptOf(request, state));
  if (!url.ok()) return ToRefusal(url.error());
  const RestAnswer noted = database_->Transact([&](soci::session& sql) -> RestAnswer {
    AddSsoAttempt(sql, hash, provider->name(), TimeText(clock_, 0), TimeText(clock_, kAttemptSeconds));
    return {};
  });
  if (noted.status != 200) return noted;
  RestAnswer answer{302, Value::Object({{"location", Value::String(*url)}})};
  answer.headers.emplace_back("Location", *url);
  return WithStateCookie(std::move(answer), state, kAttemptSeconds);
}

RestAnswer AuthService::FinishSso(const RestRequest& request) {
  OidcClient* const provider = ProviderOf(request);
  if (provider == nullptr) return Refusal(404, "Not Found");
  const std::string state = request.Query("state"), hash = Hmac(options_.key, "sso state " + state);
  bool is_ours = !state.empty() && SameText(state, request.Cookie("ssoState"));
  if (is_ours) {
    const RestAnswer taken = database_->Transact([&](soci::session& sql) -> RestAnswer {
      is_ours = TakeSsoAttempt(sql, hash, provider->name(), TimeText(clock_, 0));
      return {};
    });
    if (taken.status != 200) return taken;
  }
  if (!is_ours) return Refusal(401, "The sign-in did not begin here, or it is too old");
  if (request.Query("code").empty())
    return WithStateCookie(Refusal(401, "The identity provider has not signed this customer in"), "", 0);
  const Result<OidcIdentity> told = provider->Redeem(request.Query("code"), AttemptOf(request, state));
  if (!told.ok()) return WithStateCookie(ToRefusal(told.error()), "", 0);
  return WithStateCookie(SignInAs(request, {provider->name(), told->subject}, *told), "", 0);
}

RestAnswer AuthService::SignInAs(const RestRequest& request, const ExternalIdentity& who, const OidcIdentity& told) {
  const std::string session_token = request.Cookie("sessionId");
  std::optional<Customer> customer;
  const RestAnswer found = database_->Transact([&](soci::session& sql) -> RestAnswer {
    customer = FindCustomerByIdentity(sql, who);
    const auto session = FindSessionByToken(sql, session_token, TimeText(clock_, 0));
    if (customer || !session) return {};
    // A customer who is signed in binds a further way to do so.
    customer = FindCustomerByUid(sql, session->user_guid);
    if (customer) AddIdentity(sql, who, customer->uid);
    return {};
  });
  if (found.status != 200) return found;
  if (!customer) {
    const RestAnswer made = MakeCustomer(who, told);
    if (made.status != 200) return made;
  }
  const std::string guid = NewGuid();
  const RestAnswer noted = database_->Transact([&](soci::session& sql) -> RestAnswer {
    if (!customer) customer = FindCustomerByIdentity(sql, who);
    if (!customer) return Refusal(503, "The account is being made, please sign in again");
    AddSignin(sql,
              {.guid = guid,
               .login = customer->login,
               .user_guid = customer->uid,
               .old_token = session_token,
               .verified = true,
               .closing_code = ""},
              TimeText(clock_, 0));
    return {};
  });
  return noted.status == 200 ? FinishLogin(guid, !session_token.empty(), false) : noted;
}

RestAnswer AuthService::MakeCustomer(const ExternalIdentity& who, const OidcIdentity& told) {
  if (told.email.empty()) return Refusal(401, "The identity provider does not vouch for an e-mail address");
  const std::string email = ToLower(told.email);
  const std::string username =
      email.size() <= kUsernameBytesMax ? email : who.provider + "-" + Hmac("", who.subject).substr(0, 16);
  RestRequest form;
  form.body = Value::Object({{"username", Value::String(username)},
                             {"firstName", Value::String(told.first_name)},
                             {"lastName", Value::String(told.last_name)},
                             {"email", Value::String(email)},
                             {"phone", Value::String(told.phone)}});
  if (const std::string mistake = FindMistake(form); !mistake.empty()) return Refusal(401, mistake);
  const std::string ref = RandomHex(24), expires = TextAfterSeconds(kCredentialsSeconds);
  const RestAnswer kept = database_->Transact([&](soci::session& sql) -> RestAnswer {
    const Existence existence = FindExistence(sql, username, email, "");
    // Whose address it is here has a password: only with that a further way to sign in is bound.
    if (existence.login || existence.email) return Refusal(409, "User already exists");
    AddCredentials(sql, ref, "", expires);
    AddIdentityOf(sql, ref, who);
    return {};
  });
  if (kept.status != 200) return kept;
  const RestAnswer started = StartSignup(CustomerOf(form), ref, "", Contact::kTrust);
  return started.status == 202 ? Refusal(503, "The account is being made, please sign in again") : started;
}

}  // namespace fermata::shop
