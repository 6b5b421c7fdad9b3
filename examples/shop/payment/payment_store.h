// What the payment service keeps, and the SQL for it. Every function runs inside a transaction of the caller.
//
// Include it in .cc files only: it brings SOCI's headers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "examples/shop/common/database.h"

namespace fermata::shop {

extern const std::vector<std::string> kPaymentTables;

// Requested -> Confirmed (money was taken) -> Cancelled (it was given back); Requested -> Cancelled; with a `type`
// Requested -> Finished (the courier has collected).
struct Payment {
  std::string id, purpose, ref_id, payer, currency, language;
  std::string status = "Requested";
  std::string method, token_id, masked;
  std::string type;   // CASH or TERMINAL: to be collected on receipt
  std::string ref;    // the bank's capture or fast payment, or billing's movement
  std::string error;  // why it was given back
  long long amount = 0;

  bool deferred() const { return !type.empty() && status == "Requested"; }
};

void AddPayment(soci::session& sql, const Payment& payment);
std::optional<Payment> FindPayment(soci::session& sql, const std::string& payment_id);
// The newest of an order that was not cancelled, else the newest.
std::optional<Payment> FindPaymentFor(soci::session& sql, const std::string& ref_id);
// Writes what changes on its way, if its status is still `from`; false otherwise.
bool SavePayment(soci::session& sql, const Payment& payment, const std::string& from);
// `kind` is AUTH, CAPTURE, DEBIT, REVERSE or COLLECT.
void AddTransaction(soci::session& sql, const std::string& payment_id, const std::string& kind,
                    const std::string& status);

// A means of payment that a customer has saved: a card with the bank's token, or a gift card of billing.
struct Means {
  std::string token_id, customer, type, masked, bank_token, card_type;
};
// Saves it, or saves it anew for this customer.
void AddMeans(soci::session& sql, const Means& means);
std::optional<Means> FindMeans(soci::session& sql, const std::string& token_id);
std::optional<Means> FindCardOf(soci::session& sql, const std::string& customer, const std::string& bank_token);
std::vector<Means> MeansOf(soci::session& sql, const std::string& customer);
void RemoveMeans(soci::session& sql, const std::string& token_id);

// A gift card's code that a customer has entered, sealed; for an hour.
struct Activation {
  std::string ref, customer, sealed_code;
};
void AddActivation(soci::session& sql, const Activation& activation, const std::string& now,
                   const std::string& expires_dt);
std::optional<Activation> FindActivation(soci::session& sql, const std::string& ref, const std::string& now);

// False if the bank's event came before.
bool AddBankEvent(soci::session& sql, const std::string& event_id);

}  // namespace fermata::shop
