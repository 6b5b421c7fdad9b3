#include "engine/base/exit_deadline.h"

#include <cstdlib>

#include "engine/base/log.h"

namespace fermata {

ExitDeadline::ExitDeadline(std::chrono::milliseconds most, int exit_code)
    : thread_([this, most, exit_code] {
        std::unique_lock lock(mutex_);
        if (wake_.wait_for(lock, most, [this] { return in_time_; })) return;
        LogError("The server did not stop in time and ends at once.", {{"ms", most.count()}});
        std::_Exit(exit_code);
      }) {}

ExitDeadline::~ExitDeadline() {
  {
    std::lock_guard lock(mutex_);
    in_time_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

}  // namespace fermata
