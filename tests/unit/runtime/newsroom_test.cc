// Who listens hears all that was told, in its order, or that something is missing.
#include "engine/runtime/newsroom.h"

#include <gtest/gtest.h>

#include <future>

#include "engine/model/limits.h"

namespace fermata {
namespace {

std::vector<News> Named(const std::string& process) {
  std::vector<News> news(1);
  news[0].tenant = "default";
  news[0].process = process;
  return news;
}

// Collects until a news called "last" comes.
class Ear {
 public:
  Newsroom::Listener Listener() {
    return {[this](std::int64_t number, const News& news) {
              numbers.push_back(number);
              heard += news.process + " ";
              if (news.process == "last") done_.set_value();
            },
            [this](std::int64_t number) {
              ++gaps;
              gap_at = number;
            }};
  }
  void Await() { done_.get_future().wait(); }

  std::string heard;
  std::vector<std::int64_t> numbers;
  int gaps = 0;
  std::int64_t gap_at = -1;

 private:
  std::promise<void> done_;
};

TEST(Newsroom, NothingIsWantedBeforeSomebodyListensAndForAWhileAfterwards) {
  Newsroom room(7);
  EXPECT_FALSE(room.Wanted());
  Ear ear;
  const std::int64_t listener = room.Listen(ear.Listener(), std::nullopt);
  EXPECT_TRUE(room.Wanted());
  room.Unlisten(listener);
  EXPECT_TRUE(room.Wanted());
}

TEST(Newsroom, AListenerHearsWhatIsToldAfterItCame) {
  Newsroom room(7);
  Ear first, second;
  room.Listen(first.Listener(), std::nullopt);
  room.Tell(Named("a"));
  room.Tell(Named("b"));
  room.Listen(second.Listener(), std::nullopt);
  room.Tell(Named("last"));
  first.Await();
  second.Await();
  EXPECT_EQ(first.heard, "a b last ");
  EXPECT_EQ(second.heard, "last ");
  EXPECT_EQ(first.gaps + second.gaps, 0);
}

TEST(Newsroom, AListenerThatComesBackGoesOnWhereItWas) {
  Newsroom room(7);
  Ear first, again;
  const std::int64_t listener = room.Listen(first.Listener(), std::nullopt);
  room.Tell(Named("last"));
  first.Await();
  room.Unlisten(listener);
  room.Tell(Named("missed"));
  room.Tell(Named("last"));
  room.Listen(again.Listener(), first.numbers.back());
  again.Await();
  EXPECT_EQ(again.heard, "missed last ");
  EXPECT_EQ(again.gaps, 0);
}

TEST(Newsroom, AListenerIsToldWhenItIsTooFarBehind) {
  Newsroom room(7);
  Ear first, again;
  room.Unlisten(room.Listen(first.Listener(), std::nullopt));
  for (std::size_t i = 0; i < kNewsKept + 10; ++i) room.Tell(Named("a"));
  room.Tell(Named("last"));
  room.Listen(again.Listener(), 1);
  again.Await();
  EXPECT_EQ(again.gaps, 1);
  EXPECT_EQ(again.numbers.size(), kNewsKept);
  EXPECT_EQ(again.numbers.front(), again.gap_at + 1);
}

TEST(Newsroom, NobodyIsCalledAfterItHasStopped) {
  Newsroom room(7);
  Ear ear;
  room.Listen(ear.Listener(), std::nullopt);
  room.Stop();
  room.Tell(Named("late"));
  EXPECT_EQ(ear.heard, "");
}

}  // namespace
}  // namespace fermata
