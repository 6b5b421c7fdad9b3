#include "api/http/attendant.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "api/http/connection.h"
#include "engine/base/assert.h"

namespace fermata {
namespace {

constexpr std::uint64_t kWakeId = 0;  // connections count from 1

}  // namespace

Attendant::Attendant() : epoll_fd_(::epoll_create1(EPOLL_CLOEXEC)), wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  FERMATA_ASSERT(epoll_fd_ >= 0 && wake_fd_ >= 0);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeId;
  FERMATA_ASSERT(::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event) == 0);
}

Attendant::~Attendant() {
  Stop();
  ::close(wake_fd_);
  ::close(epoll_fd_);
}

void Attendant::Start(std::int64_t tick_ms) {
  tick_ms_ = tick_ms;
  thread_ = std::thread([this] { Run(); });
}

void Attendant::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  Wake();
  if (thread_.joinable()) thread_.join();
  for (const auto& connection : Connections()) connection->Abort();
}

bool Attendant::Add(const std::shared_ptr<Connection>& connection, int connections_max) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || connections_.size() >= static_cast<std::size_t>(connections_max)) return false;
  connections_.emplace(connection->id(), connection);
  return true;
}

void Attendant::Remove(std::uint64_t id) {
  std::shared_ptr<Connection> last;  // destroyed outside the lock
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  last = std::move(found->second);
  connections_.erase(found);
}

void Attendant::WatchWritable(std::uint64_t id, int fd) {
  epoll_event event{};
  event.events = EPOLLOUT;
  event.data.u64 = id;
  ::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event);
}

void Attendant::UnwatchWritable(int fd) { ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr); }

void Attendant::PumpLater(std::uint64_t id) {
  {
    const std::lock_guard lock(mutex_);
    to_pump_.push_back(id);
  }
  Wake();
}

std::vector<std::shared_ptr<Connection>> Attendant::Connections() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Connection>> all;
  all.reserve(connections_.size());
  for (const auto& [id, connection] : connections_) all.push_back(connection);
  return all;
}

std::shared_ptr<Connection> Attendant::Find(std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second;
}

void Attendant::Wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &one, sizeof one);
}

void Attendant::Run() {
  std::array<epoll_event, 64> events;
  std::int64_t next_check_ms = SteadyMillis() + tick_ms_;
  for (;;) {
    const std::int64_t wait_ms = std::max<std::int64_t>(0, next_check_ms - SteadyMillis());
    const int count = ::epoll_wait(epoll_fd_, events.data(), events.size(), static_cast<int>(wait_ms));
    for (int i = 0; i < count; ++i) {
      if (events[i].data.u64 == kWakeId) {
        std::uint64_t ignored;
        [[maybe_unused]] const ssize_t got = ::read(wake_fd_, &ignored, sizeof ignored);
      } else if (const auto connection = Find(events[i].data.u64)) {
        connection->Flush();
      }
    }
    std::vector<std::uint64_t> to_pump;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      to_pump.swap(to_pump_);
    }
    for (const std::uint64_t id : to_pump) {
      if (const auto connection = Find(id)) connection->Pump();
    }
    const std::int64_t now_ms = SteadyMillis();
    if (now_ms < next_check_ms) continue;
    next_check_ms = now_ms + tick_ms_;
    for (const auto& connection : Connections()) connection->CheckDeadline(now_ms);
  }
}

}  // namespace fermata
