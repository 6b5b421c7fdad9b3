// Counts of what was measured, by size.
//
// Thread-safe; to observe takes no lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

namespace fermata {

class Histogram {
 public:
  // Upper bounds of the buckets, growing; one more bucket has what is beyond.
  explicit Histogram(std::vector<double> bounds) : bounds_(std::move(bounds)), counts_(bounds_.size() + 1) {}

  void Observe(double value) {
    std::size_t bucket = 0;
    while (bucket < bounds_.size() && value > bounds_[bucket]) ++bucket;
    counts_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
  }

  struct Reading {
    std::vector<double> bounds;
    std::vector<std::uint64_t> counts;  // by bucket, not cumulative
    double sum = 0;
  };
  Reading Read() const {
    Reading reading{bounds_, {}, sum_.load(std::memory_order_relaxed)};
    for (const auto& count : counts_) reading.counts.push_back(count.load(std::memory_order_relaxed));
    return reading;
  }

 private:
  const std::vector<double> bounds_;
  std::vector<std::atomic<std::uint64_t>> counts_;
  std::atomic<double> sum_{0};
};

}  // namespace fermata
