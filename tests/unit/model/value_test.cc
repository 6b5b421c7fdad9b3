#include "engine/model/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "engine/model/limits.h"

namespace fermata {
namespace {

TEST(Value, IsSixteenBytes) { EXPECT_EQ(sizeof(Value), 16u); }

TEST(Value, GivesBackWhatItWasMadeOf) {
  EXPECT_TRUE(Value().is_null());
  EXPECT_TRUE(Value::Bool(true).as_bool());
  EXPECT_EQ(Value::Int(INT64_MIN).as_int(), INT64_MIN);
  EXPECT_EQ(Value::Uint(UINT64_MAX).as_uint(), UINT64_MAX);
  EXPECT_EQ(Value::Double(-0.5).as_double(), -0.5);
  EXPECT_EQ(Value::String("a\0b").as_string(), "a");
  EXPECT_EQ(Value::String(std::string_view("a\0b", 3)).as_string().size(), 3u);
  EXPECT_EQ(Value::String("").as_string(), "");
  EXPECT_EQ(Value::Bytes("\xff").as_bytes(), "\xff");
  EXPECT_EQ(Value::Time({5, 6}).as_timestamp(), (Timestamp{5, 6}));
  EXPECT_EQ(Value::Span({-5, -6}).as_duration(), (Duration{-5, -6}));
  EXPECT_EQ(Value::Type("int").as_type(), "int");
  EXPECT_FALSE(Value::OptionalNone().optional_has_value());
  EXPECT_TRUE(Value::OptionalOf(Value::Null()).optional_has_value());
  EXPECT_EQ(Value::List({Value::Int(1)}).as_list().size(), 1u);
}

TEST(Value, ACopyOutlivesItsOrigin) {
  Value copy;
  {
    Value origin = Value::List({Value::String("kept")});
    copy = origin;
    origin = Value::Int(1);
  }
  EXPECT_EQ(copy.as_list()[0].as_string(), "kept");
}

TEST(Value, CanBeAssignedAPartOfItself) {
  Value value = Value::List({Value::List({Value::String("inner")})});
  value = value.as_list()[0];
  EXPECT_EQ(value.as_list()[0].as_string(), "inner");
  Value& same = value;
  value = same;
  EXPECT_EQ(value.as_list()[0].as_string(), "inner");
}

TEST(Value, EqualityTellsKindsApartAndIgnoresTheOrderOfMaps) {
  EXPECT_EQ(Value::Object({{"a", Value::Int(1)}, {"b", Value::Int(2)}}),
            Value::Object({{"b", Value::Int(2)}, {"a", Value::Int(1)}}));
  EXPECT_FALSE(Value::Int(1) == Value::Double(1));
  EXPECT_FALSE(Value::Int(1) == Value::Uint(1));
  EXPECT_FALSE(Value::String("") == Value::Bytes(""));
  EXPECT_EQ(Value::Double(NAN), Value::Double(NAN));
  EXPECT_FALSE(Value::List({Value::Int(1)}) == Value::List({Value::Int(1), Value::Int(2)}));
  EXPECT_FALSE(Value::OptionalNone() == Value::OptionalOf(Value::Null()));
  EXPECT_FALSE(Value::Map({{Value::Int(1), Value::Null()}}) == Value::Map({{Value::Uint(1), Value::Null()}}));
}

TEST(Value, FindsKeysAcrossNumericKinds) {
  const Value map = Value::Map({{Value::Int(1), Value::String("one")},
                                {Value::Bool(true), Value::String("yes")},
                                {Value::Uint(UINT64_MAX), Value::String("big")}});
  EXPECT_EQ(map.FindKey(Value::Uint(1))->as_string(), "one");
  EXPECT_EQ(map.FindKey(Value::Double(1))->as_string(), "one");
  EXPECT_EQ(map.FindKey(Value::Double(1.5)), nullptr);
  EXPECT_EQ(map.FindKey(Value::Int(-1)), nullptr);
  EXPECT_EQ(map.FindKey(Value::Double(NAN)), nullptr);
  EXPECT_EQ(map.FindKey(Value::Double(1e300)), nullptr);
  EXPECT_EQ(map.FindKey(Value::Bool(false)), nullptr);
  EXPECT_EQ(map.FindKey(Value::List({})), nullptr);
}

TEST(Value, FindsEveryKeyOfSmallAndLargeMaps) {
  for (const int size : {1, 8, 9, 1000}) {
    std::vector<MapEntry> entries;
    for (int i = 0; i < size; ++i)
      entries.emplace_back(Value::String("k" + std::to_string(i * 7 % size + (i / size))), Value::Int(i));
    std::size_t duplicate = 0;
    const auto map = Value::TryMap(entries, duplicate);
    if (!map) continue;
    for (const MapEntry& entry : map->as_map()) EXPECT_EQ(map->Find(entry.first.as_string()), &entry.second);
    EXPECT_EQ(map->Find("k"), nullptr);
    EXPECT_EQ(map->Find("zz"), nullptr);
  }
  EXPECT_EQ(Value::Int(1).Find("a"), nullptr);
}

TEST(Value, RefusesAMapWithAKeyTwice) {
  for (const int size : {2, 20}) {
    std::vector<MapEntry> entries;
    for (int i = 0; i < size - 1; ++i) entries.emplace_back(Value::Int(i), Value::Null());
    entries.emplace_back(Value::Double(0), Value::Null());
    std::size_t duplicate = 0;
    EXPECT_FALSE(Value::TryMap(entries, duplicate));
    EXPECT_EQ(duplicate, static_cast<std::size_t>(size - 1));
    EXPECT_EQ(entries.size(), static_cast<std::size_t>(size));
  }
}

TEST(Value, DestroysAndComparesAMillionLevels) {
  Value a = Value::Int(1);
  Value b = Value::Int(1);
  for (int i = 0; i < 1'000'000; ++i) {
    a = Value::List({std::move(a)});
    b = i % 2 == 0 ? Value::List({std::move(b)}) : Value::List({std::move(b)});
  }
  EXPECT_TRUE(a == b);
  EXPECT_EQ(a.Depth(), kValueDepthMax + 1);
  Value c = Value::Int(1);
  for (int i = 0; i < 100'000; ++i)
    c = i % 2 == 0 ? Value::Map({{Value::Int(1), std::move(c)}}) : Value::OptionalOf(std::move(c));
  EXPECT_FALSE(a == c);
}

TEST(Value, MeasuresDepthAndStopsMeasuringMemoryAtItsLimit) {
  EXPECT_EQ(Value::Int(1).Depth(), 0);
  EXPECT_EQ(Value::List({}).Depth(), 1);
  EXPECT_EQ(Value::Object({{"a", Value::List({Value::Null()})}}).Depth(), 2);
  EXPECT_EQ(Value::Int(1).MemoryBytes(100), 0u);
  EXPECT_GE(Value::String("hello").MemoryBytes(1000), 5u);
  // Sharing makes this one 2^40 items large; counting must stop.
  Value value = Value::String("x");
  for (int i = 0; i < 40; ++i) value = Value::List({value, value});
  EXPECT_GT(value.MemoryBytes(10'000), 10'000u);
}

TEST(Value, CanBeSharedBetweenThreads) {
  const Value shared = Value::Object({{"list", Value::List({Value::String("text")})}});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&shared] {
      for (int i = 0; i < 10'000; ++i) {
        const Value copy = shared;
        ASSERT_EQ(copy.Find("list")->as_list()[0].as_string(), "text");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(ValueDeath, AskingForAnotherKindIsABug) {
  EXPECT_DEATH(Value::Int(1).as_string(), "assertion failed");
  EXPECT_DEATH(Value::Map({{Value::Int(1), Value()}, {Value::Uint(1), Value()}}), "assertion failed");
}

}  // namespace
}  // namespace fermata
