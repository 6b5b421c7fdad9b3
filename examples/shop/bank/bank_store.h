// What the bank keeps, and the SQL for it. Every function runs inside a transaction of the caller.
//
// Include it in .cc files only: it brings SOCI's headers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "examples/shop/common/database.h"

namespace fermata::shop {

extern const std::vector<std::string> kBankTables;

// CARD_REQUIRED, CVC_REQUIRED or CHALLENGE -> AUTHORISED or DECLINED; AUTHORISED -> CAPTURED, VOIDED or EXPIRED.
struct Hold {
  std::string id, merchant_ref, currency, status, card_token, masked, card_type, reason, capture_id, expires_dt;
  long long amount = 0;
  bool save_card = false, refunded = false;
};

// WAITING -> PAID, DECLINED or CLOSED; PAID -> REFUNDED.
struct FastPayment {
  std::string id, merchant_ref, currency, status, purpose;
  long long amount = 0;
};

struct Card {
  std::string token, masked, type;
};

void AddHold(soci::session& sql, const Hold& hold);
std::optional<Hold> FindHold(soci::session& sql, const std::string& hold_id);
std::optional<Hold> FindCapture(soci::session& sql, const std::string& capture_id);
std::vector<Hold> HoldsFor(soci::session& sql, const std::string& merchant_ref);
// Writes what changes on the way of a hold, if its status is still `from`. False otherwise.
bool ChangeHold(soci::session& sql, const Hold& hold, const std::string& from);

void AddFastPayment(soci::session& sql, const FastPayment& payment);
std::optional<FastPayment> FindFastPayment(soci::session& sql, const std::string& id);
std::vector<FastPayment> FastPaymentsFor(soci::session& sql, const std::string& merchant_ref);
bool ChangeFastPayment(soci::session& sql, const std::string& id, const std::string& from, const std::string& to);

void AddCard(soci::session& sql, const Card& card);
std::optional<Card> FindCard(soci::session& sql, const std::string& token);

// What the shop has not taken yet.
struct Callback {
  long long id = 0;
  std::string body;
};
void AddCallback(soci::session& sql, const std::string& body);
std::vector<Callback> ReadCallbacks(soci::session& sql);
void RemoveCallback(soci::session& sql, long long id);

}  // namespace fermata::shop
