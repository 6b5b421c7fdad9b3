#include "examples/shop/auth/signup_store.h"

#include <algorithm>
#include <array>

#include "examples/shop/common/event_outbox.h"

namespace fermata::shop {
namespace {

// The place is the key of the table auth_closing_code.
constexpr std::array<const char*, 6> kClosingCodes = {"success", "rejectedToProvideVC", "tooManyTries",
                                                      "timeout", "overriden",           "cancelled"};

int ClosingCodeId(const std::string& name) {
  return static_cast<int>(std::find(kClosingCodes.begin(), kClosingCodes.end(), name) - kClosingCodes.begin()) + 1;
}

// A column that may be null, as a text that is then empty.
struct OptionalText {
  std::string text;
  soci::indicator indicator = soci::i_null;
  std::string value() const { return indicator == soci::i_ok ? text : ""; }
};

std::vector<std::string> MakeTables() {
  std::vector<std::string> tables = {
      "create table if not exists delivery_customer (delivery_customer_id {id}, customer_uid varchar(50) not null "
      "unique, login varchar(50) not null unique, "
      "email varchar(255) not null, phone_number varchar(50), password text)",
      "create unique index if not exists delivery_customer_email on delivery_customer (lower(email))",
      "create table if not exists customer_profile (customer_uid varchar(50) primary key, first_name varchar(150), "
      "last_name varchar(150))",
      "{column} customer_profile full_name varchar(300)",
      // ACTIVE or BLOCKED; nothing stands for the former.
      "{column} customer_profile status varchar(20)",
      "create table if not exists delivery_customer_tmp (delivery_customer_tmp_id {id}, customer_uid varchar(50) not "
      "null unique, "
      "login varchar(50) not null, email varchar(255) not null, phone_number varchar(50), password text)",
      "create table if not exists auth_closing_code (auth_closing_code_id integer primary key, guid varchar(50) not "
      "null, name varchar(50) not null unique)",
      "create table if not exists auth_signup (auth_signup_id {id}, signup_guid varchar(50) not null unique, user_guid "
      "varchar(50) not null, "
      "verification_code varchar(64), vc_sending_dt {time}, tries_number integer not null, tries_max integer not null, "
      "signup_begin_dt {time} not null, "
      "signup_end_dt {time}, verified_dt {time}, is_deprecated {flag}, is_overriden {flag}, auth_closing_code_id "
      "integer)",
      "create table if not exists auth_credentials (credentials_ref varchar(64) primary key, password text not null, "
      "expires_dt {time} not null)",
      kOutboxTable,
  };
  for (const char* name : kClosingCodes) {
    const std::string id = std::to_string(ClosingCodeId(name));
    tables.push_back("insert into auth_closing_code (auth_closing_code_id, guid, name) select " + id +
                     ", 'closing-code-" + id + "', '" + name +
                     "' where not exists (select 1 from auth_closing_code where auth_closing_code_id = " + id + ")");
  }
  return tables;
}

bool Exists(soci::session& sql, const std::string& column, const std::string& value) {
  if (value.empty()) return false;
  int count = 0;
  sql << "select count(*) from delivery_customer where " + column + " = :value", soci::into(count), soci::use(value);
  return count > 0;
}

}  // namespace

const std::vector<std::string> kAuthTables = MakeTables();

void AddCredentials(soci::session& sql, const std::string& ref, const std::string& password_hash,
                    const std::string& expires_dt) {
  const std::string now = NowText();
  sql << "delete from auth_credentials where expires_dt < :now", soci::use(now);
  sql << "insert into auth_credentials (credentials_ref, password, expires_dt) values (:ref, :password, :expires) "
         "on conflict (credentials_ref) do nothing",
      soci::use(ref), soci::use(password_hash), soci::use(expires_dt);
}

std::optional<std::string> TakeCredentials(soci::session& sql, const std::string& ref) {
  std::string password;
  const std::string now = NowText();
  sql << "select password from auth_credentials where credentials_ref = :ref and expires_dt >= :now",
      soci::into(password), soci::use(ref), soci::use(now);
  if (!sql.got_data()) return std::nullopt;
  sql << "delete from auth_credentials where credentials_ref = :ref", soci::use(ref);
  return password;
}

Existence FindExistence(soci::session& sql, const std::string& login, const std::string& email,
                        const std::string& phone) {
  std::string lower = email;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return {Exists(sql, "login", login), Exists(sql, "lower(email)", lower), Exists(sql, "phone_number", phone)};
}

std::vector<std::string> OverrideAttempts(soci::session& sql, const std::string& login) {
  std::vector<std::string> guids;
  {
    soci::rowset<std::string> found =
        (sql.prepare
             << "select s.signup_guid from auth_signup s join delivery_customer_tmp t on t.customer_uid = s.user_guid "
                "where t.login = :login and s.signup_end_dt is null",
         soci::use(login));
    guids.assign(found.begin(), found.end());
  }
  for (const std::string& guid : guids) {
    if (std::optional<Signup> signup = FindSignup(sql, guid)) CloseAttempt(sql, *signup, "overriden");
    // (1 = 1) is true in both databases.
    sql << "update auth_signup set is_overriden = (1 = 1) where signup_guid = :guid", soci::use(guid);
  }
  return guids;
}

void AddAttempt(soci::session& sql, const std::string& guid, int tries_max, const Customer& temporary) {
  const std::string now = NowText();
  sql << "insert into delivery_customer_tmp (customer_uid, login, email, phone_number, password) values (:uid, :login, "
         ":email, :phone, :password)",
      soci::use(temporary.uid), soci::use(temporary.login), soci::use(temporary.email), soci::use(temporary.phone),
      soci::use(temporary.password_hash);
  sql << "insert into auth_signup (signup_guid, user_guid, tries_number, tries_max, signup_begin_dt) values (:guid, "
         ":user, 0, :max, :now)",
      soci::use(guid), soci::use(temporary.uid), soci::use(tries_max), soci::use(now);
}

std::optional<Signup> FindSignup(soci::session& sql, const std::string& guid) {
  Signup signup{.guid = guid};
  OptionalText code, closing, verified, login, email;
  sql << "select s.user_guid, s.verification_code, s.tries_number, s.tries_max, c.name, cast(s.verified_dt as text), "
         "t.login, t.email from auth_signup s "
         "left join auth_closing_code c on c.auth_closing_code_id = s.auth_closing_code_id "
         "left join delivery_customer_tmp t on t.customer_uid = s.user_guid where s.signup_guid = :guid",
      soci::into(signup.user_guid), soci::into(code.text, code.indicator), soci::into(signup.tries),
      soci::into(signup.tries_max), soci::into(closing.text, closing.indicator),
      soci::into(verified.text, verified.indicator), soci::into(login.text, login.indicator),
      soci::into(email.text, email.indicator), soci::use(guid);
  if (!sql.got_data()) return std::nullopt;
  signup.code_hash = code.value();
  signup.closing_code = closing.value();
  signup.verified_dt = verified.value();
  signup.login = login.value();
  signup.email = email.value();
  return signup;
}

void NoteCode(soci::session& sql, const std::string& guid, const std::string& code_hash) {
  const std::string now = NowText();
  sql << "update auth_signup set verification_code = :code, vc_sending_dt = :now where signup_guid = :guid",
      soci::use(code_hash), soci::use(now), soci::use(guid);
}

bool NoteTry(soci::session& sql, const std::string& guid) {
  soci::statement update = (sql.prepare << "update auth_signup set tries_number = tries_number + 1 where signup_guid = "
                                           ":guid and tries_number < tries_max",
                            soci::use(guid));
  update.execute(true);
  return update.get_affected_rows() == 1;
}

void NoteVerified(soci::session& sql, const std::string& guid) {
  const std::string now = NowText();
  sql << "update auth_signup set verified_dt = :now where signup_guid = :guid", soci::use(now), soci::use(guid);
}

void CloseAttempt(soci::session& sql, const Signup& signup, const std::string& closing_code) {
  const std::string now = NowText();
  const int code = ClosingCodeId(closing_code);
  sql << "delete from delivery_customer_tmp where customer_uid = :uid", soci::use(signup.user_guid);
  sql << "update auth_signup set signup_end_dt = :now, auth_closing_code_id = :code where signup_guid = :guid and "
         "signup_end_dt is null",
      soci::use(now), soci::use(code), soci::use(signup.guid);
}

bool IsClosingCode(const std::string& name) {
  return std::find(kClosingCodes.begin(), kClosingCodes.end(), name) != kClosingCodes.end();
}

std::optional<Customer> FindTemporary(soci::session& sql, const std::string& user_guid) {
  Customer customer{.uid = user_guid};
  sql << "select login, email, coalesce(phone_number, ''), password from delivery_customer_tmp where customer_uid = "
         ":uid",
      soci::into(customer.login), soci::into(customer.email), soci::into(customer.phone),
      soci::into(customer.password_hash), soci::use(user_guid);
  if (!sql.got_data()) return std::nullopt;
  return customer;
}

std::string FullName(const Customer& customer) {
  return customer.first_name + (customer.last_name.empty() ? "" : " " + customer.last_name);
}

void AddCustomer(soci::session& sql, const Customer& customer) {
  sql << "insert into delivery_customer (customer_uid, login, email, phone_number, password) values (:uid, :login, "
         ":email, :phone, nullif(:password, ''))",
      soci::use(customer.uid), soci::use(customer.login), soci::use(customer.email), soci::use(customer.phone),
      soci::use(customer.password_hash);
  const std::string full = FullName(customer);
  sql << "insert into customer_profile (customer_uid, first_name, last_name, full_name) values (:uid, :first, :last, "
         ":full)",
      soci::use(customer.uid), soci::use(customer.first_name), soci::use(customer.last_name), soci::use(full);
}

}  // namespace fermata::shop
