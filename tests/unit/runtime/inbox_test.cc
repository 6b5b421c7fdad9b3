#include "engine/runtime/inbox.h"

#include <gtest/gtest.h>

namespace fermata {
namespace {

TEST(Inbox, KeepsTheOrderOfArrival) {
  Inbox<int> inbox(10);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(inbox.PushRequest(i));
  EXPECT_EQ(inbox.Take(3), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(inbox.Take(3), (std::vector<int>{3, 4}));
  EXPECT_TRUE(inbox.Take(3).empty());
}

TEST(Inbox, RefusesRequestsWhenFullButNeverWhatMustNotBeLost) {
  Inbox<int> inbox(2);
  EXPECT_TRUE(inbox.PushRequest(1));
  EXPECT_TRUE(inbox.PushRequest(2));
  EXPECT_FALSE(inbox.PushRequest(3));
  inbox.PushInternal(4);
  EXPECT_EQ(inbox.Take(10), (std::vector<int>{1, 2, 4}));
  EXPECT_TRUE(inbox.PushRequest(5));
}

TEST(Inbox, RefusesRequestsOnceItIsClosed) {
  Inbox<int> inbox(2);
  inbox.Close();
  EXPECT_FALSE(inbox.PushRequest(1));
}

TEST(Inbox, WhatIsPutBackComesFirst) {
  Inbox<int> inbox(10);
  inbox.PushInternal(3);
  inbox.PutBack({1, 2});
  EXPECT_EQ(inbox.Take(10), (std::vector<int>{1, 2, 3}));
}

TEST(Inbox, AWakeBeforeTheWaitIsNotLost) {
  Inbox<int> inbox(10);
  inbox.Wake();
  inbox.WaitForWake(3'600'000'000);  // would stand for an hour
  SUCCEED();
}

}  // namespace
}  // namespace fermata
