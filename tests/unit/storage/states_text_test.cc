#include "engine/storage/states_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/storage/storage.h"

namespace fermata {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(StatesText, ComesBackAsItWas) {
  for (const std::vector<std::string>& states :
       {std::vector<std::string>{}, {"one"}, {"outer", "inner"}, {"a", "a", "b"}, {""}}) {
    EXPECT_EQ(SplitStates(JoinStates(states)), states);
  }
}

TEST(StatesText, FindsWholeNamesOnly) {
  const std::string text = JoinStates({"payment", "pay"});
  EXPECT_THAT(text, HasSubstr("\npay\n"));
  EXPECT_THAT(JoinStates({"payment"}), Not(HasSubstr("\npay\n")));
}

TEST(Batch, IsEmptyUntilItHasARowOfAnyKind) {
  EXPECT_TRUE(Batch().empty());
  Batch batch;
  batch.live_versions = {{"signup", "hash"}};
  EXPECT_FALSE(batch.empty());
  Batch deletes;
  deletes.timers_deleted = {{}};
  EXPECT_FALSE(deletes.empty());
}

TEST(Batch, CountsTheBytesOfItsPayloads) {
  Batch batch;
  EXPECT_EQ(batch.Bytes(), 0u);
  batch.journal = {{InstanceId(), 1, 0, "12345"}};
  batch.snapshots = {{InstanceId(), 1, "123"}};
  batch.manifests = {{"mail", "1.0.0", 0, "12"}};
  EXPECT_EQ(batch.Bytes(), 10u);
}

}  // namespace
}  // namespace fermata
