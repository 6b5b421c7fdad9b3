// What a workflow may cost, in units of reading the JSON of its own rows: that holds on fast and slow machines, loaded or not.
#include <gtest/gtest.h>

#include "engine/codec/codec.h"
#include "engine/model/json.h"
#include "tests/bench/best_seconds.h"
#include "tests/bench/hot_path.h"

namespace fermata::test {
namespace {

constexpr double kFew = 6;  // it is 2 for both

class Ratio : public testing::Test {
 protected:
  Ratio() : rows_(chain_.Rows()) {
    parse_seconds_ = BestSeconds([this] {
      for (const std::string& row : rows_) (void)ParseJson(row);
    });
  }
  double InParses(const std::function<void()>& workflow) const { return BestSeconds(workflow) / parse_seconds_; }

  Chain5 chain_;
  const std::vector<std::string> rows_;
  double parse_seconds_ = 0;
};

TEST_F(Ratio, DecidingAndEncodingCostsNoMoreThanAFewReadingsOfTheRows) {
  EXPECT_LT(InParses([this] { (void)chain_.Rows(); }), kFew);
}

TEST_F(Ratio, ReplayingCostsNoMoreThanAFewReadingsOfTheRows) {
  EXPECT_LT(InParses([this] { (void)Replay(rows_); }), kFew);
}

}  // namespace
}  // namespace fermata::test
