#include "engine/runtime/newsroom.h"

#include <algorithm>
#include <utility>

#include "engine/model/limits.h"

namespace fermata {
namespace {

constexpr std::size_t kTakenAtOnce = 256;

}  // namespace

void Newsroom::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Newsroom::Wanted() const {
  return HasListeners() || Clock::now().time_since_epoch().count() < others_until_.load();
}

bool Newsroom::HasListeners() const {
  return listening_.load(std::memory_order_relaxed) > 0 ||
         Clock::now().time_since_epoch().count() < wanted_until_.load();
}

void Newsroom::WantForOthers(std::chrono::milliseconds time) {
  others_until_ = (Clock::now() + time).time_since_epoch().count();
}

void Newsroom::ToOthers(std::function<void(const News&)> forward, std::function<void()> listens) {
  std::lock_guard lock(forward_mutex_);
  forward_ = std::move(forward);
  listens_ = std::move(listens);
}

void Newsroom::Tell(std::vector<News> news) {
  const bool for_others = Clock::now().time_since_epoch().count() < others_until_.load();
  if (for_others) {
    std::lock_guard lock(forward_mutex_);
    for (const News& one : news)
      if (forward_) forward_(one);
  }
  if (!for_others || HasListeners()) TellHere(std::move(news));
}

void Newsroom::TellHere(std::vector<News> news) {
  if (news.empty()) return;
  {
    std::lock_guard lock(mutex_);
    for (News& one : news) kept_.push_back(std::make_shared<const News>(std::move(one)));
    next_ += static_cast<std::int64_t>(news.size());
    while (kept_.size() > kNewsKept) kept_.pop_front();
  }
  changed_.notify_all();
}

std::int64_t Newsroom::Listen(Listener listener, std::optional<std::int64_t> after) {
  std::int64_t number;
  {
    std::lock_guard lock(mutex_);
    if (!HasListeners()) {
      // Nobody kept what happened meanwhile: every place that was given before is behind a gap.
      kept_.clear();
      ++next_;
    }
    number = next_listener_++;
    const std::int64_t next = after ? std::clamp<std::int64_t>(*after + 1, 0, next_) : next_;
    readers_.emplace(number, Reader{std::make_shared<const Listener>(std::move(listener)), next});
    listening_ = static_cast<int>(readers_.size());
    if (!thread_.joinable() && !stopping_) thread_ = std::thread([this] { Run(); });
  }
  changed_.notify_all();
  std::lock_guard lock(forward_mutex_);
  if (listens_) listens_();
  return number;
}

void Newsroom::Unlisten(std::int64_t listener) {
  std::lock_guard lock(mutex_);
  if (readers_.erase(listener) == 0) return;
  wanted_until_ = (Clock::now() + std::chrono::milliseconds(kNewsWantedMs)).time_since_epoch().count();
  listening_ = static_cast<int>(readers_.size());
}

std::vector<std::shared_ptr<const News>> Newsroom::TakeLocked(Reader& reader, bool& gap) const {
  const std::int64_t first = next_ - static_cast<std::int64_t>(kept_.size());
  gap = reader.next < first;
  reader.next = std::max(reader.next, first);
  const auto begin = kept_.begin() + (reader.next - first);
  const auto end = begin + static_cast<std::ptrdiff_t>(
                               std::min<std::size_t>(static_cast<std::size_t>(kept_.end() - begin), kTakenAtOnce));
  reader.next += end - begin;
  return {begin, end};
}

void Newsroom::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    changed_.wait(lock, [&] {
      return stopping_ || std::any_of(readers_.begin(), readers_.end(),
                                      [&](const auto& reader) { return reader.second.next < next_; });
    });
    // A listener may come and go while another one is called.
    for (auto reader = readers_.begin(); !stopping_ && reader != readers_.end();) {
      const std::int64_t listener = reader->first;
      bool gap = false;
      const std::vector<std::shared_ptr<const News>> news = TakeLocked(reader->second, gap);
      std::int64_t number = reader->second.next - static_cast<std::int64_t>(news.size());
      const std::shared_ptr<const Listener> called = reader->second.listener;
      lock.unlock();
      if (gap) called->on_gap(number - 1);
      for (const auto& one : news) called->on_news(number++, *one);
      lock.lock();
      reader = readers_.upper_bound(listener);
    }
  }
}

}  // namespace fermata
