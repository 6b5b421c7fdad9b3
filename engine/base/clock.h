// Where the shell gets its time from. Below the shell nothing reads a clock.
#pragma once

#include <cstdint>

namespace fermata {

class Clock {
 public:
  virtual ~Clock() = default;
  // Microseconds since the epoch, UTC; may jump. Thread-safe.
  virtual std::int64_t NowUs() = 0;
};

// The machine's clock.
Clock& SystemClock();

}  // namespace fermata
