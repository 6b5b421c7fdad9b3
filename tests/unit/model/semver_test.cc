#include "engine/model/semver.h"

#include <gtest/gtest.h>

namespace fermata {
namespace {

TEST(Semver, ReadsOnlyCompleteVersions) {
  EXPECT_TRUE(ParseVersion("1.0.0"));
  EXPECT_TRUE(ParseVersion("1.0.0-rc.1+3f2a"));
  for (const char* bad : {"", "1", "1.0", "1.0.0.0", "01.0.0", "1.0.-1", "a.b.c", "1.0.0-", "1.0.0+", "1.0.0-ü"})
    EXPECT_FALSE(ParseVersion(bad)) << bad;
}

TEST(Semver, OrdersAsTheStandardSays) {
  const char* ascending[] = {
      "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
      "1.0.0",       "1.0.1",         "1.10.0",           "2.0.0"};
  for (std::size_t i = 0; i + 1 < std::size(ascending); ++i)
    EXPECT_LT(*ParseVersion(ascending[i]), *ParseVersion(ascending[i + 1])) << ascending[i];
  EXPECT_EQ(*ParseVersion("1.0.0+a"), *ParseVersion("1.0.0+b"));
}

TEST(Semver, RangesMeanWhatNpmSays) {
  struct Case {
    const char *version, *range;
    bool in;
  } cases[] = {{"1.2.3", "1.2.3", true},
               {"1.2.4", "1.2.3", false},
               {"1.9.0", "1.x", true},
               {"2.0.0", "1.x", false},
               {"1.2.9", "1.2.*", true},
               {"1.3.0", "1.2", false},
               {"1.9.9", "^1.2.3", true},
               {"1.2.2", "^1.2.3", false},
               {"0.2.9", "^0.2.3", true},
               {"0.3.0", "^0.2.3", false},
               {"0.0.4", "^0.0.3", false},
               {"1.2.9", "~1.2.3", true},
               {"1.3.0", "~1.2.3", false},
               {"1.5.0", ">=1.0.0 <2.0.0", true},
               {"2.0.0", ">=1.0.0 <2.0.0", false},
               {"3.1.0", "1.x || 3.x", true},
               {"9.9.9", "*", true},
               {"1.2.4", ">1.2.3", true},
               {"1.2.3", ">1.2.3", false},
               {"1.2.3", "<=1.2.3", true},
               {"1.0.0-rc.1", "1.x", false},
               {"1.0.0-rc.2", ">=1.0.0-rc.1", true},
               {"1.0.0", "not a range", false}};
  for (const Case& c : cases) EXPECT_EQ(Satisfies(c.version, c.range), c.in) << c.version << " in " << c.range;
  EXPECT_FALSE(IsVersionRange(""));
  EXPECT_FALSE(IsVersionRange("1.2.3.4"));
}

TEST(Semver, TheNextVersionIsTheNextPatch) {
  EXPECT_EQ(NextVersion("1.0.2"), "1.0.3");
  EXPECT_EQ(NextVersion("1.0.2-rc.1"), "1.0.2");
  EXPECT_EQ(NextVersion("1.0.2+abc"), "1.0.3");
}

}  // namespace
}  // namespace fermata
