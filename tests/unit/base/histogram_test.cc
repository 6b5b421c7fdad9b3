#include "engine/base/histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fermata {
namespace {

TEST(Histogram, EachValueCountsInTheFirstBucketThatHoldsIt) {
  Histogram histogram({1, 10});
  for (const double value : {0.5, 1.0, 1.5, 10.0, 11.0, 1e9}) histogram.Observe(value);
  const Histogram::Reading reading = histogram.Read();
  EXPECT_THAT(reading.bounds, testing::ElementsAre(1, 10));
  EXPECT_THAT(reading.counts, testing::ElementsAre(2, 2, 2));
  EXPECT_EQ(reading.sum, 24.0 + 1e9);
}

}  // namespace
}  // namespace fermata
