// A program that a test starts, reads and stops; it never outlives the test program.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

namespace fermata::test {

// Not thread-safe.
class ChildProcess {
 public:
  using Environment = std::vector<std::pair<std::string, std::string>>;

  // Runs `command` (the program's path first) with `more_environment` on top of ours. What it writes to stderr goes to ours, or to `stderr_file`.
  // Ends the test program if it cannot be started.
  explicit ChildProcess(const std::vector<std::string>& command, const Environment& more_environment = {},
                        const std::string& stderr_file = "");
  ~ChildProcess();  // kills and waits
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // The next line of its stdout without its end; empty when there is none within `patience_ms`.
  std::string ReadLine(int patience_ms = 60'000);
  void Signal(int number);
  // As `kill -9` and wait.
  void Kill();
  // Waits for its end; gives the exit code, or -1 if a signal ended it.
  int Wait();

  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string buffer_;
};

}  // namespace fermata::test
