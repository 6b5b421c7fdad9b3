// Gift cards: added when they are paid for, activated once by their code, closed when the money goes back.
#include "examples/shop/billing/gift_cards.h"

#include <cctype>

#include "examples/shop/billing/billing.h"
#include "examples/shop/common/secure.h"

namespace fermata::shop {
namespace {

constexpr int kNotificationTimeoutMs = 8'000;
constexpr std::int64_t kDayS = 24LL * 3'600;
constexpr long long kCardDays = 365, kCardDaysMax = 3'650;
// Of wrong codes, a customer.
constexpr int kTriesMax = 5;
constexpr std::int64_t kTriesWithinS = 15 * 60;

// 16 letters and digits that are not mistaken for each other: 80 bits.
std::string CodeOfCard(const std::string& key, const std::string& card_id) {
  static constexpr char kLetters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
  const std::string digits = Hmac(key, "code of " + card_id);
  std::string code;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i > 0 && i % 4 == 0) code += '-';
    code += kLetters[std::stoul(digits.substr(2 * i, 2), nullptr, 16) % 32];
  }
  return code;
}

// As it is typed: in small letters, with or without dashes.
std::string HashOfCode(const std::string& key, const std::string& code) {
  std::string plain;
  for (const char c : code)
    if (std::isalnum(static_cast<unsigned char>(c)))
      plain += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return Hmac(key, "hash of " + plain);
}

Value ToCard(const Account& card) {
  return Value::Object({{"cardId", Value::String(card.id)},
                        {"maskedTokenId", Value::String(MaskedId(card))},
                        {"status", Value::String(card.status)},
                        {"balance", Value::Int(card.balance)},
                        {"currency", Value::String(card.currency)}});
}

std::optional<Account> FindCard(soci::session& sql, const std::string& card_id) {
  auto account = FindAccount(sql, card_id);
  return account && account->kind == kGiftCard ? account : std::nullopt;
}

bool HasExpired(soci::session& sql, const std::string& card_id, const std::string& now) {
  int expired = 0;
  sql << "select count(*) from gift_card where card_id = :id and expires_dt <= :now", soci::into(expired),
      soci::use(card_id), soci::use(now);
  return expired > 0;
}

bool ChangeStatus(soci::session& sql, const std::string& card_id, const std::string& from, const std::string& to,
                  const std::string& owner) {
  soci::statement update = (sql.prepare << "update gift_card set status = :to, owner_customer_id = :owner where "
                                           "card_id = :id and status = :from",
                            soci::use(to), soci::use(owner), soci::use(card_id), soci::use(from));
  update.execute(true);
  return update.get_affected_rows() > 0;
}

struct Grantee {
  std::string first_name, last_name, email, design;
};

std::optional<Grantee> FindGrantee(soci::session& sql, const std::string& card_id) {
  Grantee grantee;
  sql << "select grantee_first_name, grantee_last_name, grantee_email, design_id from gift_card where card_id = :id "
         "and status <> 'CLOSED'",
      soci::into(grantee.first_name), soci::into(grantee.last_name), soci::into(grantee.email),
      soci::into(grantee.design), soci::use(card_id);
  if (!sql.got_data()) return std::nullopt;
  return grantee;
}

}  // namespace

const std::vector<std::string> kGiftCardTables = {
    "create table if not exists gift_card_try (gift_card_try_id {id}, customer_id varchar(255) not null, tried_dt "
    "{time} not null)",
    "create index if not exists gift_card_try_of on gift_card_try (customer_id, tried_dt)",
    "{column} gift_card masked varchar(50)",
    "{column} gift_card activated_at {time}",
};

bool CanBeCharged(soci::session& sql, const Account& account, const std::string& now) {
  return account.kind == kWallet || (account.status == "ACTIVE" && !HasExpired(sql, account.id, now));
}

RestAnswer BillingService::CreateCard(const RestRequest& request) {
  const std::string order = request.Text("orderId"), currency = request.Text("currency");
  const std::optional<long long> amount = request.Integer("amount");
  const long long days = request.Integer("days").value_or(kCardDays);
  if (days < 1 || days > kCardDaysMax) return Refusal(400, "A gift card lives from a day to ten years");
  const Value* grantee = request.body.Find("grantee");
  const auto of_grantee = [&](const char* name) {
    const Value* text = grantee ? grantee->Find(name) : nullptr;
    return text && text->is_string() ? std::string(text->as_string()) : "";
  };
  const std::string first = of_grantee("firstName"), last = of_grantee("lastName"), email = of_grantee("email"),
                    design = request.Text("designId");
  if (order.empty() || currency.size() != 3 || !amount || *amount <= 0 || *amount > kBillingAmountMax || email.empty())
    return Refusal(
        400, "An order, a positive amount in minor units, a currency and the grantee's e-mail should be provided");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      std::string known;
      sql << "select card_id from gift_card where order_id = :order", soci::into(known), soci::use(order);
      if (sql.got_data()) {
        const Account card = *FindCard(sql, known);
        if (card.status != "INACTIVE" || card.balance != *amount || card.currency != currency)
          return Refusal(409, "There is another gift card of this order");
        return {201, ToCard(card)};
      }
      Account card{.kind = kGiftCard, .id = NewGuid(), .owner = "", .currency = currency, .status = "INACTIVE"};
      const std::string hash = HashOfCode(options_.key, CodeOfCard(options_.key, card.id)), masked = MaskedId(card),
                        expires = TimeText(clock_, days * kDayS);
      sql << "insert into gift_card (card_id, code_hash, status, amount, balance, currency, order_id, "
             "grantee_first_name, grantee_last_name, grantee_email, design_id, owner_customer_id, expires_dt, masked) "
             "values (:id, :hash, 'INACTIVE', :amount, 0, :currency, :order, :first, :last, :email, :design, '', "
             ":expires, :masked)",
          soci::use(card.id), soci::use(hash), soci::use(*amount), soci::use(currency), soci::use(order),
          soci::use(first), soci::use(last), soci::use(email), soci::use(design), soci::use(expires), soci::use(masked);
      Move(sql, card, *amount, {.purpose = "GIFT_CARD", .ref = order, .idempotency_key = request.idempotency_key});
      card.balance = *amount;
      return {201, ToCard(card)};
    });
  });
}

RestAnswer BillingService::FindCode(soci::session& sql, const RestRequest& request) {
  const std::string username = request.Text("username"), now = TimeText(clock_, 0),
                    since = TimeText(clock_, -kTriesWithinS);
  int tries = 0;
  sql << "select count(*) from gift_card_try where customer_id = :customer and tried_dt > :since", soci::into(tries),
      soci::use(username), soci::use(since);
  if (tries >= kTriesMax) return Refusal(429, "There were too many attempts; try again later");
  const std::string hash = HashOfCode(options_.key, request.Text("code"));
  std::string id, known_hash;
  sql << "select card_id, code_hash from gift_card where code_hash = :hash", soci::into(id), soci::into(known_hash),
      soci::use(hash);
  if (!sql.got_data() || !SameText(hash, known_hash)) {
    sql << "insert into gift_card_try (customer_id, tried_dt) values (:customer, :now)", soci::use(username),
        soci::use(now);
    return Refusal(404, "There is no such activation code");
  }
  const Account card = *FindCard(sql, id);
  if (card.status == "CLOSED" || HasExpired(sql, id, now))
    return Refusal(410, "The gift card is closed or has expired");
  // Whoever has it already may put it among their means of payment again.
  if (card.status == "ACTIVE" && card.owner != username) return Refusal(409, "The gift card is active already");
  return {200, ToCard(card)};
}

RestAnswer BillingService::LookupCode(const RestRequest& request) {
  if (request.Text("username").empty() || request.Text("code").empty())
    return Refusal(400, "A code and a username should be provided");
  return database_->Transact(
      [&](soci::session& sql) { return Once(sql, request, [&] { return FindCode(sql, request); }); });
}

RestAnswer BillingService::ActivateCard(const RestRequest& request) {
  const std::string username = request.Text("username");
  if (username.empty() || request.Text("code").empty()) return Refusal(400, "A code and a username should be provided");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      const RestAnswer found = FindCode(sql, request);
      if (found.status != 200) return found;
      const std::string id(found.body.Find("cardId")->as_string());
      if (FindCard(sql, id)->status == "ACTIVE") return found;
      if (!ChangeStatus(sql, id, "INACTIVE", "ACTIVE", username))
        return Refusal(409, "The gift card is active already");
      const std::string now = TimeText(clock_, 0);
      sql << "update gift_card set activated_at = :now where card_id = :id", soci::use(now), soci::use(id);
      return {200, ToCard(*FindCard(sql, id))};
    });
  });
}

RestAnswer BillingService::DeactivateCard(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      const std::string id = request.Text("cardId");
      if (!FindCard(sql, id)) return Refusal(404, "Gift card not found");
      ChangeStatus(sql, id, "ACTIVE", "INACTIVE", "");
      return {200, ToCard(*FindCard(sql, id))};
    });
  });
}

RestAnswer BillingService::CloseCard(const RestRequest& request) {
  const std::string id = request.Text("cardId");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      const auto card = FindCard(sql, id);
      if (!card) return Refusal(404, "Gift card not found");
      if (card->status == "CLOSED") return {200, ToCard(*card)};
      long long amount = 0;
      sql << "select amount from gift_card where card_id = :id", soci::into(amount), soci::use(id);
      const MovementNote note{
          .purpose = "GIFT_CARD", .ref = request.Text("orderId"), .idempotency_key = request.idempotency_key};
      // Whoever has spent of it keeps what is left.
      if (!Move(sql, *card, -amount, note)) return Refusal(409, "The gift card has been used");
      if (!ChangeStatus(sql, id, card->status, "CLOSED", card->owner)) throw soci::soci_error("closed meanwhile");
      return {200, ToCard(*FindCard(sql, id))};
    });
  });
}

RestAnswer BillingService::SendCode(const RestRequest& request) {
  if (request.idempotency_key.empty()) return Refusal(400, "The header Idempotency-Key should be provided");
  const std::string id = request.Text("cardId");
  std::optional<Grantee> grantee;
  const RestAnswer read = database_->Transact([&](soci::session& sql) -> RestAnswer {
    grantee = FindGrantee(sql, id);
    return {};
  });
  if (read.status != 200) return read;
  if (!grantee) return Refusal(404, "Gift card not found");
  const std::string language = request.Text("language");
  const Value data = Value::Object({{"code", Value::String(CodeOfCard(options_.key, id))},
                                    {"firstName", Value::String(grantee->first_name)},
                                    {"lastName", Value::String(grantee->last_name)},
                                    {"design", Value::Object({{grantee->design, Value::Bool(true)}})}});
  const RestReply reply =
      notification_.Post("/messages",
                         Value::Object({{"to", Value::String(grantee->email)},
                                        {"template", Value::String("gift-card-code")},
                                        {"language", Value::String(language.empty() ? "en" : language)},
                                        {"data", data}}),
                         request.idempotency_key, kNotificationTimeoutMs);
  if (reply.status == 200) return {200, reply.body};
  if (reply.status == 422) return Refusal(422, "The letter was refused");
  return Refusal(503, "The letter cannot be sent now");
}

}  // namespace fermata::shop
