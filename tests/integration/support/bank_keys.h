// What the shop and the bank of the tests know each other by.
#pragma once

namespace fermata::test {

inline constexpr const char* kBankApiKey = "the-key-of-the-shop-at-the-bank";
inline constexpr const char* kBankCallbackKey = "the-key-of-the-bank-s-callbacks";

}  // namespace fermata::test
