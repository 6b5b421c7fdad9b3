// Accounts and what moved between them, with the SQL for it. Every function runs inside a transaction of the caller.
//
// A movement is two rows whose sum is 0: one of a customer's account (a wallet or a gift card), one of the shop's account
// for that purpose. Balances stand beside the rows and change with them. Include it in .cc files only: it brings SOCI's headers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "examples/shop/common/database.h"

namespace fermata::shop {

extern const std::vector<std::string> kLedgerTables;

inline constexpr const char* kWallet = "WALLET";
inline constexpr const char* kGiftCard = "GIFT_CARD";
// Far from where sums of 64 bits end.
inline constexpr long long kBillingAmountMax = 1'000'000'000'000;

struct Account {
  std::string kind, id, owner, currency;
  std::string status = "ACTIVE";  // of a gift card also INACTIVE or CLOSED
  long long balance = 0;
};

// Names it to the customer; says nothing of a gift card's code.
std::string MaskedId(const Account& account);
std::optional<Account> FindWallet(soci::session& sql, const std::string& username);
std::optional<Account> FindAccount(soci::session& sql, const std::string& account_id);
// The wallet first, then the gift cards that are active at `now`.
std::vector<Account> AccountsOf(soci::session& sql, const std::string& username, const std::string& now);

struct Movement {
  std::string trxn_id, account_id, purpose, reverses, reversed_by;
  long long amount = 0;  // negative: out of the account
};
// Why something moves.
struct MovementNote {
  std::string purpose;
  std::string payment_id;  // at most one movement in, and one out, that is not reversed; empty = any number
  std::string reverses;    // the movement that this one takes back
  std::string ref, idempotency_key;
  std::string trxn_id;  // what it shall be called; empty = a new name
};
// The movement with its id; nullopt if the balance does not suffice, and then nothing has changed.
std::optional<Movement> Move(soci::session& sql, const Account& account, long long amount, const MovementNote& note);
std::optional<Movement> FindMovement(soci::session& sql, const std::string& trxn_id);
// What moved for a payment in this direction (the sign of `amount`) and was not taken back.
std::optional<Movement> FindMovementFor(soci::session& sql, const std::string& payment_id, long long amount);
// From then on it counts no more; false if it was marked before.
bool MarkReversed(soci::session& sql, const Movement& movement, const std::string& by_trxn_id);

// Rows of an account, the newest first.
struct LedgerRow {
  std::string trxn_id, type, ref, ts;
  long long amount = 0, balance_after = 0;
};
std::vector<LedgerRow> RowsOf(soci::session& sql, const std::string& account_id, const std::string& from,
                              const std::string& to, long long page);

// The proof that no money came or went: all three are 0.
struct Books {
  long long sum = 0;         // of all rows
  long long unbalanced = 0;  // movements that are not two rows with the sum 0
  long long drifted = 0;     // accounts whose balance is not the sum of their rows
};
Books CheckBooks(soci::session& sql);
// What the shop's account for a purpose stands at.
long long ClearingBalance(soci::session& sql, const std::string& purpose);

}  // namespace fermata::shop
