#include "engine/runtime/waiters.h"

#include <algorithm>
#include <utility>

namespace fermata {

Waiters::Waiters() : thread_([this] { Run(); }) {}

Waiters::~Waiters() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
  for (auto& [number, waiter] : waiters_) waiter.callback(false);
}

std::int64_t Waiters::Add(const InstanceId& instance, std::string until, std::int64_t timeout_ms, Callback callback) {
  std::int64_t number;
  {
    std::lock_guard lock(mutex_);
    number = next_++;
    TimePoint deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
    waiters_.emplace(number, Waiter{instance, std::move(until), deadline, std::move(callback)});
    by_instance_.emplace(instance, number);
    by_deadline_.emplace(deadline, number);
    count_ = waiters_.size();
  }
  changed_.notify_all();
  return number;
}

Waiters::Callback Waiters::TakeLocked(std::int64_t number) {
  auto found = waiters_.find(number);
  if (found == waiters_.end()) return nullptr;
  Waiter waiter = std::move(found->second);
  waiters_.erase(found);
  count_ = waiters_.size();
  auto [first, last] = by_instance_.equal_range(waiter.instance);
  by_instance_.erase(std::find_if(first, last, [&](const auto& entry) { return entry.second == number; }));
  auto [earliest, latest] = by_deadline_.equal_range(waiter.deadline);
  by_deadline_.erase(std::find_if(earliest, latest, [&](const auto& entry) { return entry.second == number; }));
  return std::move(waiter.callback);
}

void Waiters::Finish(std::int64_t number, bool reached) {
  Callback callback;
  {
    std::lock_guard lock(mutex_);
    callback = TakeLocked(number);
  }
  if (callback) callback(reached);
}

std::vector<InstanceId> Waiters::Instances() {
  std::vector<InstanceId> instances;
  std::lock_guard lock(mutex_);
  for (const auto& [instance, waiter] : by_instance_)
    if (!instance.empty() && (instances.empty() || instances.back() != instance)) instances.push_back(instance);
  return instances;
}

std::vector<Waiters::Wish> Waiters::WishesFor(const InstanceId& instance) {
  std::vector<Wish> wishes;
  std::lock_guard lock(mutex_);
  const auto [first, last] = by_instance_.equal_range(instance);
  for (auto at = first; at != last; ++at) wishes.push_back({at->second, waiters_.at(at->second).until});
  return wishes;
}

bool Waiters::Reached(const Progress& progress, const std::string& until) {
  if (progress.final) return true;  // it will never get anywhere else
  if (until.empty()) return false;
  return progress.status == until ||
         std::find(progress.entered.begin(), progress.entered.end(), until) != progress.entered.end();
}

void Waiters::Notify(const Progress& progress) {
  // Whoever registers from here on looks at storage afterwards and finds the commit there.
  if (!Any()) return;
  std::vector<Callback> reached;
  {
    std::lock_guard lock(mutex_);
    std::vector<std::int64_t> numbers;
    auto [first, last] = by_instance_.equal_range(progress.instance);
    for (auto entry = first; entry != last; ++entry)
      if (Reached(progress, waiters_.at(entry->second).until)) numbers.push_back(entry->second);
    for (std::int64_t number : numbers) reached.push_back(TakeLocked(number));
  }
  for (Callback& callback : reached) callback(true);
}

void Waiters::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (by_deadline_.empty()) {
      changed_.wait(lock);
      continue;
    }
    auto [deadline, number] = *by_deadline_.begin();
    if (std::chrono::steady_clock::now() < deadline) {
      changed_.wait_until(lock, deadline);
      continue;
    }
    Callback callback = TakeLocked(number);
    lock.unlock();
    callback(false);
    lock.lock();
  }
}

}  // namespace fermata
