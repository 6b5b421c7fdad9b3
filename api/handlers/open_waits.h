// The answers that `?wait` holds back, so that a server that stops can give them at once.
//
// Thread-safe. Answers run on the thread that ends the wait, and must not block.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

namespace fermata {

class OpenWaits {
 public:
  // Gives what ends the wait: `answer` runs once, then or at Release(), whichever comes first; now, if that has been.
  // The waits must outlive what is given.
  std::function<void()> Add(std::function<void()> answer);
  // Ends all waits, also those to come.
  void Release();

 private:
  void End(std::int64_t number);

  std::mutex mutex_;
  std::map<std::int64_t, std::function<void()>> answers_;
  std::int64_t next_ = 0;
  bool released_ = false;
};

}  // namespace fermata
