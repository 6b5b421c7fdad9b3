// A small catalogue: stores with products, pickup points, courier companies.
#pragma once

#include "tests/integration/support/shop_entry.h"

namespace fermata::test {

// Fails the test if a service does not take it. Taken twice it is there once.
void FillCatalogue(ShopEntry& shop);

}  // namespace fermata::test
