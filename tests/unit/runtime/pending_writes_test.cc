#include "engine/runtime/pending_writes.h"

#include <gtest/gtest.h>

namespace fermata {
namespace {

struct Row {
  std::string name;
  int value = 0;
  friend bool operator==(const Row&, const Row&) = default;
};

std::vector<Row> Merged(const PendingWrites<Row>& pending, const std::string& group, std::vector<Row> rows) {
  pending.Merge(group, rows, [](const Row& row) { return row.name; });
  return rows;
}

TEST(PendingWrites, ShowsARowBeforeItIsDurable) {
  PendingWrites<Row> pending;
  pending.Put(1, "g", "a", {"a", 7});
  EXPECT_EQ(Merged(pending, "g", {}), (std::vector<Row>{{"a", 7}}));
  EXPECT_EQ(Merged(pending, "other", {}), std::vector<Row>{});
}

TEST(PendingWrites, CountsARowOnceThatStorageShowsAlready) {
  PendingWrites<Row> pending;
  pending.Put(1, "g", "a", {"a", 7});
  EXPECT_EQ(Merged(pending, "g", {{"a", 7}}), (std::vector<Row>{{"a", 7}}));
  EXPECT_EQ(Merged(pending, "g", {{"a", 1}}), (std::vector<Row>{{"a", 7}}));
}

TEST(PendingWrites, HidesARowThatIsDeletedButStillStored) {
  PendingWrites<Row> pending;
  pending.Delete(2, "g", "a");
  EXPECT_EQ(Merged(pending, "g", {{"a", 7}, {"b", 8}}), (std::vector<Row>{{"b", 8}}));
}

TEST(PendingWrites, TheNewestBatchWins) {
  PendingWrites<Row> pending;
  pending.Put(1, "g", "a", {"a", 1});
  pending.Delete(2, "g", "a");
  EXPECT_TRUE(Merged(pending, "g", {{"a", 1}}).empty());
  pending.Put(3, "g", "a", {"a", 3});
  EXPECT_EQ(Merged(pending, "g", {}), (std::vector<Row>{{"a", 3}}));
}

TEST(PendingWrites, ReleaseForgetsUpToABatchAndNoFurther) {
  PendingWrites<Row> pending;
  pending.Put(1, "g", "a", {"a", 1});
  pending.Put(2, "g", "b", {"b", 2});
  pending.Put(2, "h", "c", {"c", 2});
  pending.Release(1);
  EXPECT_EQ(Merged(pending, "g", {}), (std::vector<Row>{{"b", 2}}));
  pending.Release(2);
  EXPECT_TRUE(Merged(pending, "g", {}).empty());
  EXPECT_TRUE(Merged(pending, "h", {}).empty());
}

}  // namespace
}  // namespace fermata
