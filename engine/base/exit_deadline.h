// Ends the process when stopping it takes too long: what it has answered is durable, so whoever starts it again loses nothing.
//
// Thread-safe. Has a thread of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace fermata {

class ExitDeadline {
 public:
  // Unless it is destroyed by then, the process ends with this code, without any destructor.
  ExitDeadline(std::chrono::milliseconds most, int exit_code);
  ~ExitDeadline();

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool in_time_ = false;
  std::thread thread_;  // last: uses all of the above
};

}  // namespace fermata
