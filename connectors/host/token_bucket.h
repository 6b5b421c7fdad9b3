// A rate limit: at most `per_second` on average, and no more than one second's worth (at least one) at once.
//
// Pure: the time comes in with each call. Not thread-safe.
#pragma once

#include <algorithm>
#include <chrono>

namespace fermata {

class TokenBucket {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // 0 or less: unlimited.
  explicit TokenBucket(double per_second) : per_second_(per_second), size_(std::max(1.0, per_second)), tokens_(size_) {}

  double per_second() const { return per_second_; }

  // Takes a token and returns true, or changes nothing and returns false.
  bool TryTake(TimePoint now) {
    if (per_second_ <= 0) return true;
    Refill(now);
    if (tokens_ < 1.0) return false;
    tokens_ -= 1.0;
    return true;
  }

  // When the next TryTake() can succeed: `now` or later.
  TimePoint NextAt(TimePoint now) {
    if (per_second_ <= 0) return now;
    Refill(now);
    if (tokens_ >= 1.0) return now;
    // Rounded up, so that whoever sleeps until then does find the token.
    const auto wait = std::chrono::duration<double>((1.0 - tokens_) / per_second_);
    return now + std::chrono::duration_cast<std::chrono::steady_clock::duration>(wait) + std::chrono::microseconds(1);
  }

 private:
  void Refill(TimePoint now) {
    if (started_ && now > last_) {
      tokens_ = std::min(size_, tokens_ + per_second_ * std::chrono::duration<double>(now - last_).count());
    }
    if (!started_ || now > last_) last_ = now;
    started_ = true;
  }

  double per_second_, size_, tokens_;
  bool started_ = false;
  TimePoint last_{};
};

}  // namespace fermata
