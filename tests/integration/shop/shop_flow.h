// The shop's flows: one shop for all suites of a test program.
#pragma once

#include <gtest/gtest.h>

#include "engine/model/json.h"
#include "tests/integration/support/shop_customer.h"
#include "tests/integration/support/shop_world.h"

namespace fermata::test {

class ShopFlow : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    static ShopWorld shop;
    world_ = &shop;
  }
  // Whatever the suite did, no money came or went.
  static void TearDownTestSuite() { world_->ExpectSoundBooks(); }

  static ShopWorld& world() { return *world_; }
  static long long IntAt(const Value& value, const std::string& path) { return std::atoll(At(value, path).c_str()); }

  static inline ShopWorld* world_ = nullptr;
};

}  // namespace fermata::test
