#include "api/handlers/open_waits.h"

#include <utility>

namespace fermata {

std::function<void()> OpenWaits::Add(std::function<void()> answer) {
  {
    const std::lock_guard lock(mutex_);
    if (!released_) {
      const std::int64_t number = next_++;
      answers_.emplace(number, std::move(answer));
      return [this, number] { End(number); };
    }
  }
  answer();
  return [] {};
}

void OpenWaits::Release() {
  std::map<std::int64_t, std::function<void()>> answers;
  {
    const std::lock_guard lock(mutex_);
    released_ = true;
    answers.swap(answers_);
  }
  for (const auto& [number, answer] : answers) answer();
}

void OpenWaits::End(std::int64_t number) {
  std::function<void()> answer;
  {
    const std::lock_guard lock(mutex_);
    const auto found = answers_.find(number);
    if (found == answers_.end()) return;
    answer = std::move(found->second);
    answers_.erase(found);
  }
  answer();
}

}  // namespace fermata
