// A suite of the shop's flows: one shop for all of its tests.
#pragma once

#include <gtest/gtest.h>

#include "engine/model/json.h"
#include "tests/integration/support/shop_customer.h"
#include "tests/integration/support/shop_world.h"

namespace fermata::test {

class ShopFlow : public testing::Test {
 protected:
  static void SetUpTestSuite() { world_ = new ShopWorld(); }
  static void TearDownTestSuite() {
    // Whatever the suite did, no money came or went.
    world_->ExpectSoundBooks();
    delete world_;
  }

  static ShopWorld& world() { return *world_; }
  static long long IntAt(const Value& value, const std::string& path) { return std::atoll(At(value, path).c_str()); }

  static inline ShopWorld* world_ = nullptr;
};

}  // namespace fermata::test
