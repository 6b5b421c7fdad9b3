#include "examples/shop/auth/session_store.h"

namespace fermata::shop {
namespace {

std::optional<Customer> FindCustomerBy(soci::session& sql, const std::string& column, const std::string& value) {
  Customer customer;
  std::string status;
  sql << "select c.customer_uid, c.login, c.email, coalesce(c.phone_number, ''), coalesce(c.password, ''), "
         "coalesce(p.first_name, ''), coalesce(p.last_name, ''), coalesce(p.status, 'ACTIVE') from delivery_customer c "
         "left join customer_profile p on p.customer_uid = c.customer_uid where c." +
             column + " = :value",
      soci::into(customer.uid), soci::into(customer.login), soci::into(customer.email), soci::into(customer.phone),
      soci::into(customer.password_hash), soci::into(customer.first_name), soci::into(customer.last_name),
      soci::into(status), soci::use(value);
  if (!sql.got_data()) return std::nullopt;
  customer.blocked = status == "BLOCKED";
  return customer;
}

std::optional<Session> FindSessionBy(soci::session& sql, const std::string& column, const std::string& value,
                                     const std::string& now) {
  Session session;
  sql << "select token_guid, session_ref, user_guid from auth_session_token where " + column +
             " = :value and token_end_dt > :now",
      soci::into(session.token), soci::into(session.ref), soci::into(session.user_guid), soci::use(value),
      soci::use(now);
  if (!sql.got_data()) return std::nullopt;
  return session;
}

void EndSessionBy(soci::session& sql, const std::string& column, const std::string& value, const std::string& now) {
  sql << "update auth_session_token set token_end_dt = :now where " + column + " = :value and token_end_dt > :now2",
      soci::use(now), soci::use(value), soci::use(now);
}

}  // namespace

const std::vector<std::string> kSessionTables = {
    "create table if not exists auth_signin (auth_signin_id {id}, signin_guid varchar(50) not null unique, user_guid "
    "varchar(50) not null, login varchar(50) not null, old_token_guid varchar(50) not null, verified integer not null, "
    "signin_begin_dt {time} not null, signin_end_dt {time}, is_deprecated {flag}, is_overriden {flag}, "
    "auth_closing_code_id integer)",
    "create index if not exists auth_signin_login on auth_signin (login, signin_begin_dt)",
    "create table if not exists auth_session_token (auth_session_token_id {id}, token_guid varchar(50) not null "
    "unique, session_ref varchar(50) not null unique, token_begin_dt {time} not null, token_end_dt {time} not null, "
    "user_guid varchar(50) not null)",
    "create table if not exists external_identity (provider varchar(50) not null, subject varchar(255) not null, "
    "customer_uid varchar(50) not null, primary key (provider, subject))",
    "create table if not exists external_identity_tmp (credentials_ref varchar(64) primary key, provider varchar(50) "
    "not null, subject varchar(255) not null)",
    "create table if not exists auth_password_reset (user_guid varchar(50) primary key, code_hash varchar(64) not "
    "null, tries_number integer not null, reset_begin_dt {time} not null, reset_end_dt {time} not null)",
    "create table if not exists auth_suspicios_signup (auth_suspicios_signup_id {id}, signin_guid varchar(50) not "
    "null unique, user_guid varchar(50) not null, signin_begin_dt {time} not null, signin_end_dt {time}, is_deprecated "
    "{flag}, is_overriden {flag}, auth_closing_code_id integer)",
    // The sessions as the customer backend's table had them.
    "{view} delivery_customer_token as select t.auth_session_token_id as delivery_customer_token_id, t.token_guid, "
    "t.token_begin_dt, t.token_end_dt, c.delivery_customer_id as customer_id from auth_session_token t join "
    "delivery_customer c on c.customer_uid = t.user_guid",
    "create table if not exists auth_sso_attempt (state_hash varchar(64) primary key, provider varchar(50) not null, "
    "expires_dt {time} not null)",
};

std::optional<Customer> FindCustomerByLogin(soci::session& sql, const std::string& login) {
  return FindCustomerBy(sql, "login", login);
}

std::optional<Customer> FindCustomerByUid(soci::session& sql, const std::string& uid) {
  return FindCustomerBy(sql, "customer_uid", uid);
}

std::optional<Customer> FindCustomerByMail(soci::session& sql, const std::string& email) {
  std::string uid;
  sql << "select customer_uid from delivery_customer where lower(email) = lower(:email)", soci::into(uid),
      soci::use(email);
  return sql.got_data() ? FindCustomerByUid(sql, uid) : std::nullopt;
}

bool IsMailTaken(soci::session& sql, const std::string& email, const std::string& uid) {
  int count = 0;
  sql << "select count(*) from delivery_customer where lower(email) = lower(:email) and customer_uid <> :uid",
      soci::into(count), soci::use(email), soci::use(uid);
  return count > 0;
}

void UpdateCustomer(soci::session& sql, const Customer& customer) {
  sql << "update delivery_customer set email = :email, phone_number = :phone where customer_uid = :uid",
      soci::use(customer.email), soci::use(customer.phone), soci::use(customer.uid);
  const std::string full = FullName(customer);
  sql << "update customer_profile set first_name = :first, last_name = :last, full_name = :full where customer_uid = "
         ":uid",
      soci::use(customer.first_name), soci::use(customer.last_name), soci::use(full), soci::use(customer.uid);
}

void SetStatus(soci::session& sql, const std::string& uid, const std::string& status) {
  sql << "update customer_profile set status = :status where customer_uid = :uid", soci::use(status), soci::use(uid);
}

void SetPassword(soci::session& sql, const std::string& uid, const std::string& password_hash) {
  sql << "update delivery_customer set password = :password where customer_uid = :uid", soci::use(password_hash),
      soci::use(uid);
}

bool NoteReset(soci::session& sql, const std::string& uid, const std::string& code_hash, const std::string& pause_begin,
               const std::string& now, const std::string& expires) {
  soci::statement note =
      (sql.prepare << "insert into auth_password_reset (user_guid, code_hash, tries_number, reset_begin_dt, "
                      "reset_end_dt) values (:uid, :code, 0, :now, :expires) on conflict (user_guid) do update set "
                      "code_hash = excluded.code_hash, tries_number = 0, reset_begin_dt = excluded.reset_begin_dt, "
                      "reset_end_dt = excluded.reset_end_dt where auth_password_reset.reset_begin_dt <= :pause",
       soci::use(uid), soci::use(code_hash), soci::use(now), soci::use(expires), soci::use(pause_begin));
  note.execute(true);
  return note.get_affected_rows() > 0;
}

bool TakeResetTry(soci::session& sql, const std::string& uid, int tries_max, const std::string& now) {
  soci::statement take = (sql.prepare << "update auth_password_reset set tries_number = tries_number + 1 where "
                                         "user_guid = :uid and tries_number < :max and reset_end_dt > :now",
                          soci::use(uid), soci::use(tries_max), soci::use(now));
  take.execute(true);
  return take.get_affected_rows() > 0;
}

std::string ResetCodeHash(soci::session& sql, const std::string& uid) {
  std::string hash;
  sql << "select code_hash from auth_password_reset where user_guid = :uid", soci::into(hash), soci::use(uid);
  return sql.got_data() ? hash : "";
}

void EndOtherSessions(soci::session& sql, const std::string& uid, const std::string& kept_token,
                      const std::string& now) {
  sql << "update auth_session_token set token_end_dt = :now where user_guid = :uid and token_guid <> :kept and "
         "token_end_dt > :now2",
      soci::use(now), soci::use(uid), soci::use(kept_token), soci::use(now);
  sql << "delete from auth_password_reset where user_guid = :uid", soci::use(uid);
}

void NoteSuspicion(soci::session& sql, const std::string& signin_guid) {
  sql << "insert into auth_suspicios_signup (signin_guid, user_guid, signin_begin_dt, signin_end_dt, "
         "auth_closing_code_id) select signin_guid, user_guid, signin_begin_dt, signin_end_dt, auth_closing_code_id "
         "from auth_signin where signin_guid = :guid",
      soci::use(signin_guid);
}

void AddSignin(soci::session& sql, const Signin& signin, const std::string& now) {
  const int verified = signin.verified ? 1 : 0;
  sql << "insert into auth_signin (signin_guid, user_guid, login, old_token_guid, verified, signin_begin_dt) values "
         "(:guid, :user, :login, :old, :verified, :now)",
      soci::use(signin.guid), soci::use(signin.user_guid), soci::use(signin.login), soci::use(signin.old_token),
      soci::use(verified), soci::use(now);
}

std::optional<Signin> FindSignin(soci::session& sql, const std::string& guid) {
  Signin signin{.guid = guid};
  int verified = 0;
  sql << "select s.login, s.user_guid, s.old_token_guid, s.verified, coalesce(c.name, '') from auth_signin s left join "
         "auth_closing_code c on c.auth_closing_code_id = s.auth_closing_code_id where s.signin_guid = :guid",
      soci::into(signin.login), soci::into(signin.user_guid), soci::into(signin.old_token), soci::into(verified),
      soci::into(signin.closing_code), soci::use(guid);
  if (!sql.got_data()) return std::nullopt;
  signin.verified = verified != 0;
  return signin;
}

void CloseSignin(soci::session& sql, const std::string& guid, const std::string& closing_code, const std::string& now) {
  sql << "update auth_signin set signin_end_dt = :now, auth_closing_code_id = (select auth_closing_code_id from "
         "auth_closing_code where name = :name) where signin_guid = :guid and signin_end_dt is null",
      soci::use(now), soci::use(closing_code), soci::use(guid);
}

int CountFailedSignins(soci::session& sql, const std::string& login, const std::string& since) {
  int count = 0;
  sql << "select count(*) from auth_signin where login = :login and verified = 0 and signin_begin_dt > :since",
      soci::into(count), soci::use(login), soci::use(since);
  return count;
}

void AddSession(soci::session& sql, const Session& session, const std::string& begin, const std::string& end) {
  sql << "insert into auth_session_token (token_guid, session_ref, token_begin_dt, token_end_dt, user_guid) values "
         "(:token, :ref, :begin, :end, :user)",
      soci::use(session.token), soci::use(session.ref), soci::use(begin), soci::use(end), soci::use(session.user_guid);
}

std::optional<Session> FindSessionByToken(soci::session& sql, const std::string& token, const std::string& now) {
  return FindSessionBy(sql, "token_guid", token, now);
}

std::optional<Session> FindSessionByRef(soci::session& sql, const std::string& ref, const std::string& now) {
  return FindSessionBy(sql, "session_ref", ref, now);
}

void EndSessionByToken(soci::session& sql, const std::string& token, const std::string& now) {
  EndSessionBy(sql, "token_guid", token, now);
}

void EndSessionByRef(soci::session& sql, const std::string& ref, const std::string& now) {
  EndSessionBy(sql, "session_ref", ref, now);
}

void AddSsoAttempt(soci::session& sql, const std::string& state_hash, const std::string& provider,
                   const std::string& now, const std::string& expires) {
  sql << "delete from auth_sso_attempt where expires_dt <= :now", soci::use(now);
  sql << "insert into auth_sso_attempt (state_hash, provider, expires_dt) values (:state, :provider, :expires)",
      soci::use(state_hash), soci::use(provider), soci::use(expires);
}

bool TakeSsoAttempt(soci::session& sql, const std::string& state_hash, const std::string& provider,
                    const std::string& now) {
  soci::statement take = (sql.prepare << "delete from auth_sso_attempt where state_hash = :state and provider = "
                                         ":provider and expires_dt > :now",
                          soci::use(state_hash), soci::use(provider), soci::use(now));
  take.execute(true);
  return take.get_affected_rows() > 0;
}

std::optional<Customer> FindCustomerByIdentity(soci::session& sql, const ExternalIdentity& identity) {
  std::string uid;
  sql << "select customer_uid from external_identity where provider = :provider and subject = :subject",
      soci::into(uid), soci::use(identity.provider), soci::use(identity.subject);
  return sql.got_data() ? FindCustomerByUid(sql, uid) : std::nullopt;
}

void AddIdentity(soci::session& sql, const ExternalIdentity& identity, const std::string& customer_uid) {
  sql << "insert into external_identity (provider, subject, customer_uid) values (:provider, :subject, :uid)",
      soci::use(identity.provider), soci::use(identity.subject), soci::use(customer_uid);
}

void AddIdentityOf(soci::session& sql, const std::string& credentials_ref, const ExternalIdentity& identity) {
  // Those whose sign-up came to nothing.
  sql << "delete from external_identity_tmp where credentials_ref not in (select credentials_ref from "
         "auth_credentials)";
  sql << "insert into external_identity_tmp (credentials_ref, provider, subject) values (:ref, :provider, :subject)",
      soci::use(credentials_ref), soci::use(identity.provider), soci::use(identity.subject);
}

void AdoptIdentity(soci::session& sql, const std::string& credentials_ref, const std::string& customer_uid) {
  sql << "insert into external_identity (provider, subject, customer_uid) select provider, subject, :uid from "
         "external_identity_tmp where credentials_ref = :ref",
      soci::use(customer_uid), soci::use(credentials_ref);
  sql << "delete from external_identity_tmp where credentials_ref = :ref", soci::use(credentials_ref);
}

}  // namespace fermata::shop
