// The server's own thread: sends what sockets did not take at once, goes on with pipelined requests, and enforces timeouts.
//
// Thread-safe. Holds every open connection. Stop() ends the thread and aborts what is still open; afterwards calls do nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

namespace fermata {

class Connection;

class Attendant {
 public:
  Attendant();
  ~Attendant();

  void Start(std::int64_t tick_ms);
  // Must not be called from a handler.
  void Stop();

  // False when `connections_max` are open or the server has stopped.
  bool Add(const std::shared_ptr<Connection>& connection, int connections_max);
  void Remove(std::uint64_t id);

  void WatchWritable(std::uint64_t id, int fd);  // until UnwatchWritable
  void UnwatchWritable(int fd);
  void PumpLater(std::uint64_t id);

  std::vector<std::shared_ptr<Connection>> Connections() const;

 private:
  void Run();
  void Wake();
  std::shared_ptr<Connection> Find(std::uint64_t id) const;

  int epoll_fd_;
  int wake_fd_;
  std::int64_t tick_ms_ = 100;
  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Connection>> connections_;
  std::vector<std::uint64_t> to_pump_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace fermata
