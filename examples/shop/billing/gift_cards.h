// What the rest of billing needs to know of gift cards.
//
// Include it in .cc files only: it brings SOCI's headers.
#pragma once

#include <string>
#include <vector>

#include "examples/shop/billing/ledger.h"

namespace fermata::shop {

extern const std::vector<std::string> kGiftCardTables;

// A wallet, or a gift card that is active and has not expired at `now`.
bool CanBeCharged(soci::session& sql, const Account& account, const std::string& now);

}  // namespace fermata::shop
