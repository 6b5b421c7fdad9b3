// Saved cards and gift cards, and the codes that customers enter.
#include "engine/base/percent.h"
#include "examples/shop/common/json.h"
#include "examples/shop/common/secure.h"
#include "examples/shop/payment/payment.h"
#include "examples/shop/payment/payment_store.h"

namespace fermata::shop {
namespace {

constexpr int kTokensTimeoutMs = 4'000;
constexpr std::size_t kCodeBytesMax = 100;
constexpr std::int64_t kActivationLifeS = 3'600;
constexpr const char* kCard = "BANK_CARD";
constexpr const char* kGiftCard = "GIFT_CARD";

Value ToCard(const Means& card) {
  return Value::Object({{"tokenId", Value::String(card.token_id)},
                        {"maskedTokenId", Value::String(card.masked)},
                        {"description", Value::String(card.card_type)}});
}

Value ToAccount(const Value& token) {
  return Value::Object({{"tokenId", At(token, "id")},
                        {"maskedTokenId", At(token, "maskedTokenId")},
                        {"balance", At(token, "balance")},
                        {"currency", At(token, "currency")}});
}

bool IsBound(const std::vector<Means>& all, const std::string& token_id) {
  for (const Means& means : all)
    if (means.type == kGiftCard && means.token_id == token_id) return true;
  return false;
}

}  // namespace

Asker PaymentService::OwnerOf(const RestRequest& request, const std::string& named) {
  if (!request.from_service || named.empty()) return sessions_.WhoAsks(request);
  return {named, "", {}};
}

RestAnswer PaymentService::ListMeans(const RestRequest& request) {
  const Asker owner = OwnerOf(request, request.Query("username"));
  if (owner.username.empty()) return owner.refusal;
  std::vector<Means> all;
  const RestAnswer read = database_->Transact([&](soci::session& sql) -> RestAnswer {
    all = MeansOf(sql, owner.username);
    return {};
  });
  if (read.status != 200) return read;
  const RestReply reply = billing_.Get("/token/get?username=" + PercentEncode(owner.username), {}, kTokensTimeoutMs);
  if (reply.status != 200 && reply.status != 404) return Refusal(503, "Billing does not answer");
  std::vector<Value> cards, gift_cards;
  Value wallet =
      Value::Object({{"tokenId", Value::String("")}, {"balance", Value::Int(0)}, {"currency", Value::String("")}});
  for (const Means& means : all)
    if (means.type == kCard) cards.push_back(ToCard(means));
  const Value tokens = At(reply.body, "tokens");
  if (tokens.is_list())
    for (const Value& token : tokens.as_list()) {
      if (TextOf(token, "tokenType") == "WALLET")
        wallet = ToAccount(token);
      else if (IsBound(all, TextOf(token, "id")))
        gift_cards.push_back(ToAccount(token));
    }
  return {200, Value::Object({{"cards", Value::List(std::move(cards))},
                              {"giftCards", Value::List(std::move(gift_cards))},
                              {"wallet", wallet}})};
}

RestAnswer PaymentService::GetMeans(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const auto means = FindMeans(sql, request.parameters.at("tokenId"));
    if (!means || means->type != kCard) return Refusal(404, "Card not found");
    if (means->customer != request.Query("username")) return Refusal(403, "Forbidden");
    return {200, Value::Object({{"bankToken", Value::String(means->bank_token)},
                                {"maskedTokenId", Value::String(means->masked)}})};
  });
}

RestAnswer PaymentService::AddMeansFor(const RestRequest& request) {
  // A customer adds a gift card by its code; a card is saved when something is paid with it.
  if (!request.from_service) return Activate(request);
  Means means{.token_id = request.Text("cardId"),
              .customer = request.Text("username"),
              .type = request.Text("tokenType"),
              .masked = request.Text("maskedTokenId"),
              .bank_token = request.Text("bankToken"),
              .card_type = request.Text("cardType")};
  const bool is_card = means.type == kCard && !means.bank_token.empty();
  if (means.customer.empty() || (!is_card && (means.type != kGiftCard || means.token_id.empty())))
    return Refusal(400, "A username and a card should be provided");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      if (is_card) {
        const auto known = FindCardOf(sql, means.customer, means.bank_token);
        means.token_id = known ? known->token_id : NewGuid();
      } else if (const auto known = FindMeans(sql, means.token_id); known && known->customer != means.customer) {
        return Refusal(409, "The gift card belongs to somebody else");
      }
      AddMeans(sql, means);
      return {201, Value::Object({{"tokenId", Value::String(means.token_id)}})};
    });
  });
}

RestAnswer PaymentService::DeleteMeans(const RestRequest& request) {
  const Asker owner = OwnerOf(request, request.Query("username"));
  if (owner.username.empty()) return owner.refusal;
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const std::string id = request.Query("tokenId");
    const auto means = FindMeans(sql, id);
    const bool is_theirs = means && means->customer == owner.username;
    // An undo finds its work done already, and that is well.
    if (!is_theirs && !request.from_service) return Refusal(404, "Means of payment not found");
    if (is_theirs) RemoveMeans(sql, id);
    return {204, Value()};
  });
}

RestAnswer PaymentService::Deposit(const RestRequest& request, const std::string& username,
                                   std::string& activation_ref) {
  const std::string code = request.Text("code");
  if (code.empty() || code.size() > kCodeBytesMax) return Refusal(400, "An activation code should be provided");
  activation_ref = request.idempotency_key.empty()
                       ? NewGuid()
                       : Hmac(options_.key, "activation " + username + " " + request.idempotency_key).substr(0, 32);
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    AddActivation(sql, {activation_ref, username, Seal(options_.key, code)}, TimeText(clock_, 0),
                  TimeText(clock_, kActivationLifeS));
    return {201, Value::Object({{"activationRef", Value::String(activation_ref)}})};
  });
}

RestAnswer PaymentService::DepositCode(const RestRequest& request) {
  const Asker asker = sessions_.WhoAsks(request);
  if (asker.username.empty()) return asker.refusal;
  std::string ref;
  return Deposit(request, asker.username, ref);
}

RestAnswer PaymentService::LookupCode(const RestRequest& request) { return AskAboutCode(request, "/token/lookup"); }

RestAnswer PaymentService::ActivateCode(const RestRequest& request) { return AskAboutCode(request, "/token/activate"); }

RestAnswer PaymentService::AskAboutCode(const RestRequest& request, const std::string& path) {
  const std::string username = request.Text("username");
  std::optional<Activation> activation;
  const RestAnswer read = database_->Transact([&](soci::session& sql) -> RestAnswer {
    activation = FindActivation(sql, request.parameters.at("ref"), TimeText(clock_, 0));
    return {};
  });
  if (read.status != 200) return read;
  const auto code = activation ? Unseal(options_.key, activation->sealed_code) : std::nullopt;
  if (!code || activation->customer != username) return Refusal(404, "There is no such activation");
  const RestReply reply =
      billing_.Post(path, Value::Object({{"code", Value::String(*code)}, {"username", Value::String(username)}}),
                    request.idempotency_key, kTokensTimeoutMs);
  const bool understood = reply.status == 200 || reply.status == 400 || reply.status == 404 || reply.status == 409 ||
                          reply.status == 410 || reply.status == 429;
  if (!understood) return Refusal(503, "Billing does not answer");
  if (reply.status != 200) return {reply.status, reply.body};
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    if (IsBound(MeansOf(sql, username), TextOf(reply.body, "cardId")))
      return Refusal(409, "The gift card is active already");
    return {200, reply.body};
  });
}

}  // namespace fermata::shop
